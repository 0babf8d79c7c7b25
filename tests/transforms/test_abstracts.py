"""The best English abstract: arXiv's by id, the Hub's where arXiv has none."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from schemas.tables import ABSTRACTS, PAPERS
from tablerows import ABSTRACT, LATER, SEEN, abstract, abstracts, paper, papers
from transforms.abstracts import (
    NotAtom,
    arxiv_abstracts,
    best_abstracts,
    hub_abstracts,
    hub_text_repaired,
    papers_without_arxiv,
)

STORED = Path(__file__).parents[3] / "shared" / "data" / "arxiv_atom"
ATOM = 'xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom"'


def entry(paper_id: str, summary: str = "An <abstract>.", title: str = "A title", more: str = "") -> str:
    return (
        f"<entry><id>http://arxiv.org/abs/{paper_id}</id><title>{escape(title)}</title>"
        f"<summary>{escape(summary)}</summary>{more}</entry>"
    )


def feed(*entries: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?><feed {ATOM}>{"".join(entries)}</feed>'.encode()


def ids(body: bytes, *wanted: str) -> list[str]:
    found: list[str] = arxiv_abstracts(body, set(wanted), SEEN)["paper_id"].to_list()
    return found


def test_an_entry_becomes_one_row() -> None:
    more = (
        "<author><name>Bo-ra\n Kim</name></author><author><name> </name></author>"
        "<author><name>Alva Lind</name><arxiv:affiliation>Lab</arxiv:affiliation></author>"
        "<published>2026-03-01T17:59:59Z</published>"
        '<arxiv:primary_category term="cs.CL"/><category term="cs.CL"/><category term="cs.AI"/>'
        '<category term="cs.CL"/>'
    )
    body = feed(entry("2603.00001v2", "  We read\n  $O(n^2)$ texts.\n", "On\n  $n$", more))
    assert arxiv_abstracts(body, {"2603.00001"}, SEEN).to_dicts() == [
        {
            "paper_id": "2603.00001",
            "title": "On $n$",
            "abstract": "We read $O(n^2)$ texts.",
            "abstract_source": "arxiv",
            "arxiv_authors": ["Bo-ra Kim", "Alva Lind"],
            "arxiv_published_at": datetime(2026, 3, 1, 17, 59, 59, tzinfo=UTC),
            "categories": ["cs.CL", "cs.AI"],
            "primary_category": "cs.CL",
            "fetched_at": SEEN,
        }
    ]


def test_an_entry_with_nothing_but_title_and_abstract_is_a_row_too() -> None:
    words = "<title>On n</title><summary>Short.</summary>"
    body = feed(f"<entry><id>http://arxiv.org/abs/2603.00001v1</id>{words}</entry>")
    (row,) = arxiv_abstracts(body, {"2603.00001"}, SEEN).to_dicts()
    assert {name for name, value in row.items() if value is not None} == {
        "paper_id",
        "title",
        "abstract",
        "abstract_source",
        "fetched_at",
    }


def test_entries_are_matched_by_id_whatever_their_order_and_number() -> None:
    body = feed(
        entry("2603.00003v1", "third"), entry("9999.00009v1", "stranger"), entry("2603.00001", "first")
    )
    rows = arxiv_abstracts(body, {"2603.00001", "2603.00002", "2603.00003"}, SEEN)
    assert rows.select("paper_id", "abstract").rows() == [("2603.00001", "first"), ("2603.00003", "third")]


def test_an_id_that_only_ends_alike_is_another_paper() -> None:
    assert ids(feed(entry("12603.00001v1"), entry("cs/2603.00001")), "2603.00001") == []


def test_an_entry_without_words_leaves_the_paper_wanted() -> None:
    assert ids(feed(entry("2603.00001v1", " \n ")), "2603.00001") == []


def test_a_feed_without_entries_gives_an_empty_table() -> None:
    rows = arxiv_abstracts(feed(), {"2603.00001"}, SEEN)
    assert_frame_equal(rows, ABSTRACTS.empty())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"Rate exceeded.",
        b"<html><body>busy</body></html>",
        b'{"entries": []}',
        feed(entry("2603.00001v1"))[:-40],
        b'<?xml version="1.0" encoding="nonsense"?><feed/>',
        b"\xff\xfe\x00",
    ],
)
def test_what_is_not_an_atom_feed_is_named_so(body: bytes) -> None:
    with pytest.raises(NotAtom, match="expected an Atom feed, got "):
        arxiv_abstracts(body, {"2603.00001"}, SEEN)


def test_entities_are_not_expanded_and_files_are_not_read() -> None:
    doctype = '<!DOCTYPE feed [<!ENTITY e SYSTEM "file:///etc/hostname"><!ENTITY b "boom">]>'
    body = feed(
        "<entry><id>http://arxiv.org/abs/2603.00001v1</id><title>T</title>"
        "<summary>seen &b;&e;</summary></entry>"
    ).replace(b"<feed", doctype.encode() + b"<feed", 1)
    assert arxiv_abstracts(body, {"2603.00001"}, SEEN)["abstract"].to_list() == ["seen"]


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        ("2026-03-01T00:00:00+09:00", datetime(2026, 2, 28, 15, tzinfo=UTC)),
        ("2026-03-01T00:00:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_date_is_stored_as_utc_or_left_out(published: str, expected: datetime | None) -> None:
    body = feed(entry("2603.00001v1", more=f"<published>{published}</published>"))
    assert arxiv_abstracts(body, {"2603.00001"}, SEEN)["arxiv_published_at"].to_list() == [expected]


@pytest.mark.skipif(not STORED.exists(), reason="the stored arXiv answers are not beside this checkout")
def test_both_layouts_that_arxiv_has_sent_are_read() -> None:
    old = (STORED / "old-format-2025-10.xml").read_bytes()
    new = json.loads((STORED / "id_1605.08386_s0_m100_199195aa31ad.json").read_text())["body"].encode()
    error = json.loads((STORED / "id_abc_s0_m100_b79c8dcf6bc3.json").read_text())["body"].encode()
    wanted = {"1605.08386"} | {
        line.split(b"/abs/")[1].split(b"v")[0].decode()
        for line in old.splitlines()
        if b"<id>" in line and b"/abs/" in line
    }
    for body, count in [(old, 2), (new, 1), (error, 0)]:
        rows = arxiv_abstracts(body, wanted, SEEN)
        assert rows.height == count
        ABSTRACTS.schema.validate(rows)
        for name in ("arxiv_authors", "arxiv_published_at", "categories", "primary_category"):
            assert rows[name].null_count() == 0, name


# The Hub's text ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("residue", "mended"),
    [
        ("2times faster", "2× faster"),
        ("on 512times512 pixels", "on 512×512 pixels"),
        ("an NtimesM grid", "an N×M grid"),
        ("turned by 360^circ.", "turned by 360°."),
        ("turned by 90^{circ}", "turned by 90°"),
        ("geq 90%", "≥ 90%"),
        ("leq5 steps", "≤ 5 steps"),
        ("texttt{D}ual", "Dual"),
        ("the textbf{fast} one", "the fast one"),
    ],
)
def test_latex_residue_with_one_reading_is_mended(residue: str, mended: str) -> None:
    assert hub_text_repaired(residue) == mended


@pytest.mark.parametrize(
    "text",
    [
        "sometimes",
        "three times as fast",
        "New York Times",
        "a circle",
        "context{1}",
        r"\textbf{x}",
        "geqslant",
        "",
    ],
)
def test_words_that_only_look_like_residue_stay(text: str) -> None:
    assert hub_text_repaired(text) == text


@given(st.lists(st.sampled_from([*"259 .^ABx", "times", "circ", "geq", "leq"]), max_size=12).map("".join))
def test_repairing_twice_repairs_nothing_more(text: str) -> None:
    once = hub_text_repaired(text)
    assert hub_text_repaired(once) == once


def test_the_hubs_latest_words_are_taken_for_papers_that_have_any() -> None:
    rows = papers(
        paper("2603.00002", list_date=date(2026, 3, 6), hub_abstract="newer 2times"),
        paper("2603.00002", hub_abstract="older"),
        paper("2603.00001", hub_abstract=None),
    )
    assert_frame_equal(hub_abstracts(rows, SEEN), abstracts(abstract("2603.00002", abstract="newer 2×")))
    assert_frame_equal(hub_abstracts(PAPERS.empty(), SEEN), ABSTRACTS.empty())


def test_an_older_listing_speaks_for_a_paper_whose_latest_has_no_text() -> None:
    rows = papers(
        paper("2603.00001", hub_abstract="older"),
        paper("2603.00001", list_date=date(2026, 3, 6), hub_abstract=None),
    )
    assert hub_abstracts(rows, SEEN)["abstract"].to_list() == ["older"]


# Choosing ----------------------------------------------------------------------------------------


def arxiv_row(paper_id: str = "2603.00001", **values: Any) -> dict[str, Any]:
    return abstract(paper_id, abstract_source="arxiv", abstract="arXiv's words", **values)


def test_papers_are_wanted_until_arxiv_has_answered_for_them() -> None:
    listed = papers(paper("2603.00003"), paper("2603.00001"), paper("2603.00002"), paper("2603.00003"))
    known = abstracts(arxiv_row("2603.00001"), abstract("2603.00002"))
    assert papers_without_arxiv(listed, known) == ["2603.00002", "2603.00003"]
    assert papers_without_arxiv(PAPERS.empty(), ABSTRACTS.empty()) == []


def test_arxiv_wins_over_the_hub_and_the_hub_stands_in_where_nothing_is_known() -> None:
    known = abstracts(abstract("2603.00001"), arxiv_row("2603.00004"))
    arxiv = abstracts(arxiv_row("2603.00001"), arxiv_row("2603.00002"))
    hub = abstracts(*(abstract(f"2603.0000{n}", fetched_at=LATER) for n in (1, 2, 3, 4)))
    assert_frame_equal(
        best_abstracts(known, arxiv, hub),
        abstracts(arxiv_row("2603.00001"), arxiv_row("2603.00002"), abstract("2603.00003", fetched_at=LATER)),
    )


def test_the_hubs_text_is_replaced_only_when_its_words_changed() -> None:
    known = abstracts(abstract("2603.00001"), abstract("2603.00002", abstract="old words"))
    hub = abstracts(
        abstract("2603.00001", fetched_at=LATER),
        abstract("2603.00002", abstract="new words", fetched_at=LATER),
    )
    assert_frame_equal(best_abstracts(known, ABSTRACTS.empty(), hub), hub.tail(1))


def test_nothing_known_and_nothing_sent_gives_nothing() -> None:
    empty = ABSTRACTS.empty()
    assert_frame_equal(best_abstracts(empty, empty, empty), empty)


SETS = st.sets(st.integers(1, 5)).map(lambda numbers: [f"2603.{number:05d}" for number in sorted(numbers)])


@given(SETS, SETS, SETS, SETS)
def test_choosing_twice_adds_nothing_and_keys_are_unique(
    known_hub: list[str], known_arxiv: list[str], sent: list[str], listed: list[str]
) -> None:
    rows = {paper_id: abstract(paper_id) for paper_id in known_hub}
    rows |= {paper_id: arxiv_row(paper_id) for paper_id in known_arxiv}
    known = abstracts(*rows.values())
    # arXiv is asked for nothing else.
    arxiv = abstracts(*(arxiv_row(paper_id) for paper_id in sent if paper_id not in known_arxiv))
    hub = abstracts(*(abstract(paper_id, abstract=ABSTRACT, fetched_at=LATER) for paper_id in listed))
    better = best_abstracts(known, arxiv, hub)
    assert better["paper_id"].is_unique().all()
    assert better["paper_id"].is_sorted()
    after = abstracts(*(rows | {row["paper_id"]: row for row in better.to_dicts()}).values())
    assert best_abstracts(after, ABSTRACTS.empty(), hub).is_empty()
    assert set(after["paper_id"]) == {*known_hub, *known_arxiv, *sent, *listed}


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: feed(text)))
@example(feed("<entry/>", "<entry><id/></entry>"))
@example(b"<feed/>")
@example(feed("<!-- x --><?pi?><entry><!-- y --></entry>"))
def test_no_bytes_raise_anything_but_not_atom(body: bytes) -> None:
    try:
        rows = arxiv_abstracts(body, {"2603.00001"}, SEEN)
    except NotAtom:
        return
    ABSTRACTS.schema.validate(rows)
