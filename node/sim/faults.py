"""The kinds of faults, how many of each have happened, and the trace that two runs of one seed must share.

A fault counts when it bites, not when it is planned: a crash of a machine that is down, or a duplicate of a message
that is lost as well, is none.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from enum import Enum


class Fault(Enum):
    """Everything that is done to a simulated federation."""

    LOSS = "loss"
    DUPLICATE = "duplicate"
    REORDER = "reorder"
    DELAY = "delay"
    POISON = "poison"
    PARTITION = "partition"
    ONE_WAY_CUT = "one-way-cut"
    CRASH = "crash"
    CRASH_AT_WRITE = "crash-at-write"
    CRASH_BEFORE_RECEIPT = "crash-before-receipt"
    RESTORE = "restore"
    CLONE = "clone"
    CLOCK_JUMP = "clock-jump"
    DISK_FULL = "disk-full"


class Tally:
    """Counts of faults and a running hash of everything that happens."""

    def __init__(self, *, keep: bool = False) -> None:
        self.faults: Counter[Fault] = Counter()
        self.lines: list[str] | None = [] if keep else None
        self.steps = 0
        self._hash = hashlib.sha256()

    def fault(self, kind: Fault) -> None:
        """One more of ``kind`` has bitten."""
        self.faults[kind] += 1

    def note(self, now: int, *what: object) -> None:
        """Add a step to the trace. Ids are given in hex; no object whose text depends on its address."""
        line = " ".join([str(now), *map(str, what)])
        self.steps += 1
        self._hash.update(line.encode())
        self._hash.update(b"\n")
        if self.lines is not None:
            self.lines.append(line)

    def digest(self) -> str:
        """The trace's hash so far, 64 hexadecimal digits."""
        return self._hash.hexdigest()
