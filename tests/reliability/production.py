"""A production server of examples/server as a test drives it: PostgreSQL, and the units' own commands.

Nothing is replaced: the commands and environments are read from the unit files, with a folder of the test's
own where they name one of the machine's, and a free port for each of theirs. systemd itself is not needed.
"""

import configparser
import json
import os
import pwd
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples/server"
PROGRAMS = Path(sys.executable).parent
USER = pwd.getpwuid(os.getuid()).pw_name
PATIENCE = 180.0


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def wait_for(said: str, moment: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """What the moment says as soon as it is true of anything; an error with these words if it never is."""
    until = time.monotonic() + seconds
    while not (found := moment()):
        assert time.monotonic() < until, said
        time.sleep(0.2)
    return found


def postgres_programs() -> Path | None:
    """The folder of PostgreSQL's server programs, the newest version's; None where there is none."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((path.parent for path in installed), key=lambda path: int(path.parent.name), default=None)


class Postgres:
    """A cluster of its own that listens on a socket below its folder and on no port."""

    def __init__(self, programs: Path) -> None:
        self.programs = programs
        # Not below pytest's folder: PostgreSQL does not run as root, and no other user may look in there.
        self.folder = Path(tempfile.mkdtemp(prefix="daily-papers-postgres-"))
        if os.getuid() == 0:
            shutil.chown(self.folder, "nobody")
        self._as_owner(
            "initdb", "--auth=peer", "--encoding=UTF8", "--locale=C", f"--pgdata={self.folder}/data"
        )
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder}"
        self._control("start", f"--options={options}", f"--log={self.folder}/log")
        if os.getuid() == 0:
            self._as_owner("createuser", f"--host={self.folder}", USER)
        self._as_owner("createdb", f"--host={self.folder}", f"--owner={USER}", "prefect")

    def stop(self) -> None:
        """End the cluster and remove it."""
        self._control("stop", "--mode=fast")
        shutil.rmtree(self.folder)

    def _control(self, *arguments: str) -> None:
        self._as_owner("pg_ctl", f"--pgdata={self.folder}/data", "--wait", *arguments)

    def _as_owner(self, program: str, *arguments: str) -> None:
        as_nobody = {"user": "nobody", "group": "nogroup", "extra_groups": ()} if os.getuid() == 0 else {}
        subprocess.run(
            [self.programs / program, *arguments],
            cwd=self.folder,
            check=True,
            stdout=subprocess.DEVNULL,
            **as_nobody,  # type: ignore[call-overload]
        )


class Production:
    """One machine: the units' services over a database and a lake, and a person's commands beside them."""

    def __init__(self, folder: Path, postgres: Postgres, **settings: str) -> None:
        self.folder = folder
        self.port, self.worker_port = free_port(), free_port()
        self._machine = {
            "/opt/daily-papers-ko/.venv/bin": str(PROGRAMS),
            "/opt/daily-papers-ko": str(ROOT),
            "/var/lib/daily-papers": str(folder / "state"),
            "/var/backups/daily-papers": str(folder / "backups"),
            "/etc/daily-papers": str(folder / "etc"),
            "/var/run/postgresql": str(postgres.folder),
            "//daily-papers@": f"//{USER}@",
            "4200": str(self.port),
            "8080": str(self.worker_port),
        }
        self.postgres = postgres
        self.lake = folder / "state/lake"
        self.url = f"http://127.0.0.1:{self.port}/api"
        password = secrets.token_hex(12)
        self.auth = ("papers", password)
        self.secrets = {
            "PREFECT_SERVER_API_AUTH_STRING": f"papers:{password}",
            "PREFECT_API_AUTH_STRING": f"papers:{password}",
            "PREFECT_SERVER_ENCRYPTION_KEY": _fernet_key(),
        }
        for made in ("state", "backups", "etc"):
            (folder / made).mkdir()
        self.settings = settings
        self._write_environment()

    def keep_secrets_of(self, other: "Production") -> None:
        """Take the secrets of the machine that this one replaces."""
        self.secrets, self.auth = other.secrets, other.auth
        self._write_environment()

    def _write_environment(self) -> None:
        """The file that an operator fills in."""
        path = self.folder / "etc/environment"
        path.touch(mode=0o600)
        lines = [f"{name}={value}" for name, value in (self.secrets | self.settings).items()]
        path.write_text("\n".join(lines) + "\n")

    def unit(self, name: str) -> tuple[list[str], dict[str, str]]:
        """The command of a unit and the environment that systemd would give it, on this machine."""
        service = unit_file(f"daily-papers-{name}.service")["Service"]
        text = {key: self._here(" ".join(values)) for key, values in service.items()}
        environment = {"PATH": f"{self.postgres.programs}:/usr/bin:/bin", "NO_PROXY": "127.0.0.1,localhost"}
        environment |= dict(each.split("=", 1) for each in shlex.split(text["Environment"]))
        if "EnvironmentFile" in text:
            read = Path(text["EnvironmentFile"]).read_text().splitlines()
            environment |= dict(line.split("=", 1) for line in read)
        for unset in text.get("UnsetEnvironment", "").split():
            environment.pop(unset, None)
        return shlex.split(text["ExecStart"]), environment

    @contextmanager
    def started(self, name: str) -> Iterator["subprocess.Popen[bytes]"]:
        """The unit's service while the block runs; stopped as systemd would, or killed by the test before."""
        command, environment = self.unit(name)
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """The server while the block runs, from when it answers."""
        with self.started("server") as process:
            wait_for(f"no server; see {self.folder}/server.log", lambda: self.healthy() or process.poll())
            assert process.poll() is None, (self.folder / "server.log").read_text()
            yield

    def healthy(self) -> bool:
        """Whether the server answers its health check, which asks for no password."""
        try:
            return httpx2.get(f"{self.url}/health").text == "true"
        except httpx2.HTTPError:
            return False

    def run(self, *command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """A person's command with the worker's environment, as the runbook has it."""
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self.unit("worker")[1] | {"COLUMNS": "400"} | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def backup(self, **environment: str) -> Path:
        """The folder that the backup unit has made.

        Raises:
            CalledProcessError: It has made none.
        """
        command, units = self.unit("backup")
        subprocess.run(command, cwd=ROOT, env=units | environment, check=True, stdout=subprocess.DEVNULL)
        return max((self.folder / "backups").iterdir())

    def api(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """What the server answers to a POST with this body, or to a GET without."""
        method = "GET" if body is None else "POST"
        answer = httpx2.request(method, f"{self.url}/{path}", json=body, auth=self.auth, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def ordered(self, deployment: str, **parameters: Any) -> str:
        """Id of a new run of "flow/deployment"."""
        found = self.api(f"deployments/name/{deployment}")
        made = self.api(f"deployments/{found['id']}/create_flow_run", {"parameters": parameters})
        return str(made["id"])

    def state(self, run_id: str) -> dict[str, Any]:
        """The state of a run."""
        found: dict[str, Any] = self.api(f"flow_runs/{run_id}")["state"]
        return found

    def ended(self, run_id: str) -> dict[str, Any]:
        """The state in which a run ends."""
        final = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
        wait_for(f"{run_id} does not end", lambda: self.state(run_id)["type"] in final)
        return self.state(run_id)

    def _here(self, text: str) -> str:
        for named, ours in self._machine.items():
            text = text.replace(named, ours)
        return text


class Receiver:
    """A service on this machine that takes the alarms' messages."""

    def __init__(self) -> None:
        self.messages: list[dict[str, str]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.messages.append(json.loads(body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"json://127.0.0.1:{self._server.server_port}/"

    def message(self, words: str) -> dict[str, str]:
        """The message that has these words in its title, once it is there."""
        found: dict[str, str] = wait_for(
            f"no message with {words!r}",
            lambda: next((each for each in self.messages if words in each["title"]), None),
        )
        return found

    def close(self) -> None:
        """Take no more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def unit_file(name: str) -> dict[str, dict[str, list[str]]]:
    """A unit's sections; each key with all of its values, since systemd takes a key more than once."""
    text = (EXAMPLE / "systemd" / name).read_text(encoding="utf-8")
    sections: dict[str, dict[str, list[str]]] = {}
    for number, line in enumerate(text.splitlines()):
        # configparser reads one line at a time, for a key that comes twice.
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            parser = configparser.RawConfigParser(strict=True, delimiters="=")
            parser.optionxform = str  # type: ignore[method-assign,assignment]
            parser.read_string(f"[{number}]\n{line}")
            ((key, value),) = parser.items(str(number))
            section.setdefault(key, []).append(value)
    return sections


def killed(worker: "subprocess.Popen[bytes]") -> None:
    """kill -9 of a worker and of whatever it runs, all at once."""
    descendants = [worker.pid]
    for pid in descendants:
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            descendants += [int(child) for child in children.read_text().split()]
    for pid in descendants:
        os.kill(pid, signal.SIGKILL)
    worker.wait(30)


def _fernet_key() -> str:
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()
