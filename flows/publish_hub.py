"""The terminal's side of publishing to the Hub: the question before a repository is made, the closing line.

Called by flows/cli.py.
"""

import contextlib
import sys

import typer

from flows.console import Bars, console
from flows.errors import DailyPapersError
from flows.lock import one_writer
from flows.progress import PROGRESS
from flows.push import planned_push, push, pushed_sentence
from flows.run import Run
from flows.settings import load_settings
from flows.verify import verified_sentence, verify
from transforms.publication import Decision

_LISTED = 20


def publish_to_hub(
    repo: str, decision: Decision | None, *, private: bool = False, yes: bool = False, is_dry: bool = False
) -> int:
    """Publish the release to the Hub, or say what that would do; the exit code."""
    try:
        run = Run(load_settings(), "daily-papers publish")
        with Bars(), _held(run):
            if is_dry:
                sentence = pushed_sentence(planned_push(run, repo, decision), is_dry=True)
            else:
                done = push(
                    run, repo, decision, may_create=lambda url: yes or _asked(url, private), private=private
                )
                sentence = pushed_sentence(done)
    except DailyPapersError as error:
        console.print(str(error), style="bold red", markup=False)
        return error.exit_code
    console.print(sentence, style="green", markup=False)
    return 0


def _held(run: Run) -> contextlib.AbstractContextManager[object]:
    return one_writer(run.lake, run.report.run, run.settings.lock_wait, PROGRESS.get().say)


def _asked(url: str, private: bool) -> bool:
    """Whether the person at the terminal wants the repository made; nobody there means no."""
    if not sys.stdin.isatty():
        return False
    return typer.confirm(f"There is no dataset at {url}. Make a {'private' if private else 'public'} one?")


def verify_hub(repo: str) -> int:
    """Compare what is on the Hub with the release; 0 when it is the same and valid, else 1."""
    try:
        run = Run(load_settings(), "daily-papers publish --verify")
        with Bars(), _held(run):
            found = verify(run, repo)
    except DailyPapersError as error:
        console.print(str(error), style="bold red", markup=False)
        return error.exit_code
    for difference in found.differences[:_LISTED]:
        console.print(f"- {difference}", style="red", markup=False)
    if (more := len(found.differences) - _LISTED) > 0:
        console.print(f"- … and {more:,} more", style="red", markup=False)
    style = "yellow" if found.differences else "green"
    console.print(verified_sentence(found, repo), style=style, markup=False)
    return int(bool(found.differences))
