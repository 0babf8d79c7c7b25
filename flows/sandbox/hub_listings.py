"""What a repository holds: trees, single paths and commits, in the shapes of the Hub's API.

Lists come in pages that link to the next. Called by flows/sandbox/hub.py.
"""

import itertools
from collections.abc import Iterable
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode

from flows.sandbox.hub_errors import no_entry
from flows.sandbox.hub_git import Commit, Node, moment
from flows.sandbox.hub_request import Asked
from flows.sandbox.hub_store import HubStore, Repo
from flows.sandbox.reply import Reply, json_reply

_PAGE, _PAGE_EXPANDED, _PAGE_OF_COMMITS = 1000, 100, 50

_Item = TypeVar("_Item")


class Listings:
    """``tree``, ``paths-info`` and ``commits``."""

    def __init__(self, store: HubStore) -> None:
        self._store = store

    def tree(self, asked: Asked) -> Reply:
        """The entries of a folder, with those below it if asked for."""
        repo = self._store.repo(asked.repo_id, asked.is_known)
        commit = repo.commit_of(asked.revision)
        folder = repo.objects.find(commit.tree, asked.path)
        if folder is None or not folder.is_folder:
            raise no_entry(asked.path, asked.revision)
        expands = asked.is_on("expand")
        nodes = repo.objects.walk(folder.oid, asked.path, asked.is_on("recursive"))
        page, link = _page(asked, nodes, _PAGE_EXPANDED if expands else _PAGE)
        return json_reply(_described(repo, commit, page, expands), 200, **link)

    def paths_info(self, asked: Asked) -> Reply:
        """The entries at the paths that a form or a JSON object names; those not there are left out."""
        repo = self._store.repo(asked.repo_id, asked.is_known)
        commit = repo.commit_of(asked.revision)
        if asked.request.headers.get("content-type", "").startswith("application/json"):
            form = asked.json()
            paths, expands = form.get("paths", []), form.get("expand", False)
        else:
            fields = parse_qs(asked.body.decode("utf-8", "replace"))
            paths, expands = fields.get("paths", []), fields.get("expand", [""])[0].lower() in ("1", "true")
        found = (repo.objects.find(commit.tree, str(path).strip("/")) for path in paths)
        return json_reply(_described(repo, commit, [node for node in found if node], bool(expands)))

    def commits(self, asked: Asked) -> Reply:
        """The revision's commits, newest first."""
        repo = self._store.repo(asked.repo_id, asked.is_known)
        commits = list(repo.history(repo.commit_of(asked.revision)))
        page, link = _page(asked, commits, _PAGE_OF_COMMITS)
        entries = [
            {
                "id": commit.oid,
                "title": commit.title,
                "message": commit.description,
                "authors": [{"user": commit.author, "avatar": ""}],
                "date": moment(commit.made_at),
            }
            for commit in page
        ]
        return json_reply(entries, 200, X_Total_Count=str(len(commits)), **link)


def _page(asked: Asked, items: Iterable[_Item], size: int) -> tuple[list[_Item], dict[str, str]]:
    """As many items as fit, from where the cursor points, and the link to the rest if there is one."""
    start = asked.number("cursor", 0)
    size = min(asked.number("limit", size), size) or size
    page = list(itertools.islice(items, start, start + size + 1))
    if len(page) <= size:
        return page, {}
    query = [pair for pair in asked.request.query_params.multi_items() if pair[0] != "cursor"]
    address = asked.request.scope["raw_path"].decode("ascii", "replace")
    following = urlencode([*query, ("cursor", str(start + size))])
    return page[:size], {"link": f'<{asked.origin}{address}?{following}>; rel="next"'}


def _described(repo: Repo, commit: Commit, nodes: list[Node], expands: bool) -> list[dict[str, Any]]:
    described = [_entry(repo, node) for node in nodes]
    if expands:
        last = _last_commits(repo, commit, [node.path for node in nodes])
        for entry in described:
            changed = last[entry["path"]]
            entry["lastCommit"] = {"id": changed.oid, "title": changed.title, "date": moment(changed.made_at)}
    return described


def _entry(repo: Repo, node: Node) -> dict[str, Any]:
    if node.is_folder:
        return {"type": "directory", "oid": node.oid, "size": 0, "path": node.path}
    blob = repo.objects.blob(node.oid)
    found: dict[str, Any] = {"type": "file", "oid": blob.oid, "size": blob.size}
    if blob.sha256 is not None:
        found["lfs"] = {"oid": blob.sha256, "size": blob.size, "pointerSize": blob.pointer_size}
    return {**found, "path": node.path}


def _last_commits(repo: Repo, commit: Commit, paths: list[str]) -> dict[str, Commit]:
    """For each path the commit that made it what it is."""
    found: dict[str, Commit] = {}
    for later, earlier in itertools.pairwise([*repo.history(commit), None]):
        assert later is not None
        for path in paths:
            if path not in found:
                before = repo.objects.find(earlier.tree, path) if earlier else None
                if before != repo.objects.find(later.tree, path):
                    found[path] = later
    return found
