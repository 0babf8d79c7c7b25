"""A lake's folder on an object store, and the one promise that several writers build on.

A whole object is put only while it is still the version that the writer has read (``put``): tables are
merged, leases taken and the model's pace agreed upon by this and nothing else, so no lock server is needed.
Any S3-compatible store with conditional writes will do (``If-Match`` and ``If-None-Match`` of PUT).
Credentials and address are the environment's, as obstore reads them (``AWS_ACCESS_KEY_ID``, ``AWS_REGION``,
``AWS_ENDPOINT_URL``, …). Called by flows/lake_files.py, flows/lease.py and flows/shared_pace.py.
"""

import contextlib
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import S3Store
from upath import UPath

from flows.bucket import bucket
from flows.errors import LakeUnwritable, SettingsMissing

if TYPE_CHECKING:
    from obstore import PutMode


class Changed(Exception):
    """Somebody else wrote the object since it was read; nothing was written."""


def folder(home: str | Path) -> UPath:
    """The folder at a path or at an address, ``s3://bucket/lake``.

    Raises:
        SettingsMissing: It is an address of another kind.
    """
    if "://" not in str(home):
        return UPath(home).absolute()
    if not str(home).startswith("s3://"):
        raise SettingsMissing(
            f"DAILY_PAPERS_HOME is {home}, so nothing was started: expected a folder or s3://bucket/lake."
        )
    address = re.sub(r"(?<!:)/+", "/", str(home)).rstrip("/")
    found: UPath = UPath(address)
    return found


def is_shared(home: UPath) -> bool:
    """True for a folder on an object store, which other machines may write too."""
    return not isinstance(home, Path)


def content(path: UPath) -> bytes | None:
    """The whole object in one request, None where there is none."""
    return read(path)[0]


def read(path: UPath) -> tuple[bytes | None, str | None]:
    """The object and its version (``version``) in one request; None and None where there is none."""
    store, key = _store(path)
    try:
        found = store.get(key)
    except FileNotFoundError:
        return None, None
    return bytes(found.bytes()), found.meta["e_tag"]


def version(path: UPath) -> str | None:
    """What tells this version of the object from any other; None where there is none.

    Asked before the content is read: if somebody writes in between, ``put`` refuses, as it should.
    """
    store, key = _store(path)
    try:
        return store.head(key)["e_tag"]
    except FileNotFoundError:
        return None


def put(path: UPath, new: bytes, read: str | None) -> str | None:
    """Put the object if it is still the version that was read; its version now.

    Args:
        path: The object.
        new: What it shall hold.
        read: Its version as ``read`` said, None where there was no object.

    Raises:
        Changed: It is another version by now.
        LakeUnwritable: There is no such bucket.
        obstore.exceptions.BaseError: The store refused for another reason.
    """
    mode: PutMode = "create" if read is None else {"e_tag": read}
    try:
        return _put(path, new, mode)
    except (AlreadyExistsError, PreconditionError) as error:
        raise Changed from error


def overwrite(path: UPath, new: bytes) -> None:
    """Put the object, whatever stands there.

    Raises:
        LakeUnwritable: There is no such bucket.
        obstore.exceptions.BaseError: The store refused for another reason.
    """
    _put(path, new, "overwrite")


def _put(path: UPath, new: bytes, mode: "PutMode") -> str | None:
    store, key = _store(path)
    try:
        # In one request, whatever its size: a condition holds for a whole object.
        return store.put(key, new, mode=mode, use_multipart=False)["e_tag"]
    except FileNotFoundError as error:
        name, _, _ = path.path.partition("/")
        raise LakeUnwritable(
            f"The store has no bucket {name}, so {path} was not written. Make it, or set DAILY_PAPERS_HOME "
            "to one that is there, and run the same command again."
        ) from error


def objects(folder: UPath) -> dict[UPath, datetime]:
    """All objects below the folder and when each was put, by one listing."""
    store, key = _store(folder)
    found = (each for chunk in store.list(f"{key}/") for each in chunk)
    return {folder / each["path"].removeprefix(f"{key}/"): each["last_modified"] for each in found}


def remove(folder: UPath) -> None:
    """Remove the folder and all in it."""
    store, _ = _store(folder)
    store.delete([_store(path)[1] for path in objects(folder)])


def _store(path: UPath) -> tuple[S3Store, str]:
    """The bucket of an address and the object's key in it."""
    name, _, key = path.path.partition("/")
    return bucket(name), key


@contextlib.contextmanager
def faults_named(home: UPath) -> Iterator[None]:
    """Turn what the store's client raises in the block into a sentence.

    Raises:
        LakeUnwritable: The store was away or refused.
    """
    try:
        yield
    except BaseError as error:
        if not is_shared(home):
            raise
        # Its client's inner state follows the first line.
        reason = str(error).partition("\n")[0]
        raise LakeUnwritable(
            f"The lake {home} did not answer or refused ({reason}); what was written is kept, nothing is "
            "half written. Look at AWS_ENDPOINT_URL and the credentials, and run the same command again: it "
            "continues where this one stopped."
        ) from error
