"""The process of a deed as a table. This table is the specification: ``docs/process.md`` is printed from it.

Theory. Two firms in a thread of their own; the *seller* provides, the *buyer* takes. Proposals go in turns, each
counters one of the other side's. **What the seller signs makes the deed**: its acceptance of a proposal of the buyer,
or its confirmation of an acceptance of its own. Its home signs one paper after the other, so nothing crosses it: the
same transaction gives the hours that are booked.

1. **A proposal is open** until it is accepted, declined, countered or lapsed. It binds until ``until``; nobody takes it
   back before. An acceptance signed at or after ``until`` is refused.
2. **What crosses.** The seller's word stands over what the buyer signed beside it. An acceptance of the buyer beside
   the seller's lapse: lapsed.
3. **One agreement.** After it no proposal can be accepted. Two agreements signed beside each other are both held: the
   seller has signed against himself.
4. **Fulfilled** when the buyer has said so; **cancelled** when both have.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from protocol.process.trade.table import Role, called


class State(Enum):
    """The state of a deed."""

    NEW = "new"
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    ENDED = "ended"
    AGREED = "agreed"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    HELD = "held"


class Row(NamedTuple):
    """One type of paper: who writes it, where, whether it may be the first, and its conditions by name."""

    writers: tuple[Role, ...]
    states: tuple[State, ...]
    guards: tuple[str, ...]
    cannot: str
    opens: bool = False


BOTH: Final = (Role.BUYER, Role.SELLER)
TABLE: Final[dict[str, Row]] = {
    "deed_proposal": Row(
        writers=BOTH,
        states=(State.NEW, State.PROPOSED, State.ENDED),
        guards=("sides", "in_time", "turn", "same_offer", "own_thing"),
        cannot="takes no further proposal",
        opens=True,
    ),
    "deed_answer": Row(
        writers=BOTH,
        states=(State.PROPOSED, State.ACCEPTED),
        guards=("open_proposal", "answer_fits"),
        cannot="has nothing to answer",
    ),
    "deed_report": Row(
        writers=BOTH,
        states=(State.AGREED,),
        guards=("agreed_terms", "report_fits"),
        cannot="has nothing to report on",
    ),
}

SUBJECT: Final[dict[State, str]] = {
    State.NEW: "a deed that nobody proposed",
    State.PROPOSED: "a deed with open terms",
    State.ACCEPTED: "a deed that waits for the provider's confirmation",
    State.ENDED: "a deed without open terms",
    State.AGREED: "a deed that is agreed",
    State.FULFILLED: "a deed that is fulfilled",
    State.CANCELLED: "a deed that is cancelled",
    State.HELD: "a deed that was agreed twice",
}
"""The states as the subject of a sentence."""


def why_not(name: str, state: State) -> str:
    """The reason for which a paper is impossible in a state."""
    return f"{SUBJECT[state]} {TABLE[name].cannot}"


__all__ = ["BOTH", "SUBJECT", "TABLE", "Role", "Row", "State", "called", "why_not"]
