"""The git executable, asked about one checkout: questions, staging, a commit, a push.

The executable and not a library, because the commit is the operator's: their identity, hooks, signing,
attributes and credentials apply as in any commit of theirs. Commands run without a shell, with paths on
standard input, taken literally. Each but the push runs in a session of its own, so that whoever kills this
process or its group lets git finish its step and put its lock away. Called by flows/digest_git.py and
flows/digest_push.py.
"""

import os
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from transforms.text import plain

# Set inside hooks and by some tools; each would point git at another repository than the one named.
_ELSEWHERE: Final = {
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE",
}  # fmt: skip
_UNDER_WAY: Final = {
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
}
_LOCK_SECONDS: Final = 10.0
_SECONDS: Final = 600.0
"""No step takes so long but one that hangs, such as a hook that waits for an answer."""
_QUOTED: Final = 600


class GitFailed(Exception):
    """A git command ended with an error; the message is the end of what git, a hook or a remote says."""

    def __init__(self, said: str, answer: str = "") -> None:
        super().__init__(plain(said)[-_QUOTED:] or "git gave no reason")
        self.answer = answer


class Checkout:
    """One working tree, by its top folder."""

    def __init__(self, folder: Path) -> None:
        """Find the checkout whose top is this folder.

        Raises:
            GitFailed: It is none, or only lies inside one; or there is no git.
        """
        self.folder = folder.absolute()
        top = Path(self._git("rev-parse", "--show-toplevel").rstrip("\n"))
        if not top.samefile(self.folder):
            raise GitFailed(f"it lies inside the checkout {top}, and only the top of one is meant here")
        self.git_dir = Path(self._git("rev-parse", "--absolute-git-dir").rstrip("\n"))

    # Questions ------------------------------------------------------------------------------------

    def under_way(self) -> str | None:
        """What somebody began here and has not ended, such as a merge or a rebase."""
        return next((what for name, what in _UNDER_WAY.items() if (self.git_dir / name).exists()), None)

    def branch(self) -> str | None:
        """Full name of the branch; None when HEAD is detached."""
        try:
            return self._git("symbolic-ref", "--quiet", "HEAD").rstrip("\n")
        except GitFailed:
            return None

    def require_identity(self) -> None:
        """See that author and committer are known without git guessing them.

        Raises:
            GitFailed: They are not.
        """
        for role in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
            self._git("-c", "user.useConfigOnly=true", "var", role)

    def committed(self) -> dict[str, str]:
        """Blob by path in the last commit; empty before the first one."""
        try:
            self._git("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        except GitFailed:
            return {}
        entries = (entry.partition("\t") for entry in self._listed("ls-tree", "-r", "-z", "HEAD"))
        return {path: described.split(" ")[2] for described, _, path in entries}

    def blob(self, blob: str) -> str:
        """The text of a blob."""
        return self._git("cat-file", "blob", blob)

    def edited(self) -> list[str]:
        """Tracked files that differ from the last commit, on disk or in the index."""
        answer = self._listed("status", "--porcelain=v1", "-z", "--untracked-files=no", "--no-renames")
        return [entry[3:] for entry in answer]

    def index(self) -> dict[str, str]:
        """Blob by path in the index."""
        entries = (entry.partition("\t") for entry in self._listed("ls-files", "--stage", "-z"))
        return {path: described.split(" ")[1] for described, _, path in entries}

    def staged(self) -> list[str]:
        """Paths whose next commit would differ from the last."""
        return self._listed("diff", "--cached", "--name-only", "--no-renames", "-z")

    def push_target(self, branch: str) -> str | None:
        """Remote that a plain push of the branch goes to, under the same name; None when none is set."""
        fields = "%(push:remotename)%00%(upstream:remotename)%00%(upstream:remoteref)"
        answer = self._git("for-each-ref", f"--format={fields}", branch).rstrip("\n")
        target, followed, followed_branch = answer.split("\0")
        is_other_branch = target == followed and followed_branch != branch
        return None if target in ("", ".") or not followed or is_other_branch else target

    # Changes --------------------------------------------------------------------------------------

    def stage(self, paths: Iterable[str]) -> None:
        """Put these files into the index as they are on disk, ignored or not; gone files go."""
        self._await_lock()
        self._git("update-index", "--add", "--remove", "-z", "--stdin", stdin="\0".join(paths))

    def commit(self, paths: Iterable[str], subject: str, body: str) -> str:
        """Commit these files and nothing else that may be staged; the short name of the commit."""
        self._await_lock()
        message = ["-m", subject, *(["-m", body] if body else [])]
        only = ["--only", "--pathspec-from-file=-", "--pathspec-file-nul"]
        self._git("commit", "--quiet", *only, *message, stdin="\0".join(paths))
        return self._git("rev-parse", "--short", "HEAD").rstrip("\n")

    def push(self, remote: str, branch: str) -> None:
        """Push the branch and nothing else, never by force.

        Raises:
            GitFailed: It was not taken; ``answer`` has git's line about the branch.
        """
        options = ["--porcelain", "--no-follow-tags", "--recurse-submodules=no"]
        # In this session: git may ask at the terminal for a password.
        self._git("push", *options, remote, f"{branch}:{branch}", own_session=False)

    # The executable -------------------------------------------------------------------------------

    def _listed(self, *arguments: str) -> list[str]:
        return [entry for entry in self._git("--no-optional-locks", *arguments).split("\0") if entry]

    def _await_lock(self) -> None:
        """Wait for another git command here to end; the step of a killed run may still be ending too."""
        lock, deadline = self.git_dir / "index.lock", time.monotonic() + _LOCK_SECONDS
        while lock.exists():
            if time.monotonic() > deadline:
                raise GitFailed(f"another git command works here. If none does, remove {lock}")
            time.sleep(0.05)

    def _git(self, *arguments: str, stdin: str = "", own_session: bool = True) -> str:
        environment = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
        try:
            # Not subprocess.run: on Ctrl-C it would kill git in the middle of its step.
            with subprocess.Popen(
                ["git", "-C", str(self.folder), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=own_session,
                env={**environment, "LC_ALL": "C", "GIT_LITERAL_PATHSPECS": "1"},
            ) as process:
                try:
                    answer, said = process.communicate(os.fsencode(stdin), _SECONDS)
                except subprocess.TimeoutExpired:
                    process.terminate()
                    raise GitFailed(f"git {arguments[0]} took more than {_SECONDS:g} s") from None
        except FileNotFoundError:
            raise GitFailed("there is no git executable on the PATH") from None
        if process.returncode:
            raise GitFailed(os.fsdecode(said or answer), os.fsdecode(answer))
        return os.fsdecode(answer)
