"""The production server of examples/server, without an engine: its files parse, and what they name exists."""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.settings import Settings

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples/server"
COMPOSE = (EXAMPLE / "compose.yaml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]
KEPT = {name: each for name, each in SERVICES.items() if each["restart"] != "no"}
SETTINGS = re.findall(r"^#?([A-Z_]+)=(.*)$", (EXAMPLE / "environment.example").read_text(), re.MULTILINE)
UNITS = {path.name: path.read_text() for path in sorted((EXAMPLE / "systemd").iterdir())}
SERVICE_UNITS = {name: text for name, text in UNITS.items() if name.endswith(".service")}
SCRIPTS = sorted(EXAMPLE.glob("*.sh"))
PROGRAMS = Path(sys.executable).parent
INSTALLED = "/opt/daily-papers-ko"
_SECRET = re.compile(r"KEY|TOKEN|PASSWORD|AUTH_STRING|URL")


def keys(unit: str, key: str) -> list[str]:
    """Every value of a key of a unit, in order: systemd takes a key more than once."""
    return re.findall(rf"^{key}=(.*)$", unit, re.MULTILINE)


def docker_with_compose() -> str | None:
    """The docker client, where it has the compose plugin."""
    docker = shutil.which("docker")
    if (
        docker
        and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0
    ):
        return docker
    return None


def filled_in(text: str) -> str:
    """The text with every variable replaced by a word, as compose does before it looks at it."""
    return re.sub(r"\$\{\w+(?::[?-][^}]*)?\}", "/a-word", text)


def test_compose_itself_takes_the_file(tmp_path: Path) -> None:
    docker = docker_with_compose()
    if docker is None:
        pytest.skip("needs the docker client with its compose plugin; no engine has to run")
    settings = tmp_path / "settings"
    settings.write_text("".join(f"{name}=word\n" for name, _ in SETTINGS))
    command: list[str | Path] = [
        docker,
        "compose",
        "--env-file",
        settings,
        "--file",
        EXAMPLE / "compose.yaml",
        "config",
        "--quiet",
    ]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_a_parser_of_the_compose_specification_takes_the_file() -> None:
    parser = pytest.importorskip("compose_spec", reason="needs a parser: pip install compose-spec")
    resolved = yaml.safe_dump(yaml.safe_load(filled_in(COMPOSE)))
    assert sorted(parser.PyCompose.from_yaml(resolved).service_names()) == sorted(SERVICES)


def test_what_is_published_is_published_to_this_machine_alone() -> None:
    published = {name: each["ports"] for name, each in SERVICES.items() if "ports" in each}
    assert published == {"server": ["127.0.0.1:4200:4200"]}
    assert not any("network_mode" in each or "privileged" in each for each in SERVICES.values())


def test_each_service_that_is_kept_running_has_a_health_check_and_time_to_stop() -> None:
    assert set(KEPT) == {"database", "server", "worker"}
    for name, each in KEPT.items():
        assert each["healthcheck"]["test"][0] == "CMD", name
        assert each["restart"] == "unless-stopped", name
        assert int(each["stop_grace_period"].removesuffix("s")) >= 30, name
    for each in SERVICES.values():
        waited_for = {name: how["condition"] for name, how in each.get("depends_on", {}).items()}
        for name, condition in waited_for.items():
            assert condition == ("service_healthy" if name in KEPT else "service_completed_successfully")


def test_images_are_pinned_to_a_patch_release() -> None:
    dockerfile = (EXAMPLE / "Dockerfile").read_text()
    images = {each["image"] for each in SERVICES.values() if "build" not in each}
    images |= set(re.findall(r"^FROM (\S+)$", dockerfile, re.MULTILINE))
    assert len(images) == 2
    assert all(re.search(r":\d+\.\d+(\.\d+)?(-\w+)+$", image) for image in images)
    assert re.search(r"uv==\d+\.\d+\.\d+ ", dockerfile)
    assert "uv sync --locked --no-dev\n" in dockerfile


def test_no_secret_stands_in_a_file() -> None:
    for name, value in SETTINGS:
        assert value == "", name
    for name, service in SERVICES.items():
        for variable, value in (service.get("environment") or {}).items():
            if _SECRET.search(variable) and value and not variable.endswith("_URL"):
                assert str(value).startswith("${"), (name, variable)
    assert re.findall(r"://\w+:(\S+?)@", COMPOSE) == ["${POSTGRES_PASSWORD}"]
    for name, text in UNITS.items():
        assert re.findall(r"://[\w-]+:(\S+?)@", text) == [], name


def test_each_variable_that_the_files_take_from_outside_stands_in_the_example() -> None:
    named = set(re.findall(r"\$\{(\w+)", COMPOSE))
    named |= {
        key for each in SERVICES.values() for key, v in (each.get("environment") or {}).items() if v is None
    }
    named |= {
        name for unit in UNITS.values() for line in keys(unit, "UnsetEnvironment") for name in line.split()
    }
    assert named == {name for name, _ in SETTINGS}
    ours = {name.removeprefix("DAILY_PAPERS_").lower() for name in named if name.startswith("DAILY_PAPERS_")}
    assert ours - {"backups"} <= Settings.model_fields.keys()


def test_prefect_knows_each_of_its_settings() -> None:
    from prefect.settings import Settings as PrefectSettings
    from prefect.settings.legacy import _get_valid_setting_names

    text = COMPOSE + "".join(UNITS.values())
    known = _get_valid_setting_names(PrefectSettings) | {"PREFECT_SERVER_ENCRYPTION_KEY"}
    named = set(re.findall(r"\b(PREFECT_\w+)[:=]", text)) | {
        n for n, _ in SETTINGS if n.startswith("PREFECT_")
    }
    assert len(named) > 8
    assert named <= known


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_each_script_parses_stops_at_the_first_error_and_can_be_started(script: Path) -> None:
    subprocess.run(["sh", "-n", script], check=True)
    assert "\nset -eu\n" in script.read_text()
    assert script.stat().st_mode & stat.S_IXUSR


def test_each_command_is_a_program_of_this_project_or_a_script_beside_it() -> None:
    commands = [word for unit in SERVICE_UNITS.values() for word in keys(unit, "ExecStart")]
    ours = {name: each for name, each in SERVICES.items() if name != "database"}
    commands += [" ".join(each["command"]) for each in ours.values() if "command" in each]
    commands += [f"{PROGRAMS}/prefect" for _ in re.findall("^prefect ", "\n".join(commands), re.MULTILINE)]
    for command in commands:
        program = (
            command.split()[0].replace(f"{INSTALLED}/.venv/bin", str(PROGRAMS)).replace(INSTALLED, str(ROOT))
        )
        found = PROGRAMS / program if "/" not in program else ROOT / program
        assert os.access(found, os.X_OK), command


@pytest.mark.parametrize("name", SERVICE_UNITS)
def test_each_unit_runs_as_a_user_without_rights_and_writes_its_own_folder_alone(name: str) -> None:
    unit = SERVICE_UNITS[name]
    assert keys(unit, "User") == ["daily-papers"]
    for hardened in ("NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes", "UMask=0077"):
        assert f"\n{hardened}\n" in unit
    assert keys(unit, "CapabilityBoundingSet") == [""]
    if keys(unit, "Type") != ["oneshot"]:
        assert keys(unit, "Restart") == ["always"]
        assert keys(unit, "EnvironmentFile") == ["/etc/daily-papers/environment"]


def test_server_and_worker_listen_on_this_machine_alone_by_their_units() -> None:
    assert "PREFECT_SERVER_API_HOST=127.0.0.1" in UNITS["daily-papers-server.service"]
    assert "PREFECT_WORKER_WEBSERVER_HOST=127.0.0.1" in UNITS["daily-papers-worker.service"]
    assert SERVICES["worker"]["environment"]["PREFECT_WORKER_WEBSERVER_HOST"] == "127.0.0.1"


def test_a_stopped_worker_has_time_to_end_its_run_and_is_told_alone() -> None:
    unit = UNITS["daily-papers-worker.service"]
    assert (keys(unit, "KillMode"), keys(unit, "KillSignal")) == (["mixed"], ["SIGTERM"])
    assert int(keys(unit, "TimeoutStopSec")[0]) >= 60
    assert SERVICES["worker"]["stop_signal"] == "SIGTERM"


def test_systemd_finds_nothing_to_say_of_the_units(tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("needs systemd-analyze: apt-get install systemd")
    here = {"/opt/daily-papers-ko/.venv/bin": str(PROGRAMS), INSTALLED: str(ROOT)}
    for name, text in UNITS.items():
        for named, ours in here.items():
            text = text.replace(f"={named}", f"={ours}")
        (tmp_path / name).write_text(text)
    ended = subprocess.run(
        [verify, "verify", *tmp_path.iterdir()], capture_output=True, text=True, check=False
    )
    said = [line for line in ended.stderr.splitlines() if "daily-papers" in line and "curl" not in line]
    assert said == []
