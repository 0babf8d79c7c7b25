"""What a run says of itself: numbers, sentences, an exit code."""

from collections import Counter
from datetime import date
from typing import Any

import pytest
from markdown_it import MarkdownIt

from schemas.payloads import Usage
from schemas.tables import RELEASE
from tablerows import LATER, release_rows, released
from transforms.estimate import assumed, estimated
from transforms.prices import bundled_prices
from transforms.report import (
    Report,
    day_papers,
    report_lines,
    report_markdown,
    report_rows,
    report_sentences,
    without_pictures,
)


def report(**values: Any) -> Report:
    counters: dict[str, Any] = {
        name: Counter(value) if isinstance(value, dict) else value for name, value in values.items()
    }
    return Report("daily 2026-03-05", **counters)


@pytest.mark.parametrize(
    ("made", "code", "failed"),
    [
        (report(), 0, False),
        (report(listed={"new": 40, "repeated": 1, "delisted": 2}, translated={"ok": 40}), 0, False),
        (report(listed={"rejected": 1}), 1, False),
        (report(translated={"ok": 9, "rejected": 1}), 1, False),
        (report(translated={"ok": 4, "rejected": 1}), 1, False),
        (report(translated={"rejected": 2}), 1, False),
        (report(translated={"ok": 12, "rejected": 3}), 1, False),
        (report(translated={"ok": 11, "rejected": 3}), 1, True),
        (report(incomplete=["empty"]), 1, True),
        (report(unavailable=["away"]), 3, True),
        (report(refused=["wrong key"], unavailable=["away"]), 2, True),
        (report(unavailable=["away"], incomplete=["thin"], translated={"rejected": 5}), 3, True),
    ],
)
def test_the_exit_code_is_the_contracts_and_a_bad_run_is_failed(
    made: Report, code: int, failed: bool
) -> None:
    assert (made.exit_code, made.is_failed) == (code, failed)


def test_answers_add_up_and_one_unknown_price_makes_the_cost_unknown() -> None:
    usage = Usage.model_validate({"prompt_tokens": 900, "completion_tokens": 400})
    made = report()
    made.paid(usage, 0.25)
    made.paid(usage, 0.5)
    assert made.usage == {"calls": 2, "input": 1800, "output": 800, "cached": 0, "reasoning": 0}
    assert made.cost_usd == 0.75
    made.paid(usage, None)
    made.paid(usage, 0.5)
    assert made.cost_usd is None
    assert made.usage["calls"] == 4


def test_the_table_counts_every_step_and_leaves_out_what_did_not_happen() -> None:
    made = report(
        listed={"new": 1234, "unchanged": 5, "changed": 0},
        translated={"ok": 40, "rejected": 2, "waiting": 1},
        usage={"calls": 44, "input": 60_000, "cached": 1280, "output": 30_000, "reasoning": 9_000},
        cost_usd=1.5,
        codes={"register": 1, "number_missing": 2},
        files_written=3,
    )
    assert report_lines(made) == [
        ("Listed", "1,234 new, 5 unchanged"),
        ("Translated", "40 ok, 2 rejected, 1 waiting"),
        ("Model", "44 answers, 60,000 tokens in (1,280 cached), 30,000 out (9,000 reasoning), $1.5000"),
        ("Rejected for", "2 number_missing, 1 register"),
        ("Release", "3 files written"),
    ]


def test_an_unknown_price_is_said() -> None:
    line = dict(report_lines(report(cost_usd=None, usage={"calls": 1})))["Model"]
    assert line == "1 answers, 0 tokens in (0 cached), 0 out, cost unknown (DAILY_PAPERS_PRICES)"


def test_a_dry_run_tells_what_it_would_cost_instead_of_what_it_did() -> None:
    lines = report_lines(report(listed={"new": 4}, estimate=estimated([], assumed("m"), bundled_prices())))
    assert lines == [("Listed", "4 new"), ("Papers pending", "0")]


def test_sentences_tell_what_was_missing_and_where_the_rest_is_kept() -> None:
    made = report(
        unavailable=["arXiv was away."],
        refused=["The key was refused."],
        incomplete=["2026-03-05: empty."],
        listed={"rejected": 2},
        translated={"ok": 54, "rejected": 3},
        codes={"register": 1, "number_missing": 2},
    )
    assert report_sentences(made) == [
        "The key was refused.",
        "arXiv was away.",
        "2026-03-05: empty.",
        "3 of 57 translations rejected (2 number_missing, 1 register). Published in English only; the "
        "answers are kept in answers/.",
        "2 records of the day lists rejected and kept in rejected/.",
    ]
    assert report_sentences(report()) == []


def test_the_reasons_of_refused_records_are_not_given_for_translations() -> None:
    made = report(
        listed={"rejected": 1},
        translated={"ok": 9, "rejected": 1},
        codes={"register": 1},
        record_reasons={"bad_record": 1},
    )
    assert "1 of 10 translations rejected (1 register)" in report_sentences(made)[0]
    assert dict(report_lines(made))["Rejected for"] == "1 bad_record, 1 register"


def test_the_artifact_is_a_heading_a_table_and_a_list() -> None:
    made = report(listed={"new": 1}, unavailable=["away"])
    html = MarkdownIt("gfm-like").render(report_markdown(made))
    assert "<h1>daily 2026-03-05</h1>" in html
    assert html.count("<tr>") == 1 + len(report_lines(made))
    assert "<li>away</li>" in html


