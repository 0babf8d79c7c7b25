"""The last step of a run: the months that it touched into the release, as Prefect tasks.

What is written and how is flows/release.py. Called by flows/pipeline.py and the flows.
"""

from collections.abc import Iterable
from datetime import date

from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.errors import ContractBroken, DailyPapersError, EditedOnHub, SettingsMissing
from flows.lock import RELEASE_PART
from flows.push import push, pushed_sentence
from flows.release import write_month, write_pages, write_release
from flows.run import Run
from flows.run_page import show_commit
from flows.storage import Lake
from schemas.tables import ARCHIVE, PAPERS
from transforms.completeness import neighbour_months
from transforms.publication import Decision

publish_month = task(task_run_name="publish {month}", cache_policy=NO_CACHE)(write_month)
publish_pages = task(task_run_name="publish card and digest", cache_policy=NO_CACHE)(write_pages)


def publish(run: Run, days: Iterable[date], changed_ids: Iterable[str]) -> None:
    """Publish the months of these days, and the neighbouring months that list a changed paper too."""
    months = {f"{day:%Y-%m}" for day in days}
    months |= _months_listing(run.lake, neighbour_months(months) - months, set(changed_ids))
    with run.holding(RELEASE_PART):
        write_release(run, months, publish_month, publish_pages)


@task(task_run_name="publish to {repo}", cache_policy=NO_CACHE)
def publish_to_hub(run: Run, repo: str, decision: Decision | None = None) -> None:
    """Publish to the Hub what changed, and put into the run's report what came of it.

    The release is whole whatever happens here, so an error is reported and does not end the run.

    Args:
        run: The run.
        repo: "ORG/NAME".
        decision: Whose version counts where somebody edited a file there; None names it and stops.
    """
    try:
        # Whoever sets DAILY_PAPERS_REPO wants the dataset there, so a missing one is made.
        with run.holding(RELEASE_PART):
            pushed = push(run, repo, decision, may_create=lambda _: True)
    except SettingsMissing as error:
        run.report.refused.append(str(error))
    except (ContractBroken, EditedOnHub) as error:
        run.report.broken.append(str(error))
    except DailyPapersError as error:
        run.report.unavailable.append(str(error))
    else:
        run.report.hub = pushed_sentence(pushed)
        show_commit(pushed)


def _months_listing(lake: Lake, months: set[str], paper_ids: set[str]) -> set[str]:
    return {
        month
        for month in months
        for table in (PAPERS, ARCHIVE)
        if not paper_ids.isdisjoint(lake.read_columns(table, [month], ["paper_id"])["paper_id"])
    }
