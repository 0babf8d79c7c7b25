"""A bucket of an S3-compatible store, and its objects as the files and folders that ``UPath`` shows.

Nothing is written through ``UPath``: that, and reading an object with its version, is done by
flows/object_store.py, which calls this.
"""

import contextlib
import functools
import io
from datetime import timedelta
from typing import Any

import fsspec
from fsspec.spec import AbstractFileSystem
from obstore.store import S3Store

# Whoever gives an address with http:// means it. A request may take as long as a large file on a slow line;
# a store that is away is given up before a lease runs out.
_OPTIONS: dict[str, Any] = {
    "client_options": {"allow_http": True, "timeout": timedelta(seconds=60)},
    "retry_config": {"max_retries": 5, "retry_timeout": timedelta(seconds=20)},
}


@functools.cache
def bucket(name: str) -> S3Store:
    """The bucket of this name at the address and with the credentials of the environment."""
    return S3Store(name, **_OPTIONS)


class _ObjectStore(AbstractFileSystem):  # type: ignore[misc]
    """The part of fsspec that ``UPath`` needs, by the store's blocking calls.

    obstore's own class for fsspec awaits them in threads of its own; where a command ended right after an
    error of the store, one of them met an interpreter that was going and the process was aborted.
    """

    protocol = "s3"

    def ls(self, path: str, detail: bool = True, **_options: object) -> list[Any]:
        """Entries of a folder, one listing."""
        name, _, key = path.partition("/")
        found = bucket(name).list_with_delimiter(f"{key}/" if key else None)
        files = [
            {"name": f"{name}/{each['path']}", "size": each["size"], "type": "file"}
            for each in found["objects"]
        ]
        folders = [
            {"name": f"{name}/{each}", "size": 0, "type": "directory"} for each in found["common_prefixes"]
        ]
        if not files and not folders:
            raise FileNotFoundError(path)
        return files + folders if detail else [entry["name"] for entry in files + folders]

    def info(self, path: str, **_options: object) -> dict[str, Any]:
        """Name, size and type of an object or of a folder with objects in it."""
        path = str(self._strip_protocol(path))
        name, _, key = path.partition("/")
        with contextlib.suppress(FileNotFoundError):
            return {"name": path, "size": bucket(name).head(key)["size"], "type": "file"}
        self.ls(path)
        return {"name": path, "size": 0, "type": "directory"}

    # fsspec's own answers of these take a store that is away for one without the object.
    def exists(self, path: str, **_options: object) -> bool:
        """Whether there is such an object or folder."""
        return self._type(path) is not None

    def isfile(self, path: str) -> bool:
        """Whether there is such an object."""
        return self._type(path) == "file"

    def isdir(self, path: str) -> bool:
        """Whether there is such a folder."""
        return self._type(path) == "directory"

    def rm_file(self, path: str) -> None:
        """Remove an object."""
        name, _, key = str(self._strip_protocol(path)).partition("/")
        bucket(name).delete(key)

    def _open(self, path: str, mode: str = "rb", **_options: object) -> io.BytesIO:
        if mode != "rb":
            raise NotImplementedError(f"{path} is written by put or overwrite, never by open")
        name, _, key = path.partition("/")
        return io.BytesIO(bucket(name).get(key).bytes())

    def _type(self, path: str) -> str | None:
        try:
            return str(self.info(path)["type"])
        except FileNotFoundError:
            return None


fsspec.register_implementation("s3", _ObjectStore, clobber=True)
