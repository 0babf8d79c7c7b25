"""The Hub stand-in as huggingface_hub sees it: repositories, commits, listings, references, the card."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, DatasetCard, HfApi, constants
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError
from huggingface_hub.hf_api import RepoFile
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.sandbox.hub_attributes import DEFAULT_ATTRIBUTES, is_large
from flows.sandbox.hub_store import HubStore, Repo
from flows.sandbox.server import Sandbox
from hubs import Hub
from line import StartSandbox

CARD = b"---\nlanguage: ko\ntags:\n- papers\n---\n# Papers\nhttps://arxiv.org/abs/2406.00001\n"
LARGE = os.urandom(70_000)

_NUMBERS = count()


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    """One sandbox for all tests here, each with a repository of its own."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def hub(server: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A Hub with one empty dataset."""
    hub = Hub(server, monkeypatch, f"sandbox/papers-{next(_NUMBERS)}")
    hub.create()
    hub.forget()
    return hub


def commit(
    hub: Hub, files: Mapping[str, bytes | None], parent: str | None = None, branch: str = "main"
) -> str:
    """Commit through the real client; the hash it was told."""
    operations = [
        CommitOperationDelete(path) if content is None else CommitOperationAdd(path, content)
        for path, content in files.items()
    ]
    done = hub.api.create_commit(
        hub.repo_id, operations, commit_message="A day", commit_description="Run 1", repo_type="dataset",
        parent_commit=parent,
    )  # fmt: skip
    return str(done.oid)


def head(hub: Hub) -> str:
    return hub.commits()[0].oid


def git(repo: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "--git-dir", repo, "-c", "core.quotePath=off", *arguments], capture_output=True, check=True
    )
    return done.stdout.decode()


# Repositories ------------------------------------------------------------------------------------


def test_a_dataset_is_made_once_and_found_where_the_answer_says(hub: Hub) -> None:
    made = hub.api.create_repo("team/papers", repo_type="dataset", private=True)
    again = hub.api.create_repo("team/papers", repo_type="dataset", exist_ok=True)
    assert made.repo_id == again.repo_id == "team/papers"
    assert hub.api.dataset_info("team/papers").private
    assert hub.api.whoami()["orgs"][0]["name"] == "team"
    with pytest.raises(HfHubHTTPError) as error:
        hub.api.create_repo("team/papers", repo_type="dataset")
    assert error.value.response.status_code == 409


def test_a_new_dataset_holds_the_hubs_attributes_and_nothing_else(hub: Hub) -> None:
    assert hub.files() == {".gitattributes": DEFAULT_ATTRIBUTES}
    assert [commit.title for commit in hub.commits()] == ["initial commit"]


def test_a_deleted_dataset_is_gone_and_can_be_made_again(hub: Hub) -> None:
    commit(hub, {"a.md": b"a"})
    hub.api.delete_repo(hub.repo_id, repo_type="dataset")
    assert not hub.api.repo_exists(hub.repo_id, repo_type="dataset")
    hub.api.create_repo(hub.repo_id, repo_type="dataset")
    assert list(hub.files()) == [".gitattributes"]


@pytest.mark.parametrize("name", ["../x", "a/b/c", "a/..", "a/x.git", ".a/b", "a/", "/b", "a/b\n", "a%2Fb"])
def test_a_name_that_is_none_makes_no_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(Exception, match="Invalid repository name"):
        HubStore(tmp_path / "hub").create(name, is_private=False)
    assert not (tmp_path / "hub").exists()


def test_without_a_token_nothing_is_written_and_a_private_dataset_is_not_there(hub: Hub) -> None:
    secret = f"{hub.repo_id}-secret"
    hub.store.create(secret, is_private=True)
    nobody = HfApi(endpoint=hub.url, token=False)
    assert nobody.dataset_info(hub.repo_id).id == hub.repo_id
    with pytest.raises(RepositoryNotFoundError):
        nobody.dataset_info(secret)
    with pytest.raises(HfHubHTTPError) as error:
        nobody.create_tag(hub.repo_id, tag="2026-10", repo_type="dataset")
    assert error.value.response.status_code == 401
    assert hub.tags() == {}


