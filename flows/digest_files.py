"""The digest's files in a checkout: their hashes, written whole, with a journal of what is being written.

The journal lies beside git's index, where no commit takes it up. It is written before the first file and
goes after the commit, so that a run that finds one knows which half-done work is this program's. Called by
flows/digest_git.py.
"""

import hashlib
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from upath import UPath

_NOT_A_FILE: Final = "not a file"
"""Instead of a hash, for a folder or a link where a file is wanted."""


def sha256(path: Path | UPath) -> str:
    """Hex SHA-256 of the file, however long."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def hashes(folder: Path, paths: Iterable[str]) -> dict[str, str]:
    """SHA-256 of those of the files that are there."""
    found = ((path, _hash(folder, path)) for path in paths)
    return {path: known for path, known in found if known is not None}


def _hash(folder: Path, path: str) -> str | None:
    target = folder / path
    folders = target.parents[: path.count("/")]
    # Writing below a link would write outside of the checkout.
    is_led_away = target.is_symlink() or any(parent.is_symlink() or parent.is_file() for parent in folders)
    if is_led_away or target.is_dir():
        return _NOT_A_FILE
    return sha256(target) if target.exists() else None


def copy_whole(source: Path | UPath, target: Path) -> None:
    """Copy the file whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = _cleared(target)
    with source.open("rb") as read, temporary.open("wb") as written:
        shutil.copyfileobj(read, written)
    temporary.replace(target)


def write_whole(target: Path, text: str) -> None:
    """Write the file whole or not at all."""
    temporary = _cleared(target)
    temporary.write_bytes(text.encode())
    temporary.replace(target)


def _cleared(target: Path) -> Path:
    """Where the file is written first, with nothing there; the next run finds what a killed one left."""
    temporary = target.with_name(f".{target.name}.daily-papers")
    # Beside the file, so on its file system. A link of that name would lead the writing out of the checkout.
    temporary.unlink(missing_ok=True)
    return temporary


class Journal:
    """SHA-256 of everything that is being written into one checkout, kept until it is committed."""

    def __init__(self, git_dir: Path) -> None:
        self._path = git_dir / "daily-papers-digest"
        self.unfinished = frozenset(self._path.read_text().split() if self._path.exists() else ())
        """What killed runs were writing; empty after a run that ended."""

    def keep(self, writing: Iterable[str]) -> None:
        """Say what will be written, beside what killed runs wrote."""
        write_whole(self._path, "".join(f"{known}\n" for known in sorted({*self.unfinished, *writing})))

    def forget(self, folder: Path, paths: Mapping[str, object]) -> None:
        """All is committed; what killed runs left beside these files goes too."""
        if self.unfinished:
            for path in paths:
                _cleared(folder / path)
        self._path.unlink(missing_ok=True)
