"""Publishing to the Hub, by the real client, against the sandbox's repositories."""

import itertools
import json
import subprocess
import sys
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from huggingface_hub import metadata_load

from flows.console import run_publish
from flows.errors import ContractBroken, EditedOnHub, RepositoryMissing, SettingsMissing, SourceUnavailable
from flows.push import Pushed, planned_push, push, pushed_sentence
from flows.run import Run
from flows.settings import load_settings
from hubs import Hub
from line import Line
from schemas.tables import PAPERS, RELEASE, VOTES
from tablerows import paper, papers, vote, votes
from transforms.publication import MOST_FILES, Decision

REPO = "sandbox/papers"
START = date(2026, 1, 29)
DATA = "data/2026-01.parquet"


@pytest.fixture
def hub(line: Line, monkeypatch: pytest.MonkeyPatch) -> Hub:
    return Hub(line.sandbox, monkeypatch, REPO)


def days(first: date, count: int, step: int = 1) -> list[date]:
    return [first + timedelta(days=step * number) for number in range(count)]


def fill(line: Line, listed: Iterable[date], upvotes: int = 3) -> None:
    """List a paper on each of these days and write the release, pictures aside."""
    rows = [
        paper(f"{day:%y%m}.{day.toordinal() % 90000 + 10000}", list_date=day, upvotes=upvotes)
        for day in listed
    ]
    line.lake.upsert(PAPERS, papers(*rows))
    seen = [vote(row["paper_id"], list_date=row["list_date"], upvotes=upvotes) for row in rows]
    line.lake.upsert(VOTES, votes(*seen))
    assert run_publish(None) == 0


def pushed(decision: Decision | None = None, **options: Any) -> Pushed:
    return push(Run(load_settings(), "test"), REPO, decision, **({"may_create": lambda _: True} | options))


def rows_there(hub: Hub, revision: str = "main") -> int:
    return sum(
        pl.read_parquet(content).height
        for path, content in hub.files(revision).items()
        if path.startswith("data/")
    )


def card_rows(hub: Hub, tmp_path: Any, revision: str = "main") -> dict[str, int]:
    """The rows that the card promises, by config."""
    file = tmp_path / "README.md"
    file.write_bytes(hub.files(revision)["README.md"])
    return {
        info["config_name"]: info["splits"][0]["num_examples"] for info in metadata_load(file)["dataset_info"]
    }


def test_the_first_publish_makes_the_repository_and_commits_everything_at_once(line: Line, hub: Hub) -> None:
    fill(line, days(START, 2))
    done = pushed()
    assert len(done.commits) == 1
    files = hub.files()
    assert files[DATA] == (line.lake.dataset / DATA).read_bytes()
    assert {"README.md", "votes/2026-01.parquet"} <= set(files)
    assert hub.commits()[0].oid == done.commits[0]
    assert done.files == len([path for path in files if path != ".gitattributes"])


def test_nothing_new_means_one_question_and_no_commit(line: Line, hub: Hub) -> None:
    fill(line, days(START, 2))
    pushed()
    hub.forget()
    again = pushed()
    assert again.commits == []
    assert "holds this release already" in pushed_sentence(again)
    assert hub.asked() == {"info": 1}


def test_a_day_more_commits_what_changed_and_leaves_old_months_untouched(line: Line, hub: Hub) -> None:
    fill(line, days(START, 3))
    pushed()
    fill(line, [date(2026, 2, 3)])
    before = hub.files()
    hub.forget()
    done = pushed()
    assert len(done.commits) == 1
    changed = {path for path, content in hub.files().items() if before.get(path) != content}
    assert changed == {
        "README.md",
        "data/2026-02.parquet",
        "votes/2026-02.parquet",
        "paper_logs/2026/02/03.md",
    }
    assert "tree" not in hub.asked()
    assert hub.asked()["commit"] == 1


def test_a_lost_memory_costs_one_listing_and_nothing_is_committed_again(line: Line, hub: Hub) -> None:
    fill(line, days(START, 2))
    pushed()
    for file in (line.home / "published").rglob("*.json"):
        file.unlink()
    hub.forget()
    assert pushed().commits == []
    assert hub.asked()["tree"] == 1


