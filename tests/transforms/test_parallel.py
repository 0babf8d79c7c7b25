"""Aligned texts: which papers, which texts, once each, with the issues that are theirs."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from schemas.tables import PARALLEL, STATUSES
from tablerows import ABSTRACT, DAY, TITLE, frame, release_rows, released
from transforms.parallel import earlier_months, parallel

NONE = pl.Series([], dtype=pl.String)
SECTIONS = [
    {"section": "What's New", "text": "새 모델을 제시합니다."},
    {"section": "Performance Highlights", "text": "정확도는 81.5%입니다."},
]


def ok(paper_id: str = "2603.00001", **values: Any) -> dict[str, Any]:
    korean = {"title_ko": "제목", "abstract_ko": "초록입니다.", "summary_ko": SECTIONS, "model": "m"}
    return released(paper_id, translation_status="ok", **korean) | values


def issue(field: str, code: str = "negation") -> dict[str, str]:
    return {"code": code, "severity": "warning", "field": field, "message": "Look."}


def fields(rows: pl.DataFrame) -> list[tuple[str, str]]:
    return rows.select("paper_id", "field").rows()


def test_a_paper_gives_its_title_its_abstract_and_each_section_of_its_summary() -> None:
    common = {"paper_id": "2603.00001", "list_date": DAY, "model": "m", "issues": []}
    expected = [
        {"en": TITLE, "ko": "제목", "field": "title"},
        {"en": ABSTRACT, "ko": "초록입니다.", "field": "abstract"},
        {"en": ABSTRACT, "ko": "새 모델을 제시합니다.", "field": "summary/What's New"},
        {"en": ABSTRACT, "ko": "정확도는 81.5%입니다.", "field": "summary/Performance Highlights"},
    ]
    rows = parallel(release_rows(ok()), NONE)
    assert_frame_equal(rows, frame(PARALLEL, *({**row, **common} for row in expected)))


def test_entries_of_one_section_are_one_text_and_plain_bullets_are_summary() -> None:
    bullets = [
        {"section": None, "text": "하나."},
        {"section": "What's New", "text": "셋."},
        {"section": None, "text": "둘."},
    ]
    rows = parallel(release_rows(ok(summary_ko=bullets)), NONE)
    assert rows.select("field", "ko").rows()[2:] == [("summary", "하나. 둘."), ("summary/What's New", "셋.")]


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "ok"])
def test_korean_that_did_not_pass_the_gate_is_left_out(status: str) -> None:
    rows = release_rows(ok(), ok("2603.00002", rank=2, translation_status=status))
    assert set(parallel(rows, NONE)["paper_id"]) == {"2603.00001"}


def test_a_text_without_its_other_half_is_left_out() -> None:
    rows = parallel(release_rows(ok(abstract_ko=None, summary_ko=[])), NONE)
    assert fields(rows) == [("2603.00001", "title")]
    assert fields(parallel(release_rows(ok(abstract=None)), NONE)) == [("2603.00001", "title")]


def test_a_paper_listed_again_is_there_once_under_its_first_list() -> None:
    later = date(2026, 3, 9)
    rows = release_rows(ok(list_date=later), ok(list_date=DAY, rank=7))
    assert parallel(rows, NONE)["list_date"].to_list() == [DAY] * 4


def test_a_paper_that_an_earlier_month_lists_has_its_rows_there() -> None:
    rows = release_rows(ok(), ok("2603.00002", rank=2))
    assert set(parallel(rows, pl.Series(["2603.00002", "2602.00009"]))["paper_id"]) == {"2603.00001"}


def test_each_text_has_the_issues_that_name_it() -> None:
    found = [
        issue("summary_ko", "unsupported"),
        issue("abstract_ko", "second"),
        issue("abstract_ko", "first"),
        issue("summary_ko[What's New]"),
        issue("elsewhere"),
    ]
    other = ok("2603.00002", rank=2, translation_issues=[issue("title_ko", "cut_off")])
    rows = parallel(release_rows(ok(translation_issues=found), other), NONE)
    codes = {
        (row["paper_id"][-1], row["field"]): [each["code"] for each in row["issues"]]
        for row in rows.iter_rows(named=True)
    }
    assert codes == {
        ("1", "title"): [],
        ("1", "abstract"): ["second", "first"],
        ("1", "summary/What's New"): ["unsupported", "negation"],
        ("1", "summary/Performance Highlights"): ["unsupported"],
        ("2", "title"): ["cut_off"],
        ("2", "abstract"): [],
        ("2", "summary/What's New"): [],
        ("2", "summary/Performance Highlights"): [],
    }


def test_a_plain_bullets_issues_are_found_by_its_place() -> None:
    bullets = [{"section": None, "text": "하나."}, {"section": None, "text": "둘."}]
    rows = parallel(release_rows(ok(summary_ko=bullets, translation_issues=[issue("summary_ko[1]")])), NONE)
    assert rows.filter(field="summary")["issues"].to_list() == [[issue("summary_ko[1]")]]


def test_no_rows_give_no_rows_of_the_contract() -> None:
    assert_frame_equal(parallel(release_rows(), NONE), PARALLEL.empty())
    assert_frame_equal(parallel(release_rows(released()), NONE), PARALLEL.empty())


LISTINGS = st.lists(
    st.tuples(st.integers(1, 5), st.integers(1, 9), st.sampled_from(["ok", "pending"])),
    unique_by=lambda listing: listing[:2],
    max_size=12,
)


@given(LISTINGS, st.randoms(use_true_random=False))
def test_the_key_holds_and_the_order_of_rows_does_not_matter(
    listings: list[tuple[int, int, str]], order: Any
) -> None:
    rows = [
        ok(f"2603.{number:05d}", list_date=date(2026, 3, day), rank=number, translation_status=status)
        for number, day, status in listings
    ]
    first = parallel(release_rows(*rows), NONE)
    PARALLEL.schema.validate(first)
    days: dict[str, date] = {}
    for row in rows:
        if row["translation_status"] == "ok":
            days[row["paper_id"]] = min(row["list_date"], days.get(row["paper_id"], row["list_date"]))
    assert dict(first.select("paper_id", "list_date").unique().iter_rows()) == days
    assert first.height == 4 * len(days)
    order.shuffle(rows)
    assert_frame_equal(parallel(release_rows(*rows), NONE), first)


MONTHS = ["2023-11", "2024-05", "2025-12", "2026-01", "2026-02", "2026-03", "2026-04"]


@pytest.mark.parametrize(
    ("ids", "looked_in"),
    [
        ([], ["2026-02"]),
        (["2603.00001"], ["2026-02"]),
        (["2603.00001", "2602.00001"], ["2026-01", "2026-02"]),
        (["2404.00001"], ["2023-11", "2024-05", "2025-12", "2026-01", "2026-02"]),
        (["2604.00001"], ["2023-11", "2024-05", "2025-12", "2026-01", "2026-02"]),
        (["0704.00001"], ["2023-11", "2024-05", "2025-12", "2026-01", "2026-02"]),
    ],
    ids=["none", "this month", "last month", "years ago", "later than its list", "oldest"],
)
def test_earlier_lists_are_looked_for_from_the_month_before_the_id(
    ids: list[str], looked_in: list[str]
) -> None:
    assert earlier_months(ids, "2026-03", MONTHS) == looked_in
    assert earlier_months(ids, "2026-03", []) == []
