"""``publish --digest-git DIR --push``: the checkout's branch pushed as it is, never by force.

It goes where a plain push of that branch goes, and only under its own name. What the remote does not take
stays committed in the checkout. Needs whatever credentials git has for that remote. Called by
flows/digest_git.py.
"""

import re
from typing import Final

from flows.clients.git import Checkout, GitFailed
from flows.errors import DailyPapersError, SettingsMissing, SourceUnavailable

_PASSWORD: Final = re.compile(r"(?<=//)[^/@]*@")


class PushRejected(DailyPapersError):
    """The remote has commits that the checkout lacks, or does not take this one; the commit is kept."""

    exit_code = 1


def push_digest(checkout: Checkout) -> str:
    """Push the branch that is checked out; a sentence about what was done.

    Raises:
        SettingsMissing: The branch follows none of its name, so nobody said where to push it.
        PushRejected: The remote did not take it.
        SourceUnavailable: The remote did not answer.
    """
    where, branch = checkout.folder, checkout.branch() or "HEAD"
    name, again = branch.removeprefix("refs/heads/"), f"daily-papers publish --digest-git {where} --push"
    target = checkout.push_target(branch)
    if target is None:
        raise SettingsMissing(
            f"{name} of {where} follows no branch of its name at a remote, so nothing was pushed; the commit "
            f"is kept. Say once where to: git -C {where} push --set-upstream origin {name}"
        )
    remote = _PASSWORD.sub("", target)
    try:
        checkout.push(target, branch)
    except GitFailed as error:
        if "[rejected]" in error.answer:
            raise PushRejected(
                f"{remote} has commits on {name} that {where} lacks, so it took none; nothing was forced and "
                f"the commit is kept. Run: git -C {where} pull --rebase, then {again}"
            ) from error
        if "[remote rejected]" in error.answer:
            raise PushRejected(
                f"{remote} does not take this commit to {name} ({error}); nothing was forced and the commit "
                f"is kept. Ask who guards that branch, then run: {again}"
            ) from error
        raise SourceUnavailable(
            f"{name} of {where} was not pushed to {remote} ({error}); the commit is kept. Run again: {again}"
        ) from error
    return f"Pushed {name} to {remote}."