def test_a_long_history_goes_in_whole_months_that_each_load(line: Line, hub: Hub, tmp_path: Any) -> None:
    fill(line, days(date(2025, 1, 1), 130))
    done = pushed()
    assert len(done.commits) >= 2
    months: set[str] = set()
    for commit in reversed(hub.commits()[:-1]):
        files = hub.files(commit.oid)
        assert card_rows(hub, tmp_path, commit.oid)["papers"] == rows_there(hub, commit.oid)
        now = {path for path in files if path.startswith("data/")}
        assert now > months
        months = now
    assert planned_push(Run(load_settings(), "test"), REPO).commits == []
    assert all(count < MOST_FILES for count in sizes(hub))


def sizes(hub: Hub) -> list[int]:
    """Files that each commit after the first changed."""
    commits = [hub.files(commit.oid) for commit in reversed(hub.commits())]
    return [
        sum(before.get(path) != after.get(path) for path in {*before, *after})
        for before, after in itertools.pairwise(commits)
    ]


def test_a_publish_killed_between_two_steps_goes_on_where_it_stopped(line: Line, hub: Hub) -> None:
    fill(line, days(date(2025, 1, 1), 130))
    hub.faults({"match": {"operation": "commit"}, "calls": [2, 3, 4, 5, 6, 7], "status": 503})
    with pytest.raises(SourceUnavailable, match="given up after 5 attempts"):
        pushed()
    first = rows_there(hub)
    assert 0 < first < 130
    hub.faults()
    done = pushed()
    assert rows_there(hub) == 130
    assert len(hub.commits()) == 1 + 1 + len(done.commits)


@pytest.mark.parametrize(
    "fault",
    [{"status": 503, "applied": True}, {"lost": True}, {"status": 504, "applied": True}],
    ids=["503", "cut", "504"],
)
def test_an_answer_lost_after_the_commit_was_applied_makes_no_second_one(
    line: Line, hub: Hub, fault: dict[str, Any]
) -> None:
    fill(line, days(START, 2))
    hub.faults({"match": {"operation": "commit"}, "first": 1, **fault})
    done = pushed()
    assert len(hub.commits()) == 2
    assert done.commits == [hub.commits()[0].oid]
    assert pushed().commits == []


def test_an_answer_that_does_not_come_in_time_is_looked_for(line: Line, hub: Hub) -> None:
    fill(line, days(START, 2))
    line.set(DAILY_PAPERS_HUB_TIMEOUT=0.5)
    hub.faults({"match": {"operation": "commit"}, "first": 1, "delay": 3})
    assert len(pushed().commits) == 1
    assert len(hub.commits()) == 2


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_commit_refused_for_a_while_is_made_once(line: Line, hub: Hub, status: int) -> None:
    fill(line, days(START, 2))
    hub.faults({"match": {"operation": "commit"}, "first": 2, "status": status})
    assert len(pushed().commits) == 1
    assert len(hub.commits()) == 2


def test_somebody_elses_commit_in_between_is_built_upon(line: Line, hub: Hub) -> None:
    fill(line, days(START, 2))
    hub.faults({"match": {"operation": "commit"}, "first": 1, "concurrent": {"notes.md": "theirs"}})
    assert len(pushed().commits) == 1
    assert hub.files()["notes.md"] == b"theirs"
    assert DATA in hub.files()


def test_somebody_who_commits_all_the_time_ends_it(line: Line, hub: Hub) -> None:
    fill(line, days(START, 2))
    rules = [
        {"match": {"operation": "commit"}, "calls": [call], "concurrent": {"notes.md": f"{call}"}}
        for call in range(1, 12)
    ]
    hub.faults(*rules)
    with pytest.raises(SourceUnavailable, match="somebody else commits to it again and again"):
        pushed()
    assert DATA not in hub.files()


@pytest.mark.parametrize(
    ("operation", "status", "error", "says"),
    [
        ("commit", 401, SettingsMissing, "HF_TOKEN is wrong or has expired"),
        ("commit", 403, SettingsMissing, "may not write there"),
        ("commit", 404, SettingsMissing, "no such repository"),
        ("commit", 413, ContractBroken, "larger than the Hub takes"),
        ("preupload", 403, SettingsMissing, "may not write there"),
        ("validate_yaml", 400, ContractBroken, "a commit of .* HTTP 400"),
        ("info", 503, SourceUnavailable, "later"),
        ("info", 429, SourceUnavailable, "Too many requests"),
        ("info", 401, SettingsMissing, "HF_TOKEN is wrong"),
        ("create", 403, SettingsMissing, "may not write there"),
    ],
)
def test_each_refusal_says_what_to_do_and_nothing_was_published(
    line: Line, hub: Hub, operation: str, status: int, error: type[Exception], says: str
) -> None:
    fill(line, days(START, 2))
    hub.faults({"match": {"operation": operation}, "status": status})
    with pytest.raises(error, match=says) as refusal:
        pushed()
    assert REPO in str(refusal.value)
    assert "hf_sandbox" not in str(refusal.value)


