"""``daily-papers alarms``: messages when something about this project's runs is wrong.

What watches are Prefect automations on the server at PREFECT_API_URL, so they also notice what no run can
say: that it was killed, that it is late, that there was none. The address for the messages is kept there in a
notification block, encrypted, and is never printed. Safe to run again: what is as it should be is left alone,
and an alarm that was paused in the UI stays paused. Called by flows/cli.py.

Environment: PREFECT_API_URL (required), DAILY_PAPERS_ALARM_URL, DAILY_PAPERS_ALARM_LATE.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from apprise import Apprise
from prefect.automations import AutomationCore
from prefect.blocks.notifications import SlackWebhook
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.events.filters import EventFilter, EventNameFilter, EventOccurredFilter, EventResourceFilter
from prefect.events.schemas.automations import Automation
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import get_current_settings
from pydantic import SecretStr
from rich.console import Console

from flows.announce import tell
from flows.errors import DailyPapersError, SettingsMissing, SourceUnavailable
from flows.settings import load_settings
from flows.wanted_alarms import BOUND_PASSED, wanted_alarms

BLOCK: Final = "daily-papers-alarms"
"""The notification block's name."""
_TEST_SECONDS: Final = 60.0
_ACTION: Final = "prefect.automation.action."
_NONE_MADE: Final = "No alarm was made or changed."
_FORMS: Final = (
    "It is an address of apprise: a webhook of Slack or Discord as copied from there, "
    "mailto://user:password@host, json://host/path; all forms: https://github.com/caronc/apprise/wiki"
)


def alarms(url: SecretStr | None, *, remove: bool, test: bool) -> int:
    """Make, change or remove the alarms, and say what was done.

    Args:
        url: Where messages go, as apprise writes it; None means DAILY_PAPERS_ALARM_URL, or where they went.
        remove: Remove the alarms and the address instead.
        test: Send a message the whole way that an alarm takes, and wait for what becomes of it.

    Returns:
        The exit code: 0 done, 2 a setting is absent or wrong, 3 the server or the address is away.
    """
    console = Console(soft_wrap=True)
    try:
        settings = load_settings()
        api = _api_url()
        with _answered(api), get_client(sync_client=True) as client:
            if error := client.api_healthcheck():
                raise SourceUnavailable(
                    f"Prefect's server at {api} did not answer ({type(error).__name__}). {_NONE_MADE} Is it "
                    "running? prefect server start"
                )
            if remove:
                console.print(_removed(client, api), style="green", markup=False)
                return 0
            block_id = _kept_address(client, url or settings.alarm_url)
            for wanted in wanted_alarms(block_id, timedelta(seconds=settings.alarm_late)):
                console.print(f"- {_made(client, wanted)} {wanted.name}: {wanted.description}", markup=False)
            if test:
                _send_test(client)
    except DailyPapersError as error:
        console.print(str(error), style="bold red", markup=False)
        return error.exit_code
    outcome = "The test message was delivered." if test else "Try them: daily-papers alarms --test"
    console.print(f"Done. The alarms are on {api}. {outcome}", style="green", markup=False)
    return 0


def _api_url() -> str:
    """Address of the server.

    Raises:
        SettingsMissing: None is configured.
    """
    api = get_current_settings().api.url
    if api is None:
        raise SettingsMissing(
            f"PREFECT_API_URL is not set. {_NONE_MADE} Alarms live on a Prefect server that keeps running: "
            "prefect server start, and export PREFECT_API_URL=http://127.0.0.1:4200/api"
        )
    return api


@contextmanager
def _answered(api: str) -> Iterator[None]:
    """The server's refusals as errors that a person reads."""
    try:
        yield
    except PrefectHTTPStatusError as error:
        status = error.response.status_code
        if status in (401, 403):
            raise SettingsMissing(
                f"Prefect's server at {api} refused this client (HTTP {status}). {_NONE_MADE} Set "
                "PREFECT_API_AUTH_STRING as the server has it."
            ) from None
        raise SourceUnavailable(
            f"Prefect's server at {api} answered HTTP {status}. What was made before stays; run the same "
            "command again."
        ) from None


