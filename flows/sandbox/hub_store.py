"""The Hub's repositories on disk: a folder that Git itself can read, with the large files beside it.

Whatever is written is there whole or not at all, and a branch moves last, so a sandbox that is killed
leaves every repository at one commit or the next. Nothing that can change is kept in memory: a sandbox that
is started again over the folder goes on where the last one ended, and a test may write to it directly.
Called by flows/sandbox/hub.py and the modules of its operations.
"""

import hashlib
import json
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.sandbox.hub_attributes import DEFAULT_ATTRIBUTES, is_large
from flows.sandbox.hub_errors import OUTDATED, HubError, no_entry, no_repo, no_revision
from flows.sandbox.hub_git import Blob, Commit, Objects, moment, pointer_to, put_file
from flows.sandbox.hub_large import Large
from flows.sandbox.hub_refs import Refs

USER = "sandbox"
SOMEBODY = "somebody"
MAIN = "main"
_ATTRIBUTES = ".gitattributes"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,95}")
_OID = re.compile(r"[0-9a-f]{40}")


class Repo:
    """One dataset repository."""

    def __init__(self, repo_id: str, folder: Path) -> None:
        self.repo_id = repo_id
        self._folder = folder
        self.objects = Objects(folder / "objects")
        self.large = Large(folder / "lfs")
        self.branches = Refs(folder / "refs" / "heads")
        self.tags = Refs(folder / "refs" / "tags")

    @property
    def settings(self) -> dict[str, Any]:
        """``private`` and ``created_at``."""
        found: dict[str, Any] = json.loads((self._folder / "sandbox.json").read_bytes())
        return found

    def commit_of(self, revision: str) -> Commit:
        """The commit that a branch, tag, full reference or hash names.

        Raises:
            HubError: It names none.
        """
        name = revision.removeprefix("refs/heads/").removeprefix("refs/tags/")
        oid = self.branches.get(name) or self.tags.get(name) or name
        if not _OID.fullmatch(oid):
            raise no_revision(revision)
        try:
            return self.objects.commit(oid)
        except KeyError:
            raise no_revision(revision) from None

    def head(self, branch: str, parent: str | None = None) -> str:
        """The commit that the branch is at, which is to be ``parent`` (or a prefix of its hash).

        Raises:
            HubError: The branch is not there, or somewhere else.
        """
        head = self.branches.get(branch)
        if head is None:
            raise no_revision(branch)
        if parent is not None and not head.startswith(parent):
            raise HubError(412, OUTDATED)
        return head

    def history(self, commit: Commit) -> Iterator[Commit]:
        """The commit and those before it."""
        yield commit
        while commit.parent is not None:
            commit = self.objects.commit(commit.parent)
            yield commit

    def commit(
        self,
        branch: str,
        files: Mapping[str, str],
        message: str,
        parent: str | None = None,
        author: str = USER,
    ) -> str:
        """Put a commit that holds exactly these files (blobs by path) on the branch; its hash.

        Raises:
            HubError: As for ``head``, or the files make no tree.
        """
        head = self.head(branch, parent)
        oid = self.objects.add_commit(self.objects.add_tree(files), head, author, message, time.time())
        self.branches.set(branch, oid)
        return oid

    def files(self, revision: str) -> dict[str, Blob]:
        """The files of a revision by path.

        Raises:
            HubError: It is no revision.
        """
        tree = self.commit_of(revision).tree
        return {path: self.objects.blob(oid) for path, oid in self.objects.files(tree).items()}

    def content(self, blob: Blob) -> bytes:
        """The bytes of a file, large or not.

        Raises:
            HubError: They are not here.
        """
        content = self.objects.content(blob.oid) if blob.sha256 is None else self.large.content(blob.sha256)
        if content is None:
            raise HubError(403, "AccessDenied")
        return content

    def attributes(self, files: Mapping[str, str]) -> bytes:
        """The .gitattributes among the files (blobs by path); empty when there are none."""
        return self.objects.content(files[_ATTRIBUTES]) if _ATTRIBUTES in files else b""

    def edit(self, changes: Mapping[str, bytes | None]) -> str:
        """Put a commit of somebody else's on main, new contents by path (None deletes one); its hash.

        Raises:
            HubError: A path to delete is not there.
        """
        files = self.objects.files(self.commit_of(MAIN).tree)
        for path, content in changes.items():
            if content is not None:
                files[path] = self._stored(path, content, self.attributes(files))
            elif files.pop(path, None) is None:
                raise no_entry(path, MAIN)
        return self.commit(MAIN, files, "Update by somebody else", author=SOMEBODY)

    def _stored(self, path: str, content: bytes, attributes: bytes) -> str:
        if is_large(path, len(content), content[:512], attributes):
            sha256 = hashlib.sha256(content).hexdigest()
            self.large.put(sha256, content)
            content = pointer_to(sha256, len(content))
        return self.objects.add("blob", content)


