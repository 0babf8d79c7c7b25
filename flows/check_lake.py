"""The check flow: is the lake sound, the release whole, and the Hub's copy of it the same?

Environment: DAILY_PAPERS_HOME; with DAILY_PAPERS_REPO the Hub is downloaded and compared too. Scheduled
weekly (prefect.yaml); on a terminal it is ``daily-papers check`` and ``daily-papers publish --verify``, in
the same words. Changes nothing.
"""

import asyncio

from prefect import flow

from flows.check import check_sentence, problems
from flows.errors import ContractBroken
from flows.lock import one_writer
from flows.progress import PROGRESS
from flows.run import Run
from flows.run_log import log_progress
from flows.run_page import show_problems
from flows.scheduled import due_at
from flows.settings import load_settings
from flows.verify import verified_sentence, verify

_LISTED = 20


def _run_name() -> str:
    return f"check {due_at():%Y-%m-%d %H:%M}"


@flow(name="check", flow_run_name=_run_name, timeout_seconds=6 * 3600)
async def check_lake() -> str:
    """Check every file of the lake, and of the Hub's copy where DAILY_PAPERS_REPO is set.

    Returns:
        What was checked and found whole.

    Raises:
        ContractBroken: Something is not as promised; the message names it. Nothing was changed.
        DailyPapersError: The lake is being written, or the Hub did not answer.
    """
    log_progress()
    run = Run(load_settings(), _run_name())
    try:
        found, sentences = await asyncio.to_thread(_found, run)
    finally:
        await run.arxiv.close()
    await show_problems(run.report.run, found)
    if found:
        more = [f"… and {len(found) - _LISTED:,} more."] if len(found) > _LISTED else []
        raise ContractBroken(" ".join([*found[:_LISTED], *more, *sentences]))
    return " ".join(sentences)


def _found(run: Run) -> tuple[list[str], list[str]]:
    """Every problem, and what was looked at; no run writes meanwhile."""
    with one_writer(run.lake, run.report.run, run.settings.lock_wait, PROGRESS.get().say):
        here = list(problems(run.lake))
        sentences = [check_sentence(run.lake, here)]
        if not run.settings.repo:
            return here, sentences
        there = verify(run, run.settings.repo)
    return [*here, *there.differences], [*sentences, verified_sentence(there, run.settings.repo)]
