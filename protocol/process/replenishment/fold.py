"""The fold of a thread of replenishment: every paper judged at its own past, then all of them together.

Owns what each paper does. Neither pass looks at time or arrival. Cost: quadratic in the papers of a thread, of which
there are at most ``MAX_REPLENISHMENT_DOCUMENTS``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from protocol.process.fact import EFFECTIVE, Fact, Outcome, Verdict, refused
from protocol.process.history import History, places
from protocol.process.replenishment import table
from protocol.process.replenishment.state import Proposal, ReplenishmentState, Week
from protocol.process.replenishment.table import TABLE, Role, State
from protocol.process.trade.papers import (
    PAPERS,
    Paper,
    ReplenishmentAnswer,
    ReplenishmentProposal,
    SalesReport,
)

OPEN: Final = "open"
REPLACED: Final = "replaced"
HELD: Final = "held"


class Told:
    """What a set of facts, closed under ``follows``, tells: reports by week, proposals, answers (``told``: bits)."""

    def __init__(self, history: History, possible: int, told: int) -> None:
        self.history = history
        self.reports: dict[str, list[int]] = {}
        self.proposals: list[int] = []
        self.answers: dict[int, list[int]] = {}
        by_id: dict[str, int] = {}
        for place in places(possible & told):
            body = history.facts[place].body
            if isinstance(body, SalesReport):
                self.reports.setdefault(body.week, []).append(place)
            elif isinstance(body, ReplenishmentProposal):
                self.proposals.append(place)
                by_id[history.facts[place].id.hex()] = place
            elif isinstance(body, ReplenishmentAnswer) and body.proposal in by_id:
                self.answers.setdefault(by_id[body.proposal], []).append(place)

    def body(self, place: int) -> Any:
        """The paper at a place."""
        return self.history.facts[place].body

    def latest(self, found: Sequence[int]) -> list[int]:
        """Those that no other of them has in its past."""
        seen = 0
        for place in found:
            seen |= self.history.pasts[place]
        return [place for place in found if not seen >> place & 1]

    def contradicting(self, found: Sequence[int]) -> list[int]:
        """The latest of papers on one thing, if they do not say the same; else none."""
        latest = self.latest(found)
        return latest if any(not _says(self.body(latest[0]), self.body(other)) for other in latest[1:]) else []

    def standing(self, place: int) -> str:
        """What has become of a proposal."""
        answers = self.answers.get(place, [])
        if answers:
            return HELD if self.contradicting(answers) else str(self.body(self.latest(answers)[0]).answer)
        seen = any(self.history.pasts[other] >> place & 1 for other in self.proposals)
        return REPLACED if seen else OPEN

    def contradictions(self) -> dict[int, list[int]]:
        """Every held paper, each with those that contradict it and itself."""
        groups = [self.contradicting(found) for found in (*self.reports.values(), *self.answers.values())]
        return {place: group for group in groups for place in group}

    def state(self) -> State:
        """The word for all of this."""
        if self.contradictions():
            return State.HELD
        if any(self.standing(place) == OPEN for place in self.proposals):
            return State.PROPOSED
        return State.REPORTED if self.reports else State.NEW


def _says(one: Paper, other: Paper) -> bool:
    """Do two papers on one thing say the same?"""
    if isinstance(one, SalesReport) and isinstance(other, SalesReport):
        return (one.areas, one.currency, one.tax_included) == (other.areas, other.currency, other.tax_included)
    if isinstance(one, ReplenishmentAnswer) and isinstance(other, ReplenishmentAnswer):
        return (one.answer, one.order) == (other.answer, other.order)
    return False


# ---------------------------------------------------------------------- judging one paper


def judge_all(history: History) -> list[Outcome]:
    """The outcome of every placed fact at its own past; depends on that past only."""
    outcomes: list[Outcome] = []
    possible = 0
    for place, fact in enumerate(history.facts):
        outcome = _judge(history, place, fact, possible, outcomes)
        outcomes.append(outcome)
        if outcome.verdict is Verdict.EFFECTIVE:
            possible |= 1 << place
    return outcomes


def _judge(history: History, place: int, fact: Fact, possible: int, outcomes: list[Outcome]) -> Outcome:
    if fact.refused:
        return refused("recipient", fact.refused)
    row = TABLE.get(fact.type)
    if row is None or PAPERS.get(fact.type) is not type(fact.body):
        return refused("type", f"{table.called(fact.type)} is no paper of a replenishment")
    if place and (outcomes[0].verdict is not Verdict.EFFECTIVE or not fact.follows):
        return refused("thread", "its reports were never opened: the first paper is refused, or it follows none")
    if not place and (not row.opens or fact.author == fact.audience):
        return refused("thread", f"{table.called(fact.type)} between these two opens no replenishment")
    role = _role(history.facts[0], fact)
    if role is None:
        return refused("party", "its author and its recipient are not the two sides of these reports")
    objection = _judge_key(history, place, fact, possible)
    if objection is not None:
        return objection
    if role is not row.writer:
        return refused("role", f"the {role.value} does not write {table.called(fact.type)}")
    told = Told(history, possible, history.pasts[place])
    state = told.state()
    if state not in row.states:
        return refused("state", table.why_not(fact.type, state))
    for guard in row.guards:
        reason = GUARDS[guard](told, fact.body)
        if reason:
            return refused(guard, reason)
    return EFFECTIVE


def _role(first: Fact, fact: Fact) -> Role | None:
    opener = TABLE[first.type].writer
    if (fact.author, fact.audience) == (first.author, first.audience):
        return opener
    return opener.other if (fact.author, fact.audience) == (first.audience, first.author) else None


def _judge_key(history: History, place: int, fact: Fact, possible: int) -> Outcome | None:
    if fact.business_key != fact.body.number:
        return refused("business_key", f"the business key is {fact.business_key}; its number is {fact.body.number}")
    for other in places(history.pasts[place] & possible):
        known = history.facts[other]
        if (known.author, known.type, known.business_key) != (fact.author, fact.type, fact.business_key):
            continue
        if fact.revision != known.revision:
            return refused("revision", f"{table.called(fact.type)} is not revised: write another")
        reason = f"{fact.business_key} has been written already"
        return Outcome(Verdict.HELD, "business_key", reason, (known.id,), TABLE[fact.type].writer.value)
    return None


def _open_proposal(told: Told, paper: ReplenishmentAnswer) -> str:
    for place in told.proposals:
        if told.history.facts[place].id.hex() == paper.proposal:
            standing = told.standing(place)
            if standing in (OPEN, HELD):
                return ""
            return "a later proposal has taken its place" if standing == REPLACED else "the proposal has been answered"
    return "there is no such proposal in what it follows"


GUARDS: Final[dict[str, Callable[[Told, Any], str]]] = {"open_proposal": _open_proposal}
"""Name in the table → condition."""


# ---------------------------------------------------------------------- all of them together


def summarise(history: History) -> ReplenishmentState:
    """The state of the thread."""
    judged = judge_all(history)
    possible = sum(1 << place for place, outcome in enumerate(judged) if outcome.verdict is Verdict.EFFECTIVE)
    told = Told(history, possible, possible)
    outcomes = {fact.id: outcome for fact, outcome in zip(history.facts, judged, strict=True)}
    contradicted = told.contradictions()
    for place, outcome in _settled(told, contradicted):
        outcomes[history.facts[place].id] = outcome
    held = [identity for identity, outcome in outcomes.items() if outcome.verdict is Verdict.HELD]
    for identity, missing in history.missing.items():
        outcomes[identity] = Outcome(Verdict.WAITING, "parents", "something that it follows is missing", missing)
    proposals = tuple(_proposal(told, place) for place in told.proposals)
    owed = bool(contradicted) or any(one.state == OPEN for one in proposals)
    opened = bool(judged) and judged[0].verdict is Verdict.EFFECTIVE
    return ReplenishmentState(
        state=told.state(),
        buyer=history.facts[0].author if opened else b"",
        seller=history.facts[0].audience if opened else b"",
        weeks=tuple(_week(told, week) for week in sorted(told.reports)),
        proposals=proposals,
        next=Role.BUYER if owed else None,
        outcomes=outcomes,
        heads=history.heads,
        held=tuple(sorted(held)),
        waiting=tuple(sorted(history.missing)),
    )


def _settled(told: Told, contradicted: dict[int, list[int]]) -> list[tuple[int, Outcome]]:
    """What became of reports, proposals and answers that do not simply stand."""
    facts, found = told.history.facts, []
    for place, rivals in contradicted.items():
        others = tuple(sorted(facts[other].id for other in rivals if other != place)[:32])
        reason = "a paper written beside it says otherwise"
        found.append((place, Outcome(Verdict.HELD, "contradicted", reason, others, Role.BUYER.value)))
    for group in (*told.reports.values(), *told.answers.values()):
        latest = told.latest(group)
        found += [(place, _replaced(told, latest)) for place in group if place not in latest]
    for place in told.proposals:
        if told.standing(place) == REPLACED:
            later = [other for other in told.proposals if told.history.pasts[other] >> place & 1]
            found.append((place, _replaced(told, told.latest(later))))
    return found


def _replaced(told: Told, latest: list[int]) -> Outcome:
    ids = tuple(sorted(told.history.facts[place].id for place in latest)[:32])
    return Outcome(Verdict.SUPERSEDED, REPLACED, "a later one takes its place", ids)


def _week(told: Told, week: str) -> Week:
    found = told.reports[week]
    if told.contradicting(found):
        return Week(week, b"")
    return Week(week, min(told.history.facts[place].id for place in told.latest(found)))


def _proposal(told: Told, place: int) -> Proposal:
    standing = told.standing(place)
    answers = told.latest(told.answers.get(place, []))
    answer = min((told.history.facts[one].id for one in answers), default=b"") if standing != HELD else b""
    return Proposal(told.history.facts[place].id, standing, answer)