class HubStore:
    """All repositories, each at ``<namespace>/<name>.git``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._repos: dict[str, Repo] = {}

    def namespaces(self) -> list[str]:
        """Who has repositories here."""
        return sorted({path.parent.name for path in self._folder.glob("*/*.git")})

    def repo(self, repo_id: str, is_known: bool = True) -> Repo:
        """The repository, for somebody with a token or without.

        Raises:
            HubError: It is not there, or private and not for everybody.
        """
        folder = self._path(repo_id)
        if folder is None or not folder.is_dir():
            raise no_repo(repo_id, is_known)
        repo = self._repos.setdefault(repo_id, Repo(repo_id, folder))
        if repo.settings["private"] and not is_known:
            raise no_repo(repo_id, is_known)
        return repo

    def create(self, repo_id: str, is_private: bool) -> Repo:
        """A new repository with the Hub's first commit.

        Raises:
            HubError: It is there already, or cannot be named so.
        """
        folder = self._path(repo_id)
        if folder is None:
            raise HubError(400, f"Invalid repository name: {repo_id}")
        if folder.exists():
            raise HubError(409, "You already created this dataset repo")
        folder.parent.mkdir(parents=True, exist_ok=True)
        unnamed = Path(tempfile.mkdtemp(dir=self._folder, prefix=".new-"))
        _fill(unnamed, repo_id, is_private)
        unnamed.rename(folder)
        return self.repo(repo_id)

    def delete(self, repo_id: str) -> None:
        """Forget the repository and all it held.

        Raises:
            HubError: It is not there.
        """
        self.repo(repo_id)
        unnamed = Path(tempfile.mkdtemp(dir=self._folder, prefix=".old-"))
        folder = self._path(repo_id)
        assert folder is not None
        folder.rename(unnamed / "repo")
        shutil.rmtree(unnamed)

    def _path(self, repo_id: str) -> Path | None:
        namespace, _, name = repo_id.partition("/")
        is_name = _NAME.fullmatch(namespace) and _NAME.fullmatch(name) and not name.endswith(".git")
        return self._folder / namespace / f"{name}.git" if is_name else None


def _fill(folder: Path, repo_id: str, is_private: bool) -> None:
    """Make the folder a repository of one commit."""
    repo = Repo(repo_id, folder)
    settings = {"private": is_private, "created_at": moment(datetime.now(UTC))}
    put_file(folder / "sandbox.json", json.dumps(settings).encode())
    put_file(folder / "HEAD", f"ref: refs/heads/{MAIN}\n".encode())
    put_file(folder / "config", b"[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
    tree = repo.objects.add_tree({_ATTRIBUTES: repo.objects.add("blob", DEFAULT_ATTRIBUTES)})
    first = repo.objects.add_commit(tree, None, USER, "initial commit", time.time())
    repo.branches.set(MAIN, first)
