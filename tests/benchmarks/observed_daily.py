"""Run the daily flow once, as ``daily-papers run`` does, and print how long its parts took, as JSON.

Arguments: the date. A script, because what is measured is a fresh process. Times come from where the flow
announces its steps (flows/progress.py) and from the flow function's own call.
"""

import asyncio
import functools
import json
import os
import sys
import time
from datetime import date
from typing import Any

from flows.settings import apply_prefect_settings


class StepClock:
    """Progress that notes when each step began."""

    def __init__(self) -> None:
        self.began: dict[str, float] = {}
        self.wall: dict[str, float] = {}

    def start(self, step: str, total: int) -> None:
        self.began.setdefault(step, time.monotonic())
        self.wall.setdefault(step, time.time())

    def advance(self, step: str, units: int = 1) -> None:
        pass

    def say(self, sentence: str) -> None:
        print(sentence, file=sys.stderr)


def observed(day: date) -> dict[str, Any]:
    """Seconds of the steps and of the flow function, and the run's counts."""
    from flows.daily import daily
    from flows.progress import PROGRESS

    clock = StepClock()
    PROGRESS.set(clock)
    one_shot = daily.with_options(retries=0)
    body = one_shot.fn

    @functools.wraps(body)
    async def timed(*args: Any, **kwargs: Any) -> Any:
        clock.began["body"] = time.monotonic()
        try:
            return await body(*args, **kwargs)
        finally:
            clock.began["end"] = time.monotonic()

    one_shot.fn = timed
    report = asyncio.run(one_shot(day))
    at = clock.began
    return {
        "extract": at["enrich"] - at["extract"],
        "enrich": at["translate"] - at["enrich"],
        "translate": at["publish"] - at["translate"],
        "publish": at["end"] - at["publish"],
        "body": at["end"] - at["body"],
        "translate_began_at": clock.wall["translate"],
        "translate_ended_at": clock.wall["publish"],
        "translated": dict(report.translated),
        "calls": report.usage["calls"],
    }


if __name__ == "__main__":
    apply_prefect_settings()
    os.environ["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] = "CRITICAL"
    print(json.dumps(observed(date.fromisoformat(sys.argv[1]))))
