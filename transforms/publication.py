"""What a publish to the Hub commits, in which steps, and what it must not touch: from paths and hashes alone.

A file is known by its content's hashes, as the Hub gives them: the SHA-256 of a large file, git's SHA-1 of a
small one. What stands on the Hub and was never put there by us was edited by somebody: the plan names it and
changes nothing until the operator says whose version counts. Called by flows/push.py.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from typing import Final, Literal, NamedTuple

from schemas.tables import CONFIGS

CARD: Final = "README.md"
GONE: Final = ""
"""Instead of a hash: the file is not there."""
MOST_FILES: Final = 100
"""Files of one commit, the card among them; the Hub's advice for a commit that goes through."""

_FOLDERS: Final = frozenset({*(table.folder for table in CONFIGS.values()), "images", "paper_logs"})
_MONTH: Final = re.compile(r"[a-z_]+/(\d{4})[-/](\d{2})(?:\.parquet|/\d{2}\.md)")

Decision = Literal["theirs", "ours"]
"""Whose version of a file counts that somebody edited on the Hub."""


class Step(NamedTuple):
    """One commit, which leaves a dataset that loads; its card goes with it."""

    months: list[str]
    put: list[str]
    """Paths to write, sorted."""
    delete: list[str]
    """Paths to delete, sorted."""


class Plan(NamedTuple):
    """What a publish would do."""

    steps: list[Step]
    """Commits in order, oldest months first; none where all but the card is there already."""
    edited: dict[str, str]
    """Files that somebody edited, added or deleted on the Hub, and their hash there or GONE."""
    kept: dict[str, frozenset[str]]
    """Files that stay as somebody edited them, by an earlier decision or by this one, and their hashes."""


def content_hashes(content: bytes) -> frozenset[str]:
    """The hashes by which the Hub may know this content: SHA-256 (LFS, Xet) and git's blob SHA-1."""
    blob = hashlib.sha1(b"blob %d\0" % len(content), usedforsecurity=False)
    blob.update(content)
    return frozenset({hashlib.sha256(content).hexdigest(), blob.hexdigest()})


def is_ours(path: str) -> bool:
    """Whether a path of the repository is one that a publish writes; any other belongs to somebody else."""
    return path == CARD or path.partition("/")[0] in _FOLDERS


def plan(
    local: Mapping[str, Collection[str]],
    remote: Mapping[str, str],
    known: Mapping[str, Collection[str]],
    kept: Mapping[str, Collection[str]],
    decision: Decision | None = None,
) -> Plan:
    """How the repository becomes this release.

    Args:
        local: Hashes of each file that the repository should hold, the card among them.
        remote: Hash of each file that it holds.
        known: What may stand there by our doing, for each file: hashes, or GONE.
        kept: Files that an earlier publish was told to leave as they were: their hashes then, or GONE.
        decision: What to do with files that somebody edited; None only names them.
    """
    remote = {path: oid for path, oid in remote.items() if is_ours(path)}
    edited: dict[str, str] = {}
    still_kept: dict[str, frozenset[str]] = {}
    for path in sorted({*local, *remote, *known}):
        there = remote.get(path, GONE)
        if there in local.get(path, {GONE}):
            continue
        if there in kept.get(path, ()) and decision != "ours":
            still_kept[path] = frozenset(kept[path])
        elif there not in known.get(path, {GONE}):
            edited[path] = there
    if decision == "theirs":
        still_kept |= {path: frozenset({there}) for path, there in edited.items()}
    put = [
        path
        for path, oids in local.items()
        if path not in still_kept and path != CARD and remote.get(path) not in oids
    ]
    delete = [path for path in remote if path not in local and path not in still_kept]
    return Plan(_steps(put, delete), edited, still_kept)


def month_of(path: str) -> str:
    """The month ("2026-03") that a file belongs to; "" for the card and the pictures."""
    match = _MONTH.fullmatch(path)
    return f"{match[1]}-{match[2]}" if match else ""


def _steps(put: Iterable[str], delete: Iterable[str]) -> list[Step]:
    """Whole months together, as many as a commit should take; what has no month goes with the first."""
    by_month: dict[str, tuple[list[str], list[str]]] = {}
    for kind, paths in enumerate((put, delete)):
        for path in sorted(paths):
            by_month.setdefault(month_of(path), ([], []))[kind].append(path)
    steps: list[Step] = []
    for month, (puts, deletes) in sorted(by_month.items()):
        size = len(puts) + len(deletes)
        if not steps or _size(steps[-1]) + size >= MOST_FILES:
            steps.append(Step([], [], []))
        steps[-1].months.extend([month] if month else [])
        steps[-1].put.extend(puts)
        steps[-1].delete.extend(deletes)
    return steps


def _size(step: Step) -> int:
    return len(step.put) + len(step.delete)


def settled_months(months: Iterable[str], latest: date, refresh_days: int) -> list[str]:
    """The months that no daily run changes any more, to be tagged; sorted.

    Args:
        months: Months that the release has.
        latest: The latest day that it lists.
        refresh_days: Days before a run's date whose lists are fetched again.
    """
    first_open = latest - timedelta(days=refresh_days)
    return sorted(month for month in set(months) if month < f"{first_open:%Y-%m}")


def commit_title(step: Step, latest: date | None, number: int, of: int) -> str:
    """The commit's first line: what it brings, and which of how many it is."""
    if of > 1:
        span = f"{step.months[0]} to {step.months[-1]}" if step.months else "pictures"
        return f"Publish {span} ({number} of {of})"
    return f"Publish the lists up to {latest}" if latest else "Publish an empty release"
