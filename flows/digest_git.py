"""``publish --digest-git DIR``: release/digest committed into a checkout that the operator names.

It commits to the branch that is checked out there, and only files that it wrote. Changes that are not
committed, and files of ours that somebody changed, it names and refuses before anything is written. Needs
git, with an identity in its config. Safe to kill and to rerun: a journal says what was being written, and the
next run completes it. Run by ``daily-papers publish`` (flows/cli.py).
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from upath import UPath

from flows.clients.git import Checkout, GitFailed
from flows.console import console
from flows.digest_files import Journal, copy_whole, hashes, sha256, write_whole
from flows.digest_push import push_digest
from flows.errors import DailyPapersError
from flows.lock import one_writer
from flows.settings import load_settings
from flows.storage import Lake
from transforms.digest_commit import (
    MANIFEST,
    Found,
    ManifestBroken,
    Plan,
    commit_message,
    manifest_text,
    parsed_manifest,
    plan,
)
from transforms.text import encodable

_NAMED: Final = 10


class DigestRefused(DailyPapersError):
    """The checkout is not in a state to commit to; no file of the operator's was touched."""

    exit_code = 2


def publish_digest(folder: Path, *, push: bool) -> int:
    """Commit the digest into ``folder``, push if asked, and say what was done; the exit code."""
    try:
        settings = load_settings()
        lake = Lake(settings.home)
        checkout = _checkout(folder, lake)
        with one_writer(lake, "publish --digest-git", settings.lock_wait, _say):
            _say(commit_digest(lake, checkout, publish_archived=settings.publish_archived))
        if push:
            _say(push_digest(checkout))
    except DailyPapersError as error:
        console.print(encodable(str(error)), style="bold red", markup=False)
        return error.exit_code
    return 0


def commit_digest(lake: Lake, checkout: Checkout, *, publish_archived: bool) -> str:
    """Make the checkout's last commit hold the digest; a sentence about what was done.

    Args:
        lake: The lake.
        checkout: Where to commit.
        publish_archived: As in the settings.

    Raises:
        DigestRefused: Nothing was written, or git or the disk refused and the next run completes it.
    """
    where = checkout.folder
    sources = _digest_files(lake, publish_archived=publish_archived)
    try:
        branch = _require_ready(checkout)
        journal = Journal(checkout.git_dir)
        wanted = {path: sha256(source) for path, source in sources.items()}
        found = _found(checkout, wanted, journal)
        steps = plan(wanted, found)
        _refuse_conflicts(steps, where)
        journal.keep(wanted[path] for path in steps.write)
        for path in steps.write:
            copy_whole(sources[path], where / path)
        changed = _stage(checkout, wanted, found.manifest, journal)
        done = f"Nothing changed in {where}: no commit."
        if changed:
            subject, body = commit_message(changed)
            commit = checkout.commit(changed, subject, body)
            done = f"Committed {commit} to {_name(branch)} of {where}: {subject}, {len(changed)} files."
        journal.forget(where, wanted)
    except (GitFailed, OSError) as error:
        raise DigestRefused(
            f"The digest was not committed to {where}: {error}. What of it is written there already is kept. "
            f"Mend that, and the same command completes it: {_command(where)}"
        ) from error
    return done


def _stage(
    checkout: Checkout, wanted: Mapping[str, str], manifest: Mapping[str, str], journal: Journal
) -> list[str]:
    """Stage the digest, write and stage the manifest; those files that differ from the last commit."""
    checkout.stage(wanted)
    blobs = checkout.index()
    text = manifest_text({**manifest, **{path: blobs[path] for path in wanted}})
    journal.keep([*wanted.values(), hashlib.sha256(text.encode()).hexdigest()])
    write_whole(checkout.folder / MANIFEST, text)
    checkout.stage([MANIFEST])
    return sorted({*checkout.staged()} & {*wanted, MANIFEST})


# What stands there -------------------------------------------------------------------------------