@pytest.mark.parametrize(
    ("made", "verdict"),
    [
        (report(), "Done. Nothing was refused."),
        (report(listed={"rejected": 1}), "Done, but some of it was refused:"),
        (report(unavailable=["away"]), "Failed. What could be done is done and kept; what was not:"),
        (
            report(estimate=estimated([], assumed("m"), bundled_prices())),
            "Done: a dry run, which asked no model and wrote no release.",
        ),
    ],
)
def test_the_artifact_says_first_whether_the_run_went_well(made: Report, verdict: str) -> None:
    assert report_markdown(made).splitlines()[2] == f"**{verdict}**"


def test_what_is_wrong_is_said_before_what_was_published() -> None:
    made = report(hub="Published.", unavailable=["away"], listed={"rejected": 1})
    assert report_sentences(made)[0] == "away"
    assert report_sentences(made)[-1] == "Published."


def test_a_cell_too_long_for_the_page_stands_as_a_sentence() -> None:
    codes = {f"code_{number}": 1 for number in range(20)}
    page = report_markdown(report(codes=codes))
    assert "\n- Rejected for: 1 code" in page
    assert "| Rejected for" not in page


def test_a_digest_without_its_pictures_is_the_same_otherwise() -> None:
    page = "## Day\n\n### [T](u)\n\n![T](https://a/b.png)\n\n[![T](https://a/c.png)](https://v)\n\nVote: 3\n"
    assert without_pictures(page) == "## Day\n\n### [T](u)\n\nVote: 3\n"
    assert without_pictures("") == ""


def test_text_from_outside_cannot_forge_the_artifact() -> None:
    hostile = "x | y\n\n# Forged\n<script>alert(1)</script> [a](https://evil.example)"
    made = report(unavailable=[hostile], ignored_fields={hostile: 1}, papers=[(3, hostile, "ok")])
    page = report_markdown(made)
    html = MarkdownIt("gfm-like").render(page)
    assert html.count("<h1>") == 1
    assert "<script" not in html
    assert "href" not in html
    assert html.count("<table>") == 2
    # The sentence, and the fields that were ignored.
    assert html.count("<li>") == 2


def test_the_days_papers_stand_by_votes_in_korean_where_there_is_any() -> None:
    rows = release_rows(
        released("2603.00001", rank=1, upvotes=3, title="Third"),
        released("2603.00002", rank=2, upvotes=9, title="First", title_ko="첫째", translation_status="ok"),
        released("2603.00003", rank=3, upvotes=9, title="Second"),
        released("2603.00004", rank=4, upvotes=99, delisted_at=LATER),
        released("2603.00005", upvotes=99, list_date=date(2026, 3, 6)),
    )
    day = day_papers(rows, date(2026, 3, 5))
    assert day == [(9, "첫째", "ok"), (9, "Second", "pending"), (3, "Third", "pending")]
    html = MarkdownIt("gfm-like").render(report_markdown(report(papers=day)))
    assert html.index("첫째") < html.index("Second") < html.index("Third")
    assert day_papers(RELEASE.empty(), date(2026, 3, 5)) == []


def test_a_report_without_faults_is_heading_verdict_and_table_only() -> None:
    page = report_markdown(report())
    assert page.startswith("# daily 2026-03-05\n\n**Done. Nothing was refused.**\n")
    assert page.endswith("|\n")
    assert "\n- " not in page


def test_a_reports_numbers_are_rows_of_a_table_with_codes_and_dollars() -> None:
    made = report(
        listed={"new": 2, "rejected": 1, "delisted": 0},
        translated={"ok": 1, "rejected": 1},
        codes={"no_hangul": 1},
        record_reasons={"no_title": 1},
    )
    usage = Usage.model_validate({"prompt_tokens": 1000, "completion_tokens": 500})
    made.paid(usage, 0.0123456789)
    made.files_written = 7
    rows = [tuple(row.values()) for row in report_rows(made)]
    assert rows[:6] == [
        ("day lists", "new", 2),
        ("day lists", "rejected", 1),
        ("translations", "ok", 1),
        ("translations", "rejected", 1),
        ("rejected for", "no_hangul", 1),
        ("rejected for", "no_title", 1),
    ]
    assert rows[6:10] == [
        ("model", "answers", 1),
        ("model", "tokens in", 1000),
        ("model", "tokens out", 500),
        ("model", "US dollars", 0.012346),
    ]
    assert rows[-1] == ("release", "files written", 7)


def test_a_dry_runs_estimate_stands_in_the_table_instead_of_a_release() -> None:
    made = report(listed={"new": 4}, estimate=estimated([], assumed("m"), bundled_prices()))
    assert [tuple(row.values()) for row in report_rows(made)] == [
        ("day lists", "new", 4),
        ("estimate", "Papers pending", "0"),
    ]


def test_an_unknown_cost_is_said_in_the_table_and_a_run_without_answers_has_none() -> None:
    made = report()
    assert report_rows(made) == [{"step": "release", "what": "files written", "count": 0}]
    made.paid(Usage(input_tokens=1), None)
    assert {"step": "model", "what": "US dollars", "count": "unknown (DAILY_PAPERS_PRICES)"} in report_rows(
        made
    )
