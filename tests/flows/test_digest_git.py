"""The digest in a checkout, by real git: what is committed, what refused, and what a stop leaves behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from typer.testing import CliRunner

from flows.cli import app
from flows.clients.git import Checkout
from flows.console import console
from flows.digest_git import publish_digest
from flows.storage import Lake
from schemas.tables import ARCHIVE
from tablerows import archive, archived
from transforms.digest_commit import MANIFEST

DIGEST = {
    "README.md": "# 오늘의 논문\n",
    "feed.xml": "<feed/>\n",
    "images/categories.svg": "<svg/>\n",
    "paper_logs/2026/03/04.md": "### 넷\n",
    "paper_logs/2026/03/05.md": "### 다섯\n",
}
NEXT_DAY = {"README.md": "# 내일의 논문\n", "paper_logs/2026/03/06.md": "### 여섯\n"}
HOSTILE = "Evil\n\nCo-authored-by: X <x@example.org> `$(touch pwned)` #1 <script>alert(1)</script> ]]>"
STRANGE = {"paper_logs/2026/03/05.md": "### 다섯, 고침\n", "feed.xml": "<feed>2</feed>\n"}


def git(folder: Path, *arguments: str) -> str:
    ended = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, check=True)
    return ended.stdout.rstrip("\n")


@pytest.fixture(autouse=True)
def _git_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    config = tmp_path / "gitconfig"
    config.write_text(
        "[user]\nname = Operator\nemail = operator@example.org\nuseConfigOnly = true\n"
        "[init]\ndefaultBranch = main\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setenv("DAILY_PAPERS_HOME", str(tmp_path / "lake"))
    monkeypatch.setenv("DAILY_PAPERS_LOCK_WAIT", "0")
    lake = Lake(tmp_path / "lake")
    write(lake.digest, DIGEST)
    return lake


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """A bare repository with one commit of the operator's."""
    bare = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", bare], check=True)
    seed = clone(bare, tmp_path / "seed")
    commit(seed, {"LICENSE": "theirs\n"})
    git(seed, "push", "--quiet", "origin", "main")
    return bare


@pytest.fixture
def checkout(remote: Path, tmp_path: Path) -> Path:
    return clone(remote, tmp_path / "checkout")


def clone(remote: Path, folder: Path, *options: str) -> Path:
    subprocess.run(
        ["git", "clone", "--quiet", *options, remote.as_uri(), folder], check=True, capture_output=True
    )
    return folder


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, newline="")


def commit(folder: Path, files: dict[str, str]) -> None:
    write(folder, files)
    git(folder, "add", "--force", *files)
    git(folder, "commit", "--quiet", "--message", "theirs")


def hook(git_dir: Path, name: str, script: str) -> Path:
    path = git_dir / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def state(folder: Path) -> dict[str, Any]:
    """Everything that a refusal must leave as it was."""
    files = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file() and ".git" not in p.parts}
    refs = git(folder, "for-each-ref"), git(folder, "rev-parse", "HEAD")
    return {"files": files, "refs": refs, "status": git(folder, "status", "--porcelain")}


def tree(folder: Path, commit: str = "HEAD") -> dict[str, str]:
    """The files of a commit, without the manifest."""
    names = git(folder, "ls-tree", "-r", "--name-only", "-z", commit).strip("\0").split("\0")
    return {name: git(folder, "show", f"{commit}:{name}") + "\n" for name in names if name != MANIFEST}


def assert_refused(folder: Path, *said: str, code: int = 2, push: bool = False) -> None:
    before = state(folder)
    ended = published(folder, push=push)
    assert ended[0] == code, ended
    for words in said:
        assert words in ended[1], ended[1]
    assert state(folder) == before


def published(folder: Path, *, push: bool = False) -> tuple[int, str]:
    """Exit code, and what was said on one line."""
    with console.capture() as captured:
        code = publish_digest(folder, push=push)
    return code, " ".join(captured.get().split())


# What is committed -------------------------------------------------------------------------------


