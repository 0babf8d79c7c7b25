"""What every benchmark stands on: a made day of fifty papers, a sandbox process, fresh commands, a table.

The sandbox is a process of its own, so that its work is not counted as the run's, and its request log is
the one clock that both sides of a ratio are read from. The papers are made here from word lists.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import httpx2
import psutil

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("daily-papers")
DAY = date(2025, 3, 14)
PAPERS_A_DAY = 50
_WEEK = [date(2025, 3, 3) + timedelta(days=days) for days in range(12)]
# What the shell that starts the benchmarks may hold and a run must not take from it.
_FOREIGN = ("PREFECT_", "DAILY_PAPERS_", "OPENAI_", "HF_", "DO_NOT_TRACK", "PYTHON")

_METHODS = ("Granary", "Tidepool", "Lantern", "Cobblestone", "Juniper", "Millrace", "Harbor", "Thimble")
_TOPICS = ("long documents", "robot grasping", "speech tokens", "video diffusion", "code review", "tables")
_VERBS = ("Sorting", "Pruning", "Aligning", "Routing", "Grounding", "Distilling")


class Ended(NamedTuple):
    """A command that has ended."""

    code: int
    printed: str
    started_at: datetime
    seconds: float
    peak_mb: float
    """Peak resident memory of the command's own process."""
    children_peak_mb: float
    """Peak resident memory of its largest child process, the one-shot Prefect server."""


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox in its own process."""

    environment: dict[str, str]

    @property
    def url(self) -> str:
        """Its address."""
        return self.environment["HF_ENDPOINT"]

    def requests(self, service: str | None = None) -> list[dict[str, Any]]:
        """The requests it got, in order of arrival."""
        entries: list[dict[str, Any]] = httpx2.get(f"{self.url}/_sandbox/requests").json()
        return [entry for entry in entries if service in (None, entry["service"])]

    def forget(self) -> None:
        """Empty the request log."""
        httpx2.delete(f"{self.url}/_sandbox/requests").raise_for_status()

    def call_seconds(self) -> list[float]:
        """Seconds of each answered model call, fastest first."""
        return sorted(entry["ms"] / 1000 for entry in self.requests("openai") if entry["status"] == 200)


@dataclass(frozen=True)
class Ground:
    """Folders of a benchmark session."""

    folder: Path
    lists: Path

    @property
    def week_before(self) -> Path:
        """The lake that holds the week before the benchmarked day."""
        return self.folder / "week-before"

    def lake(self, name: str) -> Path:
        """A new copy of the lake of the week before."""
        return Path(shutil.copytree(self.week_before, self.folder / name, dirs_exist_ok=True))

    def environment(self, sandbox: RunningSandbox, home: Path) -> dict[str, str]:
        """The environment of a run at its default settings, against this sandbox, on this lake."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        shared = {
            "PREFECT_HOME": str(self.folder / "prefect"),
            "DAILY_PAPERS_HOME": str(home),
            # Modules compiled once, as on any machine: without it a shell that forbids bytecode files
            # makes every process compile every import.
            "PYTHONPYCACHEPREFIX": str(self.folder / "bytecode"),
        }
        asked = {**sandbox.environment, **shared, "HF_TOKEN": ""}
        # The sandbox turns arXiv's pause off; the defaults are what is measured.
        asked.pop("DAILY_PAPERS_ARXIV_INTERVAL")
        return own | asked

    def command(self, sandbox: RunningSandbox, home: Path, day: date = DAY, **settings: str) -> Ended:
        """Run ``daily-papers run --date`` to its end in a fresh process, with these settings changed."""
        environment = self.environment(sandbox, home) | settings
        return self.process([str(COMMAND), "run", "--date", day.isoformat()], environment)

    def script(self, sandbox: RunningSandbox, home: Path, name: str, *arguments: str) -> Ended:
        """Run a script of this folder to its end in a fresh process."""
        path = Path(__file__).with_name(name)
        return self.process([sys.executable, str(path), *arguments], self.environment(sandbox, home))

    def process(self, command: Sequence[str], environment: dict[str, str]) -> Ended:
        """Run a command from the project's folder, where Prefect reads prefect.toml, and watch its memory."""
        printed = self.folder / "printed.txt"
        with printed.open("w") as output:
            started_at, began = datetime.now(UTC), time.monotonic()
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
            )
            peaks: dict[int, float] = {}
            while process.poll() is None:
                _note_peaks(process.pid, peaks)
                time.sleep(0.05)
            seconds = time.monotonic() - began
        own = peaks.pop(process.pid, 0.0)
        children = max(peaks.values(), default=0.0)
        return Ended(process.returncode, printed.read_text(), started_at, seconds, own, children)


