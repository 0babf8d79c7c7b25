"""The last step of a run: the months that it touched into the release, as Prefect tasks.

What is written and how is flows/release.py. Called by flows/pipeline.py.
"""

from collections.abc import Iterable
from datetime import date

from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.release import write_month, write_pages, write_release
from flows.run import Run
from flows.storage import Lake
from schemas.tables import ARCHIVE, PAPERS
from transforms.completeness import neighbour_months

publish_month = task(task_run_name="publish {month}", cache_policy=NO_CACHE)(write_month)
publish_pages = task(task_run_name="publish card and digest", cache_policy=NO_CACHE)(write_pages)


def publish(run: Run, days: Iterable[date], changed_ids: Iterable[str]) -> None:
    """Publish the months of these days, and the neighbouring months that list a changed paper too."""
    months = {f"{day:%Y-%m}" for day in days}
    months |= _months_listing(run.lake, neighbour_months(months) - months, set(changed_ids))
    write_release(run, months, publish_month, publish_pages)


def _months_listing(lake: Lake, months: set[str], paper_ids: set[str]) -> set[str]:
    return {
        month
        for month in months
        for table in (PAPERS, ARCHIVE)
        if not paper_ids.isdisjoint(lake.read_columns(table, [month], ["paper_id"])["paper_id"])
    }