def test_the_digest_is_committed_beside_what_the_operator_has(lake: Lake, checkout: Path) -> None:
    git(checkout, "switch", "--quiet", "--create", "daily")
    before = git(checkout, "rev-parse", "main")
    code, said = published(checkout)
    assert code == 0
    assert f"to daily of {checkout}: Daily papers of 2026-03-04 to 2026-03-05 (2 days), 6 files." in said
    assert tree(checkout) == DIGEST | {"LICENSE": "theirs\n"}
    assert git(checkout, "rev-parse", "main", "daily~1") == f"{before}\n{before}"
    assert git(checkout, "status", "--porcelain") == ""
    assert git(checkout, "log", "-1", "--format=%an <%ae>%n%B").startswith(
        "Operator <operator@example.org>\n"
    )


def test_nothing_changed_is_no_commit_and_says_so(lake: Lake, checkout: Path) -> None:
    published(checkout)
    before = state(checkout)
    assert published(checkout) == (0, f"Nothing changed in {checkout}: no commit.")
    assert state(checkout) == before


def test_another_clone_however_shallow_goes_on_where_the_last_one_ended(
    lake: Lake, checkout: Path, remote: Path, tmp_path: Path
) -> None:
    assert published(checkout, push=True)[0] == 0
    shallow = clone(remote, tmp_path / "shallow", "--depth=1")
    assert "no commit" in published(shallow)[1]
    write(lake.digest, NEXT_DAY)
    assert "Daily papers of 2026-03-06, 3 files." in published(shallow, push=True)[1]
    assert tree(remote, "main") == DIGEST | NEXT_DAY | {"LICENSE": "theirs\n"}


def test_only_what_changed_is_in_the_next_commit(lake: Lake, checkout: Path) -> None:
    published(checkout)
    write(lake.digest, NEXT_DAY)
    published(checkout)
    changed = git(checkout, "diff", "--name-only", "HEAD~1", "HEAD").split("\n")
    assert changed == [MANIFEST, "README.md", "paper_logs/2026/03/06.md"]


def test_a_log_that_the_lake_lost_stays_and_may_come_back(lake: Lake, checkout: Path) -> None:
    published(checkout)
    (lake.digest / "paper_logs/2026/03/04.md").unlink()
    assert "no commit" in published(checkout)[1]
    write(lake.digest, {"paper_logs/2026/03/04.md": "### 넷, 다시\n"})
    assert published(checkout)[0] == 0
    assert tree(checkout)["paper_logs/2026/03/04.md"] == "### 넷, 다시\n"


def test_files_that_git_would_ignore_or_rewrite_are_the_digests_all_the_same(
    lake: Lake, checkout: Path
) -> None:
    commit(checkout, {".gitignore": "*.md\n", ".gitattributes": "*.md text eol=crlf\n"})
    git(checkout, "config", "core.autocrlf", "true")
    assert published(checkout)[0] == 0
    assert tree(checkout).items() >= DIGEST.items()
    assert "no commit" in published(checkout)[1]
    git(checkout, "rm", "--quiet", "--cached", "-r", ".")
    git(checkout, "reset", "--quiet", "--hard")
    assert "no commit" in published(checkout)[1]


def test_files_that_nobody_committed_are_none_of_its_business(lake: Lake, checkout: Path) -> None:
    write(checkout, {"notes.txt": "mine\n", "paper_logs/notes.txt": "mine\n"})
    assert published(checkout)[0] == 0
    assert git(checkout, "status", "--porcelain") == "?? notes.txt\n?? paper_logs/notes.txt"


def test_hidden_files_of_the_digest_stay_at_home(lake: Lake, checkout: Path) -> None:
    write(lake.digest, {".DS_Store": "x", ".git/config": "x", "images/.tmp/x": "x"})
    published(checkout)
    assert tree(checkout).keys() == {*DIGEST, "LICENSE"}


def test_a_repository_without_a_commit_and_a_second_worktree_will_do(lake: Lake, tmp_path: Path) -> None:
    first = tmp_path / "first"
    subprocess.run(["git", "init", "--quiet", first], check=True)
    assert published(first)[0] == 0
    assert tree(first) == DIGEST
    second = tmp_path / "second"
    git(first, "worktree", "add", "--quiet", second, "-b", "other")
    write(lake.digest, NEXT_DAY)
    assert "to other of" in published(second)[1]
    assert tree(first, "main") == DIGEST
    assert tree(first, "other") == DIGEST | NEXT_DAY


