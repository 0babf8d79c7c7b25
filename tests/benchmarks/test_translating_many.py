"""A thousand papers through the backfill: at full speed, under a limit, and with every kind of bad answer."""

import heapq
import json
import random
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import polars as pl
import pytest
from proving_ground import (
    COMMAND,
    Ended,
    Ground,
    Ratio,
    RunningSandbox,
    abstract,
    show,
    spread,
    started_sandbox,
)

from flows.sandbox.faults import SpoiltAnswer
from flows.sandbox.limits import TokenBucket, Window
from flows.sandbox.model import drawn_latency
from flows.settings import Settings

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1200)]

SINCE, UNTIL = date(2025, 4, 1), date(2025, 4, 28)
MEDIAN = 2.0
A_MINUTE = 300
SLOTS: int = Settings.model_fields["concurrency"].default
# What a paper is refused for whose every answer is spoilt so; nothing where it can be read all the same.
REASONS: dict[str, set[str]] = {
    "fenced": set(), "no_usage": set(), "html": {"bad_json"}, "half": {"bad_json"}, "empty": {"empty"},
    "null": {"empty"}, "length": {"length"}, "filter": {"filter"}, "refusal": {"refusal"},
    "wrong_paper": {"wrong_paper"}, "schema": {"schema"}, "no_choices": {"not_a_completion"},
    "chinese": {"foreign_script"}, "english": {"untranslated", "title_not_korean"},
    "number": {"number_scale", "number_invented"}, "plain": {"register"}, "markup": {"markup"},
    "loop": {"repetition"}, "invisible": {"invisible_character"}, "eaten": {"invisible_character", "newline"},
    "leak": {"untranslated", "prompt_leak", "markup"}, "truncated_sentence": {"cut_off"},
    "name": {"name_invented"}, "unit": {"number_scale", "number_invented"}, "repr": {"markup"},
    "judge_finds": {"judge_mistranslation"},
}  # fmt: skip


