"""The quality gate on every pair we have: milliseconds a paper, recall per kind of fault, false alarms.

The bench is tests/transforms/planted/; here it plants each kind in all pairs under several seeds. Time is
the processor's, the best of several rounds, so that a busy machine changes it little.
"""

import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

# The bench lies beside the tests of the gate, which pytest puts on the path only when it collects them.
sys.path.append(str(Path(__file__).parents[1] / "transforms"))

from planted.bench import Measured, measured, micro_recall, table
from planted.faults import BLIND, KINDS, Kind
from planted.pairs import Good, good_pairs

from transforms.gate.case import Case
from transforms.quality import CHECKS, issues

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]

_ROUNDS = 5
_SEEDS = 2


def best_of(rounds: int, work: Callable[[], object]) -> float:
    """Seconds of the processor that the fastest round took."""
    found = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def judge(pairs: list[Good]) -> None:
    for good in pairs:
        issues(good.english, good.korean)


def seconds_by_check(pairs: list[Good]) -> dict[str, float]:
    """Seconds in each check; what checks share counts for the first that asks for it."""
    spent: dict[str, float] = defaultdict(float)
    for case in [Case(good.english, good.korean) for good in pairs]:
        for check in CHECKS:
            began = time.process_time()
            list(check.find(case))
            spent[" ".join(check.codes)] += time.process_time() - began
    return spent


def test_a_paper_is_judged_in_two_milliseconds() -> None:
    sources = good_pairs()
    judge(sources["own"])
    print("\n| good pairs | papers | ms a paper |\n|---|---:|---:|")
    for source, pairs in sources.items():
        spent = best_of(_ROUNDS, lambda pairs=pairs: judge(pairs))  # type: ignore[misc]
        print(f"| {source} | {len(pairs)} | {spent / len(pairs) * 1000:.2f} |")
    judged = [good for source, pairs in sources.items() if source != "sections" for good in pairs]
    print("\n| check | ms a paper |\n|---|---:|")
    by_check = sorted(seconds_by_check(judged).items(), key=lambda entry: -entry[1])
    for names, spent in by_check:
        print(f"| {names} | {spent / len(judged) * 1000:.3f} |")


def test_faults_planted_in_every_pair_are_found() -> None:
    results = [over_seeds(kind) for kind in (*KINDS, *BLIND)]
    print(f"\n{table(results)}")
    for result in results:
        assert result.recall >= result.kind.floor, result.kind.name
    assert micro_recall(results) > 0.99


def over_seeds(kind: Kind) -> Measured:
    """One kind planted in all pairs, under every seed."""
    runs = [measured(kind, 10_000, seed) for seed in range(_SEEDS)]
    new = sum((run.codes for run in runs), Counter[str]())
    return Measured(
        kind, sum(run.planted for run in runs), [miss for run in runs for miss in run.missed], new
    )
