"""The fold of a deed: every paper judged at its own past, then all of them together.

Owns what each paper does. Arrival decides nothing. The signed time of a paper decides one thing only: whether an
acceptance or a lapse is on its side of ``until`` (ADR 67). Cost: quadratic in the papers of a thread, of which there
are at most ``MAX_DEED_DOCUMENTS``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from protocol.process.deed import table
from protocol.process.deed.state import DeedState, Terms
from protocol.process.deed.table import TABLE, Role, State
from protocol.process.fact import EFFECTIVE, Fact, Outcome, Verdict, refused
from protocol.process.history import History, places
from protocol.process.trade.papers import PAPERS, DeedAnswer, DeedProposal, DeedReport
from protocol.process.trade.papers.agreeing import ACCEPTED, CANCELLED, CONFIRMED, DECLINED, FULFILLED, LAPSED

OPEN: Final = "open"
AGREED: Final = "agreed"
COUNTERED: Final = "countered"


class Told:
    """What a set of facts, closed under ``follows``, tells: proposals, their answers, reports (``told``: bits)."""

    def __init__(self, history: History, possible: int, told: int) -> None:
        self.history = history
        self.proposals: dict[str, int] = {}
        self.answers: dict[str, list[int]] = {}
        self.counters: dict[str, list[int]] = {}
        self.reports: list[int] = []
        for place in places(possible & told):
            body = history.facts[place].body
            if isinstance(body, DeedProposal):
                self.proposals[history.facts[place].id.hex()] = place
                if body.answers:
                    self.counters.setdefault(body.answers, []).append(place)
            elif isinstance(body, DeedAnswer):
                self.answers.setdefault(body.proposal, []).append(place)
            elif isinstance(body, DeedReport):
                self.reports.append(place)

    def body(self, place: int) -> Any:
        """The paper at a place."""
        return self.history.facts[place].body

    def role(self, place: int) -> Role:
        """Who wrote it."""
        role = _role(self.history.facts[0], self.history.facts[place])
        assert role is not None
        return role

    def standing(self, identity: str) -> tuple[str, int | None]:
        """What has become of a proposal, and the place of the paper that made it so."""
        by: dict[tuple[str, Role], int] = {}
        for place in self.answers.get(identity, ()):
            by.setdefault((self.body(place).answer, self.role(place)), place)
        for word in ((CONFIRMED, Role.SELLER), (ACCEPTED, Role.SELLER)):
            if word in by:
                return AGREED, by[word]
        for name in (LAPSED, DECLINED):
            for role in (Role.SELLER, Role.BUYER):
                if (name, role) in by:
                    return name, by[name, role]
        if (ACCEPTED, Role.BUYER) in by:
            return ACCEPTED, by[ACCEPTED, Role.BUYER]
        if identity in self.counters:
            return COUNTERED, self.counters[identity][0]
        return OPEN, None

    def agreed(self) -> list[str]:
        """The proposals that were agreed: one, unless the seller signed against himself."""
        return [identity for identity in self.proposals if self.standing(identity)[0] == AGREED]

    def said(self, word: str) -> dict[Role, int]:
        """Who reported ``word``, and where."""
        found: dict[Role, int] = {}
        for place in self.reports:
            if self.body(place).word == word:
                found.setdefault(self.role(place), place)
        return found

    def state(self) -> State:
        """The word for all of this."""
        agreed = self.agreed()
        if agreed:
            if len(agreed) > 1:
                return State.HELD
            if Role.BUYER in self.said(FULFILLED):
                return State.FULFILLED
            return State.CANCELLED if len(self.said(CANCELLED)) > 1 else State.AGREED
        found = {self.standing(identity)[0] for identity in self.proposals}
        if ACCEPTED in found:
            return State.ACCEPTED
        if OPEN in found:
            return State.PROPOSED
        return State.ENDED if found else State.NEW

    def current(self) -> str:
        """The proposal that holds, else waits for confirmation, else is open, else the last; empty: none."""
        for wanted in (AGREED, ACCEPTED, OPEN):
            for identity in reversed(self.proposals):
                if self.standing(identity)[0] == wanted:
                    return identity
        return next(reversed(self.proposals), "")


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
        return refused("type", f"{table.called(fact.type)} is no paper of a deed")
    if place and (outcomes[0].verdict is not Verdict.EFFECTIVE or not fact.follows):
        return refused("thread", "this deed was never opened: the first paper is refused, or it follows none")
    if not place and (not row.opens or fact.author == fact.audience):
        return refused("thread", f"{table.called(fact.type)} between these two opens no deed")
    if _role(history.facts[0], fact) is None:
        return refused("party", "its author and its recipient are not the two sides of this deed")
    objection = _judge_key(history, place, fact, possible)
    if objection is not None:
        return objection
    told = Told(history, possible, history.pasts[place])
    state = told.state()
    if state not in row.states:
        return refused("state", table.why_not(fact.type, state))
    for guard in row.guards:
        reason = GUARDS[guard](told, place, fact)
        if reason:
            return refused(guard, reason)
    return EFFECTIVE


def _role(first: Fact, fact: Fact) -> Role | None:
    """The opener says in the first paper on which side it is, by its signed flag ``provides``."""
    opener = Role.SELLER if getattr(first.body, "provides", False) else Role.BUYER
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
        role = _role(history.facts[0], fact)
        reason = f"{fact.business_key} has been written already"
        return Outcome(Verdict.HELD, "business_key", reason, (known.id,), role.value if role else "")
    return None


def _sides(told: Told, place: int, fact: Fact) -> str:
    provides = told.role(place) is Role.SELLER
    return "" if fact.body.provides == provides else "the sides stay as the first proposal says"  # type: ignore[attr-defined]


def _in_time(told: Told, place: int, fact: Fact) -> str:
    return "" if fact.time < fact.body.until else "its time is over before it is signed"  # type: ignore[attr-defined]


def _turn(told: Told, place: int, fact: Fact) -> str:
    answers: str = fact.body.answers  # type: ignore[attr-defined]
    if not place:
        return "" if not answers else "the first proposal answers none"
    if answers not in told.proposals:
        return "it answers no proposal of what it follows"
    if told.role(told.proposals[answers]) is told.role(place):
        return "the other side has the next word"
    if told.standing(answers)[0] in (COUNTERED, AGREED, ACCEPTED):
        return "what it answers is not open any more"
    return ""


def _same_offer(told: Told, place: int, fact: Fact) -> str:
    first, paper = told.history.facts[0].body, fact.body
    same = place == 0 or (paper.offer, paper.kind) == (first.offer, first.kind)  # type: ignore[attr-defined]
    return "" if same else "a counter-proposal is on the same offer"


def _own_thing(told: Told, place: int, fact: Fact) -> str:
    if told.role(place) is Role.SELLER:
        return ""
    thing, answers = fact.body.thing, fact.body.answers  # type: ignore[attr-defined]
    before = told.body(told.proposals[answers]).thing if answers else ""
    return "" if thing == before else "only the firm that provides names the thing that is booked"


def _open_proposal(told: Told, place: int, fact: Fact) -> str:
    identity: str = fact.body.proposal  # type: ignore[attr-defined]
    if identity not in told.proposals:
        return "it answers no proposal of what it follows"
    if told.standing(identity)[0] not in (OPEN, ACCEPTED):
        return "what it answers is not open any more"
    return ""


def _answer_fits(told: Told, place: int, fact: Fact) -> str:
    paper, role = fact.body, told.role(place)
    assert isinstance(paper, DeedAnswer)
    at = told.proposals[paper.proposal]
    own = told.role(at) is role
    over = bool(fact.time >= told.body(at).until)
    accepted = told.standing(paper.proposal)[0] == ACCEPTED
    rules: tuple[tuple[bool, str], ...]
    match paper.answer:
        case "accepted":
            rules = ((own, "who proposed does not accept"), (accepted, "it is accepted"), (over, "its time is over"))
        case "confirmed":
            mine = own and role is Role.SELLER
            rules = ((not mine, "the firm that provides confirms its own terms"), (not accepted, "it is not accepted"))
        case "declined":
            late = "what was proposed binds: it is declined only after its time"
            rules = (
                (own and not (accepted and over), late if own and accepted else "who proposed does not decline"),
                (not own and accepted, "it is accepted"),
            )
        case _:
            rules = (
                (not own, "who proposed says that it lapsed"),
                (not over, "its time is not over"),
                (accepted, "it was accepted in time"),
            )
    return next((reason for broken, reason in rules if broken), "")


def _agreed_terms(told: Told, place: int, fact: Fact) -> str:
    return "" if told.agreed() == [fact.body.proposal] else "these terms were not agreed"  # type: ignore[attr-defined]


def _report_fits(told: Told, place: int, fact: Fact) -> str:
    paper, role = fact.body, told.role(place)
    assert isinstance(paper, DeedReport)
    if role in told.said(CANCELLED):
        return "this side wants it cancelled"
    if paper.word == FULFILLED and role is not Role.BUYER:
        return "who takes says that it is fulfilled"
    return ""


GUARDS: Final[dict[str, Callable[[Told, int, Fact], str]]] = {
    "sides": _sides,
    "in_time": _in_time,
    "turn": _turn,
    "same_offer": _same_offer,
    "own_thing": _own_thing,
    "open_proposal": _open_proposal,
    "answer_fits": _answer_fits,
    "agreed_terms": _agreed_terms,
    "report_fits": _report_fits,
}
"""Name in the table → condition."""


# ---------------------------------------------------------------------- all of them together


def summarise(history: History) -> DeedState:
    """The state of the thread."""
    judged = judge_all(history)
    possible = sum(1 << place for place, outcome in enumerate(judged) if outcome.verdict is Verdict.EFFECTIVE)
    told = Told(history, possible, possible)
    outcomes = {fact.id: outcome for fact, outcome in zip(history.facts, judged, strict=True)}
    agreed = told.agreed()
    if len(agreed) > 1:
        ids = tuple(sorted(bytes.fromhex(identity) for identity in agreed))
        reason = "agreed on twice: the firm that provides signed against itself"
        for identity in ids:
            outcomes[identity] = Outcome(Verdict.HELD, "contradicted", reason, ids[:32], Role.SELLER.value)
    held = [identity for identity, outcome in outcomes.items() if outcome.verdict is Verdict.HELD]
    for identity, missing in history.missing.items():
        outcomes[identity] = Outcome(Verdict.WAITING, "parents", "something that it follows is missing", missing)
    buyer, seller = _parties(history, judged)
    state, current = told.state(), told.current()
    fulfilled = told.said(FULFILLED).get(Role.BUYER)
    return DeedState(
        state=state,
        buyer=buyer,
        seller=seller,
        terms=tuple(_terms(told, identity) for identity in told.proposals),
        current=bytes.fromhex(current),
        fulfilled=b"" if fulfilled is None else history.facts[fulfilled].id,
        cancelling=tuple(sorted(told.said(CANCELLED), key=lambda role: role.value)),
        next=_next(told, state, current),
        outcomes=outcomes,
        heads=history.heads,
        held=tuple(sorted(held)),
        waiting=tuple(sorted(history.missing)),
    )


def _terms(told: Told, identity: str) -> Terms:
    standing, at = told.standing(identity)
    answer = b"" if at is None else told.history.facts[at].id
    return Terms(bytes.fromhex(identity), told.role(told.proposals[identity]), standing, answer)


def _next(told: Told, state: State, current: str) -> Role | None:
    match state:
        case State.PROPOSED:
            return told.role(told.proposals[current]).other
        case State.ACCEPTED | State.HELD:
            return Role.SELLER
        case State.AGREED:
            wants = told.said(CANCELLED)
            return next((role.other for role in wants), Role.BUYER)
        case _:
            return None


def _parties(history: History, judged: list[Outcome]) -> tuple[bytes, bytes]:
    if not judged or judged[0].verdict is not Verdict.EFFECTIVE:
        return b"", b""
    first = history.facts[0]
    pair = (first.author, first.audience)
    return pair[::-1] if getattr(first.body, "provides", False) else pair
