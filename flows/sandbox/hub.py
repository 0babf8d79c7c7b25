"""The Hub stand-in: dataset repositories as huggingface_hub, datasets and plain HTTP clients use them.

Which address is which operation, who may do it, and what a fault adds; what the operations do is in the
modules beside this one. Called by flows/sandbox/app.py.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request

from flows.sandbox.faults import Call, Fault, HubOperation
from flows.sandbox.hub_commit import Commits
from flows.sandbox.hub_errors import BAD_TOKEN, NO_TOKEN, HubError
from flows.sandbox.hub_files import Downloads
from flows.sandbox.hub_lfs import LargeFiles
from flows.sandbox.hub_listings import Listings
from flows.sandbox.hub_repos import Repos
from flows.sandbox.hub_request import Asked
from flows.sandbox.hub_store import HubStore
from flows.sandbox.reply import Reply, json_reply

_API, _GIT = "/api/datasets/{namespace}/{name}", "/datasets/{namespace}/{name}"


class HubCall(NamedTuple):
    """One thing that can be done with repositories: a service of flows/sandbox/app.py."""

    name: HubOperation
    handler: Callable[[Asked], Reply]
    store: HubStore
    needs_token: bool

    def call(self, request: Request, body: bytes) -> Call:
        """The operation's name is what faults match."""
        return Call("hub", self.name)

    def refusal(self, request: Request) -> Reply | None:
        """401 for a token that is none, and without one where one is needed."""
        asked = Asked(request, b"")
        if asked.has_bad_token:
            return _error_reply(HubError(401, BAD_TOKEN))
        if self.needs_token and not asked.is_known:
            return _error_reply(HubError(401, NO_TOKEN))
        return None

    def reply(self, request: Request, body: bytes, fault: Fault | None) -> Reply:
        """The handler's reply, after whatever somebody else is to commit first."""
        asked = Asked(request, body)
        try:
            if fault is not None and fault.concurrent is not None:
                texts = fault.concurrent.items()
                changes = {path: None if text is None else text.encode() for path, text in texts}
                self.store.repo(asked.repo_id).edit(changes)
            return self.handler(asked)
        except HubError as error:
            return _error_reply(error)


def hub_operations(folder: Path) -> Iterator[tuple[str, str, HubCall]]:
    """Method, path and operation of everything that is offered here, on the repositories of the folder."""
    store = HubStore(folder)
    repos, listings, commits = Repos(store), Listings(store), Commits(store)
    large, files = LargeFiles(store), Downloads(store)

    def reads(name: HubOperation, handler: Callable[[Asked], Reply]) -> HubCall:
        return HubCall(name, handler, store, needs_token=False)

    def writes(name: HubOperation, handler: Callable[[Asked], Reply]) -> HubCall:
        return HubCall(name, handler, store, needs_token=True)

    yield "GET", "/api/whoami-v2", writes("whoami", repos.whoami)
    yield "POST", "/api/repos/create", writes("create", repos.create)
    yield "DELETE", "/api/repos/delete", writes("delete", repos.delete)
    yield "POST", "/api/validate-yaml", reads("validate_yaml", repos.validate_yaml)
    yield "GET", _API, reads("info", repos.info)
    yield "GET", _API + "/revision/{rest:path}", reads("info", repos.info)
    yield "GET", _API + "/tree/{rest:path}", reads("tree", listings.tree)
    yield "POST", _API + "/paths-info/{rest:path}", reads("paths_info", listings.paths_info)
    yield "GET", _API + "/commits/{rest:path}", reads("commits", listings.commits)
    yield "GET", _API + "/refs", reads("refs", repos.refs)
    yield "POST", _API + "/tag/{rest:path}", writes("tag", repos.tag)
    yield "DELETE", _API + "/tag/{rest:path}", writes("untag", repos.untag)
    yield "POST", _API + "/preupload/{rest:path}", writes("preupload", commits.preupload)
    yield "POST", _API + "/commit/{rest:path}", writes("commit", commits.commit)
    yield "POST", _GIT + ".git/info/lfs/objects/batch", writes("lfs_batch", large.batch)
    yield "PUT", _GIT + "/lfs-upload/{sha256}", reads("lfs_put", large.put)
    yield "POST", _GIT + ".git/info/lfs/objects/verify", writes("lfs_verify", large.verify)
    yield "GET", _GIT + "/resolve/{rest:path}", reads("resolve", files.resolve)
    yield "GET", "/api/resolve-cache/datasets/{rest:path}", reads("resolve_cache", files.cached)
    yield "GET", _GIT + "/cdn/{sha256}", reads("cdn", files.stored)


def _error_reply(error: HubError) -> Reply:
    return json_reply({"error": error.message}, error.status, **error.headers)
