"""A repository's large files on disk, each named by its sha256.

They are there before a commit names them and stay when none does any more. Called by
flows/sandbox/hub_store.py.
"""

import hashlib
import re
from contextlib import suppress
from pathlib import Path

from flows.sandbox.hub_errors import HubError
from flows.sandbox.hub_git import put_file

_SHA256 = re.compile(r"[0-9a-f]{64}")


class Large:
    """The large files of one repository."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, sha256: str, content: bytes) -> None:
        """Store a file.

        Raises:
            HubError: It is another one.
        """
        if hashlib.sha256(content).hexdigest() != sha256:
            raise HubError(400, f"The upload is not the file with the sha256 {sha256}")
        put_file(self._path(sha256), content)

    def size(self, sha256: str) -> int | None:
        """The size of a file, if it is stored."""
        with suppress(OSError):
            return self._path(sha256).stat().st_size
        return None

    def content(self, sha256: str) -> bytes | None:
        """A file, if it is stored."""
        with suppress(OSError):
            return self._path(sha256).read_bytes()
        return None

    @property
    def used(self) -> int:
        """Bytes of all files."""
        return sum(path.stat().st_size for path in self._folder.rglob("*") if _SHA256.fullmatch(path.name))

    def _path(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise HubError(400, f"{sha256!r} is no sha256")
        return self._folder / sha256[:2] / sha256[2:4] / sha256