def _kept_address(client: SyncPrefectClient, url: SecretStr | None) -> UUID:
    """The block that keeps the address, made or changed where it must be.

    Raises:
        SettingsMissing: apprise knows no such address, or none was given and none is kept.
    """
    kept = _block_id(client)
    if url is None:
        if kept is None:
            raise SettingsMissing(f"Where to? Name --url ADDRESS. {_NONE_MADE} {_FORMS}")
        return kept
    if not Apprise().add(url.get_secret_value()):
        raise SettingsMissing(
            f"apprise knows no address like the one given. {_NONE_MADE} It is not shown here, since it may "
            f"hold a secret. {_FORMS}"
        )
    # Prefect saves no block of its general class for apprise, and the server knows none of our own; the one
    # called Slack takes every address of apprise.
    SlackWebhook(url=url).save(BLOCK, overwrite=True)
    kept = _block_id(client)
    assert kept is not None, "it was saved a moment ago"
    return kept


def _block_id(client: SyncPrefectClient) -> UUID | None:
    documents = client.read_block_documents(include_secrets=False)
    return next((document.id for document in documents if document.name == BLOCK), None)


def _known(client: SyncPrefectClient, name: str) -> Automation | None:
    return next(iter(client.read_automations_by_name(name)), None)


def _made(client: SyncPrefectClient, wanted: AutomationCore) -> str:
    """Bring the automation into being or into shape: "made", "changed" or "unchanged"."""
    known = _known(client, wanted.name)
    if known is None:
        client.create_automation(wanted)
        return "made"
    wanted.enabled = known.enabled
    ours = set(AutomationCore.model_fields) - {"owner_resource"}
    if known.model_dump(include=ours) == wanted.model_dump(include=ours):
        return "unchanged" if known.enabled else "unchanged, and paused:"
    client.update_automation(known.id, wanted)
    return "changed"


def _removed(client: SyncPrefectClient, api: str) -> str:
    """Remove the alarms and the address, and say so."""
    removed = 0
    for wanted in wanted_alarms(uuid4(), timedelta(hours=1)):
        for known in client.read_automations_by_name(wanted.name):
            client.delete_automation(known.id)
            removed += 1
    if block_id := _block_id(client):
        client.delete_block_document(block_id)
    return f"Done. {removed} alarms were removed from {api}, and the address with them."


def _send_test(client: SyncPrefectClient) -> None:
    """Send a message the whole way: event, automation, block, service.

    Raises:
        SourceUnavailable: It was not taken, or nothing is known of it after a minute.
    """
    known = _known(client, BOUND_PASSED)
    assert known is not None, "it was made a moment ago"
    since = datetime.now(UTC)
    tell("test of the alarms", "This is a test; nothing is wrong.", str(uuid4()))
    deadline = time.monotonic() + _TEST_SECONDS
    while time.monotonic() < deadline:
        time.sleep(0.5)
        outcome = _outcome(client, known.id, since)
        if outcome == "executed":
            return
        if outcome == "failed":
            raise SourceUnavailable(
                "The alarms were made, but the service at the address did not take the test message. Is the "
                "address right, and does the server reach it? Then: daily-papers alarms --url ADDRESS --test"
            )
    raise SourceUnavailable(
        f"The alarms were made, but the test message was not sent within {_TEST_SECONDS:g} s. Is the alarm "
        f"{BOUND_PASSED!r} paused, or has the server no background services (--no-services)?"
    )


def _outcome(client: SyncPrefectClient, automation_id: UUID, since: datetime) -> str | None:
    """What became of the automation's action since then: "executed", "failed" or None."""
    wanted = EventFilter(
        occurred=EventOccurredFilter.model_validate({"since": since}),
        event=EventNameFilter(name=[f"{_ACTION}executed", f"{_ACTION}failed"]),
        resource=EventResourceFilter(id=[f"prefect.automation.{automation_id}"]),
    )
    events = client.read_events(wanted, limit=1).events
    return events[0].event.removeprefix(_ACTION) if events else None
