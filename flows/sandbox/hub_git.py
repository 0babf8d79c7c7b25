"""Git's objects, as far as the Hub shows them: blobs, trees and commits in Git's own format and hashes.

Clients compare Git's hashes with their own, so they must be the real ones; and a repository that Git itself
can read can be judged by it. Objects never change, so what was read once is kept in memory. Called by
flows/sandbox/hub_store.py.
"""

import hashlib
import os
import re
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from flows.sandbox.hub_errors import HubError

_FILE, _FOLDER = b"100644", b"40000"
# Longer than any pointer and short enough to keep.
_LONGEST_POINTER = 1024
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize (\d{1,18})\n"
)
_COMMIT = re.compile(
    rb"tree (?P<tree>[0-9a-f]{40})\n(?:parent (?P<parent>[0-9a-f]{40})\n)?"
    rb"author (?P<author>[^<\n]*) <[^>\n]*> (?P<seconds>\d+) [^\n]*\ncommitter [^\n]*\n\n(?P<message>.*)",
    re.DOTALL,
)


class Node(NamedTuple):
    """One entry of a tree."""

    path: str
    oid: str
    is_folder: bool


class Blob(NamedTuple):
    """A file's content as Git holds it: the bytes themselves, or a pointer to a large file."""

    oid: str
    size: int
    """Of the content, not of the pointer."""
    sha256: str | None
    """Of the large file that this points to."""
    pointer_size: int


class Commit(NamedTuple):
    """One commit."""

    oid: str
    tree: str
    parent: str | None
    author: str
    made_at: datetime
    title: str
    description: str


def pointer_to(sha256: str, size: int) -> bytes:
    """The file that stands in a repository for a large one."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()


def moment(at: datetime) -> str:
    """A time (UTC) as the Hub writes it, which its client reads in no other form."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def put_file(path: Path, content: bytes) -> None:
    """Write the file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=path.parent, prefix=".tmp-")
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise


class Objects:
    """The objects of one repository, one file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._trees: dict[str, list[Node]] = {}
        self._blobs: dict[str, Blob] = {}

    def add(self, kind: str, content: bytes) -> str:
        """Store an object; its hash."""
        whole = f"{kind} {len(content)}\0".encode() + content
        oid = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
        path = self._path(oid)
        if not path.exists():
            put_file(path, zlib.compress(whole, 1))
        return oid

    def add_tree(self, files: Mapping[str, str]) -> str:
        """Store the tree of these files (blobs by path) and the trees within; its hash.

        Raises:
            HubError: A path is a file and a folder.
        """
        here: dict[str, str] = {}
        below: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for path, oid in files.items():
            name, _, rest = path.partition("/")
            if rest:
                below[name][rest] = oid
            else:
                here[name] = oid
        if both := here.keys() & below.keys():
            raise HubError(400, f"{sorted(both)[0]} cannot be a file and a folder")
        entries = [(name.encode(), _FILE, oid) for name, oid in here.items()]
        # Git sorts a folder as if its name ended in a slash.
        entries += [(name.encode() + b"/", _FOLDER, self.add_tree(inner)) for name, inner in below.items()]
        content = b"".join(
            mode + b" " + name.removesuffix(b"/") + b"\0" + bytes.fromhex(oid)
            for name, mode, oid in sorted(entries)
        )
        return self.add("tree", content)

    def add_commit(self, tree: str, parent: str | None, author: str, message: str, now: float) -> str:
        """Store a commit; its hash."""
        who = f"{author} <{author}@users.noreply.localhost> {int(now)} +0000"
        parents = f"parent {parent}\n" if parent else ""
        text = f"tree {tree}\n{parents}author {who}\ncommitter {who}\n\n{message}"
        return self.add("commit", text.encode("utf-8", "replace"))

    def content(self, oid: str) -> bytes:
        """The bytes of an object.

        Raises:
            KeyError: There is none.
        """
        return self._read(oid)[1]

    def commit(self, oid: str) -> Commit:
        """A commit.

        Raises:
            KeyError: There is none.
        """
        kind, content = self._read(oid)
        found = _COMMIT.fullmatch(content)
        if kind != "commit" or found is None:
            raise KeyError(oid)
        title, _, description = found["message"].decode().partition("\n\n")
        made_at = datetime.fromtimestamp(int(found["seconds"]), UTC)
        parent = found["parent"].decode() if found["parent"] else None
        return Commit(
            oid, found["tree"].decode(), parent, found["author"].decode(), made_at, title, description
        )

    def blob(self, oid: str) -> Blob:
        """What kind of file the blob is.

        Raises:
            KeyError: There is none.
        """
        if oid not in self._blobs:
            content = self.content(oid)
            found = _POINTER.fullmatch(content) if len(content) <= _LONGEST_POINTER else None
            self._blobs[oid] = (
                Blob(oid, int(found[2]), found[1].decode(), len(content))
                if found
                else Blob(oid, len(content), None, 0)
            )
        return self._blobs[oid]

    def tree(self, oid: str) -> list[Node]:
        """The entries of one tree, in Git's order, named within it."""
        if oid not in self._trees:
            self._trees[oid] = list(_entries(self.content(oid)))
        return self._trees[oid]

    def walk(self, oid: str, under: str = "", recursive: bool = True) -> Iterator[Node]:
        """The entries of a tree, each folder before what is in it; paths begin with ``under``."""
        for node in self.tree(oid):
            found = node._replace(path=f"{under}/{node.path}" if under else node.path)
            yield found
            if recursive and node.is_folder:
                yield from self.walk(node.oid, found.path)

    def find(self, tree: str, path: str) -> Node | None:
        """The entry at the path, if there is one; the tree itself for the empty path."""
        found = Node("", tree, is_folder=True)
        for name in path.split("/") if path else []:
            inside = self.tree(found.oid) if found.is_folder else []
            nodes = [node for node in inside if node.path == name]
            if not nodes:
                return None
            found = nodes[0]
        return found._replace(path=path)

    def files(self, tree: str) -> dict[str, str]:
        """The blobs of all files of a tree, by path."""
        return {node.path: node.oid for node in self.walk(tree) if not node.is_folder}

    def _read(self, oid: str) -> tuple[str, bytes]:
        try:
            whole = zlib.decompress(self._path(oid).read_bytes())
        except OSError:
            raise KeyError(oid) from None
        head, _, content = whole.partition(b"\0")
        return head.decode().partition(" ")[0], content

    def _path(self, oid: str) -> Path:
        return self._folder / oid[:2] / oid[2:]


def _entries(content: bytes) -> Iterator[Node]:
    at = 0
    while at < len(content):
        end = content.index(b"\0", at)
        mode, _, name = content[at:end].partition(b" ")
        yield Node(name.decode(), content[end + 1 : end + 21].hex(), mode == _FOLDER)
        at = end + 21
