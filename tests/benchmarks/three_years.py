"""Three years of Prefect's history, made of runs that a server really recorded.

A copy of a run is the text of its rows with other ids and an earlier day. Only the ids of the copied run
change: its flow and deployment stay, and its rows go on pointing at one another. Called by
tests/benchmarks/test_prefect_history.py.
"""

import random
import re
from collections.abc import Iterator
from datetime import date, timedelta

from prefect_databases import Run, Store

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_DAYS = 3 * 365
_SALT_BITS = 60
"""Of an id's 122 random bits; the ones before them are the time, which keeps new rows beside one another."""


def three_years(store: Store, runs: dict[str, int], recorded: date) -> Iterator[Run]:
    """Copies of these runs over the three years before the day on which they were recorded.

    Args:
        store: Where they were recorded.
        runs: How many copies of each, by its id; they are spread evenly.
        recorded: The UTC date of their recording.
    """
    # All read before the first is handed out: they go back in by the same way.
    originals = [(store.run(run_id), store.ids(run_id), copies) for run_id, copies in runs.items()]
    draw = random.Random(0)
    return (
        _moved(original, own, draw.getrandbits(_SALT_BITS), recorded, timedelta(number * _DAYS // copies))
        for original, own, copies in originals
        for number in range(1, copies + 1)
    )


def _moved(run: Run, own: set[str], salt: int, recorded: date, back: timedelta) -> Run:
    def salted(match: re.Match[str]) -> str:
        return _salted(match[0], salt) if match[0] in own else match[0]

    day = recorded - back
    return {
        table: _UUID.sub(salted, rows).replace(recorded.isoformat(), day.isoformat())
        for table, rows in run.items()
    }


def _salted(found: str, salt: int) -> str:
    number = f"{int(found.replace('-', ''), 16) ^ salt:032x}"
    return "-".join((number[:8], number[8:12], number[12:16], number[16:20], number[20:]))
