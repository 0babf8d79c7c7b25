"""The release onto the Hub: what changed, in one commit, or a long history in steps that each load.

What is committed is decided by transforms/publication.py; here the two sides are looked at and the commits
made. Every commit names the head it was made for. When somebody was faster, or an answer got lost, both
sides are looked at again and only what is still missing is committed, so that nothing is done twice and
nothing by halves. Called by flows/daily.py, at the end of a run, and by flows/console.py.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from flows.clients.hub import CommitUnanswered, HeadMoved, Hub
from flows.errors import EditedOnHub, RepositoryMissing, SourceUnavailable
from flows.hub_release import HubRelease, months_of
from flows.progress import PROGRESS
from flows.published import Published
from flows.run import Run
from transforms.publication import (
    CARD,
    GONE,
    Decision,
    Plan,
    Step,
    commit_title,
    content_hashes,
    is_ours,
    plan,
    settled_months,
)

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

_MOST_TROUBLES = 5
"""Commits in a row that may fail, by somebody else's commit or a lost answer, before a publish gives up."""
_NAMED = 10


class Pushed(NamedTuple):
    """What a publish did, or would do."""

    url: str
    commits: list[str]
    """Their hashes, oldest first; of a dry run the titles of those that it would make."""
    files: int = 0
    bytes: int = 0
    tags: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    """Files left as somebody edited them on the Hub."""


def pushed_sentence(pushed: Pushed, *, is_dry: bool = False) -> str:
    """What was done, or would be, for people."""
    kept = f" Left as edited there: {_some(pushed.kept)}." if pushed.kept else ""
    tags = f" Tagged: {_some(pushed.tags)}." if pushed.tags else ""
    if not pushed.commits:
        return f"{pushed.url} holds this release already; nothing was committed.{tags}{kept}"
    commits = "1 commit" if len(pushed.commits) == 1 else f"{len(pushed.commits)} commits"
    amount = f"{commits}, {pushed.files:,} files, {pushed.bytes / 1e6:,.2f} MB"
    if is_dry:
        return f"Dry run: nothing was sent. {pushed.url} would get {amount}: {_some(pushed.commits)}.{kept}"
    return f"Published to {pushed.url}: {amount}, now at {pushed.commits[-1][:12]}.{tags}{kept}"


def push(
    run: Run,
    repo: str,
    decision: Decision | None = None,
    *,
    may_create: Callable[[str], bool],
    private: bool = False,
) -> Pushed:
    """Publish to the Hub what of the release is missing there; the caller holds the lake.

    Args:
        run: The run.
        repo: "ORG/NAME".
        decision: Whose version counts where somebody edited a file there; None stops there.
        may_create: Asked, with its address, whether a missing repository is to be made.
        private: A repository that is made is a private one.

    Raises:
        RepositoryMissing: There is no such repository and it was not to be made.
        EditedOnHub: Somebody edited files of ours there, and no decision was given.
        SourceUnavailable: The Hub did not answer, or somebody else committed again and again.
        DailyPapersError: The Hub refused, or there is nothing to publish yet.
    """
    with tempfile.TemporaryDirectory() as folder:
        return _Push(run, repo, decision, Path(folder)).to_end(may_create, private=private)


def planned_push(run: Run, repo: str, decision: Decision | None = None) -> Pushed:
    """What ``push`` would do; the Hub is only read."""
    with tempfile.TemporaryDirectory() as folder:
        return _Push(run, repo, decision, Path(folder)).dry_run()


