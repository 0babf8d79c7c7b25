"""Abstracts for the listed papers: arXiv in batches, the Hub's own text as the fallback.

A paper is asked for until arXiv has answered for it, so late arrivals come with a later run. arXiv being
away costs no paper: the Hub's text stands in and the run says so. Called by flows/pipeline.py.
"""

from datetime import UTC, datetime

import polars as pl
from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.clients.arxiv import BATCH_SIZE
from flows.errors import SourceUnavailable
from flows.progress import PROGRESS
from flows.received import keep_feed
from flows.run import Run, settled
from schemas.tables import ABSTRACTS
from transforms.abstracts import (
    NotAtom,
    arxiv_abstracts,
    best_abstracts,
    hub_abstracts,
    papers_without_arxiv,
)


async def enrich(run: Run, papers: pl.DataFrame) -> list[str]:
    """Bring ABSTRACTS up to date for these PAPERS rows; the ids whose row changed."""
    known = run.lake.read_papers(ABSTRACTS, papers["paper_id"])
    wanted = papers_without_arxiv(papers, known)
    PROGRESS.get().start("enrich", len(wanted))
    found = [ABSTRACTS.empty()]
    for number, start in enumerate(range(0, len(wanted), BATCH_SIZE)):
        batch = wanted[start : start + BATCH_SIZE]
        faults = await settled(fetch_abstracts(batch, number, run, found))
        PROGRESS.get().advance("enrich", len(batch))
        if faults:
            # What stopped this batch would stop the next one too; the next run asks again.
            PROGRESS.get().advance("enrich", len(wanted) - start - len(batch))
            break
    rows = best_abstracts(known, pl.concat(found), hub_abstracts(papers, datetime.now(UTC)))
    run.lake.upsert(ABSTRACTS, rows)
    run.report.abstracts.update(rows["abstract_source"].to_list())
    return rows["paper_id"].to_list()


@task(task_run_name="arXiv batch {number}", cache_policy=NO_CACHE, timeout_seconds=3600)
async def fetch_abstracts(paper_ids: list[str], number: int, run: Run, found: list[pl.DataFrame]) -> None:
    """Fetch one batch from arXiv, keep its bytes and append its rows to ``found``."""
    try:
        body = await run.arxiv.feed(paper_ids)
        fetched_at = datetime.now(UTC)
        keep_feed(run.lake, fetched_at, number, body)
        found.append(arxiv_abstracts(body, set(paper_ids), fetched_at))
    except (SourceUnavailable, NotAtom) as error:
        sentence = f"{error} {len(paper_ids)} papers keep the Hub's abstract until the next run."
        run.report.unavailable.append(sentence)
        raise SourceUnavailable(sentence) from error
