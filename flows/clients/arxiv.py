"""arXiv's query API: the Atom feed for a batch of ids, one request every few seconds.

Not the ``arxiv`` package: it keeps no raw bytes and sets no timeout. Called by flows/enrich.py.
"""

import asyncio
import time

from flows.clients.http import Service
from flows.settings import Settings

BATCH_SIZE = 100


class Arxiv:
    """The query API at one address, paced as arXiv's terms of use ask."""

    def __init__(self, settings: Settings) -> None:
        first_wait = max(settings.retry_wait, settings.arxiv_interval)
        self._service = Service("arXiv", settings.patience, first_wait)
        self._url = settings.arxiv_url
        self._interval = settings.arxiv_interval
        self._next_at = 0.0

    async def feed(self, paper_ids: list[str]) -> bytes:
        """The Atom feed for these ids (at most BATCH_SIZE), in whatever order arXiv gives it.

        Raises:
            SourceUnavailable: arXiv refused or did not answer.
        """
        await asyncio.sleep(self._next_at - time.monotonic())
        self._next_at = time.monotonic() + self._interval
        # Without max_results arXiv answers with the first ten.
        params = {"id_list": ",".join(paper_ids), "max_results": len(paper_ids)}
        return await self._service.get(
            self._url, params, f"the abstracts of {len(paper_ids)} papers ({paper_ids[0]} …)"
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._service.close()
