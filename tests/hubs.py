"""The sandbox's Hub as tests see it: what was asked of it, what it holds, and somebody else who edits it."""

import warnings
from collections import Counter
from typing import Any

import httpx2
import pytest
from huggingface_hub import HfApi, constants

from flows.sandbox.faults import Fault
from flows.sandbox.hub_git import Commit
from flows.sandbox.hub_store import MAIN, HubStore, Repo
from flows.sandbox.server import Sandbox

TOKEN = "hf_sandbox"


class Hub:
    """One dataset repository on a sandbox's Hub; huggingface_hub may go online while the test runs."""

    def __init__(
        self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, repo_id: str = "sandbox/papers"
    ) -> None:
        self.repo_id = repo_id
        self.url = sandbox.url
        self.environment = {**sandbox.environment(), "HF_HUB_OFFLINE": "0"}
        """For a client in a process of its own."""
        self.store = HubStore(sandbox.hub)
        # Both are read from the environment when huggingface_hub is imported, which may have been long ago.
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        # huggingface_hub uploads large files by a way that its HTTP client would have it leave.
        warnings.filterwarnings("ignore", "Use 'content=", DeprecationWarning)

    @property
    def api(self) -> HfApi:
        """The real client with a good token."""
        return HfApi(endpoint=self.url, token=TOKEN)

    @property
    def repo(self) -> Repo:
        """The repository on disk, whatever the server is doing."""
        return self.store.repo(self.repo_id)

    def create(self) -> None:
        """Make the repository, unseen by the request log."""
        self.store.create(self.repo_id, is_private=False)

    def faults(self, *rules: dict[str, Any]) -> None:
        """Put these rules of the service "hub" in force and forget the request log."""
        parsed = [Fault.model_validate({"service": "hub", **rule}) for rule in rules]
        dumped = [rule.model_dump(mode="json", exclude_unset=True) for rule in parsed]
        httpx2.put(f"{self.url}/_sandbox/faults", json=dumped).raise_for_status()
        self.forget()

    def forget(self) -> None:
        """Forget the request log."""
        httpx2.delete(f"{self.url}/_sandbox/requests").raise_for_status()

    def requests(self) -> list[dict[str, Any]]:
        """The log's entries about the Hub since it was last forgotten."""
        entries: list[dict[str, Any]] = httpx2.get(f"{self.url}/_sandbox/requests").json()
        return [entry for entry in entries if entry["service"] == "hub"]

    def asked(self) -> Counter[str]:
        """Requests by operation."""
        return Counter(entry["key"] for entry in self.requests())

    def sent(self) -> int:
        """Bytes of all requests' bodies."""
        return sum(entry["received"] for entry in self.requests())

    def edit(self, changes: dict[str, bytes | None]) -> str:
        """Let somebody else commit these contents by path (None deletes one); the commit's hash."""
        return self.repo.edit(changes)

    def files(self, revision: str = MAIN) -> dict[str, bytes]:
        """Every file's bytes by path, the large ones as themselves."""
        repo = self.repo
        return {path: repo.content(blob) for path, blob in repo.files(revision).items()}

    def tags(self) -> dict[str, str]:
        """The hash of the commit that each tag names."""
        return self.repo.tags.all()

    def commits(self, revision: str = MAIN) -> list[Commit]:
        """The revision's commits, newest first."""
        return list(self.repo.history(self.repo.commit_of(revision)))
