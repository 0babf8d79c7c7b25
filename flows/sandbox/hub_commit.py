"""Uploads to the Hub: what is asked before a commit, and the commit itself.

A commit is one request with all its files or none. Large files are stored before (flows/sandbox/hub_lfs.py)
and only named here. Called by flows/sandbox/hub.py.
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from flows.sandbox.hub_attributes import is_large
from flows.sandbox.hub_errors import HubError, no_entry
from flows.sandbox.hub_git import pointer_to
from flows.sandbox.hub_request import Asked, json_object
from flows.sandbox.hub_store import MAIN, HubStore, Repo
from flows.sandbox.reply import Reply, json_reply

Files = dict[str, str]
"""Blobs by path."""


class Commits:
    """``preupload`` and ``commit``."""

    def __init__(self, store: HubStore) -> None:
        self._store = store

    def preupload(self, asked: Asked) -> Reply:
        """For each file whether it is large, and the hash of the one that is there now."""
        repo = self._store.repo(asked.repo_id)
        files = repo.objects.files(repo.commit_of(asked.revision).tree)
        rules = repo.attributes(files)
        listed = asked.json().get("files")
        try:
            answers = [_answer(repo, files, rules, entry) for entry in listed or ()]
        except (KeyError, TypeError, ValueError):
            raise HubError(400, "Expected files with path, sample and size") from None
        return json_reply({"files": answers})

    def commit(self, asked: Asked) -> Reply:
        """Apply all lines of the body to the branch, in order."""
        if asked.request.query_params.get("create_pr"):
            raise HubError(400, "The sandbox has no pull requests")
        repo = self._store.repo(asked.repo_id)
        lines = _lines(asked.body)
        header = lines[0][1] if lines and lines[0][0] == "header" else {}
        if not header.get("summary"):
            raise HubError(400, "Expected a header with a summary first")
        # Before anything else: to whoever is behind, paths may be missing that only seem to be there.
        head = repo.head(asked.revision, header.get("parentCommit"))
        files = repo.objects.files(repo.objects.commit(head).tree)
        for key, value in lines[1:]:
            if key not in _CHANGES:
                raise HubError(400, f"Unknown operation: {key}")
            _CHANGES[key](repo, files, value)
        message = "\n\n".join(filter(None, (header["summary"], header.get("description"))))
        oid = repo.commit(asked.revision, files, message)
        url = f"{asked.origin}/datasets/{repo.repo_id}/commit/{oid}"
        return json_reply({"success": True, "commitOid": oid, "commitUrl": url, "hookOutput": ""})


def _answer(repo: Repo, files: Files, rules: bytes, entry: dict[str, Any]) -> dict[str, Any]:
    path, sample = _checked(entry["path"]), base64.b64decode(entry["sample"])
    mode = "lfs" if is_large(path, int(entry["size"]), sample, rules) else "regular"
    found = {"path": path, "uploadMode": mode, "shouldIgnore": False}
    if path in files:
        blob = repo.objects.blob(files[path])
        found["oid"] = blob.sha256 or blob.oid
    return found


def _lines(body: bytes) -> list[tuple[str, dict[str, Any]]]:
    """Key and value of each line."""
    found = []
    for line in body.splitlines():
        if line.strip():
            entry = json_object(line)
            key, value = entry.get("key"), entry.get("value")
            if not isinstance(key, str) or not isinstance(value, dict):
                raise HubError(400, "Expected key and value in each line")
            found.append((key, value))
    return found


def _add(repo: Repo, files: Files, value: dict[str, Any]) -> None:
    content = value.get("content")
    if not isinstance(content, str):
        raise HubError(400, f"No content: {value.get('path')}")
    if value.get("encoding", "utf-8") == "base64":
        try:
            raw = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError):
            raise HubError(400, f"No base64: {value.get('path')}") from None
    else:
        raw = content.encode()
    files[_checked(value.get("path"))] = repo.objects.add("blob", raw)


def _add_large(repo: Repo, files: Files, value: dict[str, Any]) -> None:
    oid, size = str(value.get("oid")), repo.large.size(str(value.get("oid")))
    if size is None or value.get("size", size) != size:
        raise HubError(400, f"LFS pointer pointed to a file that does not exist: {value.get('path')} ({oid})")
    files[_checked(value.get("path"))] = repo.objects.add("blob", pointer_to(oid, size))


def _delete(repo: Repo, files: Files, value: dict[str, Any]) -> None:
    path = _checked(value.get("path"))
    if path not in files:
        raise no_entry(path, MAIN)
    del files[path]


def _delete_folder(repo: Repo, files: Files, value: dict[str, Any]) -> None:
    folder = _checked(str(value.get("path")).rstrip("/"))
    inside = [path for path in files if path.startswith(f"{folder}/")]
    if not inside:
        raise no_entry(folder, MAIN)
    for path in inside:
        del files[path]


_CHANGES: dict[str, Callable[[Repo, Files, dict[str, Any]], None]] = {
    "file": _add,
    "lfsFile": _add_large,
    "deletedFile": _delete,
    "deletedFolder": _delete_folder,
}


def _checked(path: Any) -> str:
    """The path, which names a file inside a repository.

    Raises:
        HubError: It does not.
    """
    names = path.split("/") if isinstance(path, str) else [""]
    if any(name in ("", ".", "..", ".git") or "\0" in name or "\n" in name for name in names):
        raise HubError(400, f"Invalid path: {path}")
    return str(path)
