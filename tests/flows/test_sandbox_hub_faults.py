"""The Hub stand-in when things go wrong: refused, lost, late, overtaken; real clients, scripted faults."""

import json
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest
from huggingface_hub import CommitOperationAdd, HfApi, close_session, set_client_factory
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.utils._http import default_client_factory

from flows.sandbox.hub_store import HubStore
from flows.sandbox.server import Sandbox
from hubs import Hub
from line import COMMAND

PARQUET = bytes(range(256)) * 40
_NUMBERS = count()


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    """One sandbox for all tests here, each with a repository of its own."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def hub(server: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A Hub with one dataset and two pages in it, no fault in force."""
    hub = Hub(server, monkeypatch, f"sandbox/papers-{next(_NUMBERS)}")
    hub.faults()
    hub.create()
    hub.edit({"page.md": b"first", "other.md": b"other"})
    return hub


def push(hub: Hub, parent: str | None = None) -> None:
    """Commit a page and a large file through the real client."""
    hub.api.create_commit(
        hub.repo_id,
        [CommitOperationAdd("page.md", b"second"), CommitOperationAdd("a.parquet", PARQUET)],
        commit_message="Ours",
        repo_type="dataset",
        parent_commit=parent,
    )


def titles(hub: Hub) -> list[str]:
    return [commit.title for commit in hub.commits()]


def is_pushed(hub: Hub) -> bool:
    return titles(hub)[0] == "Ours" and hub.files()["a.parquet"] == PARQUET


@contextmanager
def impatient(seconds: float) -> Iterator[None]:
    """huggingface_hub with a read timeout, which it has none of by itself."""

    def client() -> httpx2.Client:
        made = default_client_factory()
        made.timeout = httpx2.Timeout(seconds)
        return made

    set_client_factory(client)
    try:
        yield
    finally:
        set_client_factory(default_client_factory)
        close_session()


@pytest.mark.parametrize("status", [401, 403, 404, 413, 429, 500, 503])
@pytest.mark.parametrize("operation", ["info", "commit"])
def test_a_scripted_status_reaches_the_client_and_nothing_is_done(
    hub: Hub, operation: str, status: int
) -> None:
    hub.faults({"match": {"operation": operation}, "status": status})
    with pytest.raises(HfHubHTTPError) as error:
        hub.api.dataset_info(hub.repo_id) if operation == "info" else push(hub)
    assert error.value.response.status_code == status
    assert hub.asked()[operation] == 1
    assert hub.commits()[0].title != "Ours"


def test_a_status_says_what_the_hub_says_or_what_the_rule_says(hub: Hub) -> None:
    hub.faults(
        {"match": {"operation": "info"}, "calls": [1], "status": 404},
        {"match": {"operation": "info"}, "calls": [2], "status": 403, "message": "No writing on Sundays"},
        {"match": {"operation": "info"}, "calls": [3], "status": 502, "body": "<h1>Bad Gateway</h1>"},
    )
    with pytest.raises(RepositoryNotFoundError):
        hub.api.dataset_info(hub.repo_id)
    with pytest.raises(HfHubHTTPError, match="No writing on Sundays"):
        hub.api.dataset_info(hub.repo_id)
    with pytest.raises(HfHubHTTPError, match="502"):
        hub.api.dataset_info(hub.repo_id)
    assert hub.api.dataset_info(hub.repo_id).id == hub.repo_id


def test_a_full_quota_stops_the_upload_before_the_commit(hub: Hub) -> None:
    words = "Private repository storage limit reached, please upgrade your plan"
    hub.faults({"match": {"operation": "lfs_batch"}, "status": 403, "message": words})
    with pytest.raises(HfHubHTTPError, match=words):
        push(hub)
    assert hub.asked()["commit"] == hub.asked()["lfs_put"] == 0


def test_an_upload_that_failed_once_is_tried_again_by_the_client(hub: Hub) -> None:
    hub.faults({"match": {"operation": "lfs_put"}, "first": 1, "status": 503})
    push(hub)
    assert hub.asked()["lfs_put"] == 2
    assert is_pushed(hub)


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ({"status": 503, "applied": True}, HfHubHTTPError),
        ({"lost": True}, httpx2.RemoteProtocolError),
        ({"drop": True}, httpx2.RemoteProtocolError),
    ],
    ids=["a gateway's error", "no answer", "half an answer"],
)
def test_a_commit_whose_answer_is_lost_is_made_and_making_it_again_adds_none(
    hub: Hub, rule: dict[str, Any], error: type[Exception]
) -> None:
    hub.faults({"match": {"operation": "commit"}, "first": 1, **rule})
    with pytest.raises(error):
        push(hub)
    assert is_pushed(hub)
    push(hub)
    assert titles(hub).count("Ours") == 1
    assert hub.asked()["commit"] == 1


def test_a_commit_that_is_cut_off_is_not_made(hub: Hub) -> None:
    hub.faults({"match": {"operation": "commit"}, "first": 1, "cut": True})
    with pytest.raises(httpx2.RemoteProtocolError):
        push(hub)
    assert not titles(hub).count("Ours")
    assert hub.requests()[-1]["status"] == 0
    push(hub)
    assert is_pushed(hub)


