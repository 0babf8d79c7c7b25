"""Abstracts when arXiv answers, answers in part, answers nonsense or is away."""

from typing import Any

import polars as pl
import pytest

from daylists import record, records
from line import DAY, Line
from schemas.tables import ABSTRACTS

RESIDUE = (
    "Our small model runs 2times faster than before at 512times512 pixels. It turns by 90^circ without drift."
    " We test texttt{Dual} decoding on public data and it keeps 61.5% accuracy in all settings."
)
MENDED = (
    "Our small model runs 2× faster than before at 512×512 pixels. It turns by 90° without drift. "
    "We test Dual decoding on public data and it keeps 61.5% accuracy in all settings."
)


def sources(line: Line) -> list[str]:
    return line.table(ABSTRACTS).sort("paper_id")["abstract_source"].to_list()


UNUSABLE: dict[str, tuple[dict[str, Any], int]] = {
    "400": ({"status": 400}, 3),
    "500 for ever": ({"status": 500}, 3),
    "down mid-body": ({"drop": True}, 3),
    "garbage": ({"body": "<html><body>Rate exceeded.</body></html>"}, 3),
    "not XML": ({"body": "{}", "content_type": "application/json"}, 3),
    "truncated": ({"truncate": 900}, 3),
    "empty body": ({"body": ""}, 3),
    "empty feed": ({"body": '<feed xmlns="http://www.w3.org/2005/Atom"><title>none</title></feed>'}, 0),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_without_arxiv_the_hubs_text_stands_in_mended_and_the_next_run_asks_again(
    line: Line, name: str
) -> None:
    fault, code = UNUSABLE[name]
    line.day(DAY, [record("2603.00001", summary=RESIDUE), *records(2, first=2)])
    line.faults({"service": "arxiv", **fault})
    ended = line.run()
    assert ended.code == code
    assert sources(line) == ["huggingface"] * 3
    release = line.release()
    assert release["abstract"][0] == MENDED
    assert release["translation_status"].to_list() == ["ok"] * 3
    assert release["categories"].null_count() == 3
    line.faults()
    late = line.run()
    assert late.code == 0
    assert sources(line) == ["arxiv"] * 3
    assert line.release()["categories"].null_count() == 0


def test_a_late_arxiv_abstract_is_translated_again_only_where_the_words_changed(line: Line) -> None:
    line.day(DAY, [record("2603.00001", summary=RESIDUE), *records(2, first=2)])
    line.faults({"service": "arxiv", "status": 503})
    line.run()
    first = line.release()
    line.faults()
    assert line.run().code == 0
    assert line.calls() == {"2603.00001": 1}
    second = line.release()
    assert second["abstract"][0] == RESIDUE
    assert second["source_sha256"][0] != first["source_sha256"][0]
    assert second["abstract_ko"][1:].to_list() == first["abstract_ko"][1:].to_list()
    assert second["translation_status"].to_list() == ["ok"] * 3


def test_arxiv_away_is_told_once_with_what_was_kept(line: Line, capsys: pytest.CaptureFixture[str]) -> None:
    line.day(DAY, records(101))
    line.faults({"service": "arxiv", "status": 400})
    ended = line.run()
    assert ended.report is not None
    (sentence,) = ended.report.unavailable
    assert sentence.startswith("arXiv did not give the abstracts of 100 papers")
    assert "keep the Hub's abstract until the next run" in sentence
    assert sentence in capsys.readouterr().out
    assert len(line.requests("arxiv")) == 1
    assert line.release().height == 101


def test_papers_that_arxiv_leaves_out_keep_the_hubs_text(line: Line) -> None:
    feed = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>http://arxiv.org/abs/2603.00002v1</id>'
        "<title>Grinding $k$ Videos</title><summary>A model with $k$ steps reads video scenes. It is trained "
        "on public data for 3 days. It keeps 61.5% accuracy in all settings.</summary>"
        "<published>2026-03-02T10:00:00Z</published><author><name>Ada Vale</name></author></entry></feed>"
    )
    line.day(DAY, records(3))
    line.faults({"service": "arxiv", "body": feed, "content_type": "application/atom+xml"})
    assert line.run().code == 0
    assert sources(line) == ["huggingface", "arxiv", "huggingface"]
    row = line.release().row(1, named=True)
    assert (row["title"], row["authors"]) == ("Grinding $k$ Videos", ["Ada Vale"])
    assert "$k$" in row["abstract_ko"]


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "first": 1},
        {"status": 429, "headers": {"Retry-After": "0.05"}, "first": 2},
        {"status": 503, "first": 2},
        {"drop": True, "first": 1},
    ],
)
def test_a_passing_fault_of_arxiv_is_waited_out(line: Line, fault: dict[str, Any]) -> None:
    line.day(DAY, records(3))
    line.faults({"service": "arxiv", **fault})
    assert line.run().code == 0
    assert sources(line) == ["arxiv"] * 3
    assert len(line.requests("arxiv")) == fault["first"] + 1


def test_more_papers_than_a_batch_are_asked_for_in_batches(line: Line) -> None:
    line.day(DAY, records(101))
    assert line.run().code == 0
    assert [entry["key"].count(",") + 1 for entry in line.requests("arxiv")] == [100, 1]
    assert line.table(ABSTRACTS).filter(pl.col("abstract_source") == "arxiv").height == 101


def test_a_paper_without_any_abstract_waits_in_english_and_costs_nothing(line: Line) -> None:
    line.day(DAY, [record("2603.00001", summary=None), *records(1, first=2)])
    line.faults({"service": "arxiv", "body": '<feed xmlns="http://www.w3.org/2005/Atom"/>'})
    assert line.run().code == 0
    rows = line.release().sort("paper_id")
    assert rows["translation_status"].to_list() == ["pending", "ok"]
    assert rows["abstract"].to_list()[0] is None
    assert line.calls() == {"2603.00002": 1}
