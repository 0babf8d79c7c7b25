"""One run of two hundred papers, killed at fifty random moments: every paper once, nothing paid twice."""

import random
import time
from collections import Counter

import pytest

from daylists import records
from line import DAY, Line
from schemas.tables import TRANSLATIONS
from transforms.conversation import MAX_ANSWERS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

KILLS = 50
PAPERS = 200
AT_ONCE = 4
LATENCY = 1.5
LONGEST = 90.0


def random_moment(line: Line, moments: random.Random) -> None:
    """Wait until some moment of a run that has begun: one in five before its first call, else after it."""
    if moments.random() < 0.2:
        time.sleep(moments.uniform(0.2, 4.0))
        return
    before, deadline = line.calls().total(), time.monotonic() + LONGEST
    while line.calls().total() == before:
        assert time.monotonic() < deadline, "the run made no call"
        time.sleep(0.02)
    time.sleep(moments.uniform(0.0, 4.0))


def durable(line: Line) -> set[str]:
    """Papers whose answer is kept."""
    return {path.name[:10] for path in (line.home / "answers").rglob("2*.json")}


def test_a_run_killed_at_fifty_random_moments_ends_with_every_paper_once(line: Line) -> None:
    line.set(DAILY_PAPERS_CONCURRENCY=AT_ONCE)
    line.serve(latency=LATENCY, seed=7)
    line.day(DAY, records(PAPERS))
    moments = random.Random(50)
    repeated: list[int] = []
    for _ in range(KILLS):
        kept, before = durable(line), line.calls()
        process = line.begin("run", "--date", DAY, "--refresh-days", "0")
        random_moment(line, moments)
        process.kill()
        process.communicate()
        new: Counter[str] = line.calls() - before
        assert not set(new) & kept, "a kept answer was asked for again"
        repeated.append(sum(1 for paper_id in new if before[paper_id]))
    kept, before = durable(line), line.calls()
    done_before = len(kept)
    assert 0 < done_before < PAPERS
    assert line.run().code == 0
    assert not set(line.calls() - before) & kept
    rows = line.table(TRANSLATIONS)
    assert sorted(rows["paper_id"]) == sorted(set(rows["paper_id"]))
    assert rows.height == PAPERS
    assert line.release().height == PAPERS
    assert set(line.release()["translation_status"]) == {"ok"}
    assert max(rows["calls"]) <= MAX_ANSWERS
    again = sum(line.calls().values()) - PAPERS
    assert max(repeated) <= AT_ONCE
    assert again <= KILLS * AT_ONCE
    assert line.lake.leftovers() == []
    print(
        f"\n{KILLS} kills, {done_before} of {PAPERS} papers kept before the last run; {again} calls "
        f"repeated, at most {max(repeated)} after one kill (concurrency {AT_ONCE})"
    )
