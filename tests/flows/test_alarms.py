"""The alarms on a real Prefect server, whose messages go to a receiver on this machine."""

import ast
import asyncio
import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import prefect
import pytest
from prefect import Flow, flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import State
from pydantic import SecretStr
from typer.testing import CliRunner

from daylists import record, records
from flows.alarms import alarms
from flows.cli import app
from flows.wanted_alarms import WATCHED, wanted_alarms
from line import DAY, Line

# apprise's PGP library imports it, and Python 3.13 is without.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
SECRET = "not-to-be-seen"


class Receiver:
    """A service that takes messages, or refuses them; as a Prefect server it says its version and no more."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                version = json.dumps(prefect.__version__).encode()
                self.send_response(404 if "csrf" in self.path else 200)
                self.send_header("Content-Length", str(len(version)))
                self.end_headers()
                self.wfile.write(version)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.messages.append(json.loads(body))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self.server.server_port}/{SECRET}"

    def wait_for(self, words: str, seconds: float = 60) -> dict[str, Any]:
        """The message that has these words."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for message in list(self.messages):
                if words in message["title"] + message["message"]:
                    return message
            time.sleep(0.1)
        raise AssertionError(f"no message with {words!r} in {self.messages}")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever)
    thread.start()
    yield receiver
    receiver.server.shutdown()
    thread.join()
    receiver.server.server_close()


