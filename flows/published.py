"""The lake's memory of what was put on the Hub, so that somebody else's edit there is told from ours.

Written before a commit and after it: a run that is killed, or whose commit is applied while the answer gets
lost, finds on the Hub either what stood there before or what it was about to put. With it, a day's publish
need not list a repository of thousands of files: where its head is ours, its files are known. Called by
flows/push.py.
"""

import re
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError
from upath import UPath

from flows.errors import ContractBroken
from flows.storage import Lake
from transforms.publication import GONE


class Published(BaseModel):
    """What we know of one repository on one Hub."""

    commit: str | None = None
    """Its head after our last commit."""
    files: dict[str, list[str]] = {}
    """Hashes of each file as we last put it there."""
    pending: dict[str, list[str]] = {}
    """Hashes of each file of the commit under way; [] deletes one."""
    kept: dict[str, list[str]] = {}
    """Files left as somebody edited them: their hashes, or GONE."""
    tags: list[str] = []
    """Months that are tagged."""

    @classmethod
    def load(cls, lake: Lake, endpoint: str, repo: str) -> Self:
        """What the lake remembers of this repository; nothing yet is an empty memory.

        Raises:
            ContractBroken: The file cannot be read.
        """
        path = _path(lake, endpoint, repo)
        try:
            return cls.model_validate_json(path.read_bytes()) if path.exists() else cls()
        except (OSError, ValidationError) as error:
            raise ContractBroken(
                f"{lake.name(path)} cannot be read ({error}); it was left as it is and nothing was "
                "published. Remove it: the next publish compares the whole repository instead."
            ) from error

    def save(self, lake: Lake, endpoint: str, repo: str) -> None:
        """Keep it in the lake."""
        lake.write_bytes(_path(lake, endpoint, repo), self.model_dump_json().encode())

    @property
    def known(self) -> dict[str, set[str]]:
        """What may stand there by our doing, for each file: hashes, or GONE."""
        return {
            path: {
                *(self.files.get(path) or [GONE]),
                *((self.pending[path] or [GONE]) if path in self.pending else []),
            }
            for path in {*self.files, *self.pending}
        }


def _path(lake: Lake, endpoint: str, repo: str) -> UPath:
    host = re.sub(r"[^A-Za-z0-9.-]", "_", urlsplit(endpoint).hostname or "hub")
    return lake.home / "published" / host / f"{repo.replace('/', '--')}.json"