def test_a_token_that_is_none_is_refused_even_where_none_is_needed(hub: Hub) -> None:
    with pytest.raises(HfHubHTTPError, match="Invalid credentials in Authorization header") as error:
        HfApi(endpoint=hub.url, token="expired").dataset_info(hub.repo_id)
    assert error.value.response.status_code == 401


def test_what_is_not_there_is_named_by_the_clients_own_errors(hub: Hub) -> None:
    with pytest.raises(RepositoryNotFoundError):
        hub.api.dataset_info("sandbox/none")
    with pytest.raises(RevisionNotFoundError):
        hub.api.dataset_info(hub.repo_id, revision="2026-10")
    assert not hub.api.file_exists(hub.repo_id, "none.md", repo_type="dataset")


# Commits -----------------------------------------------------------------------------------------


def test_a_commit_holds_its_small_and_large_files_and_its_words(hub: Hub) -> None:
    files = {"README.md": CARD, "data/2026-10.parquet": LARGE, "logs/한글 #1?&%.md": b""}
    oid = commit(hub, files)
    assert hub.files() == {".gitattributes": DEFAULT_ATTRIBUTES, **files}
    newest, first = hub.api.list_repo_commits(hub.repo_id, repo_type="dataset")
    assert (newest.commit_id, newest.title, newest.message) == (oid, "A day", "Run 1")
    assert first.title == "initial commit"
    assert hub.asked()["lfs_put"] == hub.asked()["commit"] == 1


def test_a_large_file_that_is_there_already_is_not_sent_again(hub: Hub) -> None:
    commit(hub, {"a.parquet": LARGE})
    hub.forget()
    commit(hub, {"b.parquet": LARGE})
    assert hub.asked()["lfs_put"] == 0
    assert hub.sent() < len(LARGE) / 10


def test_what_is_the_same_makes_no_commit(hub: Hub) -> None:
    oid = commit(hub, {"README.md": CARD, "a.parquet": LARGE})
    hub.forget()
    assert commit(hub, {"README.md": CARD, "a.parquet": LARGE}) == oid
    assert hub.asked()["commit"] == 0


def test_files_and_folders_are_deleted_in_the_commit_that_adds_others(hub: Hub) -> None:
    hub.edit({"old.md": b"old", "logs/1.md": b"1", "logs/2.md": b"2"})
    operations = [CommitOperationDelete("old.md"), CommitOperationDelete("logs/")]
    hub.api.create_commit(
        hub.repo_id, [*operations, CommitOperationAdd("new.md", b"new")],
        commit_message="Swap", repo_type="dataset",
    )  # fmt: skip
    assert set(hub.files()) == {".gitattributes", "new.md"}


def test_a_commit_that_deletes_what_is_not_there_changes_nothing(hub: Hub) -> None:
    before = head(hub)
    with pytest.raises(HfHubHTTPError) as error:
        commit(hub, {"new.md": b"new", "none.md": None})
    assert (error.value.response.status_code, head(hub)) == (404, before)


def test_a_commit_on_a_parent_that_is_no_longer_the_head_is_refused(hub: Hub) -> None:
    before = head(hub)
    edited = hub.edit({"README.md": b"by hand"})
    with pytest.raises(HfHubHTTPError, match="A commit has happened since") as error:
        commit(hub, {"README.md": CARD}, parent=before)
    assert (error.value.response.status_code, head(hub)) == (412, edited)
    assert commit(hub, {"README.md": CARD}, parent=edited[:7]) == head(hub)


def test_a_commit_without_a_parent_keeps_what_somebody_else_did(hub: Hub) -> None:
    hub.edit({"theirs.md": b"theirs"})
    commit(hub, {"ours.md": b"ours"})
    assert {"theirs.md", "ours.md"} < set(hub.files())


def test_a_file_that_would_be_a_folder_too_is_refused(hub: Hub) -> None:
    hub.edit({"a": b"file"})
    with pytest.raises(HfHubHTTPError, match="a cannot be a file and a folder"):
        commit(hub, {"a/b": b"inside"})