def test_variables_that_point_git_elsewhere_do_not(
    lake: Lake, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    subprocess.run(["git", "init", "--quiet", other], check=True)
    for name, value in (("DIR", other / ".git"), ("WORK_TREE", other), ("INDEX_FILE", other / "index")):
        monkeypatch.setenv(f"GIT_{name}", str(value))
    code, _ = published(checkout)
    for name in ("DIR", "WORK_TREE", "INDEX_FILE"):
        monkeypatch.delenv(f"GIT_{name}")
    assert code == 0
    assert tree(checkout).items() >= DIGEST.items()
    assert [path.name for path in other.iterdir()] == [".git"]


def test_what_a_title_says_reaches_no_commit_message_and_no_shell(
    tmp_path: Path, checkout: Path, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "attacked"
    monkeypatch.setenv("DAILY_PAPERS_HOME", str(home))
    monkeypatch.setenv("DAILY_PAPERS_PUBLISH_ARCHIVED", "1")
    monkeypatch.chdir(tmp_path)
    Lake(home).upsert(ARCHIVE, archive(archived(title=HOSTILE)))
    ended = CliRunner().invoke(app, ["publish", "--digest-git", str(checkout)])
    assert ended.exit_code == 0, ended.output
    assert git(checkout, "log", "-1", "--format=%B") == "Daily papers of 2026-03-05"
    assert {"README.md", "feed.xml", "paper_logs/2026/03/05.md"} <= tree(checkout).keys()
    assert "Evil" in tree(checkout)["feed.xml"]
    assert not list(tmp_path.rglob("pwned"))


# What is refused ---------------------------------------------------------------------------------


def edit(checkout: Path) -> None:
    write(checkout, {"README.md": "by hand\n"})


def stage(checkout: Path) -> None:
    edit(checkout)
    git(checkout, "add", "README.md")


def edit_theirs(checkout: Path) -> None:
    write(checkout, {"LICENSE": "another\n"})


def stage_new(checkout: Path) -> None:
    write(checkout, {"new.txt": "mine\n"})
    git(checkout, "add", "new.txt")


def delete(checkout: Path) -> None:
    (checkout / "feed.xml").unlink()


def commit_edit(checkout: Path) -> None:
    commit(checkout, {"README.md": "by hand\n"})


def commit_deletion(checkout: Path) -> None:
    git(checkout, "rm", "--quiet", "README.md")
    git(checkout, "commit", "--quiet", "--message", "theirs")


def commit_link(checkout: Path) -> None:
    """Writing below it would write outside of the checkout."""
    git(checkout, "rm", "--quiet", "-r", "paper_logs")
    (checkout / "paper_logs").symlink_to(checkout.parent)
    git(checkout, "add", "paper_logs")
    git(checkout, "commit", "--quiet", "--message", "theirs")


def break_manifest(checkout: Path) -> None:
    commit(checkout, {MANIFEST: "<<<<<<< HEAD\n"})


def detach(checkout: Path) -> None:
    git(checkout, "checkout", "--quiet", "--detach")


def forget_identity(checkout: Path) -> None:
    (checkout.parent / "gitconfig").write_text("")


def begin_merge(checkout: Path) -> None:
    git(checkout, "branch", "other")
    commit(checkout, {"here.txt": "1\n"})
    git(checkout, "switch", "--quiet", "other")
    git(checkout, "commit", "--quiet", "--allow-empty", "--message", "theirs")
    git(checkout, "merge", "--quiet", "--no-commit", "--strategy=ours", "main")


@pytest.mark.parametrize(
    ("happened", "said"),
    [
        (edit, "has changes that are not committed: README.md. Nothing was written there."),
        (stage, "has changes that are not committed: README.md."),
        (edit_theirs, "has changes that are not committed: LICENSE."),
        (stage_new, "has changes that are not committed: new.txt."),
        (delete, "has changes that are not committed: feed.xml."),
        (commit_edit, "Changed by hand: README.md. Keep a copy"),
        (commit_deletion, "Changed by hand: README.md."),
        (commit_link, "Changed by hand: paper_logs/2026/03/04.md, paper_logs/2026/03/05.md."),
        (break_manifest, f"{MANIFEST} in the last commit of"),
        (detach, "is on no branch (detached HEAD)"),
        (begin_merge, "is in the middle of a merge"),
        (forget_identity, "git knows no author for commits in"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_is_not_as_the_last_run_left_it_is_named_and_left_alone(
    lake: Lake, checkout: Path, happened: Callable[[Path], None], said: str
) -> None:
    assert published(checkout)[0] == 0
    write(lake.digest, NEXT_DAY | STRANGE)
    happened(checkout)
    assert_refused(checkout, said, "othing was written")


@pytest.mark.parametrize("is_committed", [True, False])
def test_a_file_that_was_there_first_is_not_overwritten(
    lake: Lake, checkout: Path, is_committed: bool
) -> None:
    (commit if is_committed else write)(checkout, {"README.md": "theirs\n"})
    assert_refused(checkout, "Not written by this program: README.md. Move them away and commit")


def test_a_file_below_a_link_or_in_the_place_of_a_folder_is_not_written(
    lake: Lake, checkout: Path, tmp_path: Path
) -> None:
    (checkout / "images").symlink_to(tmp_path)
    write(checkout, {"paper_logs": "a file\n"})
    (checkout / "feed.xml").mkdir()
    (checkout / "README.md").symlink_to(tmp_path / "elsewhere")
    assert_refused(checkout, *DIGEST)
    assert not (tmp_path / "categories.svg").exists()


@pytest.mark.parametrize("change", [commit_edit, commit_deletion, commit_link, break_manifest])
def test_a_change_by_hand_is_resolved_as_the_refusal_says(
    lake: Lake, checkout: Path, change: Callable[[Path], None]
) -> None:
    published(checkout)
    change(checkout)
    write(lake.digest, NEXT_DAY | STRANGE)
    assert f"git -C {checkout} revert COMMIT" in published(checkout)[1]
    git(checkout, "revert", "--no-edit", "HEAD")
    assert published(checkout)[0] == 0
    assert tree(checkout).items() >= (DIGEST | NEXT_DAY | STRANGE).items()


def test_a_file_that_was_there_first_may_be_moved_away(lake: Lake, checkout: Path) -> None:
    commit(checkout, {"README.md": "theirs\n"})
    git(checkout, "mv", "README.md", "ABOUT.md")
    git(checkout, "commit", "--quiet", "--message", "theirs")
    assert published(checkout)[0] == 0
    assert tree(checkout).items() >= (DIGEST | {"ABOUT.md": "theirs\n"}).items()


def test_a_link_in_the_place_of_the_temporary_file_leads_nowhere(
    lake: Lake, checkout: Path, tmp_path: Path
) -> None:
    (checkout / ".README.md.daily-papers").symlink_to(tmp_path / "outside")
    assert published(checkout)[0] == 0
    assert not (tmp_path / "outside").exists()


def test_what_is_no_checkout_is_refused_before_anything_is_written(
    lake: Lake, checkout: Path, remote: Path, tmp_path: Path
) -> None:
    for place in ("plain", "checkout/sub"):
        (tmp_path / place).mkdir()
    inside = clone(remote, lake.home / "clone")
    git(lake.digest, "init", "--quiet")
    places = ("plain", "checkout/sub", "missing", "gitconfig", "checkout/.git", "remote.git")
    for folder in (*(tmp_path / place for place in places), inside, lake.digest):
        code, said = published(folder)
        assert (code, "is no checkout to commit to" in said, "git clone URL DIR" in said) == (
            2,
            True,
            True,
        ), said
    assert git(checkout, "status", "--porcelain") == git(inside, "status", "--porcelain") == ""


def test_an_empty_release_commits_nothing(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAILY_PAPERS_HOME", str(tmp_path / "empty"))
    assert_refused(checkout, "holds no digest yet, so nothing was committed. Fill it: daily-papers run")
    ended = CliRunner().invoke(app, ["publish", "--digest-git", str(checkout)])
    assert ended.exit_code == 2
    assert git(checkout, "log", "--oneline").count("\n") == 0


def test_without_git_it_says_so(lake: Lake, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    code, said = published(checkout)
    assert (code, "no git executable on the PATH" in said) == (2, True)


def test_push_alone_is_wrong_usage(lake: Lake) -> None:
    ended = CliRunner().invoke(app, ["publish", "--push"])
    assert ended.exit_code == 2
    assert "--digest-git" in ended.output


# What a stop leaves behind -----------------------------------------------------------------------


def test_a_hook_that_fails_is_quoted_and_the_next_run_completes(lake: Lake, checkout: Path) -> None:
    script = hook(checkout / ".git", "pre-commit", r"printf 'lint: \377\033[31m no\n' >&2; exit 1")
    head = git(checkout, "rev-parse", "HEAD")
    code, said = published(checkout)
    assert code == 2
    assert f"was not committed to {checkout}: lint: [31m no. " in said
    assert "the same command completes it: daily-papers publish --digest-git" in said
    assert git(checkout, "rev-parse", "HEAD") == head
    script.unlink()
    write(lake.digest, NEXT_DAY)
    assert published(checkout)[0] == 0
    assert tree(checkout).items() >= (DIGEST | NEXT_DAY).items()
    assert "no commit" in published(checkout)[1]


class Stop(BaseException):
    """The process ends here, as by a kill: nothing tidies up."""


@pytest.mark.parametrize(
    ("step", "is_first"), [*((step, False) for step in range(12)), *((step, True) for step in (3, 7, 11))]
)
def test_a_run_stopped_at_any_step_is_completed_by_the_next(
    lake: Lake, checkout: Path, monkeypatch: pytest.MonkeyPatch, step: int, is_first: bool
) -> None:
    if not is_first:
        published(checkout)
        write(lake.digest, {name: text + "2\n" for name, text in DIGEST.items()})
    assert stop_at(monkeypatch, step, checkout)
    write(lake.digest, NEXT_DAY)
    assert published(checkout)[0] == 0
    assert tree(checkout).items() >= NEXT_DAY.items()
    assert state(checkout)["status"] == ""
    assert sorted(path.name for path in checkout.glob(".*")) == [MANIFEST, ".git"]
    assert not (checkout / ".git/daily-papers-digest").exists()


def test_an_edit_between_a_stop_and_the_next_run_is_kept(
    lake: Lake, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(checkout)
    write(lake.digest, NEXT_DAY)
    assert stop_at(monkeypatch, 3, checkout)
    assert (checkout / "README.md").read_text() == NEXT_DAY["README.md"]
    edit(checkout)
    assert_refused(checkout, "has changes that are not committed: README.md")


def stop_at(monkeypatch: pytest.MonkeyPatch, step: int, checkout: Path) -> bool:
    """Publish and stop before the step-th thing that the disk or git would be asked to do."""
    left = step

    def stopping(do: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **named: Any) -> Any:
            nonlocal left
            if left == 0:
                raise Stop
            left -= 1
            return do(*arguments, **named)

        return step

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stopping(Path.replace))
        for name in ("stage", "commit"):
            patch.setattr(Checkout, name, stopping(getattr(Checkout, name)))
        try:
            published(checkout)
        except Stop:
            return True
    return False


def test_git_ends_its_commit_when_the_run_is_killed_meanwhile(lake: Lake, checkout: Path) -> None:
    hook(checkout / ".git", "pre-commit", 'kill -9 "$VICTIM"')
    script = (
        "import os, sys; os.environ['VICTIM'] = str(os.getpid())\n"
        "from flows.digest_git import publish_digest; from pathlib import Path\n"
        "publish_digest(Path(sys.argv[1]), push=False)"
    )
    killed = subprocess.run([sys.executable, "-c", script, checkout], check=False)
    assert killed.returncode == -signal.SIGKILL
    hook(checkout / ".git", "pre-commit", "exit 0")
    assert published(checkout)[0] == 0
    assert tree(checkout).items() >= DIGEST.items()
    assert git(checkout, "log", "--oneline").count("Daily papers") == 1
    assert git(checkout, "status", "--porcelain") == ""


def test_another_run_that_holds_the_lake_is_waited_for(lake: Lake, checkout: Path) -> None:
    with FileLock(lake.home / ".lock"):
        assert_refused(checkout, "is being written by", code=3)


# Pushing -----------------------------------------------------------------------------------------


def test_the_branch_is_pushed_and_nothing_else(lake: Lake, checkout: Path, remote: Path) -> None:
    git(checkout, "branch", "private")
    git(checkout, "tag", "--annotate", "v1", "--message", "mine")
    git(checkout, "config", "push.followTags", "true")
    code, said = published(checkout, push=True)
    assert (code, said.endswith("Pushed main to origin.")) == (0, True)
    assert git(remote, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert git(remote, "rev-parse", "main") == git(checkout, "rev-parse", "main")


def test_a_commit_that_was_kept_is_pushed_when_nothing_is_new(
    lake: Lake, checkout: Path, remote: Path
) -> None:
    published(checkout)
    code, said = published(checkout, push=True)
    assert (code, "no commit. Pushed main to origin." in said) == (0, True)
    assert git(remote, "rev-parse", "main") == git(checkout, "rev-parse", "main")


def test_a_remote_that_is_ahead_is_never_forced(
    lake: Lake, checkout: Path, remote: Path, tmp_path: Path
) -> None:
    commit(tmp_path / "seed", {"more.txt": "theirs\n"})
    git(tmp_path / "seed", "push", "--quiet", "origin", "main")
    ahead = git(remote, "rev-parse", "main")
    git(checkout, "config", "push.default", "matching")
    git(checkout, "config", "remote.origin.push", "+refs/heads/*:refs/heads/*")
    code, said = published(checkout, push=True)
    assert code == 1
    assert f"the commit is kept. Run: git -C {checkout} pull --rebase, then daily-papers publish" in said
    assert git(remote, "rev-parse", "main") == ahead
    assert tree(checkout).items() >= DIGEST.items()
    git(checkout, "pull", "--quiet", "--rebase")
    assert published(checkout, push=True)[0] == 0
    assert tree(remote, "main") == DIGEST | {"LICENSE": "theirs\n", "more.txt": "theirs\n"}


def test_a_remote_that_refuses_is_quoted(lake: Lake, checkout: Path, remote: Path) -> None:
    hook(remote, "pre-receive", "echo 'main is guarded' >&2; exit 1")
    code, said = published(checkout, push=True)
    assert code == 1
    assert "main is guarded" in said
    assert "does not take this commit to main" in said
    assert tree(checkout).items() >= DIGEST.items()


def test_a_remote_that_is_away_is_tried_again_later(lake: Lake, checkout: Path, remote: Path) -> None:
    remote.rename(remote.with_name("gone.git"))
    code, said = published(checkout, push=True)
    assert code == 3
    assert f"the commit is kept. Run again: daily-papers publish --digest-git {checkout} --push" in said


def test_a_password_in_an_address_is_not_printed(lake: Lake, checkout: Path) -> None:
    address = "http://operator:s3cret@127.0.0.1:9/digest.git"
    git(checkout, "remote", "set-url", "origin", address)
    git(checkout, "config", "remote.pushDefault", address)
    code, said = published(checkout, push=True)
    assert (code, "s3cret" in said, "127.0.0.1:9" in said) == (3, False, True)


@pytest.mark.parametrize("setting", ["remote", "merge"])
def test_a_branch_that_follows_none_of_its_name_is_not_pushed(
    lake: Lake, checkout: Path, remote: Path, setting: str
) -> None:
    before = git(remote, "rev-parse", "main")
    if setting == "remote":
        git(checkout, "branch", "--unset-upstream")
    else:
        git(checkout, "config", "branch.main.merge", "refs/heads/other")
    code, said = published(checkout, push=True)
    assert code == 2
    assert f"git -C {checkout} push --set-upstream origin main" in said
    assert git(remote, "for-each-ref", "--format=%(objectname) %(refname)") == f"{before} refs/heads/main"


def test_a_fork_to_push_to_is_respected(lake: Lake, checkout: Path, remote: Path, tmp_path: Path) -> None:
    subprocess.run(["git", "clone", "--quiet", "--bare", remote, tmp_path / "fork.git"], check=True)
    git(checkout, "remote", "add", "fork", (tmp_path / "fork.git").as_uri())
    git(checkout, "config", "branch.main.pushRemote", "fork")
    before = git(remote, "rev-parse", "main")
    assert published(checkout, push=True)[1].endswith("Pushed main to fork.")
    assert git(remote, "rev-parse", "main") == before
    assert git(tmp_path / "fork.git", "rev-parse", "main") == git(checkout, "rev-parse", "main")
