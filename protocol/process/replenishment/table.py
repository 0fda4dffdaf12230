"""The process of replenishment as a table. This table is the specification: ``docs/process.md`` is printed from it.

Theory. A shop (the buyer) reports to one supplier (the seller) what it sold of that supplier's goods, in a thread of
its own; the supplier proposes, the shop answers. Nothing here orders anything: an order is a dealing.

1. **A week has one report.** A report is later than another of the same week when it has that one in its past, and
   takes its place as a whole. Reports of a week written beside each other that say different things are held, and the
   week has no report, until the buyer writes one that is later than all of them.
2. **A proposal is open** until it is answered, or until the supplier writes one that has it in its past.
3. **An answer ends a proposal.** Answers written beside each other that differ are held until the buyer writes one
   that has seen them.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from protocol.process.trade.table import Role, called


class State(Enum):
    """The state of a thread of replenishment."""

    NEW = "new"
    REPORTED = "reported"
    PROPOSED = "proposed"
    HELD = "held"


class Row(NamedTuple):
    """One type of paper: who writes it, where, whether it may be the first, and its conditions by name."""

    writer: Role
    states: tuple[State, ...]
    guards: tuple[str, ...]
    cannot: str
    opens: bool = False


TABLE: Final[dict[str, Row]] = {
    "sales_report": Row(
        writer=Role.BUYER,
        states=(State.NEW, State.REPORTED, State.PROPOSED, State.HELD),
        guards=(),
        cannot="cannot be added to",
        opens=True,
    ),
    "replenishment_proposal": Row(
        writer=Role.SELLER,
        states=(State.REPORTED, State.PROPOSED, State.HELD),
        guards=(),
        cannot="are nothing to propose on",
    ),
    "replenishment_answer": Row(
        writer=Role.BUYER,
        states=(State.PROPOSED, State.HELD),
        guards=("open_proposal",),
        cannot="hold nothing to answer",
    ),
}

SUBJECT: Final[dict[State, str]] = {
    State.NEW: "reports that nobody wrote",
    State.REPORTED: "reports without an open proposal",
    State.PROPOSED: "reports with an open proposal",
    State.HELD: "reports or answers that contradict each other",
}
"""The states as the subject of a sentence."""


def why_not(name: str, state: State) -> str:
    """The reason for which a paper is impossible in a state."""
    return f"{SUBJECT[state]} {TABLE[name].cannot}"


__all__ = ["SUBJECT", "TABLE", "Role", "Row", "State", "called", "why_not"]
