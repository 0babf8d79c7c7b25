"""A lake's folder on an object store, and the one promise that several writers build on.

A whole object is put only while it is still the version that the writer has read (``put``): tables are
merged, leases taken and the model's pace agreed upon by this and nothing else, so no lock server is needed.
Any S3-compatible store with conditional writes will do (``If-Match`` and ``If-None-Match`` of PUT).
Credentials and address are the environment's, as botocore reads them (``AWS_ACCESS_KEY_ID``,
``AWS_ENDPOINT_URL``, …). Called by flows/lake_files.py, flows/lease.py and flows/shared_pace.py.
"""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from upath import UPath

from flows.errors import LakeUnwritable, SettingsMissing

_LOST_A_RACE = ("PreconditionFailed", "ConditionalRequestConflict")


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
    # Without a cache of listings: other machines write here too.
    address = re.sub(r"(?<!:)/+", "/", str(home)).rstrip("/")
    return UPath(address, use_listings_cache=False)


def is_shared(home: UPath) -> bool:
    """True for a folder on an object store, which other machines may write too."""
    return not isinstance(home, Path)


def content(path: UPath) -> bytes | None:
    """The whole object in one request, None where there is none."""
    try:
        found: bytes = path.fs.cat_file(path.path)
    except FileNotFoundError:
        return None
    return found


def version(path: UPath) -> str | None:
    """What tells this version of the object from any other; None where there is none.

    Asked before the content is read: if somebody writes in between, ``put`` refuses, as it should.
    """
    try:
        return str(path.fs.info(path.path)["ETag"])
    except FileNotFoundError:
        return None


def put(path: UPath, new: bytes, read: str | None) -> str:
    """Put the object if it is still the version that was read; its version now.

    Args:
        path: The object.
        new: What it shall hold.
        read: What ``version`` said, None where there was no object.

    Raises:
        Changed: It is another version by now.
        OSError: The store refused for another reason.
    """
    condition = {"mode": "create"} if read is None else {"IfMatch": read}
    try:
        said = path.fs.pipe_file(path.path, new, **condition)
    except FileExistsError as error:
        raise Changed from error
    except FileNotFoundError as error:
        if read is None:
            # No such bucket.
            raise
        raise Changed from error
    except OSError as error:
        response = getattr(error.__cause__, "response", {})
        if response.get("Error", {}).get("Code") in _LOST_A_RACE:
            raise Changed from error
        raise
    return str(said["ETag"])


@contextlib.contextmanager
def faults_named(home: UPath) -> Iterator[None]:
    """Turn what the store's client raises in the block into a sentence.

    Raises:
        LakeUnwritable: The store was away or refused.
    """
    try:
        yield
    except Exception as error:
        # By name: importing botocore costs a second that a folder on a disk does not owe.
        modules = {type(each).__module__.partition(".")[0] for each in (error, error.__cause__)}
        if not is_shared(home) or not modules & {"botocore", "aiobotocore"}:
            raise
        raise LakeUnwritable(
            f"The lake {home} did not answer or refused ({error}); what was written is kept, nothing is half "
            "written. Look at AWS_ENDPOINT_URL and the credentials, and run the same command again: it "
            "continues where this one stopped."
        ) from error
