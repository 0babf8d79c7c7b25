"""A backfill at half the price: the same dataset, whatever the batches meet."""

import json
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from daylists import record, records
from line import Line
from schemas.tables import TRANSLATIONS

FIRST, LAST = "2026-02-27", "2026-03-02"
"""A Friday and the Monday after it, of two months."""
PRICES = """
[models.sandbox]
input = 1.0
cached_input = 0.1
output = 10.0
batch_discount = 0.5
"""


@pytest.fixture
def priced(line: Line, tmp_path: Path) -> Line:
    """A line whose model has a price and whose batches end at once."""
    prices = tmp_path / "prices.toml"
    prices.write_text(PRICES)
    line.serve(batch_seconds=0.05)
    line.set(DAILY_PAPERS_MODEL="sandbox", DAILY_PAPERS_PRICES=prices, DAILY_PAPERS_RETRY_WAIT=0.05)
    line.day(FIRST, records(6))
    line.day(LAST, records(5, first=51))
    return line


def by_batch(line: Line, **options: Any) -> Any:
    return line.backfill(FIRST, LAST, batch=True, **options)


def translated(line: Line) -> pl.DataFrame:
    return line.table(TRANSLATIONS).sort("paper_id")


def creations(line: Line) -> int:
    return sum(entry["key"] == "create" and entry["status"] == 200 for entry in line.requests("batches"))


def test_a_batch_gives_the_same_korean_as_single_calls_at_half_the_price(priced: Line) -> None:
    assert priced.backfill(FIRST, LAST).code == 0
    alone, release = translated(priced), priced.release()
    priced.lake.home.rename(priced.home.parent / "alone")
    priced.faults()
    ended = by_batch(priced)
    assert ended.code == 0
    assert priced.calls() == {}
    assert creations(priced) == 1
    batched = translated(priced)
    same = ["paper_id", "title_ko", "abstract_ko", "summary_ko", "translation_status", "input_tokens"]
    assert batched.select(same).equals(alone.select(same))
    assert batched["cost_usd"].to_list() == pytest.approx([cost / 2 for cost in alone["cost_usd"]])
    assert {answer["is_batch"] for answers in batched["answers"] for answer in answers} == {True}
    assert priced.release().equals(release)
    assert ended.report is not None
    assert ended.report.cost_usd == pytest.approx(batched["cost_usd"].sum())


def test_a_faulty_answer_is_asked_about_again_in_a_second_batch(priced: Line) -> None:
    priced.faults(
        {"service": "batch_lines", "match": {"paper_id": "2603.00002"}, "first": 1, "answer": "chinese"}
    )
    assert by_batch(priced).code == 0
    assert creations(priced) == 2
    assert translated(priced).filter(paper_id="2603.00002")["calls"].to_list() == [2]
    assert set(priced.release()["translation_status"]) == {"ok"}


@pytest.mark.parametrize("fault", [{"line": "expired"}, {"status": 500}, {"line": "missing"}])
def test_a_line_that_failed_is_put_into_the_next_batch(priced: Line, fault: dict[str, Any]) -> None:
    priced.faults({"service": "batch_lines", "match": {"paper_id": "2603.00002"}, "first": 1, **fault})
    assert by_batch(priced).code == 0
    assert creations(priced) == 2
    assert set(priced.release()["translation_status"]) == {"ok"}


def test_a_line_that_always_fails_waits_and_the_rest_is_published(priced: Line) -> None:
    rule = {"service": "batch_lines", "match": {"paper_id": "2603.00002"}, "line": "expired"}
    priced.faults(rule)
    ended = by_batch(priced)
    assert ended.code == 3
    assert ended.report is not None
    assert ended.report.translated == {"ok": 10, "waiting": 1}
    assert priced.release()["translation_status"].value_counts(sort=True).rows() == [
        ("ok", 10),
        ("pending", 1),
    ]


def test_a_run_that_does_not_wait_leaves_the_batch_to_the_next_one_and_nobody_asks_twice(
    priced: Line,
) -> None:
    priced.serve(batch_seconds=3.0)
    priced.faults()
    first = by_batch(priced, wait=False)
    assert first.code == 3
    assert set(priced.release()["translation_status"]) == {"pending"}
    # A daily run meanwhile does not pay for what the batch has.
    assert priced.run(LAST, 3).code == 3
    assert priced.calls() == {}
    assert by_batch(priced).code == 0
    assert priced.calls() == {}
    assert creations(priced) == 1
    assert set(priced.release()["translation_status"]) == {"ok"}


def test_a_daily_run_takes_what_a_batch_has_brought_meanwhile(priced: Line) -> None:
    priced.faults()
    by_batch(priced, wait=False)
    time.sleep(0.2)
    assert priced.run(LAST, 3).code == 0
    assert priced.calls() == {}
    assert set(priced.release()["translation_status"]) == {"ok"}


def test_a_limit_on_spending_is_kept_by_the_batches_too(priced: Line) -> None:
    unlimited = by_batch(priced)
    assert unlimited.report is not None
    assert unlimited.report.cost_usd is not None
    priced.lake.home.rename(priced.home.parent / "unlimited")
    limited = by_batch(priced, max_cost=unlimited.report.cost_usd)
    assert limited.report is not None
    assert limited.report.cost_usd is not None
    assert limited.report.cost_usd <= unlimited.report.cost_usd
    assert limited.code == 3


def test_nothing_pending_makes_no_batch(priced: Line) -> None:
    assert by_batch(priced).code == 0
    priced.faults()
    again = by_batch(priced)
    assert again.code == 0
    assert priced.requests("batches") == []
    assert again.report is not None
    assert again.report.usage == {}


def test_the_judge_s_verdicts_come_by_batch_as_well(priced: Line) -> None:
    priced.set(DAILY_PAPERS_JUDGE_MODEL="sandbox")
    priced.day(FIRST, [record("2603.00001")], fetched_at="2026-04-03T000000Z")
    priced.backfill(FIRST, FIRST, batch=True)
    row = translated(priced).row(0, named=True)
    assert [answer["purpose"] for answer in row["answers"]] == ["translate", "judge"]
    assert [answer["is_batch"] for answer in row["answers"]] == [True, True]
    assert json.loads(json.dumps(row["cost_usd"])) > 0