def many_lists(folder: Path, count: int) -> Path:
    """A folder of a month's day lists with so many papers, the same number on each day."""
    days = [SINCE + timedelta(days=each) for each in range((UNTIL - SINCE).days + 1)]
    weekdays = [day for day in days if day.weekday() < 5]
    folder.mkdir()
    numbers = iter(range(1, count + 1))
    for day in weekdays:
        papers = [record(f"2504.{next(numbers):05d}", day) for _ in range(count // len(weekdays))]
        (folder / f"{day}@{day}T230000Z-made.json").write_text(json.dumps(papers))
    return folder


def record(paper_id: str, day: date) -> dict[str, Any]:
    draw = random.Random(paper_id)
    method, topic = f"Sluice{paper_id[-4:]}", draw.choice(("long documents", "speech tokens", "code review"))
    title = f"{method}: Routing Experts for {topic.title()}"
    paper = {
        "id": paper_id,
        "title": title,
        "summary": abstract(draw, method, topic),
        "publishedAt": f"{day}T05:00:00.000Z",
        "upvotes": draw.randint(0, 90),
        "authors": [{"_id": f"{paper_id}{each}", "name": f"Author Number{each}"} for each in range(6)],
    }
    return {"paper": paper, "title": title, "publishedAt": f"{day}T06:00:00.000Z", "numComments": 1}


def backfilled(
    ground: Ground, sandbox: RunningSandbox, name: str, **settings: str
) -> tuple[Ended, pl.DataFrame]:
    """The month from the day lists to the release in a fresh lake: how the command ended, and its rows."""
    home = ground.folder / name
    environment = ground.environment(sandbox, home) | {"DAILY_PAPERS_ARXIV_INTERVAL": "0"} | settings
    ended = ground.process(
        [str(COMMAND), "backfill", "--since", str(SINCE), "--until", str(UNTIL)], environment
    )
    return ended, pl.read_parquet(home / f"release/dataset/data/{SINCE:%Y-%m}.parquet")


def calls_of(sandbox: RunningSandbox) -> tuple[list[dict[str, Any]], float]:
    """The model calls in order of arrival, and the seconds from the first's start to the last's end."""
    calls = sandbox.requests("openai")
    began = datetime.fromisoformat(calls[0]["started_at"])
    ended = max(datetime.fromisoformat(call["ended_at"]) for call in calls)
    return calls, (ended - began).total_seconds()


def soonest(calls: list[dict[str, Any]], seed: int, limit: Window | TokenBucket | None = None) -> float:
    """Seconds that the answered calls take when each starts as soon as a slot and the limit let it."""
    free, numbers, start = [0.0] * SLOTS, Counter[str](), 0.0
    for call in calls:
        if call["status"] == 200:
            numbers[call["key"]] += 1
            start = max(start, heapq.heappop(free))
            if limit is not None:
                start += limit.wait(1, start)
                limit.wait(1, start)
                limit.take(1)
            heapq.heappush(free, start + drawn_latency(MEDIAN, seed, call["key"], numbers[call["key"]]))
    return max(free)


def test_a_thousand_papers_take_about_as_long_as_their_slots_allow(ground: Ground, tmp_path: Path) -> None:
    lists = many_lists(tmp_path / "lists", 1000)
    ratios, seconds, whole = [], [], []
    for seed in (1, 2):
        with started_sandbox(lists, "--latency", str(MEDIAN), "--seed", str(seed)) as sandbox:
            ended, rows = backfilled(ground, sandbox, f"many-{seed}")
            calls, took = calls_of(sandbox)
        assert ended.code == 0, ended.printed
        assert rows["translation_status"].value_counts().rows() == [("ok", 1000)]
        seconds.append(took)
        whole.append(ended.seconds)
        ratios.append(took / soonest(calls, seed))
    show(
        f"1,000 papers, {SLOTS} at once, model latency log-normal around {MEDIAN:g} s",
        [
            Ratio(
                "model calls",
                spread(seconds),
                "drawn latencies on as many slots",
                spread(ratios, "x"),
                "<= 1.1 x",
            ),
            Ratio("whole command", spread(whole), "", ""),
        ],
    )


@pytest.mark.slow
@pytest.mark.parametrize("limiter", ["window", "bucket"])
def test_a_limit_is_used_to_the_full_and_no_paper_lost(ground: Ground, tmp_path: Path, limiter: str) -> None:
    lists = many_lists(tmp_path / "lists", 900)
    options = ("--latency", str(MEDIAN), "--requests-per-minute", str(A_MINUTE), "--limiter", limiter)
    with started_sandbox(lists, *options) as sandbox:
        ended, rows = backfilled(ground, sandbox, f"limited-{limiter}")
        calls, took = calls_of(sandbox)
    assert ended.code == 0, ended.printed
    assert rows["translation_status"].value_counts().rows() == [("ok", 900)]
    best = soonest(calls, 0, {"window": Window, "bucket": TokenBucket}[limiter](A_MINUTE))
    refused = sum(call["status"] == 429 for call in calls)
    show(
        f"900 papers at {A_MINUTE} requests a minute ({limiter})",
        [
            Ratio("model calls", f"{took:.1f} s", f"soonest {best:.1f} s", f"{best / took:.1%}", ">= 95 %"),
            Ratio("refused calls (429)", str(refused), "", ""),
            Ratio("papers lost", "0 of 900", "", "", "0"),
        ],
    )


def test_whatever_is_wrong_with_an_answer_every_paper_ends_well_or_for_its_reason(
    ground: Ground, tmp_path: Path
) -> None:
    lists = many_lists(tmp_path / "lists", 1000)
    assert REASONS.keys() == set(get_args(SpoiltAnswer))
    always = {kind: f"2504.{number:05d}" for number, kind in enumerate(REASONS, start=1)}
    rules: list[dict[str, Any]] = [
        {"service": "openai", "match": {"paper_id": paper_id}, "answer": kind}
        for kind, paper_id in always.items()
    ]
    rules += [{"service": "openai", "share": 0.02, "answer": kind} for kind in REASONS]
    faults = tmp_path / "faults.json"
    faults.write_text(json.dumps(rules))
    with started_sandbox(lists, "--faults", str(faults)) as sandbox:
        ended, rows = backfilled(ground, sandbox, "spoilt", DAILY_PAPERS_JUDGE_MODEL="sandbox-pseudo")
        spoilt = Counter(call["fault"] for call in sandbox.requests("openai") if call["fault"])
    assert ended.code == 1, ended.printed
    status = dict(rows.select("paper_id", "translation_status").iter_rows())
    issues = dict(rows.select("paper_id", "translation_issues").iter_rows())
    for kind, paper_id in always.items():
        codes = {issue["code"] for issue in issues[paper_id] if issue["severity"] == "error"}
        assert status.pop(paper_id) == ("rejected" if REASONS[kind] else "ok"), kind
        assert bool(codes & REASONS[kind]) is bool(REASONS[kind]), f"{kind}: {codes}"
    assert Counter(status.values()) == {"ok": 1000 - len(always)}
    assert spoilt.keys() == {f"answer {kind}" for kind in REASONS}
    show(
        f"{len(REASONS)} kinds of bad answers, each in 2 % of 1,000 papers and in every answer to one more",
        [
            Ratio("papers that end well or for the right reason", "1000 of 1000", "", "", "all"),
            Ratio("spoilt answers", f"{spoilt.total():,}", f"of {len(spoilt)} kinds", ""),
            Ratio("whole command", f"{ended.seconds:.1f} s", "", ""),
        ],
    )
