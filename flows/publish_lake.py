"""The publish flow: the whole release again from the lake, and to the Hub where one is set.

Environment: DAILY_PAPERS_HOME; DAILY_PAPERS_REPO and HF_TOKEN to publish. A manual deployment; on a terminal
it is ``daily-papers publish``. Asks no source and no model. Safe to rerun: what would not change is not
written.
"""

import asyncio

from prefect import flow

from flows.lock import RELEASE_PART
from flows.pipeline import started_run
from flows.publish import publish_month, publish_pages, publish_to_hub
from flows.release import write_release
from flows.scheduled import due_at
from schemas.tables import ARCHIVE, PAPERS
from transforms.publication import Decision
from transforms.report import Report


def _run_name() -> str:
    return f"publish {due_at():%Y-%m-%d %H:%M}"


@flow(name="publish", flow_run_name=_run_name, retries=2, retry_delay_seconds=900, timeout_seconds=6 * 3600)
async def publish_lake(edited_files: Decision | None = None) -> Report:
    """Write every month of the release again, then publish it to DAILY_PAPERS_REPO, if that is set.

    Args:
        edited_files: Files that somebody edited on the Hub: "theirs" leaves them as they are, "ours" puts
            the release's in their place. Without an answer, they are named and nothing is published.

    Returns:
        The run's report.

    Raises:
        RunIncomplete: The Hub was away or refused, or somebody edited files there; the release is written.
    """
    async with started_run(_run_name(), asks_model=False) as run:
        months = {*run.lake.months(PAPERS), *run.lake.months(ARCHIVE)}
        async with run.held(RELEASE_PART):
            await asyncio.to_thread(write_release, run, months, publish_month, publish_pages)
        if run.settings.repo:
            await asyncio.to_thread(publish_to_hub, run, run.settings.repo, edited_files)
    return run.report
