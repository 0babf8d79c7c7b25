"""The Hub's page of a paper as Markdown, as bytes: ``GET {HF_ENDPOINT}/papers/{paper_id}.md``.

The address is that of huggingface_hub's ``HfApi.read_paper``, which keeps no bytes and does not tell a paper
without a page from a service that is away. Called by flows/full_text.py.
"""

from flows.clients.http import Service
from flows.settings import Settings


class PaperPages:
    """The paper pages of one endpoint."""

    def __init__(self, settings: Settings) -> None:
        token = settings.hf_token.get_secret_value().strip() if settings.hf_token else None
        self._url = f"{settings.hf_endpoint.rstrip('/')}/papers"
        self._service = Service("Hugging Face Papers", settings.patience, settings.retry_wait, token)

    async def page(self, paper_id: str) -> bytes | None:
        """The page, or None for a paper that has none.

        Raises:
            SourceUnavailable: The service did not answer.
        """
        return await self._service.find(f"{self._url}/{paper_id}.md", f"the page of {paper_id}")

    async def close(self) -> None:
        """Close the connections."""
        await self._service.close()
