"""What a run shows on its page in Prefect's UI, and the words in which it fails."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
from prefect.client.schemas.objects import FlowRun

from daylists import records
from flows.backfill import backfill
from flows.check import check_sentence
from flows.check_lake import check_lake
from flows.errors import ContractBroken, RunIncomplete, SettingsMissing
from flows.publish_lake import publish_lake
from flows.refresh_votes import refresh_votes
from hubs import Hub
from line import DAY, Line
from schemas.tables import TRANSLATIONS, VOTES
from servedruns import asked, latest, left_by
from transforms.report import without_pictures

REPO = "sandbox/papers"
DUE = datetime(2026, 3, 12, 23, tzinfo=UTC)


@pytest.fixture
def due(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Says for which moment the runs of this test were scheduled, by Prefect's own means for tests."""
    from prefect.runtime import flow_run

    def set_due(moment: datetime) -> None:
        monkeypatch.setitem(flow_run.FIELDS, "scheduled_start_time", lambda: moment)

    return set_due


def run_named(start: str) -> FlowRun:
    async def newest(client: PrefectClient) -> FlowRun:
        only = FlowRunFilter(name=FlowRunFilterName(like_=start))
        found = await client.read_flow_runs(flow_run_filter=only)
        return max(found, key=lambda each: str(each.created))

    return asked(newest)


