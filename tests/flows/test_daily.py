"""A normal day, the day after it, and the days that a run looks back to."""

import asyncio
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from daylists import record, records
from line import DAY, Line
from schemas.tables import ABSTRACTS, ARCHIVE, PAPERS, REJECTED, TABLES, TRANSLATIONS, VOTES


def test_a_normal_day_comes_out_whole_in_korean_and_where_the_design_says(line: Line) -> None:
    line.day(DAY, records(12))
    ended = line.run()

    assert ended.code == 0
    assert ended.report is not None
    assert ended.report.listed["new"] == 12
    assert ended.report.translated == {"ok": 12}
    release = line.release()
    assert release["paper_id"].to_list() == [f"2603.{number:05d}" for number in range(1, 13)]
    assert release["rank"].to_list() == list(range(1, 13))
    assert release["upvotes"].to_list() == [10_000 - number for number in range(1, 13)]
    assert set(release["list_date"]) == {date(2026, 3, 5)}
    assert set(release["translation_status"]) == {"ok"}
    assert set(release["abstract_source"]) == {"arxiv"}
    assert release["title_ko"].str.contains("[가-힣]").all()
    assert release["abstract_ko"].str.contains("[가-힣]").all()
    assert set(release["summary_ko"].list.len()) == {3}
    assert set(release["model"]) == {"sandbox-pseudo"}
    assert line.calls() == {f"2603.{number:05d}": 1 for number in range(1, 13)}


def test_every_file_of_a_run_is_one_that_the_design_names(line: Line) -> None:
    line.day(DAY, records(2))
    line.run()
    raw = [name for name in line.files() if name.startswith("raw/")]
    answers = [name for name in line.files() if name.startswith("answers/")]
    assert [Path(name).parent.as_posix() for name in raw][-1] == "raw/daily_papers/2026/03/05"
    assert sorted(Path(name).suffix for name in raw) == [".json", ".xml"]
    assert sorted(Path(name).name[:10] for name in answers) == ["2603.00001", "2603.00002", "recipe.jso"]
    assert sorted(set(line.files()) - {*raw, *answers}) == [
        "abstracts/2026-03.parquet",
        "papers/2026-03.parquet",
        "release/dataset/README.md",
        "release/dataset/data/2026-03.parquet",
        "release/dataset/parallel/2026-03.parquet",
        "release/dataset/votes/2026-03.parquet",
        "release/digest/README.md",
        "release/digest/feed.xml",
        "release/digest/paper_logs/2026/03/05.md",
        "translations/2026-03.parquet",
        "votes/2026-03.parquet",
    ]


def test_received_bytes_are_kept_as_they_came(line: Line) -> None:
    day = records(3)
    body = b"  " + str(day).replace("'", '"').replace("False", "false").encode() + b"\n\n"
    line.day(DAY, body)
    assert line.run().code == 0
    (kept,) = (line.home / "raw/daily_papers/2026/03/05").iterdir()
    assert kept.read_bytes() == body
    assert line.release().height == 3


def test_a_second_run_calls_no_model_and_touches_no_file(line: Line) -> None:
    line.day(DAY, records(12))
    line.run(refresh_days=3)
    before, asked = line.files(), len(line.requests("arxiv"))
    again = line.run(refresh_days=3)
    assert again.code == 0
    assert again.report is not None
    assert again.report.listed["unchanged"] == 12
    assert again.report.files_written == 0
    assert again.report.usage == {}
    assert line.files() == before
    assert sum(line.calls().values()) == 12
    assert len(line.requests("arxiv")) == asked


def test_a_run_leaves_a_markdown_artifact_named_for_its_day(line: Line) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

    async def artifacts() -> dict[str | None, object]:
        wanted = ArtifactFilter(key=ArtifactFilterKey(any_=["report"]))
        async with get_client() as client:
            return {
                artifact.description: artifact.data
                for artifact in await client.read_artifacts(artifact_filter=wanted)
            }

    line.day("2026-03-10", records(2))
    line.run("2026-03-10")
    markdown = str(asyncio.run(artifacts())["daily 2026-03-10"])
    assert markdown.startswith("# daily 2026")
    assert "| Translated | 2 ok |" in markdown


def test_a_day_longer_than_fifty_papers_is_read_to_its_end(line: Line) -> None:
    line.day(DAY, records(101))
    assert line.run().code == 0
    assert line.release()["paper_id"].to_list() == [f"2603.{number:05d}" for number in range(1, 102)]
    assert [entry["p"] for entry in line.requests("daily_papers")] == [0, 1, 2]
    assert len(list((line.home / "raw/daily_papers/2026/03/05").iterdir())) == 3


