"""Where a run tells how far it is: progress bars on a terminal, nothing on a worker.

The flows announce steps here; flows/console.py installs the bars. A context variable, because a flow's
parameters are stored by Prefect and a terminal is not a parameter.
"""

from contextvars import ContextVar
from typing import Protocol


class Progress(Protocol):
    """What a run announces."""

    def start(self, step: str, total: int) -> None:
        """A step begins that has ``total`` units; a step that began before grows by them."""

    def advance(self, step: str, units: int = 1) -> None:
        """Units of a step are done."""

    def say(self, sentence: str) -> None:
        """Something a person waiting should know."""


class Quiet:
    """Progress that nobody watches."""

    def start(self, step: str, total: int) -> None:
        """Nothing."""

    def advance(self, step: str, units: int = 1) -> None:
        """Nothing."""

    def say(self, sentence: str) -> None:
        """Nothing."""


PROGRESS: ContextVar[Progress] = ContextVar("progress", default=Quiet())  # noqa: B039, Quiet has no state
