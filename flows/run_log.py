"""What a run on a worker says while it works: lines in the flow run's log, in the words of the terminal.

Prefect writes into the same log, for those who write flows. What an operator would not understand there is
put into words: an error that is a sentence already stands there as that sentence, without the frames of the
program around it, and the states of tasks, which the graph shows, stand there no more. An error that nobody
foresaw keeps its traceback. Installed by flows/pipeline.py and flows/check_lake.py.
"""

import logging

from prefect import get_run_logger

from flows.errors import DailyPapersError
from flows.progress import PROGRESS, Quiet

_UNITS = {
    "extract": "day lists",
    "enrich": "abstracts",
    "full text": "papers",
    "translate": "papers",
    "batch": "requests",
    "hub": "files",
    "verify": "files",
    "check tables": "months",
    "check release": "months",
}
_FLOWS, _TASKS = "prefect.flow_runs", "prefect.task_runs"


class RunLog:
    """Progress as lines of the flow run's log: one when a step begins, one when the next one does."""

    def __init__(self, logger: "logging.Logger | logging.LoggerAdapter[logging.Logger]") -> None:
        self._logger = logger
        self._step = ""
        self._total = self._done = 0

    def start(self, step: str, total: int) -> None:
        """Say how far the last step got and how much there is to do, once for one that grows by and by."""
        if step != self._step:
            if self._total:
                self._say_step(f"{self._done:,} of {self._total:,}", "gone through")
            self._step, self._total, self._done = step, 0, 0
        if total and not self._total:
            self._say_step(f"{total:,}", "to do")
        self._total += total

    def advance(self, step: str, units: int = 1) -> None:
        """Count what was gone through, whatever came of it."""
        if step == self._step:
            self._done += units

    def say(self, sentence: str) -> None:
        """Say it."""
        self._logger.info("%s", sentence)

    def _say_step(self, how_many: str, what: str) -> None:
        unit = f" ({_UNITS[self._step]})" if self._step in _UNITS else ""
        self._logger.info("Step %s%s: %s %s.", self._step, unit, how_many, what)


class _PlainWords(logging.Filter):
    """Prefect's own lines in an operator's words; those that say nothing to one are left out."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Put the line into words; whether it stays."""
        message = record.getMessage()
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, DailyPapersError):
            message, record.exc_info = str(error), None
        elif message.startswith("Finished in state "):
            # What it gives in brackets is the sentence that was logged just before.
            message = f"{message.partition('(')[0]}."
        elif message.startswith("Received non-final state 'AwaitingRetry'"):
            message = "The run waits (AwaitingRetry) and is tried again; what is done is kept."
        elif error is not None:
            return True
        record.msg, record.args = message, ()
        return not (record.name == _TASKS and message.startswith("Finished in state "))


_PLAIN_WORDS = _PlainWords()


def log_progress() -> None:
    """Send the progress of this flow run to its log, unless a terminal shows it, and keep the log plain."""
    for name in (_FLOWS, _TASKS):
        logging.getLogger(name).addFilter(_PLAIN_WORDS)
    if isinstance(PROGRESS.get(), Quiet):
        PROGRESS.set(RunLog(get_run_logger()))
