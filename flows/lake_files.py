"""The files of a lake: read and written whole or not at all, on a disk or on an object store.

On a disk a file goes to a temporary one, is synced and renamed; on an object store (flows/object_store.py) it
is one PUT. Readers never see half a file, and a file whose content would not change is not touched. A disk
has one writer (flows/lock.py); on an object store several change the same file, each only the version that it
has read. Called by flows/storage.py, whose tables are such files, and through it by the flows.
"""

import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import polars as pl
from upath import UPath

from flows import object_store
from flows.errors import LakeBusy, LakeUnwritable

# Changes of one file that others may be faster at before this one gives up; each waits a little longer.
_MOST_RACES = 20


class LakeFiles:
    """The files below one folder, or below one address of an object store."""

    def __init__(self, home: Path | str) -> None:
        self.home = object_store.folder(home)
        self.is_shared = object_store.is_shared(self.home)
        """Several machines may write it: what one of them holds is a lease (flows/lease.py)."""
        # On the lake's own file system, so that a rename into place is atomic.
        self._temporary = self.home / ".tmp"

    def name(self, path: Path | UPath) -> str:
        """The path as people know it: relative to the lake."""
        return str(path).removeprefix(f"{self.home}/")

    def leftovers(self) -> list[UPath]:
        """Temporary files that killed writes left; an object store has none."""
        return [] if self.is_shared else sorted(self._temporary.glob("*"))

    def content(self, path: UPath) -> bytes | None:
        """The whole file, None where there is none."""
        with object_store.faults_named(self.home):
            if self.is_shared:
                return object_store.content(path)
            return path.read_bytes() if path.is_file() else None

    def files_since(self, folder: UPath, moment: datetime) -> list[UPath]:
        """Files below the folder that were written then or later, sorted."""
        if not self.is_shared:
            files = (path for path in folder.rglob("*") if path.is_file())
            return sorted(path for path in files if path.stat().st_mtime >= moment.timestamp())
        # The listing has the times: no request for each file.
        return sorted(path for path, put in object_store.objects(folder).items() if put >= moment)

    def remove(self, folder: UPath) -> None:
        """Remove the folder and all in it."""
        if self.is_shared:
            with object_store.faults_named(self.home):
                object_store.remove(folder)
        else:
            shutil.rmtree(str(folder))

    def copied(self, folder: UPath, to: Path) -> None:
        """Copy a folder of the lake onto the disk, for programs that read nothing else."""
        for file in folder.rglob("*"):
            if (content := self.content(file)) is not None:
                target = to / file.relative_to(folder).as_posix()
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)

    def write_bytes(self, path: UPath, content: bytes) -> bool:
        """Write a file unless it already holds these bytes; True when it was written."""
        if self.content(path) == content:
            return False
        self.write_new(path, content)
        return True

    def write_new(self, path: UPath, content: bytes) -> None:
        """Write a file whole, whatever stands there.

        Raises:
            LakeUnwritable: The disk or the store refused; the file is as it was.
        """
        if not self.is_shared:
            self.write_atomically(path, lambda target: target.write_bytes(content))
            return
        with object_store.faults_named(self.home):
            object_store.overwrite(path, content)

    def write_atomically(self, path: UPath, write: Callable[[Path], object]) -> None:
        """Let ``write`` fill a temporary file of the lake, sync it and rename it into place; on a disk.

        Raises:
            LakeUnwritable: The disk refused (full, read-only, no permission); ``path`` is as it was.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._temporary.mkdir(exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=str(self._temporary))
            os.close(handle)
            temporary = Path(name)
            try:
                write(temporary)
                with temporary.open("rb") as written:
                    os.fsync(written.fileno())
                temporary.chmod(0o644)
                temporary.replace(str(path))
            finally:
                temporary.unlink(missing_ok=True)
            _sync_folder(path.parent)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise self._unwritable(path, error) from error

    def _unwritable(self, path: UPath, error: Exception) -> LakeUnwritable:
        return LakeUnwritable(
            f"{self.name(path)} could not be written ({error}); it is as it was before. Free the disk or "
            "mend its permissions and run the same command again: it continues where this one stopped."
        )

    def replaced(self, path: UPath, merge: Callable[[], bytes | None]) -> bool:
        """Write what ``merge`` makes of the file; merged once more where somebody else wrote it meanwhile.

        Args:
            path: The file.
            merge: Reads the file and gives what it shall hold, None for what it holds.

        Returns:
            True when it was written.

        Raises:
            LakeBusy: Others were faster every time.
            LakeUnwritable: The disk or the store refused; the file is as it was.
        """
        if not self.is_shared:
            content = merge()
            return content is not None and self.write_bytes(path, content)
        for race in range(_MOST_RACES):
            with object_store.faults_named(self.home):
                version = object_store.version(path)
                if (content := merge()) is None:
                    return False
                try:
                    object_store.put(path, content, version)
                    return True
                except object_store.Changed:
                    time.sleep(random.uniform(0, 0.1 * (race + 1)))
        raise LakeBusy(
            f"{self.name(path)} was written by others {_MOST_RACES} times while this run merged its rows; "
            "what they wrote stands. Run the same command again."
        )


def _sync_folder(folder: UPath) -> None:
    descriptor = os.open(str(folder), os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