def test_without_a_token_nothing_is_asked(line: Line, hub: Hub) -> None:
    fill(line, days(START, 2))
    line.set(HF_TOKEN="")
    with pytest.raises(SettingsMissing, match="HF_TOKEN is not set"):
        pushed()
    assert hub.asked() == {}


def test_a_missing_repository_is_made_only_when_somebody_says_so(line: Line, hub: Hub) -> None:
    fill(line, days(START, 2))
    with pytest.raises(RepositoryMissing, match="--yes"):
        pushed(may_create=lambda _: False)
    assert "create" not in hub.asked()


def test_an_empty_lake_publishes_nothing(line: Line, hub: Hub) -> None:
    with pytest.raises(ContractBroken, match="lists no paper yet"):
        pushed()


# Edits by somebody else ----------------------------------------------------------------------------


@pytest.fixture
def edited(line: Line, hub: Hub) -> Hub:
    """A published release of which somebody edited the page, deleted a log, and added a month."""
    fill(line, days(START, 2))
    pushed()
    card = hub.files()["README.md"].decode()
    front = card[: card.index("\n---\n", 4) + 5]
    hub.edit(
        {
            "README.md": f"{front}\n# Their own page\n".encode(),
            "paper_logs/2026/01/29.md": None,
            "data/2020-01.parquet": hub.files()[DATA],
            "notes.md": b"no business of ours",
        }
    )
    fill(line, days(START, 3))
    return hub


def test_files_that_somebody_edited_are_named_and_nothing_is_touched(edited: Hub) -> None:
    before = edited.files()
    with pytest.raises(EditedOnHub) as stop:
        pushed()
    for named in (
        "README.md (edited)",
        "paper_logs/2026/01/29.md (deleted)",
        "data/2020-01.parquet (edited)",
    ):
        assert named in str(stop.value)
    assert "notes.md" not in str(stop.value)
    assert edited.files() == before


def test_take_ours_puts_the_release_there_and_leaves_other_files_alone(line: Line, edited: Hub) -> None:
    pushed("ours")
    files = edited.files()
    assert files["notes.md"] == b"no business of ours"
    assert b"Their own page" not in files["README.md"]
    assert "data/2020-01.parquet" not in files
    assert "paper_logs/2026/01/29.md" in files
    assert pushed().commits == []


def test_take_theirs_keeps_the_edits_and_the_dataset_loads(line: Line, edited: Hub, tmp_path: Any) -> None:
    # A month of theirs that holds another month's days would break its table; its rows are what counts.
    done = pushed("theirs")
    files = edited.files()
    assert files["README.md"].endswith(b"# Their own page\n")
    assert "paper_logs/2026/01/29.md" not in files
    assert "data/2020-01.parquet" in files
    assert files[DATA] == (line.lake.dataset / DATA).read_bytes()
    assert card_rows(edited, tmp_path)["papers"] == rows_there(edited) == 5
    assert done.kept == ("README.md", "data/2020-01.parquet", "paper_logs/2026/01/29.md")


def test_theirs_stays_on_the_next_days_without_being_asked_again(
    line: Line, edited: Hub, tmp_path: Any
) -> None:
    pushed("theirs")
    assert pushed().commits == []
    fill(line, days(START, 5))
    assert len(pushed().commits) == 1
    assert edited.files()["README.md"].endswith(b"# Their own page\n")
    assert card_rows(edited, tmp_path)["papers"] == rows_there(edited)
    pushed("ours")
    assert b"Their own page" not in edited.files()["README.md"]


def test_an_edit_after_the_decision_is_named_again(line: Line, edited: Hub) -> None:
    pushed("theirs")
    edited.edit({"paper_logs/2026/01/30.md": b"changed"})
    with pytest.raises(EditedOnHub, match=r"edited paper_logs/2026/01/30.md \(edited\) at"):
        pushed()