def test_an_answer_that_comes_too_late_belongs_to_a_commit_that_is_made(hub: Hub) -> None:
    hub.faults({"match": {"operation": "commit"}, "first": 1, "delay": 3})
    with impatient(0.3), pytest.raises(httpx2.ReadTimeout):
        push(hub)
    assert is_pushed(hub)


@pytest.mark.parametrize("operation", ["preupload", "commit"])
def test_somebody_who_commits_in_between_makes_the_parent_outdated(hub: Hub, operation: str) -> None:
    parent = hub.commits()[0].oid
    theirs = {"page.md": "by hand", "other.md": None, "new.md": "new"}
    hub.faults({"match": {"operation": operation}, "first": 1, "concurrent": theirs})
    with pytest.raises(HfHubHTTPError) as error:
        push(hub, parent)
    assert error.value.response.status_code == 412
    assert hub.commits()[0].author == "somebody"
    assert {path: hub.files().get(path) for path in theirs} == {
        "page.md": b"by hand", "other.md": None, "new.md": b"new",
    }  # fmt: skip
    push(hub, hub.commits()[0].oid)
    assert hub.files()["new.md"] == b"new"
    assert is_pushed(hub)


def test_a_download_that_breaks_off_is_begun_again_by_the_client(hub: Hub) -> None:
    push(hub)
    hub.faults({"match": {"operation": "cdn"}, "first": 1, "drop": True})
    path = hub.api.hf_hub_download(hub.repo_id, "a.parquet", repo_type="dataset", force_download=True)
    assert Path(path).read_bytes() == PARQUET
    assert hub.asked()["cdn"] == 2


def test_a_token_that_expires_in_between_leaves_the_head(hub: Hub) -> None:
    before = hub.commits()[0].oid
    hub.faults({"match": {"operation": "lfs_verify"}, "status": 401})
    with pytest.raises(RuntimeError, match=r"Error while uploading 'a\.parquet'"):
        push(hub)
    assert hub.commits()[0].oid == before


def test_the_log_says_who_came_with_a_token_and_how_much_they_sent(hub: Hub) -> None:
    push(hub)
    HfApi(endpoint=hub.url, token=False).dataset_info(hub.repo_id)
    [upload] = [entry for entry in hub.requests() if entry["key"] == "lfs_put"]
    assert (upload["method"], upload["received"], upload["authorized"]) == ("PUT", len(PARQUET), False)
    assert [entry["authorized"] for entry in hub.requests() if entry["key"] in ("commit", "info")] == [
        True,
        False,
    ]


def committed_until_cut_off(endpoint: str, repo_id: str) -> None:
    """Commit a number to two pages, again and again, as huggingface_hub would but with no second tries."""
    with httpx2.Client(base_url=endpoint, headers={"authorization": "Bearer hf_sandbox"}) as client:
        for number in count():
            content = b64encode(b"%d" % number).decode()
            lines = [{"key": "header", "value": {"summary": str(number)}}]
            for path in ("one.md", "two/two.md"):
                page = {"path": path, "content": content, "encoding": "base64"}
                lines.append({"key": "file", "value": page})
            body = "\n".join(json.dumps(line) for line in lines)
            client.post(f"/api/datasets/{repo_id}/commit/main", content=body).raise_for_status()


def test_a_sandbox_that_is_killed_leaves_whole_commits(hub: Hub, tmp_path: Path) -> None:
    command = [*COMMAND, "sandbox", "--hub", str(tmp_path)]
    HubStore(tmp_path).create(hub.repo_id, is_private=False)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            endpoint = process.stdout.readline().strip().removeprefix("HF_ENDPOINT=")
            threading.Timer(0.3, process.kill).start()
            with pytest.raises(httpx2.TransportError):
                committed_until_cut_off(endpoint, hub.repo_id)
        finally:
            process.kill()
    repo = HubStore(tmp_path).repo(hub.repo_id)
    history = list(repo.history(repo.commit_of("main")))
    for commit in history[:-1]:
        files = repo.files(commit.oid)
        assert {repo.content(files[name]).decode() for name in ("one.md", "two/two.md")} == {commit.title}
    assert len(history) > 1


@pytest.mark.parametrize(
    "rule",
    [
        {"match": {"operation": "push"}, "status": 500},
        {"match": {"date": "2026-10-01"}, "status": 500},
        {"match": {"operation": "upload"}, "status": 500},
        {"answer": "html"},
        {"message": "words without a status"},
        {"status": 403, "message": "words", "body": "and others"},
        {"lost": True, "applied": True},
        {"concurrent": {"a.md": "a"}},
        {"match": {"operation": "create"}, "concurrent": {"a.md": "a"}},
        {"service": "arxiv", "cut": True},
        {"service": "arxiv", "status": 500, "applied": True},
    ],
)
def test_a_rule_that_means_nothing_is_refused(hub: Hub, rule: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        hub.faults(rule)
