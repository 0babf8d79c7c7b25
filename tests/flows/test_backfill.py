"""Ranges of days, month by month."""

from datetime import date

import polars as pl
from polars.testing import assert_frame_equal

from daylists import record, records
from flows.storage import Lake
from line import Line, timeless
from schemas.tables import PAPERS, RELEASE


def fill(line: Line) -> None:
    line.day("2026-02-26", records(3, first=1, month="2602"))
    line.day("2026-02-27", records(3, first=11, month="2602"))
    line.day("2026-03-02", [*records(3, first=1), record("2602.00001", votes=77)])
    line.day("2026-03-03", records(3, first=11))


def test_a_backfill_over_two_months_holds_every_paper_of_every_day_once(line: Line) -> None:
    fill(line)
    ended = line.backfill("2026-02-26", "2026-03-03")
    assert ended.code == 0
    release = line.release()
    assert release.group_by("list_date").len().sort("list_date").rows() == [
        (date(2026, 2, 26), 3),
        (date(2026, 2, 27), 3),
        (date(2026, 3, 2), 4),
        (date(2026, 3, 3), 3),
    ]
    assert set(release["translation_status"]) == {"ok"}
    assert set(line.calls().values()) == {1}
    assert len(line.calls()) == 12


def test_a_backfill_and_daily_runs_give_the_same_tables(line: Line) -> None:
    fill(line)
    line.backfill("2026-02-26", "2026-03-03")
    at_once = {table.name: timeless(line.table(table)) for table in (PAPERS, RELEASE)}
    line.home = line.home.parent / "daily"
    line.lake = Lake(line.home)
    line.set(DAILY_PAPERS_HOME=line.home)
    for day in ("2026-02-26", "2026-02-27", "2026-03-02", "2026-03-03"):
        line.run(day)
    for table in (PAPERS, RELEASE):
        assert_frame_equal(timeless(line.table(table)), at_once[table.name])


def test_a_second_backfill_calls_no_model_and_touches_no_file(line: Line) -> None:
    fill(line)
    line.backfill("2026-02-26", "2026-03-03")
    before = line.files()
    line.faults()
    assert line.backfill("2026-02-26", "2026-03-03").code == 0
    assert line.calls() == {}
    assert line.files() == before


def test_empty_weekdays_of_a_backfill_are_told_and_the_others_published(line: Line) -> None:
    fill(line)
    ended = line.backfill("2026-02-25", "2026-03-03")
    assert ended.code == 1
    assert ended.report is not None
    assert [sentence[:10] for sentence in ended.report.incomplete] == ["2026-02-25"]
    assert line.release().height == 13


def test_papers_that_got_no_answer_in_a_backfill_wait_and_their_chunk_goes_on(line: Line) -> None:
    fill(line)
    line.faults({"service": "openai", "match": {"paper_id": "2602.00002"}, "status": 400})
    assert line.backfill("2026-02-26", "2026-03-03").code == 3
    rows = line.release()
    assert rows.filter(pl.col("translation_status") == "pending")["paper_id"].to_list() == ["2602.00002"]
    line.faults()
    assert line.backfill("2026-02-26", "2026-03-03").code == 0
    assert line.calls() == {"2602.00002": 1}
