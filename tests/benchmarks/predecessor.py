"""The predecessor's way of asking the model, as the other side of a ratio.

Everything at once, the plain client without retries, ``json.loads`` on what comes: an answer that does not
parse is a paper lost for good, and an error of the service ends the run before anything is written.
"""

import asyncio
import json
import time
from typing import Any, NamedTuple

import openai
from proving_ground import RunningSandbox

from transforms.prompt import Source, messages_for


class Outcome(NamedTuple):
    """What a run in the predecessor's way ended with."""

    seconds: float
    kept: int
    crashed_with: str | None


async def translated_at_once(sandbox: RunningSandbox, sources: list[Source]) -> Outcome:
    """Ask for all papers at once and keep what parses."""
    client = openai.AsyncOpenAI(
        api_key="sandbox", base_url=sandbox.environment["OPENAI_BASE_URL"], max_retries=0
    )

    model = sandbox.environment["DAILY_PAPERS_MODEL"]

    async def translate(source: Source) -> Any:
        request: dict[str, Any] = {"model": model, "messages": messages_for(source)}
        answer = await client.chat.completions.create(**request)
        try:
            return json.loads(answer.choices[0].message.content or "")
        except ValueError:
            return None

    began = time.monotonic()
    tasks = [asyncio.create_task(translate(source)) for source in sources]
    try:
        answers = await asyncio.gather(*tasks)
    except openai.APIStatusError as error:
        return Outcome(time.monotonic() - began, 0, f"HTTP {error.status_code}")
    finally:
        seconds = time.monotonic() - began
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await client.close()
    return Outcome(seconds, sum(answer is not None for answer in answers), None)
