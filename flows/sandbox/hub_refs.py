"""A repository's branches or its tags on disk: names for commits, in files as Git keeps them.

Called by flows/sandbox/hub_store.py and flows/sandbox/hub_repos.py.
"""

import re
from contextlib import suppress
from pathlib import Path

from flows.sandbox.hub_errors import HubError, no_revision
from flows.sandbox.hub_git import put_file

_NAME = re.compile(r"(?!.*(?:\.\.|//|/\.|\.lock$|/$))[A-Za-z0-9_][A-Za-z0-9._/-]{0,200}")


class Refs:
    """The references of one kind."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def all(self) -> dict[str, str]:
        """The hash of the commit that each names, sorted by name."""
        paths = [
            path for path in self._folder.rglob("*") if path.is_file() and not path.name.startswith(".tmp-")
        ]
        names = sorted(path.relative_to(self._folder).as_posix() for path in paths)
        return {name: (self._folder / name).read_text().strip() for name in names}

    def get(self, name: str) -> str | None:
        """The hash of the commit that this one names, if there is one."""
        if _NAME.fullmatch(name):
            with suppress(OSError):
                return (self._folder / name).read_text().strip()
        return None

    def set(self, name: str, oid: str) -> None:
        """Let it name this commit.

        Raises:
            HubError: It cannot be called so.
        """
        if not _NAME.fullmatch(name):
            raise HubError(400, f"Invalid reference name: {name}")
        put_file(self._folder / name, f"{oid}\n".encode())

    def delete(self, name: str) -> None:
        """Forget it.

        Raises:
            HubError: There is none.
        """
        if self.get(name) is None:
            raise no_revision(name)
        (self._folder / name).unlink()
