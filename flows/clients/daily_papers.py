"""Hugging Face Daily Papers: the pages of a day's list, as bytes.

The JSON is parsed by transforms/papers.py and not by ``HfApi.list_daily_papers``, which loses the
thumbnail, ai_summary, ai_keywords, githubRepo and projectPage, turns 0 votes into None and has neither
retry nor timeout. Called by flows/extract.py.
"""

from datetime import date

from flows.clients.http import Service
from flows.errors import SourceUnavailable
from flows.settings import Settings
from transforms.papers import Refusal, paper_ids_of, records_of

# The Hub answers with 50 records at most, whatever is asked for.
_PAGE_SIZE = 50
_MAX_PAGES = 40


class DailyPapers:
    """The Daily Papers API of one endpoint."""

    def __init__(self, settings: Settings) -> None:
        token = settings.hf_token.get_secret_value().strip() if settings.hf_token else None
        self._url = f"{settings.hf_endpoint.rstrip('/')}/api/daily_papers"
        self._service = Service("Hugging Face Daily Papers", settings.patience, settings.retry_wait, token)

    async def pages(self, list_date: date) -> list[bytes]:
        """Every page of the day's list, in order, until one is short or brings no new paper.

        A page that is no JSON list ends the list and is returned too: it is the caller's to refuse.

        Raises:
            SourceUnavailable: The service did not answer, or the list does not end.
        """
        pages: list[bytes] = []
        seen: set[str] = set()
        for number in range(_MAX_PAGES):
            params = {"date": list_date.isoformat(), "limit": _PAGE_SIZE, "p": number}
            page = await self._service.get(self._url, params, f"page {number} of the list of {list_date}")
            records = records_of(page)
            ids = paper_ids_of(page)
            if pages and not isinstance(records, Refusal) and ids <= seen:
                return pages
            pages.append(page)
            seen |= ids
            if isinstance(records, Refusal) or len(records) < _PAGE_SIZE:
                return pages
        raise SourceUnavailable(
            f"The list of {list_date} did not end within {_MAX_PAGES} pages of {_PAGE_SIZE}; nothing of the "
            f"day was taken. Run again later: daily-papers run --date {list_date}"
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._service.close()
