"""What is on the Hub against the release: every file downloaded, every row compared, every contract checked.

Trusts no memory and no listing: a file's bytes are what counts. Changes nothing. Called by
flows/publish_hub.py and flows/check_lake.py.
"""

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl
from upath import UPath

from flows.clients.hub import Hub
from flows.errors import ContractBroken, RepositoryMissing
from flows.hub_release import HubRelease, place
from flows.progress import PROGRESS
from flows.published import Published
from flows.run import Run
from flows.storage import Lake
from schemas.tables import Table
from transforms.publication import CARD, content_hashes, is_ours


class Verified(NamedTuple):
    """What a comparison found."""

    url: str
    commit: str
    files: int
    """Files downloaded."""
    rows: int
    """Rows compared, of all configs."""
    differences: list[str]
    """One sentence for each file that is not as it should be."""
    kept: list[str]
    """Files that were left as somebody edited them; they are checked and not compared."""


def verify(run: Run, repo: str) -> Verified:
    """Compare the head of a repository with the release.

    Raises:
        RepositoryMissing: There is no such repository.
        DailyPapersError: The Hub did not answer or refused, or there is no release yet.
    """
    hub = Hub(run.settings, repo, writes=False)
    release = HubRelease(run.lake, repo, publish_archived=run.settings.publish_archived)
    if (head := hub.head()) is None:
        raise RepositoryMissing(
            f"There is no dataset at {hub.url} that HF_TOKEN can see. To publish: "
            f"daily-papers publish --repo {repo}"
        )
    memory = Published.load(run.lake, hub.endpoint, repo)
    there = sorted(path for path in hub.files(head) if is_ours(path))
    missing = sorted({*release.files, CARD} - {*there, *memory.kept})
    differences = [f"{path} is not on the Hub." for path in missing]
    PROGRESS.get().start("verify", len(there))
    with tempfile.TemporaryDirectory() as folder:
        files = {path: Path(folder) / path for path in there}
        standing: dict[str, str] = {}
        rows = 0
        for path in there:
            content = hub.fetched(path, head, Path(folder)).read_bytes()
            hashes = content_hashes(content)
            standing[path] = next(iter(hashes & release.hashes.get(path, hashes) or hashes))
            if path.endswith(".parquet"):
                own = None if path in memory.kept else release.files.get(path)
                judged = _judged(run.lake, path, content, own)
                rows += judged.rows
                differences += judged.differences
            elif path != CARD and path not in memory.kept and not hashes & release.hashes.get(path, set()):
                differences.append(f"{path} is not what the release has.")
            PROGRESS.get().advance("verify")
        if CARD in files:
            differences += _card_differences(release, standing, files, keeps_page=CARD in memory.kept)
    return Verified(hub.url, head, len(there), rows, differences, sorted(memory.kept))


def verified_sentence(found: Verified, repo: str) -> str:
    """What a comparison found, for people."""
    seen = f"{found.files:,} files, {found.rows:,} rows at commit {found.commit[:12]} of {found.url}"
    kept = f" Left as edited there: {', '.join(found.kept)}." if found.kept else ""
    if found.differences:
        return (
            f"{len(found.differences)} differences. Compared: {seen}.{kept} Nothing was changed. To publish "
            f"what is missing: daily-papers publish --repo {repo}"
        )
    return f"The Hub holds this release, row for row, and it is valid: {seen}.{kept}"


class _Judged(NamedTuple):
    rows: int
    differences: list[str]


def _judged(lake: Lake, path: str, content: bytes, own: UPath | None) -> _Judged:
    """A Parquet file of the Hub against its contract and, row for row, against our own where it counts."""
    try:
        table, _ = place(path)
    except KeyError:
        return _Judged(0, [f"{path} is no month of any table, but loaders would take it in."])
    try:
        there = pl.read_parquet(io.BytesIO(content))
    except pl.exceptions.PolarsError as error:
        return _Judged(0, [f"{path} on the Hub cannot be read as Parquet ({error})."])
    try:
        there = lake.validated(table, there, Path(f"{path} on the Hub"))
    except ContractBroken as error:
        return _Judged(there.height, [str(error)])
    here = there if own is None else pl.read_parquet(io.BytesIO(own.read_bytes()))
    return _Judged(there.height, list(_row_differences(path, table, there, here)))


def _row_differences(path: str, table: Table, there: pl.DataFrame, here: pl.DataFrame) -> Iterator[str]:
    if there.equals(here):
        return
    only_there = there.join(here, on=table.key, how="anti", nulls_equal=True)
    only_here = here.join(there, on=table.key, how="anti", nulls_equal=True)
    both = here.join(there, on=table.key, how="semi", nulls_equal=True)
    differing = both.join(there, on=there.columns, how="anti", nulls_equal=True)
    examples = [
        f"{rows.row(0, named=True)['paper_id']}" for rows in (only_there, only_here, differing) if rows.height
    ]
    named = f", such as paper {examples[0]}" if examples else ""
    yield (
        f"{path}: {only_there.height} rows only on the Hub, {only_here.height} only here, {differing.height} "
        f"that differ, of {here.height}{named}."
    )


def _card_differences(
    release: HubRelease, standing: dict[str, str], files: dict[str, Path], *, keeps_page: bool
) -> Iterator[str]:
    try:
        expected = release.card_for(standing, lambda path: files[path].read_bytes(), keeps_page=keeps_page)
    except ContractBroken:
        # The file that breaks it has been named.
        return
    if files[CARD].read_bytes() != expected:
        yield f"{CARD} on the Hub is not the card of the files that stand beside it."