def test_large_is_what_the_attributes_name_and_what_is_no_text() -> None:
    def large(path: str, size: int = 10, sample: bytes = b"text") -> bool:
        return is_large(path, size, sample, DEFAULT_ATTRIBUTES)

    assert large("data/2026-10.parquet")
    assert large("images/votes.png")
    assert large("saved_model/a/b.md")
    assert large("notes.md", size=10_000_001)
    assert large("notes.md", sample=b"\0")
    assert not large("README.md")
    assert not large("parquet/notes.md")
    assert not is_large("a.parquet", 10, b"text", b"*.md filter=lfs\n# *.parquet filter=lfs\n")


# Listings ----------------------------------------------------------------------------------------


def test_all_listings_tell_the_same_of_a_file(hub: Hub) -> None:
    oid = commit(hub, {"README.md": CARD, "data/a.parquet": LARGE})
    sha256 = hashlib.sha256(LARGE).hexdigest()
    info = hub.api.dataset_info(hub.repo_id, files_metadata=True)
    siblings = {file.rfilename: (file.size, file.blob_id) for file in info.siblings or []}
    tree = list(hub.api.list_repo_tree(hub.repo_id, recursive=True, expand=True, repo_type="dataset"))
    paths = hub.api.get_paths_info(
        hub.repo_id, ["data/a.parquet", "README.md", "data", "none"], repo_type="dataset"
    )
    assert info.sha == oid
    listed = {file.path: (file.size, file.blob_id) for file in tree if isinstance(file, RepoFile)}
    assert listed == siblings
    assert [entry.path for entry in tree] == [".gitattributes", "README.md", "data", "data/a.parquet"]
    assert [entry.path for entry in paths] == ["data/a.parquet", "README.md", "data"]
    large = paths[0]
    assert isinstance(large, RepoFile)
    assert large.lfs is not None
    assert (large.size, large.lfs.sha256, large.lfs.pointer_size) == (len(LARGE), sha256, 130)
    readme = b"blob %d\0" % len(CARD) + CARD
    assert siblings["README.md"] == (len(CARD), hashlib.sha1(readme, usedforsecurity=False).hexdigest())
    assert {entry.path: entry.last_commit.title for entry in tree if entry.last_commit}["data"] == "A day"


def test_a_revision_shows_what_it_held_then(hub: Hub) -> None:
    first = commit(hub, {"a.md": b"one", "gone.md": b"x"})
    commit(hub, {"a.md": b"two", "gone.md": None})
    names = hub.api.list_repo_files(hub.repo_id, revision=first, repo_type="dataset")
    assert names == [".gitattributes", "a.md", "gone.md"]
    assert hub.files(first)["a.md"] == b"one"


def test_a_long_tree_comes_in_pages(hub: Hub) -> None:
    logs: dict[str, bytes | None] = {f"logs/{number:04}.md": b"" for number in range(2100)}
    hub.edit(logs)
    hub.forget()
    assert set(hub.api.list_repo_files(hub.repo_id, repo_type="dataset")) == {".gitattributes", *logs}
    assert hub.asked() == {"tree": 3}


def test_a_folder_that_is_not_there_is_an_error_and_not_an_empty_list(hub: Hub) -> None:
    with pytest.raises(HfHubHTTPError) as error:
        list(hub.api.list_repo_tree(hub.repo_id, "data", repo_type="dataset"))
    assert error.value.response.status_code == 404


# Tags --------------------------------------------------------------------------------------------


def test_a_tag_keeps_its_commit_and_is_made_once(hub: Hub) -> None:
    oid = commit(hub, {"a.md": b"october"})
    hub.api.create_tag(hub.repo_id, tag="2026-10", repo_type="dataset")
    commit(hub, {"a.md": b"november"})
    hub.api.create_tag(hub.repo_id, tag="2026-10", repo_type="dataset", exist_ok=True)
    with pytest.raises(HfHubHTTPError) as error:
        hub.api.create_tag(hub.repo_id, tag="2026-10", repo_type="dataset")
    assert error.value.response.status_code == 409
    [tag] = hub.api.list_repo_refs(hub.repo_id, repo_type="dataset").tags
    assert (tag.name, tag.ref, tag.target_commit) == ("2026-10", "refs/tags/2026-10", oid)
    path = hub.api.hf_hub_download(hub.repo_id, "a.md", revision="2026-10", repo_type="dataset")
    assert Path(path).read_bytes() == b"october"
    hub.api.delete_tag(hub.repo_id, tag="2026-10", repo_type="dataset")
    assert hub.api.list_repo_refs(hub.repo_id, repo_type="dataset").tags == []


