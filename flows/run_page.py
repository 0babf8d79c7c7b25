"""What a run leaves on its page in Prefect's UI: the report, its numbers, the digest, progress, the dataset.

Each is a Prefect artifact with a key of its own, so the UI keeps the history of each: ``report``,
``counts``, ``digest``, ``progress``, ``dataset``, ``problems``. Called by the flows.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import date
from uuid import UUID

from prefect.artifacts import (
    acreate_markdown_artifact,
    acreate_progress_artifact,
    acreate_table_artifact,
    aupdate_progress_artifact,
    create_link_artifact,
)

from flows.push import Pushed
from flows.storage import Lake
from transforms.digest import log_path
from transforms.report import Report, report_markdown, report_rows, without_pictures


async def show_report(report: Report) -> None:
    """Leave the report as people read it, and its numbers as a table."""
    await acreate_markdown_artifact(key="report", markdown=report_markdown(report), description=report.run)
    await acreate_table_artifact(key="counts", table=report_rows(report), description=report.run)


async def show_digest(lake: Lake, day: date) -> None:
    """Leave the day's digest, where the day lists papers, without its pictures.

    They lie with strangers: the operator's browser would tell those that the page is read, and an operator
    without the internet would see holes.
    """
    page = lake.digest / log_path(day)
    if page.exists():
        markdown = without_pictures(page.read_text(encoding="utf-8"))
        await acreate_markdown_artifact(key="digest", markdown=markdown, description=f"digest of {day}")


async def show_problems(run: str, found: Sequence[str]) -> None:
    """Leave what a check found."""
    rows = [{"problem": problem} for problem in found] or [{"problem": "none"}]
    await acreate_table_artifact(key="problems", table=rows, description=run)


async def months_shown(run: str, months: Sequence[list[date]]) -> AsyncIterator[list[date]]:
    """The months one after another, with a bar that tells how many of them are done."""
    begun = f"{run}: 0 of {len(months)} months"
    done = await acreate_progress_artifact(0.0, key="progress", description=begun)
    for number, days in enumerate(months, 1):
        yield days
        sentence = f"{run}: {number} of {len(months)} months, up to {days[-1]}"
        await aupdate_progress_artifact(done, 100 * number / len(months), sentence)


def batch_shown(run: str) -> Callable[[int, int], Awaitable[None]]:
    """Tells how many of a batch's answers are in: the first call leaves a bar, later ones move it."""
    shown: list[UUID] = []

    async def show(done: int, of: int) -> None:
        percent, said = 100 * done / max(of, 1), f"{run}: {done:,} of {of:,} answers are in"
        if shown:
            await aupdate_progress_artifact(shown[0], percent, said)
        else:
            shown.append(await acreate_progress_artifact(percent, key="progress", description=said))

    return show


def show_commit(pushed: Pushed) -> None:
    """Leave a link to the dataset, at the commit where one was made."""
    commit, number = pushed.commits[-1] if pushed.commits else "", len(pushed.commits)
    create_link_artifact(
        link=f"{pushed.url}/tree/{commit}" if commit else pushed.url,
        link_text=f"{pushed.url} at {commit[:12]}" if commit else pushed.url,
        key="dataset",
        description=f"{pushed.files} files in {number} commit{'s' if number > 1 else ''}"
        if commit
        else "nothing new",
    )
