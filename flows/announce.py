"""What a run tells people by itself: an event for each bound it passed, and the day's digest in a chat.

The event is all that the run knows of alarms: ``daily-papers alarms`` (flows/alarms.py) made the automation
that turns it into a message. Nothing here can fail a run whose work is done. Called by flows/pipeline.py and
flows/daily.py.
"""

import asyncio
import logging
from datetime import date

from prefect import runtime
from prefect.events import emit_event
from pydantic import SecretStr

from flows.progress import PROGRESS
from flows.run import Run
from schemas.tables import RELEASE
from transforms.alarms import alarm_sentences
from transforms.messages import digest_messages, inert

ALARM_EVENT = "daily-papers.alarm"
_log = logging.getLogger(__name__)


def emit_alarm(run: Run) -> None:
    """Emit an event with a sentence for each bound that the run passed; none for a run as it should be."""
    bounds = run.settings.alarm_rejected, run.settings.alarm_cost
    if sentences := alarm_sentences(run.report, *bounds):
        for sentence in sentences:
            PROGRESS.get().say(sentence)
        tell(run.report.run, " ".join(sentences), str(runtime.flow_run.id))


def tell(name: str, sentence: str, subject_id: str) -> None:
    """Emit the event that the alarms watch."""
    emit_event(
        ALARM_EVENT,
        resource={"prefect.resource.id": f"daily-papers.run.{subject_id}", "prefect.resource.name": name},
        payload={"run": inert(name), "sentence": inert(sentence)},
    )


async def post_digest(run: Run, list_date: date) -> None:
    """Post the day's papers to DAILY_PAPERS_POST_DIGEST_URL, if set, once a day however often it is run.

    Posting that fails half way is not repeated: a channel that gets a day twice is worse than one that gets
    half of it, and the digest itself is written.
    """
    url = run.settings.post_digest_url
    memory = run.lake.home / "posted" / f"{list_date}.txt"
    if url is None or memory.exists():
        return
    messages = digest_messages(run.lake.read(RELEASE, [f"{list_date:%Y-%m}"]), list_date)
    for number, message in enumerate(messages, 1):
        if not await asyncio.to_thread(_posted, url, message):
            fault = (
                f"The digest of {list_date} was not posted: message {number} of {len(messages)} was not "
                "taken at DAILY_PAPERS_POST_DIGEST_URL. The digest itself is written."
            )
            PROGRESS.get().say(fault)
            _log.warning(fault)
            return
        run.lake.write_bytes(memory, f"{number} of {len(messages)} messages posted\n".encode())


def _posted(url: SecretStr, message: str) -> bool:
    """True when the service at this apprise address took the message."""
    from apprise import Apprise  # half a second that only those pay who post

    service = Apprise()
    return service.add(url.get_secret_value()) and bool(service.notify(body=message))
