"""What a fold reads and what it says of each document. Owns the two shapes; knows no process.

A fact is a document whose signature, recipient and body have been verified; the fold trusts it and judges only whether
it is possible.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from protocol.errors import ImpossibleStep
from protocol.process.trade.papers import Paper


class Fact(NamedTuple):
    """One document of a thread. Ids are 32 bytes; ``follows`` is empty for the first of a thread only.

    ``time`` (µs UTC) is information: nothing is decided by it. ``refused``: why its recipient's side refused it; it has
    its place in the thread then, and no effect.
    """

    id: bytes
    author: bytes
    audience: bytes
    type: str
    version: int
    follows: tuple[bytes, ...]
    body: Paper
    business_key: str
    revision: int
    time: int
    refused: str = ""


class Verdict(Enum):
    """What became of a fact."""

    EFFECTIVE = "effective"
    SUPERSEDED = "superseded"
    """Possible where it was written; something else now stands in its place."""
    REFUSED = "refused"
    """Not possible where it was written. For ever: its own past never changes."""
    WAITING = "waiting"
    """Something that it follows, directly or not, is missing."""
    HELD = "held"
    """It contradicts a fact written beside it: ``decides`` says whose next paper decides."""


class Outcome(NamedTuple):
    """The verdict on one fact. ``code`` is stable, ``reason`` for people, ``others`` the ids it concerns, sorted.

    At most 32 of them are named.
    """

    verdict: Verdict
    code: str = ""
    reason: str = ""
    others: tuple[bytes, ...] = ()
    decides: str = ""

    def require_possible(self, field: str = "type") -> None:
        """Raise ``ImpossibleStep`` with the reason when the fact was refused."""
        if self.verdict is Verdict.REFUSED:
            raise ImpossibleStep(field, self.reason)


EFFECTIVE = Outcome(Verdict.EFFECTIVE)


def refused(code: str, reason: str) -> Outcome:
    """Not possible."""
    return Outcome(Verdict.REFUSED, code, reason)
