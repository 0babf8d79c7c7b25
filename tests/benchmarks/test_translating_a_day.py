"""A fifty-paper day at the default settings, beside the predecessor's way of asking for it."""

import json
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl
import pytest
from predecessor import Outcome, translated_at_once
from proving_ground import (
    DAY,
    PAPERS_A_DAY,
    Ground,
    Ratio,
    RunningSandbox,
    day_ids,
    show,
    spread,
    started_sandbox,
)

from flows.sandbox.fault_book import FaultBook
from flows.sandbox.faults import Call, Fault
from transforms.prompt import Source, source_of

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]

LATENCY = ("--latency", "2")
_BROKEN = ("html", "half", "empty")
_A_MINUTE = 20


def observed(ground: Ground, sandbox: RunningSandbox, name: str) -> dict[str, Any]:
    """Run the day in a fresh process on a fresh copy of the lake, and check that every paper ended well."""
    home = ground.lake(name)
    ended = ground.script(sandbox, home, "observed_daily.py", DAY.isoformat())
    assert ended.code == 0, ended.printed
    rows = pl.read_parquet(home / f"release/dataset/data/{DAY:%Y-%m}.parquet")
    statuses = rows.filter(pl.col("list_date") == DAY)["translation_status"].to_list()
    assert statuses == ["ok"] * PAPERS_A_DAY
    times: dict[str, Any] = json.loads(ended.printed.splitlines()[-1])
    assert times["translated"] == {"ok": PAPERS_A_DAY}
    return times


async def in_the_predecessors_way(ground: Ground, sandbox: RunningSandbox) -> Outcome:
    """The same papers to the same sandbox, its log emptied first."""
    sandbox.forget()
    return await translated_at_once(sandbox, sources(ground.lists))


def sources(lists: Path) -> list[Source]:
    """The benchmarked day's papers as requests."""
    (path,) = lists.glob(f"{DAY}@*.json")
    papers = [record["paper"] for record in json.loads(path.read_bytes())]
    return [source_of(paper["id"], paper["title"], paper["summary"]) for paper in papers]


async def test_a_day_takes_about_as_long_as_its_slowest_model_call(ground: Ground) -> None:
    translate, whole, at_once, over_median = [], [], [], []
    parts: dict[str, list[float]] = {"extract": [], "enrich": [], "publish": []}
    for seed in (1, 2, 3):
        with started_sandbox(ground.lists, *LATENCY, "--seed", str(seed)) as sandbox:
            times = observed(ground, sandbox, f"speed-{seed}")
            slowest = sandbox.call_seconds()[-1]
        translate.append(times["translate"] / slowest)
        whole.append(times["body"] / slowest)
        for part, seconds in parts.items():
            seconds.append(times[part])
        with started_sandbox(ground.lists, *LATENCY, "--seed", str(seed)) as sandbox:
            outcome = await in_the_predecessors_way(ground, sandbox)
            calls = sandbox.call_seconds()
        assert outcome.kept == PAPERS_A_DAY
        at_once.append(outcome.seconds / calls[-1])
        over_median.append(outcome.seconds / median(calls))
    others = ", ".join(f"{part} {spread(seconds)}" for part, seconds in parts.items())
    show(
        f"A day of {PAPERS_A_DAY} papers, model latency log-normal around 2 s",
        [
            Ratio("translate step", "its seconds", "slowest call", spread(translate, "x"), "<= 1.25 x"),
            Ratio("flow function", "its seconds", "slowest call", spread(whole, "x"), "<= 1.5 x"),
            Ratio("other steps", others, "", ""),
            Ratio("predecessor", "its seconds", "slowest call", spread(at_once, "x")),
            Ratio("predecessor", "its seconds", "median call", spread(over_median, "x")),
        ],
    )


async def test_with_broken_answers_every_paper_ends_well(ground: Ground, tmp_path: Path) -> None:
    share = 0.02 / len(_BROKEN)
    faults = [Fault(service="openai", share=share, answer=kind) for kind in _BROKEN]
    rules = tmp_path / "faults.json"
    rules.write_text(json.dumps([fault.model_dump(exclude_defaults=True) for fault in faults]))
    seed = next(seed for seed in range(1000) if broken_ids(faults, seed, day_ids(ground.lists)))
    options = (*LATENCY, "--seed", str(seed), "--faults", str(rules))
    with started_sandbox(ground.lists, *options) as sandbox:
        times = observed(ground, sandbox, "broken")
        broken = [entry for entry in sandbox.requests("openai") if entry["fault"]]
        slowest = sandbox.call_seconds()[-1]
    with started_sandbox(ground.lists, *options) as sandbox:
        outcome = await in_the_predecessors_way(ground, sandbox)
    assert broken
    assert times["calls"] == PAPERS_A_DAY + len(broken)
    assert outcome.kept < PAPERS_A_DAY
    kinds = ", ".join(entry["fault"] for entry in broken)
    show(
        f"With 2 % broken answers ({kinds})",
        [
            Ratio(
                "papers that end well",
                f"{PAPERS_A_DAY} of {PAPERS_A_DAY}",
                f"predecessor {outcome.kept} of {PAPERS_A_DAY}",
                f"{PAPERS_A_DAY - outcome.kept} lost there",
                "50 of 50",
            ),
            Ratio(
                "translate step", f"{times['translate']:.2f} s", f"slowest call {slowest:.2f} s",
                f"{times['translate'] / slowest:.2f} x",
            ),
        ],
    )  # fmt: skip


def broken_ids(faults: list[Fault], seed: int, paper_ids: list[str]) -> list[str]:
    """The papers whose first answer is broken with this seed."""
    book = FaultBook(faults, seed)
    return [each for each in paper_ids if book.next(Call("openai", each, paper_ids=frozenset({each})))]


@pytest.mark.slow
async def test_at_twenty_requests_a_minute_every_paper_ends_well(ground: Ground) -> None:
    options = (*LATENCY, "--requests-per-minute", str(_A_MINUTE))
    with started_sandbox(ground.lists, *options) as sandbox:
        times = observed(ground, sandbox, "limited")
        asked = sandbox.requests("openai")
        slowest = sandbox.call_seconds()[-1]
    with started_sandbox(ground.lists, *options) as sandbox:
        outcome = await in_the_predecessors_way(ground, sandbox)
        refused = sum(entry["status"] == 429 for entry in sandbox.requests("openai"))
    assert outcome.crashed_with == "HTTP 429"
    # The limit's minutes are counted from the first call, so it admits the last paper after so many.
    full_minutes = (PAPERS_A_DAY - 1) // _A_MINUTE
    soonest = 60.0 * full_minutes + slowest
    paid_there = PAPERS_A_DAY - refused
    show(
        f"At {_A_MINUTE} requests a minute",
        [
            Ratio(
                "papers that end well", f"{PAPERS_A_DAY} of {PAPERS_A_DAY}",
                f"predecessor {outcome.kept} ({outcome.crashed_with} after {outcome.seconds:.1f} s)",
                f"up to {paid_there} paid and lost there", "50 of 50",
            ),
            Ratio(
                "translate step", f"{times['translate']:.1f} s",
                f"soonest by the limit {soonest:.1f} s", f"{times['translate'] / soonest:.3f} x", "its pace",
            ),
            Ratio("refused calls (429)", str(len(asked) - PAPERS_A_DAY), "", ""),
        ],
    )  # fmt: skip