def test_a_file_of_theirs_that_no_loader_reads_cannot_stay(line: Line, hub: Hub) -> None:
    fill(line, days(START, 2))
    pushed()
    hub.edit({DATA: b"no parquet"})
    with pytest.raises(ContractBroken, match="no Parquet file"):
        pushed("theirs")
    assert hub.files()[DATA] == b"no parquet"
    pushed("ours")
    assert hub.files()[DATA] == (line.lake.dataset / DATA).read_bytes()


# Tags, dry runs, private ones ----------------------------------------------------------------------


def test_a_month_is_tagged_once_when_no_run_changes_it_any_more(line: Line, hub: Hub) -> None:
    fill(line, days(START, 9))
    assert pushed().tags == ()
    fill(line, [date(2026, 2, 9)])
    january = (line.lake.dataset / DATA).read_bytes()
    assert pushed().tags == ("2026-01",)
    tagged = hub.tags()["2026-01"]
    assert hub.files("2026-01")[DATA] == january
    fill(line, [START], upvotes=99)
    assert pushed().tags == ()
    assert hub.tags()["2026-01"] == tagged


def test_a_tag_that_could_not_be_made_is_made_by_the_next_publish(line: Line, hub: Hub) -> None:
    fill(line, [START, date(2026, 2, 20)])
    hub.faults({"match": {"operation": "tag"}, "status": 403})
    with pytest.raises(SettingsMissing, match="the tag 2026-01"):
        pushed()
    hub.faults()
    assert pushed() == Pushed(f"{hub.url}/datasets/{REPO}", [], 0, 0, ("2026-01",))


def test_a_dry_run_reads_and_says_what_would_happen(line: Line, hub: Hub) -> None:
    fill(line, days(START, 2))
    would = planned_push(Run(load_settings(), "test"), REPO)
    assert would.commits == ["Publish the lists up to 2026-01-30"]
    assert set(hub.asked()) == {"info"}
    done = pushed()
    assert (would.files, would.bytes) == (done.files, done.bytes)


def test_a_private_dataset_is_made_on_request(line: Line, hub: Hub) -> None:
    fill(line, days(START, 2))
    pushed(private=True)
    assert hub.api.dataset_info(REPO).private


def test_a_month_that_lists_nothing_any_more_goes_from_the_hub_too(line: Line, hub: Hub) -> None:
    fill(line, [START, date(2026, 2, 3)])
    pushed()
    line.lake.path(PAPERS, "2026-02").unlink()
    line.lake.path(VOTES, "2026-02").unlink()
    line.lake.path(RELEASE, "2026-02").unlink()
    for file in (line.lake.dataset / "votes").glob("2026-02*"):
        file.unlink()
    for file in line.lake.digest.rglob("paper_logs/2026/02/*.md"):
        file.unlink()
    pushed()
    assert not [path for path in hub.files() if "2026-02" in path or "2026/02" in path]


# The command ---------------------------------------------------------------------------------------


def test_the_command_publishes_verifies_and_loads_over_http(line: Line, hub: Hub) -> None:
    line.set(HF_HUB_OFFLINE=0)
    fill(line, days(START, 3))
    refused = line.command("publish", "--repo", REPO)
    assert refused.returncode == 2
    assert "--yes" in refused.stdout
    done = line.command("publish", "--repo", REPO, "--yes")
    assert (done.returncode, "Published to" in done.stdout) == (0, True)
    verified = line.command("publish", "--repo", REPO, "--verify")
    assert verified.returncode == 0
    assert "row for row" in verified.stdout
    script = (
        "import datasets, json; datasets.config.USE_PARQUET_EXPORT = False\n"
        f"rows = datasets.load_dataset({REPO!r}, split='train')\n"
        "print(json.dumps([rows.num_rows, rows[0]['title']]))"
    )
    environment = {**hub.environment, "HF_HOME": str(line.home.parent / "hf")}
    loaded = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(loaded.stdout.splitlines()[-1])[0] == 3


def test_verify_says_which_rows_differ(line: Line, hub: Hub) -> None:
    line.set(HF_HUB_OFFLINE=0)
    fill(line, days(START, 3))
    pushed()
    fill(line, [START], upvotes=99)
    hub.edit({"paper_logs/2026/01/30.md": None})
    verified = line.command("publish", "--repo", REPO, "--verify")
    assert verified.returncode == 1
    assert "data/2026-01.parquet: 0 rows only on the Hub, 0 only here, 1 that differ, of 3" in verified.stdout
    assert "paper_logs/2026/01/30.md is not on the Hub" in verified.stdout
