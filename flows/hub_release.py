"""The release as a repository on the Hub holds it: its files, and the card that counts what stands there.

While a long history goes up in steps, and where a file stays as somebody edited it, a repository holds
something else than this release; its card must count what it holds, or ``load_dataset`` refuses it. Called by
flows/push.py and flows/verify.py.
"""

import io
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

from flows.errors import ContractBroken
from flows.month_file import Footer, footer
from flows.release import PICTURES, contents_of, release_card
from flows.storage import Lake
from schemas.tables import CONFIGS, RELEASE, Table
from transforms.card import with_page_of
from transforms.counts import month_counts
from transforms.publication import CARD, content_hashes, is_ours, month_of

_KINDS = (".parquet", ".png", ".md")


class HubRelease:
    """The lake's release, for one repository.

    Args:
        lake: The lake.
        repo: "ORG/NAME".
        publish_archived: As in the settings; else files without the archive's Korean stand for theirs.

    Raises:
        ContractBroken: It lists no paper yet, or a file cannot be read.
    """

    def __init__(self, lake: Lake, repo: str, *, publish_archived: bool) -> None:
        self._lake, self._repo = lake, repo
        folders = [lake.dataset, lake.digest, *([] if publish_archived else [lake.public])]
        found = {
            path: file
            for folder in folders
            for file in folder.rglob("*")
            if file.suffix in _KINDS and is_ours(path := file.relative_to(folder).as_posix())
        }
        self.files = {path: found[path] for path in sorted(found) if path != CARD}
        """Every file but the card, by its path in the repository."""
        self.hashes = {path: content_hashes(file.read_bytes()) for path, file in self.files.items()}
        """What the Hub may know each file by; the card's are those of the card over all of them."""
        self._footers: dict[tuple[str, str], Footer] = {}
        whole = contents_of({path: self._own_footer(path) for path in self.files if _is_data(path)})
        if not whole.listed_days:
            raise ContractBroken(
                f"{lake.dataset} lists no paper yet, so nothing was published to {repo}. Fill it: "
                "daily-papers run"
            )
        self.latest = whole.listed_days[-1]
        self.card = release_card(whole._replace(has_pictures=PICTURES[0] in self.files), repo).encode()
        self.hashes[CARD] = content_hashes(self.card)

    def card_for(
        self, standing: Mapping[str, str], fetched: Callable[[str], bytes], *, keeps_page: bool
    ) -> bytes:
        """The card over the files that stand in the repository.

        Args:
            standing: Their hashes, by path.
            fetched: Gives a file of the repository, where it is not this release's.
            keeps_page: The page below the front matter stays as somebody edited it.

        Raises:
            ContractBroken: A file that stays as somebody edited it is not what its table promises.
        """
        footers = {path: self._footer(path, oid, fetched) for path, oid in standing.items() if _is_data(path)}
        contents = contents_of(footers, has_pictures=PICTURES[0] in standing)
        card = release_card(contents, self._repo)
        return (with_page_of(card, fetched(CARD).decode("utf-8", "replace")) if keeps_page else card).encode()

    def size(self, path: str) -> int:
        """Bytes of a file."""
        return self.files[path].stat().st_size

    def _footer(self, path: str, oid: str, fetched: Callable[[str], bytes]) -> Footer:
        known = self._footers.get((path, oid))
        if known is None and oid in self.hashes.get(path, ()):
            known = self._own_footer(path)
        elif known is None:
            known = self._footer_of(path, fetched(path))
        self._footers[path, oid] = known
        return known

    def _own_footer(self, path: str) -> Footer:
        try:
            return footer(self.files[path])
        except (ValueError, pl.exceptions.PolarsError, OSError) as error:
            raise ContractBroken(
                f"The footer of {self._lake.name(self.files[path])} cannot be used ({error}), so nothing was "
                "published. Write it again from the lake: daily-papers publish"
            ) from error

    def _footer_of(self, path: str, content: bytes) -> Footer:
        """What another version of a file says, or what its rows say where somebody else wrote it."""
        try:
            return footer(content)
        except (ValueError, pl.exceptions.PolarsError):
            # Written by somebody else: its rows say what it holds.
            pass
        try:
            rows = pl.read_parquet(io.BytesIO(content))
        except pl.exceptions.PolarsError as error:
            raise ContractBroken(
                f"{path} of {self._repo} is no Parquet file ({error}), so it cannot stay as it is and "
                "nothing was published. Mend it there, or put ours in its place: daily-papers publish "
                "--take-ours"
            ) from error
        rows = self._lake.validated(place(path)[0], rows, Path(f"{self._repo}/{path}"))
        return Footer(len(content), "none", month_counts(rows))


def months_of(paths: Mapping[str, object]) -> list[str]:
    """Months of which the release's default config has a file, sorted."""
    return sorted(month_of(path) for path in paths if path.startswith(f"{RELEASE.folder}/"))


def _is_data(path: str) -> bool:
    return path.endswith(".parquet")


def place(path: str) -> tuple[Table, str]:
    """The table and month of a data file.

    Raises:
        KeyError: No table has a month of that name.
    """
    tables = {table.folder: table for table in CONFIGS.values()}
    table, month = tables[path.partition("/")[0]], month_of(path)
    if not month:
        raise KeyError(path)
    return table, month
