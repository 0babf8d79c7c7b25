"""What a commit of the digest may touch, and what it says: decided from names and hashes alone.

A checkout belongs to its operator. A manifest, committed with the digest, names every file that was written
and the blob that git made of it; with it any clone, however shallow, tells our files from others and knows
when somebody changed one. Nothing is deleted there: a lake that lost its history must not take the logs that
people link to with it. Called by flows/digest_git.py.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

MANIFEST: Final = ".daily-papers-digest"
"""Name of the manifest in the checkout."""
_LINE: Final = re.compile(r"([0-9a-f]{40}|[0-9a-f]{64})  (\S.*)")
_LOG: Final = re.compile(r"paper_logs/(\d{4})/(\d\d)/(\d\d)\.md")
_NAMED: Final = 5


class ManifestBroken(ValueError):
    """The manifest has a line that was not written by this program."""


class Found(NamedTuple):
    """What stands in the checkout before anything is written; what is committed there is also on disk."""

    files: Mapping[str, str]
    """SHA-256 of the content of each file on disk, among those to write."""
    committed: Mapping[str, str]
    """Blob of each file in the last commit."""
    manifest: Mapping[str, str]
    """Blob of each file when it was written, as the last commit's manifest has it."""
    unfinished: Collection[str]
    """SHA-256 of what a killed run was writing; empty after a run that ended."""


class Plan(NamedTuple):
    """What to do in the checkout; none of it is safe while there are conflicts."""

    write: list[str]
    changed_by_hand: list[str]
    """Written by us and changed by somebody since."""
    not_ours: list[str]
    """Would be overwritten, and was not written by us."""


def plan(wanted: Mapping[str, str], found: Found) -> Plan:
    """How the checkout comes to hold the wanted files (SHA-256 by path).

    A file that already is what is wanted is in nobody's way, whoever wrote it.
    """
    write = [path for path in sorted(wanted) if found.files.get(path) != wanted[path]]
    # The manifest does not name itself: it was what the last commit has of it.
    written = dict(found.manifest)
    if MANIFEST in found.committed:
        written[MANIFEST] = found.committed[MANIFEST]
    conflicts = [path for path in (*write, MANIFEST) if not _is_ours(path, written, found)]
    return Plan(
        write,
        [path for path in conflicts if path in written],
        [path for path in conflicts if path not in written],
    )


def _is_ours(path: str, written: Mapping[str, str], found: Found) -> bool:
    """Nothing stands there that somebody else wrote."""
    if found.files.get(path) in found.unfinished:
        return True
    if path in written:
        return found.committed.get(path) == written[path]
    return path not in found.files and path not in found.committed


def manifest_text(blobs: Mapping[str, str]) -> str:
    """The manifest of these files: a line each, sorted, so that its diff shows what changed."""
    return "".join(f"{blobs[path]}  {path}\n" for path in sorted(blobs))


def parsed_manifest(text: str) -> dict[str, str]:
    """Blob by path.

    Raises:
        ManifestBroken: A line is not in the form of ``manifest_text``.
    """
    blobs: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = _LINE.fullmatch(line)
        if not match:
            raise ManifestBroken(f"line {number}: expected a blob, two spaces and a path, got {line[:80]!r}")
        blobs[match[2]] = match[1]
    return blobs


def commit_message(paths: Iterable[str]) -> tuple[str, str]:
    """Subject and body for a commit of these files: the days whose logs are among them.

    Made of our own file names and of nothing that a title says.

    >>> commit_message(["README.md", "paper_logs/2026/03/04.md", "paper_logs/2026/03/05.md"])
    ('Daily papers of 2026-03-04 to 2026-03-05 (2 days)', '2026-03: 04, 05')
    """
    named = sorted({*paths} - {MANIFEST})
    days = [match.groups() for path in named if (match := _LOG.fullmatch(path))]
    if not days:
        more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        return f"Daily papers: {', '.join(named[:_NAMED]) or MANIFEST}{more}", ""
    first, last = "-".join(days[0]), "-".join(days[-1])
    if len(days) == 1:
        return f"Daily papers of {first}", ""
    months: dict[str, list[str]] = {}
    for year, month, day in days:
        months.setdefault(f"{year}-{month}", []).append(day)
    body = "\n".join(f"{month}: {', '.join(of_month)}" for month, of_month in months.items())
    return f"Daily papers of {first} to {last} ({len(days)} days)", body