def _note_peaks(pid: int, peaks: dict[int, float]) -> None:
    """Note each process's high-water mark. Not ru_maxrss: it starts at what the forking parent had."""
    try:
        pids = [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
        for each in pids:
            for line in Path(f"/proc/{each}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    peaks[each] = int(line.split()[1]) / 1024
    except (OSError, psutil.Error):
        return  # a process that ended meanwhile


# The sandbox -------------------------------------------------------------------------------------


@contextmanager
def started_sandbox(lists: Path, *options: str) -> Iterator[RunningSandbox]:
    """A sandbox in its own process that serves these day lists, ended with the block."""
    command = [str(COMMAND), "sandbox", "--payloads", str(lists), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            environment = {}
            while "NO_PROXY" not in environment:
                line = process.stdout.readline()
                assert line, f"the sandbox ended with {process.wait()}"
                name, _, value = line.strip().partition("=")
                environment[name] = value
            yield RunningSandbox(environment)
        finally:
            process.terminate()


def day_lists(folder: Path) -> Path:
    """A folder of day lists: fifty papers on the benchmarked day, thirty on each weekday before it."""
    folder.mkdir()
    number = 1
    for day in _WEEK:
        if day.weekday() < 5:
            count = PAPERS_A_DAY if day == DAY else 30
            papers = [_record(f"2503.{each:05d}", day) for each in range(number, number + count)]
            number += count
            (folder / f"{day}@{day}T230000Z-made.json").write_text(json.dumps(papers))
    return folder


def day_ids(lists: Path) -> list[str]:
    """The ids of the benchmarked day's papers."""
    (path,) = lists.glob(f"{DAY}@*.json")
    return [record["paper"]["id"] for record in json.loads(path.read_bytes())]


def _record(paper_id: str, day: date) -> dict[str, Any]:
    draw = random.Random(paper_id)
    method, topic = f"{draw.choice(_METHODS)}{draw.randint(2, 99)}", draw.choice(_TOPICS)
    title = f"{method}: {draw.choice(_VERBS)} Experts for {topic.title()}"
    authors = [{"_id": f"{paper_id}{each}", "name": f"Author Number{each}"} for each in range(6)]
    paper = {
        "id": paper_id,
        "title": title,
        "summary": abstract(draw, method, topic),
        "publishedAt": f"{day}T05:00:00.000Z",
        "upvotes": draw.randint(0, 90),
        "authors": authors,
    }
    return {"paper": paper, "title": title, "publishedAt": f"{day}T06:00:00.000Z", "numComments": 1}


def abstract(draw: random.Random, method: str, topic: str) -> str:
    """A made abstract of the usual length, with figures and a formula."""
    return (
        f"Work on {topic} often trades quality for speed, and few systems report both under one budget. "
        f"We present {method}, a model with {draw.randint(2, 70)}B parameters that reads {topic} once. "
        "It keeps a small memory of what was read and decides for each step how much of it to look at again. "
        f"Training needs {draw.randint(2, 30)} days on {draw.choice((8, 16, 64))} GPUs and no labels made by "
        "hand, since the loss $L = a + \\lambda b$ is computed from the inputs alone. "
        f"On {draw.randint(3, 12)} public benchmarks {method} improves accuracy by "
        f"{draw.randint(11, 99) / 10}% over the best earlier system and runs {draw.randint(11, 49) / 10}x "
        "faster at the same memory. Ablations show that the decision step matters most for long inputs and "
        "that its cost stays constant. We release the code, the weights and every prompt that was used."
    )


# The table ---------------------------------------------------------------------------------------


class Ratio(NamedTuple):
    """One line of a benchmark's table."""

    what: str
    measured: str
    baseline: str
    ratio: str
    target: str = ""


def spread(values: Sequence[float], unit: str = "s") -> str:
    """Median and range of repeated measurements."""
    if len(values) == 1:
        return f"{values[0]:.2f} {unit}"
    return f"{median(values):.2f} {unit} ({min(values):.2f}-{max(values):.2f}, n={len(values)})"


def show(heading: str, lines: Sequence[Ratio]) -> None:
    """Print the lines as a Markdown table."""
    print(f"\n\n### {heading}\n\n| what | measured | baseline | ratio | target |\n|---|---|---|---|---|")
    for line in lines:
        print("| " + " | ".join(line) + " |")
