"""Repositories as a whole: who asks, what there is, making and deleting, tags.

Called by flows/sandbox/hub.py.
"""

import json
from typing import Any

from flows.sandbox.hub_card import CardInvalid, metadata_of, tags_of
from flows.sandbox.hub_errors import HubError
from flows.sandbox.hub_git import Blob, Commit, moment
from flows.sandbox.hub_refs import Refs
from flows.sandbox.hub_request import Asked
from flows.sandbox.hub_store import MAIN, USER, HubStore, Repo
from flows.sandbox.reply import Reply, json_reply

_CARD = "README.md"
_NO_CARD = "empty or missing yaml metadata in repo card"


class Repos:
    """``whoami-v2``, ``repos/…``, a dataset's description, its refs, and ``validate-yaml``."""

    def __init__(self, store: HubStore) -> None:
        self._store = store

    def whoami(self, asked: Asked) -> Reply:
        """The one user there is, member of whatever namespace has repositories."""
        token = {"displayName": USER, "role": "write", "createdAt": "2026-01-01T00:00:00.000Z"}
        orgs = [name for name in self._store.namespaces() if name != USER]
        return json_reply(
            {
                "type": "user",
                "id": "0" * 24,
                "name": USER,
                "fullname": "Sandbox",
                "isPro": False,
                "orgs": [
                    {"type": "org", "id": "0" * 24, "name": name, "roleInOrg": "write"} for name in orgs
                ],
                "auth": {"type": "access_token", "accessToken": token},
            }
        )

    def create(self, asked: Asked) -> Reply:
        """A new dataset; 409 and where it is for one that exists."""
        wanted = asked.json()
        repo_id = _named(wanted)
        address = {"url": f"{asked.origin}/datasets/{repo_id}", "name": repo_id}
        try:
            self._store.create(
                repo_id, wanted.get("visibility") == "private" or wanted.get("private") is True
            )
        except HubError as error:
            if error.status != 409:
                raise
            return json_reply({"error": error.message, **address}, 409, **error.headers)
        return json_reply({**address, "id": "0" * 24})

    def delete(self, asked: Asked) -> Reply:
        """The dataset and all it held are gone."""
        self._store.delete(_named(asked.json()))
        return json_reply({})

    def info(self, asked: Asked) -> Reply:
        """The dataset at a revision, with the files' sizes and hashes if asked for, or only some of it."""
        repo = self._store.repo(asked.repo_id, asked.is_known)
        commit = repo.commit_of(asked.revision or MAIN)
        described = _description(repo, commit, asked.is_on("blobs"))
        if wanted := asked.request.query_params.getlist("expand"):
            described = {key: described[key] for key in ("_id", "id", *wanted) if key in described}
        return json_reply(described)

    def refs(self, asked: Asked) -> Reply:
        """Branches and tags."""
        repo = self._store.repo(asked.repo_id, asked.is_known)

        def listed(refs: Refs, under: str) -> list[dict[str, str]]:
            return [
                {"name": name, "ref": f"refs/{under}/{name}", "targetCommit": oid}
                for name, oid in refs.all().items()
            ]

        found = {
            "branches": listed(repo.branches, "heads"),
            "tags": listed(repo.tags, "tags"),
            "converts": [],
        }
        return json_reply({**found, "pullRequests": []} if asked.is_on("include_prs") else found)

    def tag(self, asked: Asked) -> Reply:
        """A new tag on the revision; 409 for one that exists."""
        repo, name = self._store.repo(asked.repo_id), str(asked.json().get("tag"))
        commit = repo.commit_of(asked.revision)
        if repo.tags.get(name) is not None:
            raise HubError(409, "Reference already exists")
        repo.tags.set(name, commit.oid)
        return json_reply({})

    def untag(self, asked: Asked) -> Reply:
        """The tag is gone."""
        self._store.repo(asked.repo_id).tags.delete(asked.revision)
        return json_reply({})

    def validate_yaml(self, asked: Asked) -> Reply:
        """Whether the card's metadata can be read; 400 and why it cannot."""
        try:
            metadata = metadata_of(str(asked.json().get("content", "")))
        except CardInvalid as error:
            return json_reply({"errors": [{"message": str(error)}], "warnings": []}, 400)
        return json_reply({"errors": [], "warnings": [] if metadata else [{"message": _NO_CARD}]})


def _named(wanted: dict[str, Any]) -> str:
    """The repository that a body names.

    Raises:
        HubError: It is no dataset.
    """
    if wanted.get("type") != "dataset":
        raise HubError(400, f"The sandbox has datasets only, no {wanted.get('type', 'model')}")
    return f"{wanted.get('organization') or USER}/{wanted.get('name')}"


def _description(repo: Repo, commit: Commit, with_blobs: bool) -> dict[str, Any]:
    files = repo.files(commit.oid)
    card = repo.content(files[_CARD]).decode("utf-8", "replace") if _CARD in files else ""
    settings = repo.settings
    described: dict[str, Any] = {
        "_id": "0" * 24,
        "id": repo.repo_id,
        "author": repo.repo_id.partition("/")[0],
        "sha": commit.oid,
        "lastModified": moment(commit.made_at),
        "private": settings["private"],
        "gated": False,
        "disabled": False,
        "tags": tags_of(card),
        "downloads": 0,
        "likes": 0,
        "siblings": [_sibling(path, blob, with_blobs) for path, blob in files.items()],
        "createdAt": settings["created_at"],
        "usedStorage": repo.large.used,
    }
    try:
        metadata = metadata_of(card)
    except CardInvalid:
        metadata = {}
    # Dates of YAML are no JSON.
    return {**described, "cardData": json.loads(json.dumps(metadata, default=str))} if metadata else described


def _sibling(path: str, blob: Blob, with_blobs: bool) -> dict[str, Any]:
    if not with_blobs:
        return {"rfilename": path}
    found: dict[str, Any] = {"rfilename": path, "size": blob.size, "blobId": blob.oid}
    if blob.sha256 is not None:
        found["lfs"] = {"sha256": blob.sha256, "size": blob.size, "pointerSize": blob.pointer_size}
    return found