class _Push:
    def __init__(self, run: Run, repo: str, decision: Decision | None, folder: Path) -> None:
        self._run, self._decision, self._folder = run, decision, folder
        self._hub = Hub(run.settings, repo)
        self._release = HubRelease(run.lake, repo, publish_archived=run.settings.publish_archived)
        self._memory = Published.load(run.lake, self._hub.endpoint, repo)
        self._head = ""
        self._remote: dict[str, str] = {}
        self._commits: list[str] = []
        self._files, self._bytes, self._tagged = 0, 0, tuple[str, ...]()
        self._tried = Step([], [], []), b""

    def dry_run(self) -> Pushed:
        """The commits that are missing, by title, and their size."""
        if (head := self._hub.head()) is not None:
            self._look(head)
        steps = self._missing(found := self._plan())
        titles = [self._title(step, number, len(steps)) for number, step in enumerate(steps, 1)]
        for step in steps:
            self._count(step, self._release.card)
        return Pushed(self._hub.url, titles, self._files, self._bytes, (), tuple(sorted(found.kept)))

    def to_end(self, may_create: Callable[[str], bool], *, private: bool) -> Pushed:
        """See ``push``."""
        head = self._hub.head()
        self._look(self._created(may_create, private) if head is None else head)
        troubles, shown = 0, 0
        while True:
            found = self._plan()
            self._settle(found)
            steps = self._missing(found)
            if not steps:
                break
            number, of = len(self._commits) + 1, len(self._commits) + len(steps)
            if of > shown:
                PROGRESS.get().start("hub", of - shown)
                shown = of
            try:
                self._commit(steps[0], found, self._title(steps[0], number, of))
            except (HeadMoved, CommitUnanswered) as trouble:
                troubles += 1
                self._wait(trouble, troubles)
                if self._look_again():
                    troubles = 0
            else:
                troubles = 0
                PROGRESS.get().advance("hub")
        kept = tuple(sorted(found.kept))
        return Pushed(self._hub.url, self._commits, self._files, self._bytes, self._tagged, kept)

    # What stands there -----------------------------------------------------------------------------

    def _created(self, may_create: Callable[[str], bool], private: bool) -> str:
        if not may_create(self._hub.url):
            raise RepositoryMissing(
                f"There is no dataset at {self._hub.url} that HF_TOKEN can see, and it was not made; the "
                f"release is written locally. To make it: daily-papers publish --repo {self._hub.repo} --yes"
            )
        # What was known is of a repository that is gone.
        self._memory = Published()
        return self._hub.create(private=private)

    def _look(self, head: str) -> None:
        """Learn what stands at this head: from memory where the head is ours, else from the Hub."""
        self._head = head
        if self._memory.commit == head:
            self._remote = {path: hashes[0] for path, hashes in self._memory.files.items()} | {
                path: hashes[0] for path, hashes in self._memory.kept.items() if hashes != [GONE]
            }
        else:
            listed = self._hub.files(head) if head else {}
            self._remote = {path: oid for path, oid in listed.items() if is_ours(path)}

    def _look_again(self) -> bool:
        """After a commit that went wrong: learn what stands there now; whether the commit was applied."""
        head = self._hub.head()
        if head is None:
            raise SourceUnavailable(
                f"{self._hub.url} was there and is gone; what was not committed yet is not published. Run "
                "the same command again."
            )
        pending = self._memory.pending
        self._look(head)
        is_applied = all(
            self._remote.get(path) in hashes if hashes else path not in self._remote
            for path, hashes in pending.items()
        )
        if is_applied:
            self._commits.append(head)
            self._count(*self._tried)
            PROGRESS.get().advance("hub")
        return is_applied

    def _plan(self) -> Plan:
        """What is missing.

        Raises:
            EditedOnHub: Somebody edited files of ours and no decision was given.
        """
        memory = self._memory
        found = plan(self._release.hashes, self._remote, memory.known, memory.kept, self._decision)
        if found.edited and self._decision is None:
            files = [f"{path} ({'edited' if oid else 'deleted'})" for path, oid in found.edited.items()]
            raise EditedOnHub(
                f"Somebody else edited {_some(files)} at {self._hub.url}. "
                "Nothing was overwritten or published; the release is written locally. To leave them as "
                f"they are: daily-papers publish --repo {self._hub.repo} --take-theirs. To put ours in their "
                f"place: daily-papers publish --repo {self._hub.repo} --take-ours"
            )
        return found

    def _settle(self, found: Plan) -> None:
        """Remember what stands there, now that nothing of it is in doubt; tag what is complete."""
        memory, hashes = self._memory, self._release.hashes
        memory.commit, memory.pending = self._head, {}
        memory.kept = {path: sorted(oids) for path, oids in found.kept.items()}
        memory.files = {
            path: sorted(hashes[path], key=lambda each: each != oid) if oid in hashes.get(path, ()) else [oid]
            for path, oid in self._remote.items()
            if path not in found.kept
        }
        self._remember()
        self._tag({month for step in found.steps for month in step.months})

    def _tag(self, missing: set[str]) -> None:
        """Tag the months that are there whole and that no daily run changes any more; a tag never moves."""
        there = set(months_of(self._remote)) - missing
        wanted = settled_months(there, self._release.latest, self._run.settings.refresh_days)
        if not self._memory.tags and wanted:
            self._memory.tags = [tag for tag in self._hub.tags() if tag in wanted]
        for month in wanted:
            if month not in self._memory.tags:
                self._hub.tag(month, self._head)
                self._memory.tags.append(month)
                self._tagged += (month,)
        self._remember()

    def _remember(self) -> None:
        self._memory.save(self._run.lake, self._hub.endpoint, self._hub.repo)

    # What is missing -------------------------------------------------------------------------------

    def _missing(self, found: Plan) -> list[Step]:
        """The plan's steps, or one with the card alone where only that is not as it should be."""
        if found.steps:
            return found.steps
        step = Step([], [], [])
        is_there = self._remote.get(CARD) in content_hashes(self._card(step, found))
        return [] if is_there else [step]

    def _card(self, step: Step, found: Plan) -> bytes:
        """The card over what stands there after the step."""
        standing = {path: oid for path, oid in self._remote.items() if path not in step.delete}
        standing |= {path: next(iter(self._release.hashes[path])) for path in step.put}
        return self._release.card_for(
            standing, self._fetched, keeps_page=found.kept.get(CARD, {GONE}) != {GONE}
        )

    def _fetched(self, path: str) -> bytes:
        return self._hub.fetched(path, self._head, self._folder).read_bytes()

    def _title(self, step: Step, number: int, of: int) -> str:
        return commit_title(step, self._release.latest, number, of)

    def _count(self, step: Step, card: bytes) -> None:
        self._files += len(step.put) + len(step.delete) + 1
        self._bytes += sum(map(self._release.size, step.put)) + len(card)

    # Committing ------------------------------------------------------------------------------------

    def _commit(self, step: Step, found: Plan, title: str) -> None:
        """Commit the step; what is about to stand there is remembered before it may."""
        card = self._card(step, found)
        contents = {path: self._release.files[path].read_bytes() for path in step.put} | {CARD: card}
        hashes = {path: content_hashes(content) for path, content in contents.items()}
        self._memory.pending = {path: sorted(of) for path, of in hashes.items()} | {
            path: list[str]() for path in step.delete
        }
        self._remember()
        self._tried = step, card
        head = self._hub.commit(_operations(contents, step.delete), self._head, title, self._run.report.run)
        self._count(step, card)
        self._commits.append(head)
        self._head = head
        for path, of in hashes.items():
            self._remote[path] = next(iter(of))
        for path in step.delete:
            self._remote.pop(path, None)
        if CARD in found.kept:
            self._memory.kept[CARD] = sorted(hashes[CARD])

    def _wait(self, trouble: HeadMoved | CommitUnanswered, troubles: int) -> None:
        """Wait before looking again: longer each time, or as long as the Hub asks for."""
        settings = self._run.settings
        asked = trouble.wait if isinstance(trouble, CommitUnanswered) else None
        pause = settings.retry_wait * 2 ** (troubles - 1) if asked is None else asked
        if troubles >= _MOST_TROUBLES or pause > settings.patience:
            why = (
                "somebody else commits to it again and again"
                if isinstance(trouble, HeadMoved)
                else f"the Hub did not answer the commit ({trouble})"
            )
            raise SourceUnavailable(
                f"Publishing to {self._hub.url} was given up after {troubles} attempts: {why}. The release "
                "is written locally, and what was committed before is whole. Run the same command again "
                "later; it looks first at what arrived."
            ) from trouble
        time.sleep(pause)


def _some(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    shown = ", ".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"


def _operations(
    contents: dict[str, bytes], delete: list[str]
) -> "list[CommitOperationAdd | CommitOperationDelete]":
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    added = [CommitOperationAdd(path, content) for path, content in contents.items()]
    return [*added, *(CommitOperationDelete(path) for path in delete)]
