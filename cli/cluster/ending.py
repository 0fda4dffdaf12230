"""Ending early: SIGTERM and SIGINT stop the demo or a bench as Ctrl-C does, so that no node is left behind.

Owns the handlers while they are needed. Knows no node.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """KeyboardInterrupt at SIGTERM or SIGINT, also where a shell started us with SIGINT ignored."""
    before = {number: signal.signal(number, _interrupt) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
