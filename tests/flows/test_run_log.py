"""What stands in a run's log: an operator's words, one line a step, and no frames of foreseen errors."""

import logging
import sys

import pytest

from flows.errors import SourceUnavailable
from flows.run_log import _PLAIN_WORDS, RunLog


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> logging.Logger:
    caplog.set_level(logging.INFO, "log of a run")
    return logging.getLogger("log of a run")


def record(name: str, message: str, error: Exception | None = None) -> logging.LogRecord:
    found = None
    if error is not None:
        try:
            raise error
        except type(error):
            found = sys.exc_info()
    return logging.LogRecord(name, logging.ERROR, "engine.py", 1, message, (), found)


def kept(line: logging.LogRecord) -> str | None:
    """What the log shows of the line; None where it leaves it out."""
    return logging.Formatter("%(message)s").format(line) if _PLAIN_WORDS.filter(line) else None


def test_a_step_is_told_when_it_begins_and_how_far_it_got_when_the_next_one_does(
    log: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    run_log = RunLog(log)
    run_log.start("extract", 2)
    run_log.advance("extract", 2)
    run_log.start("translate", 1200)
    run_log.advance("translate", 1199)
    run_log.start("publish", 1)
    assert caplog.messages == [
        "Step extract (day lists): 2 to do.",
        "Step extract (day lists): 2 of 2 gone through.",
        "Step translate (papers): 1,200 to do.",
        "Step translate (papers): 1,199 of 1,200 gone through.",
        "Step publish: 1 to do.",
    ]


def test_a_step_that_grows_is_announced_once_and_one_without_work_not_at_all(
    log: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    run_log = RunLog(log)
    for _ in range(8):
        run_log.start("check tables", 3)
        run_log.advance("check tables", 3)
    run_log.start("enrich", 0)
    run_log.start("translate", 0)
    assert caplog.messages == [
        "Step check tables (months): 3 to do.",
        "Step check tables (months): 24 of 24 gone through.",
    ]


def test_a_foreseen_error_is_its_sentence_without_a_traceback() -> None:
    error = SourceUnavailable("arXiv was away. 100% of it. Run the same command again.")
    line = record("prefect.flow_runs", "Encountered exception during execution: SourceUnavailable", error)
    assert kept(line) == str(error)


def test_an_error_that_nobody_foresaw_keeps_its_traceback() -> None:
    line = record("prefect.task_runs", "Task run failed", KeyError("votes"))
    assert "Traceback (most recent call last)" in str(kept(line))


def test_how_a_run_ended_is_told_once_and_how_its_tasks_did_not_at_all() -> None:
    ended = "Finished in state Failed('Flow run encountered an exception: a long sentence')"
    assert kept(record("prefect.flow_runs", ended)) == "Finished in state Failed."
    assert (
        kept(record("prefect.flow_runs", "Finished in state Completed()")) == "Finished in state Completed."
    )
    assert kept(record("prefect.task_runs", "Finished in state Completed()")) is None
    assert kept(record("prefect.task_runs", "Retry 1 in 2.0 s")) == "Retry 1 in 2.0 s"


def test_a_run_that_waits_for_its_next_try_says_so() -> None:
    said = "Received non-final state 'AwaitingRetry' when proposing final state 'Failed' and will attempt"
    assert kept(record("prefect.flow_runs", said)) == (
        "The run waits (AwaitingRetry) and is tried again; what is done is kept."
    )
