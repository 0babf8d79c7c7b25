"""Which of the calls that a rule matches it spoils.

Rules are counted and drawn, never random, so a run that failed can be repeated. Every rule counts every call
that it matches, whether or not an earlier rule has spoilt that call; the first rule that fires decides.
Called by flows/sandbox/app.py, which also takes new rules while it runs, and flows/sandbox/batch_work.py.
"""

import hashlib
from collections import Counter

from flows.sandbox.faults import Call, Fault


class FaultBook:
    """The rules in force and how often each has matched."""

    def __init__(self, faults: list[Fault], seed: int) -> None:
        self._seed = seed
        self.replace(faults)

    def replace(self, faults: list[Fault]) -> None:
        """Put other rules in force, all counts at zero."""
        self._faults = list(faults)
        self._matches: Counter[int] = Counter()
        self._matches_of_key: Counter[tuple[int, str]] = Counter()

    def next(self, call: Call) -> Fault | None:
        """The rule that spoils this call, if any; counts the call."""
        firing = None
        for index, fault in enumerate(self._faults):
            if fault.concerns(call):
                self._matches[index] += 1
                self._matches_of_key[index, call.key] += 1
                if firing is None and self._fires(index, fault, call):
                    firing = fault
        return firing

    def _fires(self, index: int, fault: Fault, call: Call) -> bool:
        number = self._matches[index]
        if fault.first is not None:
            return number <= fault.first
        if fault.calls is not None:
            return number in fault.calls
        if fault.share is not None:
            first = self._matches_of_key[index, call.key] == 1
            return first and drawn(self._seed, "fault", index, call.key, 1) < fault.share
        return True


def drawn(*parts: object) -> float:
    """A number in [0, 1) that depends on nothing but the parts."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
