"""The process of catalogues as a table. This table is the specification: ``docs/process.md`` is printed from it.

Theory. A catalogue is what one seller offers one buyer, in a thread of its own. Only the seller says what is offered,
so that nothing has to be agreed; two clerks of the seller can still contradict each other.

1. **A version is a set of sheets.** ``edition`` names it; it is *whole* when each of its sheets was written once and
   all say the same of it (how many sheets, validity, currency, tax). What is not whole is not offered.
2. **Later means having seen.** A version is later than another when its sheets have all sheets of that one in their
   past. Of a day, the catalogue is the latest whole version that is valid on it and was not withdrawn. So next year's
   prices may be announced before this year's end, and a version withdrawn by mistake leaves the one before it.
3. **Versions beside each other** (neither is later) whose validity overlaps contradict each other: both are held, and
   neither is offered, until the seller writes a version that is later than both, or withdraws one.
4. **A request** is open until a paper of the seller has it in its past.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from protocol.process.trade.table import Role, called


class State(Enum):
    """The state of a catalogue's thread."""

    NEW = "new"
    ASKED = "asked"
    ARRIVING = "arriving"
    OFFERED = "offered"
    WITHDRAWN = "withdrawn"
    HELD = "held"


class Row(NamedTuple):
    """One type of paper: who writes it, where, whether it may be the first, and its conditions by name."""

    writer: Role
    states: tuple[State, ...]
    guards: tuple[str, ...]
    cannot: str
    opens: bool = False


TABLE: Final[dict[str, Row]] = {
    "catalogue_request": Row(
        writer=Role.BUYER,
        states=(State.NEW, State.ASKED, State.ARRIVING, State.OFFERED, State.WITHDRAWN, State.HELD),
        guards=(),
        cannot="cannot be asked for",
        opens=True,
    ),
    "catalogue": Row(
        writer=Role.SELLER,
        states=(State.NEW, State.ASKED, State.ARRIVING, State.OFFERED, State.WITHDRAWN, State.HELD),
        guards=("standing_edition", "same_sheets", "new_sheet", "item_once"),
        cannot="cannot be offered",
        opens=True,
    ),
    "catalogue_withdrawal": Row(
        writer=Role.SELLER,
        states=(State.ASKED, State.ARRIVING, State.OFFERED, State.HELD),
        guards=("known_edition",),
        cannot="cannot be withdrawn",
    ),
}

SUBJECT: Final[dict[State, str]] = {
    State.NEW: "a catalogue that nobody asked for or offered",
    State.ASKED: "a catalogue that was asked for",
    State.ARRIVING: "a catalogue of which sheets are missing",
    State.OFFERED: "a catalogue that is offered",
    State.WITHDRAWN: "a catalogue that was withdrawn or declined",
    State.HELD: "a catalogue whose versions contradict each other",
}
"""The states as the subject of a sentence."""


def why_not(name: str, state: State) -> str:
    """The reason for which a paper is impossible in a state."""
    return f"{SUBJECT[state]} {TABLE[name].cannot}"


__all__ = ["SUBJECT", "TABLE", "Role", "Row", "State", "called", "why_not"]