def test_a_day_of_exactly_fifty_papers_ends_at_the_empty_page(line: Line) -> None:
    line.day(DAY, records(50))
    assert line.run().code == 0
    assert line.release().height == 50
    assert [entry["p"] for entry in line.requests("daily_papers")] == [0, 1]


def test_the_days_before_are_fetched_again_and_what_they_gained_is_translated(line: Line) -> None:
    line.day("2026-03-03", records(2, first=1))
    line.day("2026-03-04", records(2, first=11))
    line.run("2026-03-04", refresh_days=1)
    line.day("2026-03-03", records(3, first=1), "2026-04-02T000000Z")
    line.day(DAY, records(2, first=21))
    line.faults()
    ended = line.run(refresh_days=2)
    assert ended.code == 0
    assert line.calls() == {"2603.00003": 1, "2603.00021": 1, "2603.00022": 1}
    assert line.release().group_by("list_date").len().sort("list_date")["len"].to_list() == [3, 2, 2]
    assert [entry["key"] for entry in sorted(line.requests("daily_papers"), key=lambda e: str(e["key"]))] == [
        "2026-03-03", "2026-03-04", "2026-03-05",
    ]  # fmt: skip


def test_months_that_a_run_does_not_list_stay_as_they_are(line: Line) -> None:
    line.day("2026-01-14", records(3, month="2601"))
    line.run("2026-01-14")
    january = {name: file for name, file in line.files().items() if "2026-01" in name or "2026/01" in name}
    line.day(DAY, records(3))
    assert line.run().code == 0
    after = line.files()
    assert {name: after[name] for name in january} == january
    assert line.release().height == 6
    assert any(name.startswith("release/") for name in january)


def test_a_paper_on_lists_of_two_months_is_paid_once_and_published_on_both(line: Line) -> None:
    line.day("2026-03-31", [record("2603.09999", votes=5), *records(2)])
    line.run("2026-03-31")
    line.day("2026-04-01", [*records(2, first=7), record("2603.09999", votes=9)])
    assert line.run("2026-04-01").code == 0
    both = line.release().filter(pl.col("paper_id") == "2603.09999")
    assert both.select("list_date", "rank", "upvotes").rows() == [
        (date(2026, 3, 31), 1, 5),
        (date(2026, 4, 1), 3, 9),
    ]
    assert both["abstract_ko"].n_unique() == 1
    assert both["abstract_ko"].null_count() == 0
    assert line.calls()["2603.09999"] == 1


def test_korean_that_arrives_late_reaches_the_month_before_too(line: Line) -> None:
    line.faults({"service": "openai", "match": {"paper_id": "2603.09999"}, "status": 400})
    line.day("2026-03-31", [record("2603.09999"), *records(2)])
    assert line.run("2026-03-31").code == 3
    line.faults()
    line.day("2026-04-01", [*records(2, first=7), record("2603.09999")])
    assert line.run("2026-04-01").code == 0
    both = line.release().filter(pl.col("paper_id") == "2603.09999")
    assert both["translation_status"].to_list() == ["ok", "ok"]


@pytest.mark.parametrize("empty_day", ["2026-03-07", "2026-03-08", "2025-12-25", "2026-01-19"])
def test_weekends_and_us_holidays_may_be_empty(line: Line, empty_day: str) -> None:
    ended = line.run(empty_day)
    assert ended.code == 0
    assert line.release().is_empty()


def test_the_same_day_in_another_lake_gives_the_same_table(line: Line, tmp_path: Path) -> None:
    line.day(DAY, records(6))
    line.run()
    first = line.release()
    other = tmp_path / "other"
    line.set(DAILY_PAPERS_HOME=other)
    line.home, line.lake = other, type(line.lake)(other)
    line.run()
    assert_frame_equal(line.release(), first)


def test_every_table_of_the_lake_holds_to_its_contract_after_a_bad_day(line: Line) -> None:
    line.day(DAY, [*records(4), {"paper": {}}, 7, None])
    ended = line.run()
    assert ended.code == 1
    heights = {table.name: line.table(table).height for table in TABLES}
    assert heights == {
        PAPERS.name: 4,
        VOTES.name: 4,
        ABSTRACTS.name: 4,
        TRANSLATIONS.name: 4,
        ARCHIVE.name: 0,
        REJECTED.name: 3,
        "release/dataset/data": 4,
        "corrections": 0,
    }
