"""A thread and what it has come to: the one entry to the folds. Knows no store, no time, no order of arrival.

``fold`` is a function of the *set* of facts: any order, any duplicates, the same answer at both sides. ``judge``
answers for one fact at its own past, before it is signed and when it is received; that answer never changes. What the
fact means together with papers written beside it is in ``fold(…).outcomes``, and does change as those arrive.

>>> fold(facts).state            # what is shown
>>> judge(facts, candidate).require_possible()   # raises ImpossibleStep("a refused order cannot be shipped")
"""

from __future__ import annotations

from collections.abc import Iterable

from protocol.process.catalogue import fold as catalogue
from protocol.process.catalogue.state import CatalogueState
from protocol.process.catalogue.table import TABLE as CATALOGUE
from protocol.process.deed import fold as deed
from protocol.process.deed.state import DeedState
from protocol.process.deed.table import TABLE as DEED
from protocol.process.fact import EFFECTIVE, Fact, Outcome, Verdict
from protocol.process.history import History, arrange
from protocol.process.replenishment import fold as replenishment
from protocol.process.replenishment.state import ReplenishmentState
from protocol.process.replenishment.table import TABLE as REPLENISHMENT
from protocol.process.trade.fold import Judgement, settle, summarise
from protocol.process.trade.papers import PAPERS
from protocol.process.trade.state import NEXT, BillState, LineState, QuestionState, ThreadState
from protocol.process.trade.table import TABLE, Role, State, step_for


def state_of(
    facts: Iterable[Fact], thread: bytes | None = None
) -> ThreadState | CatalogueState | ReplenishmentState | DeedState:
    """The state of a thread of whichever process its first paper belongs to. Arguments as of :func:`fold`."""
    history = arrange(facts, thread)
    if history.facts and history.facts[0].type in CATALOGUE:
        return catalogue.summarise(history)
    if history.facts and history.facts[0].type in REPLENISHMENT:
        return replenishment.summarise(history)
    if history.facts and history.facts[0].type in DEED:
        return deed.summarise(history)
    return _fold(history)


def fold(facts: Iterable[Fact], thread: bytes | None = None) -> ThreadState:
    """The state of a dealing. ``thread``: id of its first fact, if known; the facts may lack it, and then all wait.

    Facts whose type or version is not known here are left out; what follows them waits.
    """
    return _fold(arrange(facts, thread))


def _fold(history: History) -> ThreadState:
    judgement = Judgement(history)
    outcomes = settle(judgement)
    for identity, missing in history.missing.items():
        outcomes[identity] = waiting(missing)
    return summarise(judgement, outcomes)


def judge(facts: Iterable[Fact], candidate: Fact, thread: bytes | None = None) -> Outcome:
    """Is the candidate possible where it was written, whatever was written beside it?

    ``effective``, ``refused`` for ever, ``waiting`` for something it follows, or ``held``: its business key is taken.
    """
    history = arrange([*facts, candidate], thread)
    missing = history.missing.get(candidate.id)
    if missing is not None:
        return waiting(missing)
    place = next(place for place, fact in enumerate(history.facts) if fact.id == candidate.id)
    if history.facts[0].type in CATALOGUE:
        return catalogue.judge_all(history)[place]
    if history.facts[0].type in REPLENISHMENT:
        return replenishment.judge_all(history)[place]
    if history.facts[0].type in DEED:
        return deed.judge_all(history)[place]
    judgement = Judgement(history)
    return judgement.outcomes[place]


def opened(fact: Fact) -> ThreadState | None:
    """The fold of an enquiry, offer or order that nothing has followed yet, without its text and lines (``order`` None,
    ``lines`` empty); None where that takes a closer look.

    For lists, which hold as many such threads as a firm sends orders in a day.
    """
    row = TABLE.get(fact.type)
    if row is None or fact.follows or fact.author == fact.audience or fact.business_key != fact.body.number:
        return None
    step = step_for(fact.type, State.NEW, "")
    becomes = step.becomes if step is not None else None
    if becomes not in _OPENINGS or fact.refused or PAPERS[fact.type] is not type(fact.body):
        return None
    sides = (fact.author, fact.audience) if row.writers[0] is Role.BUYER else (fact.audience, fact.author)
    return ThreadState(
        becomes, becomes, *sides, None, fact.body.currency, (), (), (), 0, 0, 0, NEXT[becomes],
        {fact.id: EFFECTIVE}, (fact.id,), (), (),
    )  # fmt: skip


_OPENINGS = (State.ENQUIRED, State.QUOTED, State.ORDERED)


def waiting(missing: tuple[bytes, ...]) -> Outcome:
    """It waits for what it follows."""
    return Outcome(Verdict.WAITING, "parents", "something that it follows is missing", missing)


__all__ = [
    "EFFECTIVE",
    "BillState",
    "CatalogueState",
    "DeedState",
    "Fact",
    "LineState",
    "Outcome",
    "QuestionState",
    "ReplenishmentState",
    "Role",
    "State",
    "ThreadState",
    "Verdict",
    "fold",
    "judge",
    "opened",
    "state_of",
]
