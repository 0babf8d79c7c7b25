"""The archive in the lake: a tree of logs becomes rows, twice changes nothing, and the API's facts win."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from daylists import records
from flows.import_archive import ImportReport, import_archive
from flows.settings import Settings
from line import DAY, Line
from schemas.tables import ARCHIVE, REJECTED, RELEASE

ROOT = Path(__file__).parents[3] / "shared" / "data" / "archive"
LOG = """## Daily Papers (2026-03-05)

### [Millstone: Grinding Long Documents](https://arxiv.org/abs/2603.00001)

![](https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/2603.00001.png)

Vote: 7

Authors: Bo-ra Kim, Alva Lind, +

- ***What's New***: 긴 문서를 나누어 읽는 모델입니다.
- ***Technical Details***: 세 단계로 학습합니다.

### [A Second Paper](https://arxiv.org/abs/2603.00077)

Vote: -

Authors: Somebody Else

- 문서를 고르는 방법을 제안합니다.
"""
LEDGER = """date,title,url
2026-03-05,Millstone: Grinding Long Documents,https://arxiv.org/abs/2603.00001
2026-03-05,Another Title,https://arxiv.org/abs/2603.00077
2026-03-06,"Listed, Never Written",https://arxiv.org/abs/2603.00099
someday,Broken,https://arxiv.org/abs/2603.00098
"""


def tree(folder: Path, **files: str | bytes) -> Path:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_md", ".md").replace("_csv", ".csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def imported(line: Line, folder: Path) -> ImportReport:
    return import_archive(Settings.model_validate({"home": line.home}), folder)


def test_a_log_becomes_listings_with_its_korean_and_each_repair_by_name(line: Line, tmp_path: Path) -> None:
    report = imported(line, tree(tmp_path / "logs", **{"2026__03__05_md": LOG}))
    assert (report.exit_code, report.files, report.papers, report.exact_papers, report.exact_files) == (
        0,
        1,
        2,
        2,
        1,
    )
    first, second = line.table(RELEASE).sort("rank").to_dicts()
    assert (first["paper_id"], first["upvotes"], first["authors"]) == (
        "2603.00001",
        7,
        ["Bo-ra Kim", "Alva Lind"],
    )
    assert [entry["section"] for entry in first["summary_ko"]] == ["What's New", "Technical Details"]
    assert (second["upvotes"], second["translation_status"]) == (None, "archived")
    assert report.repairs == {"authors_truncated": 1, "vote_missing_marker": 1}
    assert (line.lake.digest / "paper_logs/2026/03/05.md").read_text().count("### ") == 2


def test_the_same_tree_again_changes_no_file(line: Line, tmp_path: Path) -> None:
    folder = tree(tmp_path / "logs", **{"2026__03__05_md": LOG, "papers_csv": LEDGER, "x_md": "Hello"})
    assert imported(line, folder).exit_code == 1
    before = line.files()
    assert imported(line, folder).files_written == 0
    assert line.files() == before


def test_the_ledger_adds_what_no_log_has_and_counts_what_it_contradicts(line: Line, tmp_path: Path) -> None:
    report = imported(line, tree(tmp_path / "logs", **{"2026__03__05_md": LOG, "papers_csv": LEDGER}))
    assert (report.ledger_rows, report.ledger_only) == (3, 1)
    assert report.conflicts == {"ledger title": 1}
    assert report.unparsed == ["papers.csv:5 bad_ledger_row: someday,Broken,https://arxiv.org/abs/2603.00098"]
    (row,) = line.table(RELEASE).filter(pl.col("paper_id") == "2603.00099").to_dicts()
    assert (row["title"], row["translation_status"]) == ("Listed, Never Written", "pending")
    assert line.table(REJECTED)["detail"].to_list() == ["papers.csv:5"]


@pytest.mark.parametrize("archive_first", [True, False])
def test_facts_of_the_api_win_whichever_came_first_and_nothing_is_paid_for_archived_korean(
    line: Line, tmp_path: Path, archive_first: bool
) -> None:
    folder = tree(tmp_path / "logs", **{"2026__03__05_md": LOG})
    line.day(DAY, records(2))
    if archive_first:
        imported(line, folder)
        assert line.run().code == 0
        assert line.calls() == {"2603.00002": 1}
    else:
        line.run()
        report = imported(line, folder)
        assert report.conflicts["listing title"] == 1
    rows = {row["paper_id"]: row for row in line.table(RELEASE).to_dicts()}
    assert set(rows) == {"2603.00001", "2603.00002", "2603.00077"}
    assert rows["2603.00001"]["upvotes"] == 9999
    assert rows["2603.00001"]["translation_status"] == ("archived" if archive_first else "ok")
    assert rows["2603.00077"]["translation_status"] == "archived"


def test_archived_korean_is_translated_again_only_when_asked_for(line: Line, tmp_path: Path) -> None:
    from flows.backfill import backfill

    line.day(DAY, records(1))
    imported(line, tree(tmp_path / "logs", **{"2026__03__05_md": LOG}))
    assert line.backfill(DAY, DAY).code == 0
    assert line.calls() == {}
    day = date.fromisoformat(DAY)
    ended = line._ended(lambda: backfill(day, day, "archived"))
    assert ended.code == 0
    # 2603.00077 is on no list and unknown to the sandbox's arXiv: without an abstract nothing is asked.
    assert line.calls() == {"2603.00001": 1}
    statuses = dict(line.table(RELEASE).select("paper_id", "translation_status").rows())
    assert statuses == {"2603.00001": "ok", "2603.00077": "archived"}


def test_files_that_are_no_logs_are_named_and_harm_nothing_else(line: Line, tmp_path: Path) -> None:
    folder = tree(
        tmp_path / "logs",
        **{
            "2026__03__05_md": LOG,
            "2026__03__06_md": b"\xff\xfe\x00binary",
            "2026__03__09_md": "<!DOCTYPE html><html><body>404</body></html>",
            "2026__03__10_md": LOG.replace("2026-03-05", "2026-02-31").replace("2603.000", "2603.002"),
            "2026__03__11_md": "### [A](https://arxiv.org/abs/hep-th/9901001)\n",
            "2026__03__12_md": LOG.replace("2026-03-05", "2026-03-13").replace("2603.000", "2603.001"),
            "2026__03__16_md": "## Daily Papers (2026-03-16)\n" + "x" * 10_000_000,
        },
    )
    (folder / "loop").symlink_to(folder)
    report = imported(line, folder)
    assert report.exit_code == 1
    named = {entry.split(":")[0] for entry in report.unparsed}
    assert {f"2026/03/{day}.md" for day in ("06", "09", "10", "11", "16")} <= named
    assert any("2026/03/12.md" in sentence and "2026-03-13" in sentence for sentence in report.sentences)
    assert line.table(ARCHIVE)["paper_id"].to_list() == [
        "2603.00001",
        "2603.00077",
        "2603.00101",
        "2603.00177",
    ]
    assert line.table(REJECTED).height == len(report.unparsed)


@pytest.mark.skipif(not ROOT.exists(), reason="the archive is not beside this checkout")
def test_the_real_archive_is_read_whole_and_renders_again_byte_for_byte(line: Line) -> None:
    report = imported(line, ROOT)
    assert report.exit_code == 0
    assert (report.files, report.papers, report.ledger_only) == (180, 2229, 30)
    assert (report.exact_papers, report.exact_files) == (2229, 180)
    rows = line.table(RELEASE)
    assert rows.height == 2259
    assert rows.select("list_date", "paper_id").is_unique().all()
    assert dict(rows.group_by("translation_status").len().rows()) == {"archived": 2229, "pending": 30}
    before = line.files()
    assert imported(line, ROOT).files_written == 0
    assert line.files() == before
