"""Keys go into request headers and nowhere else, on good days and on bad ones."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from daylists import records
from line import DAY, Line

OPENAI_KEY = "sk-proj-" + "q7Zk" * 9
HUB_TOKEN = "hf_" + "Xw3v" * 9
REFUSAL = json.dumps(
    {"error": {"message": f"Incorrect API key provided: {OPENAI_KEY}.", "code": "invalid_api_key"}}
)


def holding(folder: Path, secret: str) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and secret.encode() in path.read_bytes():
            yield path


def test_no_key_reaches_a_file_the_database_the_log_or_the_terminal(
    line: Line,
    prefect_server: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    line.set(OPENAI_API_KEY=OPENAI_KEY, HF_TOKEN=HUB_TOKEN)
    line.day(DAY, records(3))
    assert line.run().code == 0
    line.day("2026-03-06", records(3, first=51))
    line.faults({"service": "openai", "status": 401, "body": REFUSAL, "content_type": "application/json"})
    assert line.run("2026-03-06").code == 2
    line.faults({"service": "daily_papers", "status": 401, "body": f"Invalid token {HUB_TOKEN}"})
    assert line.run("2026-03-09").code == 3
    line.set(DAILY_PAPERS_CONCURRENCY=OPENAI_KEY)
    assert line.run().code == 2
    out = "".join(capsys.readouterr())
    assert "OPENAI_API_KEY" in out
    # The server records runs within a second or two of their end.
    deadline = time.monotonic() + 20
    while not list(holding(prefect_server, "daily 2026-03-09")) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert list(holding(prefect_server, "daily 2026-03-09")), "the database is not where this test looks"
    time.sleep(1)
    for secret in (OPENAI_KEY, HUB_TOKEN):
        assert secret not in out
        assert secret not in caplog.text
        assert list(holding(line.home, secret)) == []
        assert list(holding(prefect_server, secret)) == []