def test_a_tag_can_be_put_on_an_old_commit(hub: Hub) -> None:
    first = commit(hub, {"a.md": b"one"})
    commit(hub, {"a.md": b"two"})
    hub.api.create_tag(hub.repo_id, tag="v1.0", revision=first, repo_type="dataset")
    assert hub.files("v1.0")["a.md"] == b"one"


# The card ----------------------------------------------------------------------------------------


def test_the_hub_reads_the_card_and_tags_the_papers_it_links_to(hub: Hub) -> None:
    commit(hub, {"README.md": CARD})
    info = hub.api.dataset_info(hub.repo_id)
    assert info.card_data is not None
    assert info.card_data.language == "ko"
    assert {"language:ko", "papers", "arxiv:2406.00001"} < set(info.tags or [])


def test_a_card_that_cannot_be_read_stops_the_commit(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="YAML"):
        commit(hub, {"README.md": b"---\nlanguage: [ko\n---\n"})
    assert len(hub.commits()) == 1
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    DatasetCard(CARD.decode()).validate(repo_type="dataset")


# On disk -----------------------------------------------------------------------------------------


def test_a_sandbox_over_the_same_folder_goes_on_where_the_last_one_ended(
    tmp_path: Path, sandbox: StartSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Hub(sandbox(hub=tmp_path), monkeypatch)
    first.create()
    oid = commit(first, {"README.md": CARD, "a.parquet": LARGE})
    second = Hub(sandbox(hub=tmp_path), monkeypatch)
    assert second.api.dataset_info(second.repo_id).sha == oid
    commit(second, {"b.md": b"b"}, parent=oid)
    assert first.files() == second.files() == hub_files({"README.md": CARD, "a.parquet": LARGE, "b.md": b"b"})


def hub_files(files: dict[str, bytes]) -> dict[str, bytes]:
    return {".gitattributes": DEFAULT_ATTRIBUTES, **files}


changes = st.dictionaries(
    st.sampled_from(["README.md", "a.md", "a-b/c.md", "a/b.md", "a/b/c.parquet", "한글/x.md", "z.parquet"]),
    st.binary(max_size=40) | st.none(),
    min_size=1,
)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@settings(max_examples=12)
@given(history=st.lists(changes, max_size=4))
def test_git_reads_what_the_stand_in_wrote(
    tmp_path_factory: pytest.TempPathFactory, history: list[dict[str, bytes | None]]
) -> None:
    folder = tmp_path_factory.mktemp("hub")
    repo = HubStore(folder).create("sandbox/papers", is_private=False)
    expected: dict[str, bytes] = {".gitattributes": DEFAULT_ATTRIBUTES}
    for wanted in history:
        expected = edited(repo, expected, wanted)
    bare = folder / "sandbox" / "papers.git"
    git(bare, "fsck", "--strict", "--no-dangling")
    listed = git(bare, "ls-tree", "-r", "-z", "--format=%(path) %(objectname)", "main").split("\0")[:-1]
    assert {path: repo.content(blob) for path, blob in repo.files("main").items()} == expected
    assert dict(line.rsplit(" ", 1) for line in listed) == {
        path: blob.oid for path, blob in repo.files("main").items()
    }


def edited(repo: Repo, files: dict[str, bytes], wanted: dict[str, bytes | None]) -> dict[str, bytes]:
    """The files after those of the changes that can be made; the repository holds them too."""
    after = dict(files)
    made: dict[str, bytes | None] = {}
    for path, content in wanted.items():
        clashes = any(path.startswith(f"{other}/") or other.startswith(f"{path}/") for other in after)
        if content is None and path in after:
            del after[path]
        elif content is None or clashes:
            continue
        else:
            after[path] = content
        made[path] = content
    repo.edit(made)
    return after