def rows(key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(str(latest(key).data))
    return found


def test_a_day_leaves_its_digest_and_its_numbers(line: Line) -> None:
    line.day(DAY, [*records(3), {"paper": {}}])
    line.run()
    digest = latest("digest")
    assert digest.description == f"digest of {DAY}"
    page = (line.lake.digest / "paper_logs/2026/03/05.md").read_text()
    assert digest.data == without_pictures(page)
    counts = {(row["step"], row["what"]): row["count"] for row in rows("counts")}
    assert counts["day lists", "new"] == 3
    assert counts["day lists", "rejected"] == 1
    assert counts["translations", "ok"] == 3
    assert counts["model", "answers"] == 3
    assert ("model", "US dollars") in counts
    assert any(step == "rejected for" for step, _ in counts)


def test_a_day_without_papers_leaves_no_digest(line: Line) -> None:
    line.run("2026-03-07")
    assert set(left_by(run_named("daily 2026-03-07").id)) == {"report", "counts"}


def test_a_backfill_shows_how_many_of_its_months_are_done(line: Line) -> None:
    line.day("2026-02-26", records(2, month="2602"))
    line.day("2026-03-02", records(2))
    line.backfill("2026-02-26", "2026-03-02")
    progress = latest("progress")
    assert progress.data == 100.0
    assert progress.description == "backfill 2026-02-26 to 2026-03-02: 2 of 2 months, up to 2026-03-02"


def test_a_failed_run_says_on_its_page_what_the_terminal_says(
    line: Line, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = line.run("2026-03-04")
    assert ended.code == 1
    assert ended.report is not None
    (sentence,) = ended.report.incomplete
    assert sentence in " ".join(capsys.readouterr().out.split())
    state = run_named("daily 2026-03-04").state
    assert state is not None
    assert state.name == "Failed"
    assert sentence in str(state.message)


def test_a_backfill_that_ends_before_it_begins_is_refused(line: Line) -> None:
    with pytest.raises(SettingsMissing, match=r"until \(2026-03-01\) is before since \(2026-03-02\)"):
        asyncio.run(backfill(date(2026, 3, 2), date(2026, 3, 1)))
    assert line.requests() == []


def test_a_scheduled_run_names_the_days_that_lie_beyond_what_it_catches_up(
    line: Line, due: Callable[[datetime], None]
) -> None:
    from flows.daily import daily

    line.day("2026-02-26", records(2, month="2602"))
    line.run("2026-02-26")
    line.day("2026-03-11", records(2, first=1))
    line.day("2026-03-12", records(2, first=11))
    due(DUE)
    with pytest.raises(
        RunIncomplete, match=r"2026-02-27 to 2026-03-10: expected lists, got none; no run came"
    ):
        asyncio.run(daily.with_options(retries=0)(None, 0, None, 1))
    assert line.release()["list_date"].n_unique() == 3


def test_votes_are_refreshed_on_known_lists_alone_and_only_what_is_pending_is_asked(
    line: Line, due: Callable[[datetime], None]
) -> None:
    line.day(DAY, records(2))
    line.run()
    line.day("2026-03-06", records(2, first=51))
    changed = records(2)
    changed[0]["paper"]["upvotes"] = 20_000
    line.day(DAY, [*changed, *records(1, first=3)], "2026-04-02T000000Z")
    line.faults()
    due(DUE)
    asyncio.run(refresh_votes(30))
    assert line.calls() == {"2603.00003": 1}
    assert 20_000 in line.table(VOTES)["upvotes"]
    assert {entry["key"] for entry in line.requests("daily_papers")} == {DAY}
    assert run_named("refresh votes").name == "refresh votes 2026-02-10 to 2026-03-11"


def test_a_publish_links_to_the_dataset_at_its_commit(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub(line.sandbox, monkeypatch, REPO)
    line.day(DAY, records(2))
    line.run()
    (line.lake.dataset / "README.md").unlink()
    line.set(DAILY_PAPERS_REPO=REPO, OPENAI_API_KEY=None)
    line.faults()
    asyncio.run(publish_lake())
    commit = hub.commits()[0].oid
    assert f"/datasets/{REPO}/tree/{commit}" in str(latest("dataset").data)
    assert (line.lake.dataset / "README.md").exists()
    assert {entry["service"] for entry in line.requests()} == {"hub"}
    assert str(run_named("publish 20").name).startswith("publish 20")

    asyncio.run(publish_lake())
    assert latest("dataset").description == "nothing new"


def test_a_check_of_a_whole_lake_and_hub_says_so_and_of_a_spoilt_one_fails_in_the_same_words(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub(line.sandbox, monkeypatch, REPO)
    line.set(DAILY_PAPERS_REPO=REPO)
    line.day(DAY, records(2))
    line.run()
    whole = asyncio.run(check_lake())
    assert "are whole and valid" in whole
    assert "The Hub holds this release, row for row" in whole
    assert rows("problems") == [{"problem": "none"}]

    hub.edit({"data/2026-03.parquet": b"spoilt"})
    (line.lake.digest / "feed.xml").unlink()
    with pytest.raises(ContractBroken) as failed:
        asyncio.run(check_lake())
    local = "release/digest/feed.xml is missing or not what the release gives. Run: daily-papers run"
    assert local in str(failed.value)
    assert check_sentence(line.lake, [local]) in str(failed.value)
    assert "data/2026-03.parquet on the Hub cannot be read as Parquet" in str(failed.value)
    state = run_named("check 20").state
    assert state is not None
    assert str(failed.value) in str(state.message)
    assert rows("problems")[0] == {"problem": local}


def test_a_limit_on_spending_holds_over_the_retries_of_a_run(line: Line, tmp_path: Path) -> None:
    from flows.daily import daily

    prices = tmp_path / "prices.toml"
    prices.write_text('[models]\n"sandbox-pseudo" = { input = 1, output = 1000 }')
    line.set(DAILY_PAPERS_PRICES=prices, DAILY_PAPERS_MAX_OUTPUT_TOKENS=2000, DAILY_PAPERS_CONCURRENCY=1)
    line.day(DAY, records(9))
    retried = daily.with_options(retries=2, retry_delay_seconds=0)
    with pytest.raises(RunIncomplete, match=r"The limit of \$2\.20 \(--max-cost\) is reached"):
        asyncio.run(retried(date(2026, 3, 5), 0, 2.2))
    # One more answer could cost 2 dollars, so an attempt ends once 20 cents are spent.
    *before_last, _ = line.table(TRANSLATIONS)["cost_usd"].to_list()
    assert 0 < sum(before_last) < 0.2
