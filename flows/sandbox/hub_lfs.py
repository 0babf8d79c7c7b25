"""Large files on their way up: Git LFS's batch, the upload itself and the check afterwards.

Where an upload goes is the Hub's to say: here a path of the sandbox, which takes the bytes without a token
as a storage service with signed addresses would. Called by flows/sandbox/hub.py.
"""

from typing import Any

from flows.sandbox.hub_errors import HubError
from flows.sandbox.hub_request import Asked
from flows.sandbox.hub_store import HubStore, Repo
from flows.sandbox.reply import Reply, json_reply

_LFS = "application/vnd.git-lfs+json"


class LargeFiles:
    """``objects/batch``, the address it gives out and ``verify``."""

    def __init__(self, store: HubStore) -> None:
        self._store = store

    def batch(self, asked: Asked) -> Reply:
        """For each object where to put it, or nothing for one that is there."""
        repo = self._store.repo(asked.repo_id)
        wanted = asked.json()
        try:
            objects = [(str(entry["oid"]), int(entry["size"])) for entry in wanted["objects"]]
        except (KeyError, TypeError, ValueError):
            raise HubError(422, "Expected objects with oid and size") from None
        if wanted.get("operation") != "upload":
            raise HubError(422, "The sandbox takes uploads only")
        answers = [_instruction(asked, repo, oid, size) for oid, size in objects]
        return json_reply({"transfer": "basic", "objects": answers}, content_type=_LFS)

    def put(self, asked: Asked) -> Reply:
        """Store the body."""
        self._store.repo(asked.repo_id).large.put(asked.revision, asked.body)
        return Reply(b"", headers={"etag": f'"{asked.revision}"'})

    def verify(self, asked: Asked) -> Reply:
        """Whether the object has arrived."""
        wanted = asked.json()
        if self._store.repo(asked.repo_id).large.size(str(wanted.get("oid"))) != wanted.get("size"):
            raise HubError(404, f"The object has not arrived: {wanted.get('oid')}")
        return json_reply({"message": "ok"})


def _instruction(asked: Asked, repo: Repo, oid: str, size: int) -> dict[str, Any]:
    found: dict[str, Any] = {"oid": oid, "size": size}
    if repo.large.size(oid) == size:
        return found
    at = f"{asked.origin}/datasets/{repo.repo_id}"
    return {
        **found,
        "authenticated": True,
        "actions": {
            "upload": {"href": f"{at}/lfs-upload/{oid}", "header": {}},
            "verify": {"href": f"{at}.git/info/lfs/objects/verify", "header": {}},
        },
    }
