"""Prefect's UI in a browser, as the operator opens it: the day's run, its artifacts, a deployment's form.

Everything is real and on this machine: ``daily-papers serve`` with a server of its own, the sandbox with the
bundled sample, a Chromium that the machine has. Nothing is downloaded, and the pages ask nobody else.
"""

import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx2
import pytest
import stamina
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from flows.sandbox.config import SandboxConfig
from flows.sandbox.server import Sandbox
from line import COMMAND, wide

_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_PATIENCE = 180
_DAY = "2026-03-05"
_KOREAN_TITLE = "Hanok-VL: 한국어 문서를 있는 그대로 읽는 공개 7B 비전-언어 모델"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(_CHROMIUM is None, reason="no Chromium in PATH: apt-get install chromium"),
]


class Served(NamedTuple):
    """Where the UI is, and the run that it shows."""

    url: str
    run_id: str
    deployment_id: str


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """``daily-papers serve``, over a lake to which its daily deployment has taken the sample's day."""
    folder = tmp_path_factory.mktemp("ui")
    port = _free_port()
    with Sandbox(SandboxConfig(hub=folder / "hub")) as sandbox:
        environment = wide() | sandbox.environment()
        environment |= {
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_RUNNER_POLL_FREQUENCY": "1",
            "DAILY_PAPERS_HOME": str(folder / "lake"),
            "DAILY_PAPERS_REPO": "sandbox/daily-papers-ko",
            "HF_HUB_OFFLINE": "0",
        }
        del environment["PREFECT_API_URL"]
        command = [*COMMAND, "serve", "--port", str(port)]
        with (folder / "said").open("wb") as said:
            process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, env=environment)
            try:
                yield _with_a_run(f"http://127.0.0.1:{port}", folder / "said")
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(_PATIENCE)


def _with_a_run(url: str, said: Path) -> Served:
    """Ask the served deployment for the day's run and wait for its end."""
    until = time.monotonic() + _PATIENCE
    while "- check:" not in said.read_text():
        assert time.monotonic() < until, said.read_text()
        time.sleep(0.5)
    with httpx2.Client(base_url=f"{url}/api/", timeout=60) as api:
        deployment_id = api.get("deployments/name/daily/daily").raise_for_status().json()["id"]
        parameters = {"list_date": _DAY, "refresh_days": 0}
        # Right after the start the server may still be busy with its database, and says so by a 503.
        for attempt in stamina.retry_context(on=httpx2.HTTPStatusError):
            with attempt:
                asked = api.post(
                    f"deployments/{deployment_id}/create_flow_run", json={"parameters": parameters}
                )
                run_id = asked.raise_for_status().json()["id"]
        while (run := api.get(f"flow_runs/{run_id}").json())["end_time"] is None:
            assert time.monotonic() < until, run
            time.sleep(0.5)
    return Served(url, run_id, deployment_id)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for the tests of this file."""
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of the browser; whatever it asked, it asked this machine."""
    hosts: set[str | None] = set()
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(60_000)
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    yield page
    page.close()
    # None is the host of what is in the page itself, as data.
    assert hosts - {None} == {"127.0.0.1"}


def artifact(page: Page, key: str) -> Locator:
    """The card of an artifact among a run's artifacts; its name has kind, key and time."""
    return page.get_by_role("link", name=re.compile(rf"^\w+ {key} "))


def test_the_list_of_runs_leads_to_the_days_run_and_its_digest_in_korean(served: Served, page: Page) -> None:
    page.goto(f"{served.url}/runs")
    page.get_by_role("link", name=f"daily {_DAY}", exact=True).click()
    page.wait_for_url(f"**/{served.run_id}*")
    expect(page.get_by_text("Completed", exact=True).first).to_be_visible()
    expect(page.get_by_text("Step translate (papers): 5 to do.")).to_be_visible()
    expect(page.get_by_text("Listed: 5 new")).to_be_visible()
    assert "Finished in state Completed()" not in page.content()

    page.get_by_text("Artifacts", exact=True).click()
    for key in ("digest", "counts", "report", "dataset"):
        expect(artifact(page, key)).to_be_visible()
    artifact(page, "digest").click()
    expect(page.get_by_role("heading", name=f"Daily Papers ({_DAY})")).to_be_visible()
    expect(page.get_by_text(_KOREAN_TITLE)).to_be_visible()


def test_the_report_says_first_whether_the_run_went_well(served: Served, page: Page) -> None:
    page.goto(f"{served.url}/runs/flow-run/{served.run_id}")
    page.get_by_text("Artifacts", exact=True).click()
    artifact(page, "report").click()
    expect(page.get_by_role("heading", name=f"daily {_DAY}").last).to_be_visible()
    expect(page.get_by_text("Done. Nothing was refused.")).to_be_visible()
    expect(page.get_by_role("cell", name=_KOREAN_TITLE)).to_be_visible()


def test_the_form_of_the_daily_deployment_asks_for_a_date(served: Served, page: Page) -> None:
    page.goto(f"{served.url}/deployments/deployment/{served.deployment_id}/run")
    expect(page.get_by_text("list_date (Optional)")).to_be_visible()
    expect(page.get_by_text("US dollars that this run may spend on the model.")).to_be_visible()
    page.get_by_text("date", exact=True).click()
    expect(page.get_by_text("Select date")).to_be_visible()
