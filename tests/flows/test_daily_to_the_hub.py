"""The daily flow with DAILY_PAPERS_REPO: its last step is the Hub, and its release is whole in any case."""

import pytest

from daylists import records
from flows.check import problems
from hubs import Hub
from line import DAY, Line

REPO = "sandbox/papers"


@pytest.fixture
def hub(line: Line, monkeypatch: pytest.MonkeyPatch) -> Hub:
    line.set(DAILY_PAPERS_REPO=REPO)
    line.day(DAY, records(2))
    return Hub(line.sandbox, monkeypatch, REPO)


def test_a_run_ends_on_the_hub_and_a_second_one_commits_nothing(line: Line, hub: Hub) -> None:
    first = line.run()
    assert (first.code, first.report and "1 commit" in first.report.hub) == (0, True)
    assert hub.files()["data/2026-03.parquet"] == (line.lake.dataset / "data/2026-03.parquet").read_bytes()
    again = line.run()
    assert (again.code, again.report and "nothing was committed" in again.report.hub) == (0, True)
    assert len(hub.commits()) == 2
    # The release is the lake's alone: whoever checks it need not know where it was published.
    line.set(DAILY_PAPERS_REPO=None)
    assert list(problems(line.lake)) == []


@pytest.mark.parametrize(
    ("fault", "code", "says"),
    [
        ({"match": {"operation": "commit"}, "status": 503}, 3, "given up after 5 attempts"),
        ({"match": {"operation": "commit"}, "status": 403}, 2, "may not write there"),
        ({"match": {"operation": "commit"}, "status": 413}, 1, "larger than the Hub takes"),
    ],
)
def test_a_hub_that_fails_is_said_and_harms_nothing_else(
    line: Line, hub: Hub, fault: dict[str, object], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.faults(fault)
    assert line.run().code == code
    assert says in " ".join(capsys.readouterr().out.split())
    assert line.release()["translation_status"].to_list() == ["ok", "ok"]
    assert list(problems(line.lake)) == []
    hub.faults()
    assert line.run().code == 0
    assert len(hub.commits()) == 2
