"""The gate against planted faults: every kind is found as often as it is held to, few good pairs flagged.

A fault counts as found when a code appears that the good pair does not have. Each kind is planted in a
seeded sample of pairs of every source; tests/benchmarks/test_gate.py takes all. Prints two Markdown tables
(pytest -s).
"""

import pytest
from planted.bench import Measured, codes_of_good, false_alarms, measured, micro_recall, table
from planted.faults import BLIND, KINDS, Kind

MOST_PER_SOURCE = 16
LEAST_MICRO_RECALL = 0.99
MOST_FALSE_ALARMS = 0.01

_results: dict[str, Measured] = {}


@pytest.mark.parametrize("kind", [*KINDS, *BLIND], ids=lambda kind: kind.name)
def test_a_kind_of_fault_is_found_about_as_often_as_before(kind: Kind) -> None:
    result = _results[kind.name] = measured(kind, MOST_PER_SOURCE)
    missed = [(miss.good.source, miss.good.english.paper_id) for miss in result.missed]
    assert result.planted >= 5
    assert result.recall >= kind.floor, f"{kind.name}: recall {result.recall:.3f}, missed {missed[:8]}"


def test_nearly_all_planted_faults_are_found() -> None:
    results = [_results.get(kind.name) or measured(kind, MOST_PER_SOURCE) for kind in (*KINDS, *BLIND)]
    print(f"\n{table(results)}")
    assert len(KINDS) >= 22
    assert micro_recall(results) >= LEAST_MICRO_RECALL


def test_few_good_pairs_are_flagged() -> None:
    alarms = {source: {paper_id for paper_id, _ in found} for source, found in false_alarms().items()}
    assert not alarms["own"] | alarms["sample"] | alarms["asked"], false_alarms()
    flagged = sum(map(len, alarms.values()))
    assert flagged <= MOST_FALSE_ALARMS * len(codes_of_good()), false_alarms()


def test_the_same_seed_plants_the_same_faults() -> None:
    for kind in KINDS:
        assert measured(kind, 1) == measured(kind, 1)