@pytest.fixture
def made(prefect_server: Path, receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    """The alarms, made for the receiver; what the command said."""
    assert alarms(SecretStr(receiver.url), remove=False, test=False) == 0
    yield capsys.readouterr().out
    assert alarms(None, remove=True, test=False) == 0


def automations() -> dict[str, Any]:
    """The project's automations on the server, by name."""
    with get_client(sync_client=True) as client:
        return {each.name: each for each in client.read_automations() if each.name.startswith("daily-papers")}


def test_alarms_are_made_once_and_again_changes_nothing(
    made: str, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    before = automations()
    assert len(before) == made.count("made daily-papers") == 4
    assert alarms(SecretStr(receiver.url), remove=False, test=False) == 0
    assert capsys.readouterr().out.count("unchanged daily-papers") == 4
    assert automations() == before


def test_a_changed_bound_changes_the_alarms_that_have_it(
    made: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAILY_PAPERS_ALARM_LATE", "600")
    before = automations()
    assert alarms(None, remove=False, test=False) == 0
    said = capsys.readouterr().out
    assert "- changed daily-papers late" in said
    assert "- changed daily-papers missing" in said
    assert said.count("unchanged") == 2
    after = automations()
    assert after["daily-papers late"].trigger.within == timedelta(minutes=10)
    assert {name: each.id for name, each in after.items()} == {name: each.id for name, each in before.items()}


def test_an_alarm_that_the_operator_paused_stays_paused(
    made: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with get_client(sync_client=True) as client:
        client.pause_automation(automations()["daily-papers late"].id)
    assert alarms(None, remove=False, test=False) == 0
    assert "- unchanged, and paused: daily-papers late" in capsys.readouterr().out
    assert not automations()["daily-papers late"].enabled


def test_the_test_message_arrives_and_the_address_is_never_shown(
    made: str, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    assert alarms(None, remove=False, test=True) == 0
    said = capsys.readouterr().out
    assert "The test message was delivered" in said
    assert receiver.wait_for("This is a test; nothing is wrong.")["title"] == "test of the alarms"
    assert SECRET not in made + said


def failing(message: str) -> Flow[[], None]:
    """A flow of the project's name that fails with this message."""

    @flow(name="daily", flow_run_name="daily 2026-03-05")
    def daily() -> None:
        raise ValueError(message)

    return daily


def test_a_failed_run_sends_its_own_sentence_its_name_and_a_link(made: str, receiver: Receiver) -> None:
    state = failing("arXiv is away. <!channel> Nothing was written.")(return_state=True)
    message = receiver.wait_for("arXiv is away")
    assert message["title"] == "daily 2026-03-05: Failed"
    sentence, link = message["message"].splitlines()
    assert sentence == "ValueError: arXiv is away. ‹!channel› Nothing was written."
    assert link.endswith(f"/runs/flow-run/{state.state_details.flow_run_id}")


def test_a_thin_day_sends_the_sentence_that_the_command_prints(
    made: str, receiver: Receiver, line: Line
) -> None:
    line.day(DAY, [])
    ended = line.run()
    assert ended.code == 1
    assert ended.report is not None
    (sentence,) = ended.report.incomplete
    message = receiver.wait_for(sentence)
    assert message["title"] == f"daily {DAY}: Failed"
    assert message["message"].splitlines()[0] == f"RunIncomplete: {sentence}."


def test_a_run_that_took_too_long_and_one_that_crashed_are_told(made: str, receiver: Receiver) -> None:
    @flow(name="backfill", flow_run_name="backfill of a year", timeout_seconds=0.2)
    async def too_long() -> None:
        await asyncio.sleep(30)

    asyncio.run(too_long(return_state=True))
    assert "exceeded timeout" in receiver.wait_for("backfill of a year: TimedOut")["message"]
    with get_client(sync_client=True) as client:
        lost = client.create_flow_run(failing("never run"), name="daily that died")
        client.set_flow_run_state(lost.id, State(type=StateType.CRASHED, message="killed"), force=True)
    assert receiver.wait_for("daily that died: Crashed")["message"].startswith("killed\n")


def test_a_run_of_another_project_sends_nothing(made: str, receiver: Receiver) -> None:
    @flow
    def somebody_elses() -> None:
        raise ValueError("not ours")

    somebody_elses(return_state=True)
    failing("ours")(return_state=True)
    receiver.wait_for("ours")
    assert len(receiver.messages) == 1


def test_a_run_that_passed_a_bound_sends_the_sentence(
    made: str, receiver: Receiver, line: Line, tmp_path: Path
) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text('[models]\n"sandbox-pseudo" = { input = 1, output = 1000, batch_discount = 0.5 }')
    line.day(DAY, records(2))
    line.set(DAILY_PAPERS_ALARM_COST=0.01, DAILY_PAPERS_PRICES=prices)
    assert line.run().code == 0
    message = receiver.wait_for("The run cost")
    assert message["title"] == f"daily {DAY}"
    sentence, link = message["message"].splitlines()
    assert sentence.endswith(
        "more than the $0.01 of DAILY＿PAPERS＿ALARM＿COST. Where it went: daily-papers cost --by day"
    )
    assert "/runs/flow-run/" in link


def test_a_run_within_its_bounds_sends_nothing(made: str, receiver: Receiver, line: Line) -> None:
    line.day(DAY, records(2))
    assert line.run().code == 0
    failing("afterwards")(return_state=True)
    receiver.wait_for("afterwards")
    assert len(receiver.messages) == 1


def test_the_days_papers_are_posted_once_and_as_plain_text(line: Line, receiver: Receiver) -> None:
    line.day(DAY, [record("2603.00001", votes=9, title="<!channel> *Bold* @everyone"), record("2603.00002")])
    line.set(DAILY_PAPERS_POST_DIGEST_URL=receiver.url)
    assert line.run().code == 0
    assert line.run().code == 0
    parent, papers = [message["message"] for message in receiver.messages]
    assert parent == f"Daily Papers {DAY}: 2 papers, most-voted first."
    assert papers.count("https://huggingface.co/papers/2603.") == 2
    assert papers.startswith("1. ")
    assert not set(papers) & set("<>@*")


def test_a_digest_that_nobody_takes_fails_no_run(
    line: Line, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.status = 500
    line.day(DAY, records(2))
    line.set(DAILY_PAPERS_POST_DIGEST_URL=receiver.url)
    assert line.run().code == 0
    assert f"The digest of {DAY} was not posted" in caplog.text
    assert SECRET not in caplog.text
    receiver.status = 200
    assert line.run().code == 0
    assert len(receiver.messages) == 3


@pytest.mark.parametrize(
    ("url", "words"),
    [("nothing://like/this/not-to-be-seen", "apprise knows no address"), (None, "--url ADDRESS")],
)
def test_an_address_that_cannot_be_used_is_said_and_not_shown(
    url: str | None, words: str, prefect_server: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert alarms(SecretStr(url) if url else None, remove=False, test=False) == 2
    said = capsys.readouterr().out
    assert words in said
    assert SECRET not in said
    assert automations() == {}


def test_a_test_message_that_is_not_taken_is_said(
    made: str, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.status = 500
    assert alarms(None, remove=False, test=True) == 3
    said = capsys.readouterr().out
    assert "did not take the test message" in said
    assert SECRET not in said


@pytest.mark.parametrize(
    ("api", "code", "words"),
    [
        (None, 2, "PREFECT_API_URL is not set. No alarm was made or changed."),
        ("http://127.0.0.1:9/api", 3, "Prefect's server at http://127.0.0.1:9/api did not answer"),
    ],
)
def test_without_a_server_the_command_says_so(
    api: str | None, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with temporary_settings({PREFECT_API_URL: api} if api else None, restore_defaults={PREFECT_API_URL}):
        assert alarms(SecretStr("json://127.0.0.1:9/x"), remove=False, test=False) == code
    assert capsys.readouterr().out.startswith(words)


@pytest.mark.parametrize(
    ("status", "code", "words"), [(401, 2, "PREFECT_API_AUTH_STRING"), (500, 3, "HTTP 500")]
)
def test_a_server_that_refuses_is_told_in_a_sentence(
    status: int, code: int, words: str, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.status = status
    api = receiver.url.replace("json://", "http://").replace(SECRET, "api")
    with temporary_settings({PREFECT_API_URL: api}):
        assert alarms(SecretStr("json://127.0.0.1:9/x"), remove=False, test=False) == code
    assert words in capsys.readouterr().out


def test_removing_goes_alone() -> None:
    refused = CliRunner().invoke(app, ["alarms", "--remove", "--url", "json://127.0.0.1:9/x"])
    assert refused.exit_code == 2
    assert "--remove goes alone" in refused.output


def test_a_late_run_is_told_when_it_stays_late_and_no_daily_run_when_there_is_none(
    made: str, receiver: Receiver
) -> None:
    with get_client(sync_client=True) as client:
        block = automations()["daily-papers late"].actions[0].block_document_id
        for wanted in wanted_alarms(block, timedelta(seconds=10), timedelta(0)):
            client.update_automation(automations()[wanted.name].id, wanted)
        late = client.create_flow_run(failing("never run"), name="daily 2026-03-06")
        client.set_flow_run_state(late.id, State(type=StateType.SCHEDULED, name="Late"), force=True)
    message = receiver.wait_for("daily 2026-03-06: late")
    assert message["message"].startswith("It should have started at ")
    assert message["message"].endswith(f"/runs/flow-run/{late.id}")
    assert "No daily run was completed for" in receiver.wait_for("No daily run")["message"]


def test_every_flow_of_the_project_is_watched() -> None:
    source = Path(__file__).parents[2] / "flows"
    names = set()
    for path in source.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for decorator in getattr(node, "decorator_list", []):
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "flow":
                    given = [key.value.value for key in decorator.keywords if key.arg == "name"]
                    names.add(given[0] if given else node.name.replace("_", "-"))
    assert set(WATCHED) == names
