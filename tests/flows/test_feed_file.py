"""release/digest/feed.xml as the flows write it: beside the pages, the same bytes for the same release."""

from datetime import date, timedelta
from pathlib import Path

import lxml.etree
import pytest

from atomrules import ATOM, atom
from flows.check import problems
from flows.console import run_publish
from flows.release import release_contents, release_pages
from flows.storage import Lake
from realdays import fill, needs_them
from schemas.tables import PAPERS
from tablerows import paper, papers

LATEST = date(2026, 3, 1)
"""A Sunday; sixty days reach into three months."""


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setenv("DAILY_PAPERS_HOME", str(tmp_path))
    return Lake(tmp_path)


def list_days(lake: Lake, *back: int) -> None:
    """One paper on each of these days before the latest."""
    lake.upsert(PAPERS, papers(*(paper(f"2601.{n + 1:05d}", list_date=LATEST - timedelta(n)) for n in back)))


def entries(lake: Lake) -> dict[str, bytes]:
    """The feed's entries by their ids."""
    root = atom((lake.digest / "feed.xml").read_text())
    return {
        str(entry.findtext(f"{ATOM}id")): lxml.etree.tostring(entry, with_tail=False)
        for entry in root.iter(f"{ATOM}entry")
    }


def test_the_feed_is_written_beside_the_pages_and_checked_with_them(lake: Lake) -> None:
    list_days(lake, 0, 59, 60)
    assert run_publish(None) == 0
    assert [key[-10:] for key in entries(lake)] == ["2026-03-01", "2026-01-01"]
    feed = lake.digest / "feed.xml"
    written = feed.read_bytes()
    feed.unlink()
    assert any("feed.xml is missing" in problem for problem in problems(lake))
    run_publish(None)
    assert feed.read_bytes() == written


def test_another_day_moves_the_window_and_leaves_the_other_entries_as_they_were(lake: Lake) -> None:
    list_days(lake, 1, 59, 60)
    run_publish(None)
    before = entries(lake)
    list_days(lake, 0)
    run_publish(None)
    after = entries(lake)
    added, gone = after.keys() - before.keys(), before.keys() - after.keys()
    assert ([key[-10:] for key in added], [key[-10:] for key in gone]) == (["2026-03-01"], ["2025-12-31"])
    assert all(after[key] == before[key] for key in before.keys() & after.keys())


def test_a_lake_without_papers_has_no_feed(lake: Lake) -> None:
    assert run_publish(None) == 0
    assert not lake.digest.exists()


@needs_them
def test_the_feed_of_the_stored_lists_is_valid_and_small_enough_for_readers(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    fill(lake)
    contents = release_contents(lake)
    document = release_pages(lake, contents)[lake.digest / "feed.xml"]
    listed = {day.isoformat() for day in contents.listed_days}
    ids = [str(entry.findtext(f"{ATOM}id")) for entry in atom(document).iter(f"{ATOM}entry")]
    assert ids
    assert {key[-10:] for key in ids} <= listed
    # The public validator reads five million bytes and no more.
    assert len(document.encode()) < 5_000_000
