"""Publishing from the lake alone: pictures once a settled week, older forms beside the digest."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from flows.console import run_publish
from flows.release import PICTURES
from flows.storage import Lake
from schemas.tables import ARCHIVE
from tablerows import archive, archived
from transforms.archive import archive_rows, parsed

FIRST = date(2026, 1, 5)
"""A Monday."""


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setenv("DAILY_PAPERS_HOME", str(tmp_path))
    return Lake(tmp_path)


def list_days(lake: Lake, weeks: int) -> None:
    """One paper on every Monday."""
    days = [FIRST + timedelta(weeks=week) for week in range(weeks)]
    rows = [archived(f"2601.{number:05d}", list_date=day) for number, day in enumerate(days, 1)]
    lake.upsert(ARCHIVE, archive(*rows))


def pictures(lake: Lake) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (lake.dataset / "images").glob("*.svg")}


def test_a_young_dataset_has_no_pictures_and_does_not_promise_any(lake: Lake) -> None:
    list_days(lake, 2)
    assert run_publish(None) == 0
    assert pictures(lake) == {}
    assert "images/" not in (lake.dataset / "README.md").read_text()


def test_pictures_are_drawn_when_a_week_has_settled_and_only_then(lake: Lake) -> None:
    list_days(lake, 5)
    run_publish(None)
    drawn = pictures(lake)
    assert set(drawn) == {"papers-per-week.svg", "categories.svg"}
    card = (lake.dataset / "README.md").read_text()
    assert all(f"({picture})" in card for picture in PICTURES)
    digest = (lake.digest / "README.md").read_text()
    assert "images/papers-per-week.svg" in digest
    assert (lake.digest / "images/categories.svg").read_bytes() == drawn["categories.svg"]

    (lake.dataset / "images/papers-per-week.svg").write_bytes(b"not drawn again")
    run_publish(None)
    assert pictures(lake)["papers-per-week.svg"] == b"not drawn again"
    list_days(lake, 6)
    run_publish(None)
    assert pictures(lake)["papers-per-week.svg"] not in (b"not drawn again", drawn["papers-per-week.svg"])


def test_pictures_follow_what_is_learnt_later_of_a_settled_week(lake: Lake) -> None:
    list_days(lake, 5)
    run_publish(None)
    before = pictures(lake)["papers-per-week.svg"]
    lake.upsert(ARCHIVE, archive(archived("2601.00077", list_date=FIRST + timedelta(weeks=2), rank=2)))
    run_publish(None)
    assert pictures(lake)["papers-per-week.svg"] != before


def test_every_day_is_written_in_the_form_asked_for_and_reads_back(lake: Lake) -> None:
    list_days(lake, 3)
    assert run_publish("2024-11") == 0
    pages = sorted((lake.home / "release/digest-2024-11").rglob("*.md"))
    assert [page.name for page in pages] == ["05.md", "12.md", "19.md"]
    documents = [parsed(page.read_text(), page.as_posix()) for page in pages]
    assert [document.unparsed for document in documents] == [[], [], []]
    columns = ["list_date", "paper_id", "title", "upvotes", "authors", "summary_ko"]
    again = archive_rows(documents).rows.select(columns)
    assert again.equals(lake.read(ARCHIVE, ["2026-01"]).sort("list_date").select(columns))


def test_publishing_again_writes_nothing(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    list_days(lake, 5)
    run_publish(None)
    capsys.readouterr()
    run_publish(None)
    assert "Written: 0 files" in capsys.readouterr().out
