"""Full texts for the papers of a recipe that asks for them: kept ones, else the Hub's, kept as received.

A paper without a page is translated from its abstract; one whose page could not be had waits for the next
run, since its answer would be another one. Called by flows/translate.py.
"""

import asyncio
from collections.abc import Sequence

from flows.clients.paper_pages import PaperPages
from flows.errors import SourceUnavailable
from flows.progress import PROGRESS
from flows.received import keep_page, kept_page
from flows.run import Run
from transforms.full_text import full_text_of
from transforms.recipe import Recipe

_AT_ONCE = 8


async def full_texts(run: Run, paper_ids: Sequence[str], recipe: Recipe) -> dict[str, str | None]:
    """Full text by paper, None where the Hub has no page; papers whose page could not be had are left out.

    With a recipe of abstracts only, None for each of the papers, and nothing is fetched.
    """
    if recipe.full_text_tokens is None:
        return dict.fromkeys(paper_ids)
    pages = PaperPages(run.settings)
    slots = asyncio.Semaphore(_AT_ONCE)
    PROGRESS.get().start("full text", len(paper_ids))

    async def fetched(paper_id: str) -> bytes | None:
        async with slots:
            page = kept_page(run.lake, paper_id)
            if page is None and (page := await pages.page(paper_id)) is not None:
                keep_page(run.lake, paper_id, page)
            PROGRESS.get().advance("full text")
            return page

    try:
        found = await asyncio.gather(*map(fetched, paper_ids), return_exceptions=True)
    finally:
        await pages.close()
    texts: dict[str, str | None] = {}
    for paper_id, page in zip(paper_ids, found, strict=True):
        if isinstance(page, SourceUnavailable):
            run.report.unavailable.append(str(page))
        elif isinstance(page, BaseException):
            raise page
        else:
            text = page.decode("utf-8", "replace") if page is not None else ""
            texts[paper_id] = full_text_of(text, recipe.full_text_tokens)
    run.report.full_texts.update("found" if text else "none" for text in texts.values())
    return texts
