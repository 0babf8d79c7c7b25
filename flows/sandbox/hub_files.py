"""Files on their way down: ``resolve`` and the two places that it sends clients to.

As on huggingface.co, ``resolve`` holds no bytes: a small file is behind a path of the Hub itself (307) and a
large one at a storage service (302), and both serve ranges. That service is the sandbox under another host
name, because clients read a file's commit and hash from the redirect only where it leaves the Hub. Called by
flows/sandbox/hub.py.
"""

import re
from urllib.parse import quote, urlencode

from flows.sandbox.hub_errors import HubError, no_entry
from flows.sandbox.hub_git import Blob, Commit
from flows.sandbox.hub_request import Asked
from flows.sandbox.hub_store import HubStore, Repo
from flows.sandbox.reply import Reply

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
_TEXT, _BYTES = "text/plain; charset=utf-8", "application/octet-stream"


class Downloads:
    """``resolve``, the cache of small files and the storage of large ones."""

    def __init__(self, store: HubStore) -> None:
        self._store = store

    def resolve(self, asked: Asked) -> Reply:
        """Where the file is, and which one it is."""
        repo, commit, blob = self._found(asked)
        headers = {
            "x-repo-commit": commit.oid,
            "x-linked-etag": f'"{blob.sha256 or blob.oid}"',
            "accept-ranges": "bytes",
            "vary": "Origin, Accept",
        }
        if blob.sha256 is None:
            path = f"{repo.repo_id}/{commit.oid}/{quote(asked.path)}"
            query = urlencode({"etag": f'"{blob.oid}"'})
            location, status = f"/api/resolve-cache/datasets/{path}?{query}", 307
        else:
            name = quote(asked.path.rpartition("/")[2])
            location = f"{asked.other_origin}/datasets/{repo.repo_id}/cdn/{blob.sha256}?filename={name}"
            headers |= {"x-linked-size": str(blob.size), "cache-control": "no-store"}
            status = 302
        text = f"Redirecting to {location}".encode()
        return Reply(text, _TEXT, status, {**headers, "location": location})

    def cached(self, asked: Asked) -> Reply:
        """A small file."""
        repo, commit, blob = self._found(asked)
        return _ranged(asked, repo.objects.content(blob.oid), blob.oid, _TEXT, {"x-repo-commit": commit.oid})

    def stored(self, asked: Asked) -> Reply:
        """A large file, for whoever knows its address."""
        content = self._store.repo(asked.repo_id).large.content(asked.revision)
        if content is None:
            raise HubError(403, "AccessDenied")
        return _ranged(asked, content, asked.revision, _BYTES, {})

    def _found(self, asked: Asked) -> tuple[Repo, Commit, Blob]:
        repo = self._store.repo(asked.repo_id, asked.is_known)
        commit = repo.commit_of(asked.revision)
        node = repo.objects.find(commit.tree, asked.path)
        if node is None or node.is_folder:
            raise no_entry(asked.path, asked.revision)
        return repo, commit, repo.objects.blob(node.oid)


def _ranged(asked: Asked, content: bytes, etag: str, content_type: str, headers: dict[str, str]) -> Reply:
    """The content, or the part of it that the request asks for."""
    headers = {**headers, "etag": f'"{etag}"', "accept-ranges": "bytes"}
    found = _RANGE.fullmatch(asked.request.headers.get("range", "").replace(" ", ""))
    # Several ranges at once, or none that can be read: the whole file, as HTTP allows.
    if found is None or not (found[1] or found[2]):
        return Reply(content, content_type, 200, headers)
    size = len(content)
    start = int(found[1]) if found[1] else max(0, size - int(found[2]))
    end = min(size, int(found[2]) + 1) if found[1] and found[2] else size
    if start >= end:
        return Reply(b"", content_type, 416, {**headers, "content-range": f"bytes */{size}"})
    headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    return Reply(content[start:end], content_type, 206, headers)
