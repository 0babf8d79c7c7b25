"""What a run on a worker says while it works: lines in the flow run's log, in the words of the terminal.

Installed by flows/pipeline.py and flows/check_lake.py where no terminal watches.
"""

import logging
from collections import Counter

from prefect import get_run_logger

from flows.progress import PROGRESS, Quiet


class RunLog:
    """Progress as lines of the flow run's log: one when a step begins, one when it is done."""

    def __init__(self, logger: "logging.Logger | logging.LoggerAdapter[logging.Logger]") -> None:
        self._logger = logger
        self._to_do: Counter[str] = Counter()

    def start(self, step: str, total: int) -> None:
        """Say how much there is to do."""
        self._to_do[step] += total
        if total:
            self._logger.info("Step %s: %d to do.", step, total)

    def advance(self, step: str, units: int = 1) -> None:
        """Say when everything is done."""
        self._to_do[step] -= units
        if not self._to_do[step]:
            self._logger.info("Step %s: done.", step)

    def say(self, sentence: str) -> None:
        """Say it."""
        self._logger.info("%s", sentence)


def log_progress() -> None:
    """Send the progress of this flow run to its log, unless a terminal shows it."""
    if isinstance(PROGRESS.get(), Quiet):
        PROGRESS.set(RunLog(get_run_logger()))
