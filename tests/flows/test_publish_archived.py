"""The archive's Korean is in the operator's own release, and goes out only where the settings say so."""

from datetime import date

import polars as pl
import pytest

from daylists import records
from flows.check import problems
from flows.console import run_publish
from flows.push import push
from flows.run import Run
from flows.settings import load_settings
from flows.verify import verify
from hubs import Hub
from line import DAY, Line
from schemas.tables import ARCHIVE, RELEASE
from tablerows import archive, archived

KOREAN = "오래된 기록의 한국어입니다."
OLD = date(2026, 2, 27)
"""Less than a week before DAY: with two settled weeks pictures would be drawn, for seconds."""
REPO = "sandbox/papers"
LOG = "paper_logs/2026/02/27.md"


@pytest.fixture
def filled(line: Line) -> Line:
    """A month that only the archive lists, one that a run has filled, and one that both list."""
    summary = [{"section": None, "text": KOREAN}]
    rows = [
        archived("2602.00001", list_date=OLD, summary_ko=summary, model="gpt-4"),
        archived("2603.00001", summary_ko=summary, model="gpt-4"),
        archived("2603.00077", rank=2, summary_ko=summary, model="gpt-4"),
    ]
    line.lake.upsert(ARCHIVE, archive(*rows))
    assert run_publish(None) == 0
    line.day(DAY, records(2))
    line.day("2026-04-02", records(3)[2:])
    line.run()
    line.run("2026-04-02")
    return line


@pytest.fixture
def hub(filled: Line, monkeypatch: pytest.MonkeyPatch) -> Hub:
    return Hub(filled.sandbox, monkeypatch, REPO)


def pushed() -> None:
    push(Run(load_settings(), "test"), REPO, may_create=lambda _: True)


def said(hub: Hub) -> str:
    """Everything on the Hub as text, rows of tables included."""
    return "".join(
        pl.read_parquet(content).write_ndjson() if path.endswith(".parquet") else content.decode()
        for path, content in hub.files().items()
    )


def test_the_operators_own_release_has_it(filled: Line) -> None:
    rows = filled.table(RELEASE)
    assert dict(rows.select("paper_id", "translation_status").rows()) == {
        "2602.00001": "archived",
        "2603.00001": "archived",
        "2603.00002": "ok",
        "2603.00003": "ok",
        "2603.00077": "archived",
    }
    assert KOREAN in (filled.lake.digest / LOG).read_text()
    assert KOREAN in (filled.lake.digest / "feed.xml").read_text()
    assert list(problems(filled.lake)) == []


def test_by_default_none_of_it_is_on_the_hub_and_every_listing_is(filled: Line, hub: Hub) -> None:
    pushed()
    assert KOREAN not in said(hub)
    assert "gpt-4" not in said(hub)
    files = hub.files()
    there = pl.concat([pl.read_parquet(files[path]) for path in sorted(files) if path.startswith("data/")])
    assert there["paper_id"].to_list() == filled.table(RELEASE)["paper_id"].to_list()
    assert "archived" not in there["translation_status"].to_list()
    assert LOG in files
    assert verify(Run(load_settings(), "test"), REPO).differences == []


def test_the_setting_decides_anew_with_each_publish(filled: Line, hub: Hub) -> None:
    pushed()
    before = hub.files()
    filled.set(DAILY_PAPERS_PUBLISH_ARCHIVED=1)
    pushed()
    assert said(hub).count(KOREAN) > 3
    assert "[CC BY-NC-ND 4.0]" in hub.files()["README.md"].decode()
    filled.set(DAILY_PAPERS_PUBLISH_ARCHIVED=0)
    pushed()
    assert hub.files() == before


def test_what_goes_out_is_checked_and_mended_like_the_rest(filled: Line) -> None:
    data = filled.lake.public / "data/2026-02.parquet"
    known = data.read_bytes()
    data.write_bytes(b"spoilt")
    (filled.lake.public / LOG).unlink()
    found = "\n".join(problems(filled.lake))
    assert "release/public/data/2026-02.parquet is missing or not what" in found
    assert f"release/public/{LOG} is missing or not what" in found
    assert run_publish(None) == 0
    assert data.read_bytes() == known
    assert list(problems(filled.lake)) == []


def test_publishing_again_writes_nothing(filled: Line) -> None:
    before = filled.files()
    run_publish(None)
    assert filled.files() == before


def test_days_in_an_older_form_have_the_archives_korean_too(filled: Line) -> None:
    assert run_publish("2024-11") == 0
    assert KOREAN in (filled.home / "release/digest-2024-11" / LOG).read_text()