def _checkout(folder: Path, lake: Lake) -> Checkout:
    try:
        checkout = Checkout(folder)
        if not lake.is_shared and checkout.folder.resolve().is_relative_to(str(lake.home.resolve())):
            raise GitFailed(f"it lies in the lake {lake.home}, which every run writes")
    except (GitFailed, OSError) as error:
        raise DigestRefused(
            f"{folder} is no checkout to commit to: {error}. Nothing was written there. Name the top folder "
            "of a clone: git clone URL DIR, then daily-papers publish --digest-git DIR"
        ) from error
    return checkout


def _digest_files(lake: Lake, *, publish_archived: bool) -> dict[str, UPath]:
    """The digest's files by their path in it; what is hidden, such as a .DS_Store, is none of them.

    A Git repository is published too: without ``publish_archived``, what has the archive's Korean is taken
    without it.
    """
    found = {path.relative_to(lake.digest): path for path in lake.digest.rglob("*") if path.is_file()}
    if not publish_archived:
        found |= {name: public for name in found if (public := lake.public / name).exists()}
    files = {
        name.as_posix(): path
        for name, path in sorted(found.items())
        if not any(part.startswith(".") for part in name.parts)
    }
    if not files:
        raise DigestRefused(
            f"{lake.digest} holds no digest yet, so nothing was committed. Fill it: daily-papers run"
        )
    return files


def _require_ready(checkout: Checkout) -> str:
    """The branch; refuses what makes a commit here somebody else's business."""
    where = checkout.folder
    if what := checkout.under_way():
        raise DigestRefused(
            f"{where} is in the middle of {what}. Nothing was written there. End or abort it, then run "
            f"again: {_command(where)}"
        )
    branch = checkout.branch()
    if branch is None:
        raise DigestRefused(
            f"{where} is on no branch (detached HEAD), so a commit there would belong to none. Nothing was "
            f"written there. Run: git -C {where} switch BRANCH, then {_command(where)}"
        )
    try:
        checkout.require_identity()
    except GitFailed as error:
        raise DigestRefused(
            f"git knows no author for commits in {where} ({error}). Nothing was written there. Run: git -C "
            f'{where} config user.name "…" and git -C {where} config user.email "…"'
        ) from error
    return branch


def _found(checkout: Checkout, wanted: Mapping[str, str], journal: Journal) -> Found:
    """What stands there; refuses changes that are not committed unless a killed run of ours made them."""
    where, committed, edited = checkout.folder, checkout.committed(), checkout.edited()
    files = hashes(where, {*wanted, *edited, MANIFEST})
    dirty = sorted(path for path in edited if files.get(path) not in journal.unfinished)
    if dirty:
        raise DigestRefused(
            f"{where} has changes that are not committed: {_listed(dirty)}. Nothing was written there. "
            f"Commit or stash them (git -C {where} stash), then run: {_command(where)}"
        )
    manifest: dict[str, str] = {}
    if MANIFEST in committed:
        try:
            manifest = parsed_manifest(checkout.blob(committed[MANIFEST]))
        except ManifestBroken as error:
            raise DigestRefused(
                f"{MANIFEST} in the last commit of {where} was changed by hand: {error}. It says which files "
                f"are this program's, so nothing was written. Take that back: git -C {where} revert COMMIT"
            ) from error
    return Found(files, committed, manifest, journal.unfinished)


def _refuse_conflicts(steps: Plan, where: Path) -> None:
    advice = []
    if steps.changed_by_hand:
        changed = f"Changed by hand: {_listed(steps.changed_by_hand)}. Keep a copy of what you need"
        advice.append(f"{changed} and take the change back (git -C {where} revert COMMIT).")
    if steps.not_ours:
        advice.append(
            f"Not written by this program: {_listed(steps.not_ours)}. Move them away and commit that."
        )
    if advice:
        raise DigestRefused(
            f"Files in {where} are in the way, so nothing was written there. {' '.join(advice)} "
            f"Then run: {_command(where)}"
        )


# Words -------------------------------------------------------------------------------------------


def _say(sentence: str) -> None:
    console.print(encodable(sentence), style="green", markup=False)


def _name(branch: str) -> str:
    return branch.removeprefix("refs/heads/")


def _command(where: Path) -> str:
    return f"daily-papers publish --digest-git {where}"


def _listed(paths: list[str]) -> str:
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(paths[:_NAMED]) + more
