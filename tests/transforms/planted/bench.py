"""Recall per kind of planted fault and false alarms per source of pairs, with the tables that show them."""

import random
import tomllib
from collections import Counter
from functools import cache
from typing import NamedTuple

from planted.faults import BLIND, FACTS, KINDS, Kind
from planted.pairs import HERE, Good, good_pairs
from schemas.answer import English, Korean
from transforms.quality import issues

_BY_DESIGN = {"register", "link_glued"}
"""Codes that whole days of the logs have, and that hide no other fault."""


class Missed(NamedTuple):
    """A planted fault that brought no new code."""

    good: Good
    faulty: Korean


class Measured(NamedTuple):
    """What one kind of fault came to."""

    kind: Kind
    planted: int
    missed: list[Missed]
    codes: Counter[str]

    @property
    def recall(self) -> float:
        """Share of the planted faults that brought a code which the good pair does not have."""
        return 1 - len(self.missed) / self.planted if self.planted else 1.0


def codes(english: English, korean: Korean) -> frozenset[str]:
    """Codes of the gate's issues."""
    return frozenset(issue.code for issue in issues(english, korean))


@cache
def codes_of_good() -> dict[tuple[str, str], frozenset[str]]:
    """Codes that each good pair has already, by source and paper."""
    return {
        (good.source, good.english.paper_id): codes(good.english, good.korean)
        for pairs in good_pairs().values()
        for good in pairs
    }


@cache
def known_faults() -> dict[str, frozenset[str]]:
    """Papers of the logs that have a fault as they are, by code."""
    listed = tomllib.loads((HERE / "known_faults.toml").read_text(encoding="utf-8"))
    return {code: frozenset(paper_ids) for code, paper_ids in listed.items()}


def false_alarms() -> dict[str, list[tuple[str, str]]]:
    """Papers and codes that are flagged without a known fault, by source."""
    found: dict[str, list[tuple[str, str]]] = {source: [] for source in good_pairs()}
    for (source, paper_id), flagged in codes_of_good().items():
        found[source] += [
            (paper_id, code) for code in sorted(flagged) if paper_id not in known_faults().get(code, ())
        ]
    return found


def measured(kind: Kind, most: int, seed: int = 0) -> Measured:
    """The kind planted in up to ``most`` pairs of each source, in a random but fixed order."""
    planted, missed, new = 0, [], Counter[str]()
    for source, pairs in good_pairs().items():
        if kind.name in FACTS and source == "sections":
            continue
        rng = random.Random(f"{seed} {kind.name} {source}")
        faulty_pairs = (_planted(kind, rng, good) for good in rng.sample(pairs, len(pairs)))
        for fault in [fault for fault in faulty_pairs if fault is not None][:most]:
            planted += 1
            before = codes_of_good()[source, fault.good.english.paper_id]
            found = codes(fault.good.english, fault.faulty) - before
            new.update(found)
            if not found:
                missed.append(fault)
    return Measured(kind, planted, missed, new)


def _planted(kind: Kind, rng: random.Random, good: Good) -> Missed | None:
    """The fault in a pair; None where it has no place, or where the pair is faulty already."""
    before = codes_of_good()[good.source, good.english.paper_id]
    if before - _BY_DESIGN or (kind.name == "speech_level" and before):
        return None
    faulty = kind.plant(rng, good)
    return None if faulty is None or faulty == good.korean else Missed(good, faulty)


def micro_recall(results: list[Measured]) -> float:
    """Share of all planted faults that were found, blind kinds left out."""
    counted = [result for result in results if result.kind in KINDS]
    planted = sum(result.planted for result in counted)
    return 1 - sum(len(result.missed) for result in counted) / planted if planted else 1.0


def table(results: list[Measured]) -> str:
    """Both tables as Markdown: recall per kind, and alarms on pairs as they stand."""
    lines = ["| kind | planted | recall | codes |", "|---|---:|---:|---|"]
    for result in results:
        blind = " (blind)" if result.kind in BLIND else ""
        shown = ", ".join(f"{code} {count}" for code, count in result.codes.most_common(3))
        lines.append(f"| {result.kind.name}{blind} | {result.planted} | {result.recall:.3f} | {shown} |")
    lines.append(f"| **all but the blind** | | **{micro_recall(results):.3f}** | |")
    lines += [
        "",
        "| good pairs | papers | known faults | false alarms | of them |",
        "|---|---:|---:|---:|---|",
    ]
    for source, alarms in false_alarms().items():
        flagged = {pid for (name, pid), found in codes_of_good().items() if name == source and found}
        wrong = {paper_id for paper_id, _ in alarms}
        known = len(flagged - wrong)
        shown = ", ".join(
            f"{code} {count}" for code, count in Counter(code for _, code in alarms).most_common(4)
        )
        lines.append(f"| {source} | {len(good_pairs()[source])} | {known} | {len(wrong)} | {shown} |")
    return "\n".join(lines)
