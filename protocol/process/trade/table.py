"""The trade process as a table. This table is the specification: ``docs/process.md`` is printed from it.

Theory. A dealing between a buyer and a seller is the set of papers they wrote in one thread. Nobody owns its state:
both compute it from the same papers, whatever order these arrived in.

1. **A paper is judged where it was written.** Its past is everything it follows. The state of that past, the role of
   its writer and what it says select a :class:`Step`; there is none: it is refused, for ever and for both.
2. **The agreement is one register.** Enquiry, offer, order, answer and agreed change each say what is agreed *now*,
   having seen their past; the last one that has seen all others is the agreement. Papers written beside each other
   (neither saw the other) that say different things leave the dealing ``held`` until the one named by ``decides``
   writes a paper that follows all of them. No clock, no arrival and no smaller id ever decides between two papers that
   contradict each other.
3. **Deliveries and bills are ledgers.** Each numbered despatch, receiving advice, invoice, credit and payment is an
   entry of its own; entries written beside each other are both counted. What is thereby more than agreed is held.
4. **A change is a question.** It changes nothing until the other side answers it; so a change, or a cancellation,
   written beside anything else simply stays open.
5. **A message is said, and that is all.** It claims nothing and counts nothing, so nothing can contradict it.

:class:`Concurrent` is the column that says which of these a paper obeys.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple


class Role(Enum):
    """Who writes. Fixed for the whole thread by its first paper."""

    BUYER = "buyer"
    SELLER = "seller"

    @property
    def other(self) -> Role:
        """The other side."""
        return Role.SELLER if self is Role.BUYER else Role.BUYER


class State(Enum):
    """The state of a dealing. The first ten are states of the agreement, and of the table; the rest is progress."""

    NEW = "new"
    ENQUIRED = "enquired"
    QUOTED = "quoted"
    ORDERED = "ordered"
    COUNTERED = "countered"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    WITHOUT_ORDER = "without_order"
    HELD = "held"
    # what is shown of an accepted order (or of bills without one) as it goes on
    PARTLY_SHIPPED = "partly_shipped"
    SHIPPED = "shipped"
    RECEIVED = "received"
    BILLED = "billed"
    PAID = "paid"


class Concurrent(Enum):
    """What happens to papers of this type written beside others (neither saw the other)."""

    YIELDS = "yields"
    """Offers stand beside each other; an order or anything later written beside one takes its place."""
    CONTESTS = "contests"
    """Stands if what it leads to is the same; else all that contradict each other are held."""
    ASKS = "asks"
    """Stays open until the other side answers; falls when the order ends."""
    ANSWERS = "answers"
    """Contests with other answers to the same question and with whatever else settled the agreement."""
    COUNTS = "counts"
    """Counted with all others; what is thereby more than agreed is held. Two spellings of one entry: held, and what
    all of them say at least is counted."""
    CONFIRMS = "confirms"
    """Stands if it says the same as other answers to the same statement; else they are held."""
    STANDS = "stands"
    """Always stands: it has no effect."""


class Step(NamedTuple):
    """In these states a paper that says this leads to ``becomes`` (None: the state stays)."""

    states: tuple[State, ...]
    says: str = ""
    becomes: State | None = None


class Row(NamedTuple):
    """One type of paper. ``cannot`` completes the sentence "a refused order …"."""

    writers: tuple[Role, ...]
    steps: tuple[Step, ...]
    concurrent: Concurrent
    decides: Role | None
    """Who decides when it is held; None: its writer."""
    revisable: bool
    """May a later revision of the same number take its place?"""
    guards: tuple[str, ...]
    """Further conditions, by name: :mod:`protocol.process.trade.guards`."""
    cannot: str
    opens: bool = False


_BUYER, _SELLER = (Role.BUYER,), (Role.SELLER,)
_BOTH = (Role.BUYER, Role.SELLER)
_NEW, _ENQUIRED, _QUOTED = State.NEW, State.ENQUIRED, State.QUOTED
_ORDERED, _COUNTERED, _ACCEPTED = State.ORDERED, State.COUNTERED, State.ACCEPTED
_REFUSED, _CANCELLED = State.REFUSED, State.CANCELLED
_WITHOUT, _HELD = State.WITHOUT_ORDER, State.HELD

TABLE: Final[dict[str, Row]] = {
    "request_for_quotation": Row(
        writers=_BUYER,
        steps=(Step((_NEW, _ENQUIRED, _QUOTED, _REFUSED), becomes=_ENQUIRED),),
        concurrent=Concurrent.YIELDS,
        decides=Role.BUYER,
        revisable=True,
        guards=(),
        cannot="cannot be enquired about: start a new dealing",
        opens=True,
    ),
    "quotation": Row(
        writers=_SELLER,
        steps=(Step((_NEW, _ENQUIRED, _QUOTED, _REFUSED), becomes=_QUOTED),),
        concurrent=Concurrent.YIELDS,
        decides=Role.SELLER,
        revisable=True,
        guards=(),
        cannot="cannot be quoted for: ask for a change of the order",
        opens=True,
    ),
    "order": Row(
        writers=_BUYER,
        steps=(
            Step((_NEW, _ENQUIRED, _QUOTED, _REFUSED), becomes=_ORDERED),
            Step((_ORDERED, _COUNTERED, _HELD), says="revised", becomes=_ORDERED),
        ),
        concurrent=Concurrent.CONTESTS,
        decides=Role.BUYER,
        revisable=True,
        guards=("contradicting_orders",),
        cannot="cannot be ordered again: start a new dealing, or ask for a change",
        opens=True,
    ),
    "order_response": Row(
        writers=_SELLER,
        steps=(
            Step((_ORDERED,), says="received"),
            Step((_ORDERED, _HELD), says="accepted", becomes=_ACCEPTED),
            Step((_ORDERED, _HELD), says="changed", becomes=_COUNTERED),
            Step((_ORDERED, _HELD), says="refused", becomes=_REFUSED),
        ),
        concurrent=Concurrent.CONTESTS,
        decides=Role.SELLER,
        revisable=False,
        guards=("order", "one_order", "order_lines"),
        cannot="cannot be answered",
    ),
    "order_change": Row(
        writers=_BOTH,
        steps=(Step((_ORDERED, _ACCEPTED, _HELD)),),
        concurrent=Concurrent.ASKS,
        decides=None,
        revisable=True,
        guards=("order", "one_order", "currency", "changed_lines", "unanswered"),
        cannot="cannot be changed",
    ),
    "order_cancellation": Row(
        writers=_BOTH,
        steps=(Step((_ORDERED, _COUNTERED, _ACCEPTED, _HELD)),),
        concurrent=Concurrent.ASKS,
        decides=None,
        revisable=True,
        guards=("order", "one_order", "cancelled_lines", "unanswered"),
        cannot="cannot be cancelled",
    ),
    "change_response": Row(
        writers=_BOTH,
        steps=(
            Step((_COUNTERED,), says="accepted response", becomes=_ACCEPTED),
            Step((_COUNTERED,), says="refused response", becomes=_REFUSED),
            Step((_ORDERED, _COUNTERED), says="accepted change", becomes=_ORDERED),
            Step((_ACCEPTED, _HELD), says="accepted change", becomes=_ACCEPTED),
            Step((_ORDERED, _COUNTERED, _ACCEPTED, _HELD), says="refused change"),
            Step((_ORDERED, _COUNTERED, _ACCEPTED, _HELD), says="accepted cancellation", becomes=_CANCELLED),
            Step((_ORDERED, _COUNTERED, _ACCEPTED, _HELD), says="refused cancellation"),
        ),
        concurrent=Concurrent.ANSWERS,
        decides=None,
        revisable=False,
        guards=("changed_below_shipped",),
        cannot="has no question to answer",
    ),
    "despatch_advice": Row(
        writers=_SELLER,
        steps=(Step((_ORDERED,), becomes=_ACCEPTED), Step((_ACCEPTED,))),
        concurrent=Concurrent.COUNTS,
        decides=Role.BUYER,
        revisable=True,
        guards=("order", "line_units", "shipped_above_accepted"),
        cannot="cannot be shipped",
    ),
    "receiving_advice": Row(
        writers=_BUYER,
        steps=(Step((_ORDERED,), becomes=_ACCEPTED), Step((_ACCEPTED, _CANCELLED, _HELD))),
        concurrent=Concurrent.COUNTS,
        decides=Role.BUYER,
        revisable=True,
        guards=("order", "one_order", "line_units", "known_despatch"),
        cannot="cannot be received",
    ),
    "invoice": Row(
        writers=_SELLER,
        steps=(
            Step((_NEW,), becomes=_WITHOUT),
            Step((_ORDERED,), becomes=_ACCEPTED),
            Step((_ACCEPTED, _CANCELLED, _WITHOUT)),
        ),
        concurrent=Concurrent.COUNTS,
        decides=Role.SELLER,
        revisable=False,
        guards=("currency", "line_units", "billed_above_accepted"),
        cannot="cannot be invoiced",
        opens=True,
    ),
    "corrective_invoice": Row(
        writers=_SELLER,
        steps=(Step((_ACCEPTED, _CANCELLED, _HELD, _WITHOUT)),),
        concurrent=Concurrent.COUNTS,
        decides=Role.SELLER,
        revisable=False,
        guards=("currency", "corrected_bill", "line_units", "billed_above_accepted"),
        cannot="has no invoice to correct",
    ),
    "self_billed_statement": Row(
        writers=_BUYER,
        steps=(Step((_NEW,), becomes=_WITHOUT), Step((_ACCEPTED, _CANCELLED, _WITHOUT))),
        concurrent=Concurrent.COUNTS,
        decides=Role.BUYER,
        revisable=True,
        guards=("currency", "unconfirmed", "line_units", "billed_above_accepted"),
        cannot="cannot be stated as purchased",
        opens=True,
    ),
    "self_billed_response": Row(
        writers=_SELLER,
        steps=(Step((_ACCEPTED, _CANCELLED, _HELD, _WITHOUT)),),
        concurrent=Concurrent.CONFIRMS,
        decides=Role.SELLER,
        revisable=False,
        guards=("stated",),
        cannot="has no statement to answer",
    ),
    "payment_notice": Row(
        writers=_BUYER,
        steps=(
            Step((_NEW,), becomes=_WITHOUT),
            Step((_ORDERED, _COUNTERED, _ACCEPTED, _CANCELLED, _HELD, _WITHOUT)),
        ),
        concurrent=Concurrent.COUNTS,
        decides=Role.BUYER,
        revisable=True,
        guards=("currency", "paid_above_billed"),
        cannot="cannot be paid",
        opens=True,
    ),
    "message": Row(
        writers=_BOTH,
        steps=(
            Step(
                (_ENQUIRED, _QUOTED, _ORDERED, _COUNTERED, _ACCEPTED, _REFUSED, _CANCELLED, _WITHOUT, _HELD),
            ),
        ),
        concurrent=Concurrent.STANDS,
        decides=None,
        revisable=False,
        guards=("currency", "messages"),
        cannot="cannot be spoken of",
    ),
}

SUBJECT: Final[dict[State, str]] = {
    State.NEW: "a dealing that has not begun",
    State.ENQUIRED: "an enquiry",
    State.QUOTED: "a quotation that was not ordered",
    State.ORDERED: "an order that is not yet answered",
    State.COUNTERED: "an order answered with changes",
    State.ACCEPTED: "an accepted order",
    State.REFUSED: "a refused order",
    State.CANCELLED: "a cancelled order",
    State.WITHOUT_ORDER: "a dealing without an order",
    State.HELD: "an order with contradicting papers",
}
"""The states of the table as the subject of a sentence."""

_STEPS: Final = {
    (name, state, step.says): step for name, row in TABLE.items() for step in row.steps for state in step.states
}


def called(name: str) -> str:
    """A type as people say it, with its article: "an order response"."""
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name.replace('_', ' ')}"


def step_for(name: str, state: State, says: str) -> Step | None:
    """The step that a paper takes, or None: it is impossible here."""
    return _STEPS.get((name, state, says))


def why_not(name: str, state: State, says: str) -> str:
    """The reason for which there is no step, as a sentence: "a refused order cannot be shipped"."""
    row = TABLE[name]
    possible = any(state in step.states for step in row.steps)
    what = f"{SUBJECT[state]} {row.cannot}"
    return f"{what} as “{says}”" if possible and says else what
