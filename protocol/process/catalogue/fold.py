"""The fold of a catalogue's thread: every paper judged at its own past, then all of them together.

Owns what each paper does. Neither pass looks at time or arrival. Cost: quadratic in the papers of a thread, of which
there are at most ``MAX_CATALOGUE_DOCUMENTS``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from protocol.process.catalogue import table
from protocol.process.catalogue.state import CatalogueState, Edition, ends
from protocol.process.catalogue.table import TABLE, Role, State
from protocol.process.fact import EFFECTIVE, Fact, Outcome, Verdict, refused
from protocol.process.history import History, places
from protocol.process.trade.papers import PAPERS, Catalogue, CatalogueWithdrawal


class Offer:
    """What a set of facts, closed under ``follows``, offers: versions, requests, withdrawals. ``told``: their bits."""

    def __init__(self, history: History, possible: int, told: int) -> None:
        self.history = history
        self.sheets: dict[str, list[int]] = {}
        self.requests: list[int] = []
        self.withdrawals: list[int] = []
        for place in places(possible & told):
            body = history.facts[place].body
            if isinstance(body, Catalogue):
                self.sheets.setdefault(body.edition, []).append(place)
            elif isinstance(body, CatalogueWithdrawal):
                self.withdrawals.append(place)
            else:
                self.requests.append(place)

    def body(self, place: int) -> Any:
        """The paper at a place."""
        return self.history.facts[place].body

    def is_withdrawn(self, name: str) -> bool:
        """Has the seller taken the version back, or everything that he had written till then?"""
        bits = sum(1 << place for place in self.sheets[name])
        return any(
            self.body(place).edition == name
            or (not self.body(place).edition and bits & ~self.history.pasts[place] == 0)
            for place in self.withdrawals
        )

    def is_whole(self, name: str) -> bool:
        """Is every sheet there, once, and do all say the same of the version?"""
        bodies = [self.body(place) for place in self.sheets[name]]
        first = bodies[0]
        numbers = sorted(body.sheet for body in bodies)
        return numbers == list(range(1, first.sheets + 1)) and all(_same_edition(first, body) for body in bodies)

    def is_broken(self, name: str) -> bool:
        """Do its sheets contradict each other?"""
        bodies = [self.body(place) for place in self.sheets[name]]
        numbers = {body.sheet for body in bodies}
        return len(numbers) < len(bodies) or not all(_same_edition(bodies[0], body) for body in bodies)

    def editions(self) -> tuple[Edition, ...]:
        """All versions, in the order of their first sheets."""
        whole = {name: self.is_whole(name) for name in self.sheets}
        bits = {name: sum(1 << place for place in found) for name, found in self.sheets.items()}
        pasts = {name: self._past(found) for name, found in self.sheets.items()}
        found = []
        for name, own in self.sheets.items():
            start, end = ends(self.body(own[0]).validity)
            over = [
                other
                for other in self.sheets
                if other != name and bits[other] & ~pasts[name] == 0 and bits[name] & ~pasts[other]
            ]
            found.append(
                Edition(name, self._ids(own), start, end, whole[name], self.is_withdrawn(name), tuple(sorted(over)))
            )
        return tuple(sorted(found, key=lambda one: min(self.sheets[one.name])))

    def open_requests(self) -> list[int]:
        """Requests that no paper of the seller has in its past."""
        seen = self._past([*self.withdrawals, *(place for found in self.sheets.values() for place in found)])
        return [place for place in self.requests if not seen >> place & 1]

    def state(self) -> State:
        """The word for all of this."""
        editions = self.editions()
        if contradictions(self, editions):
            return State.HELD
        if any(one.stands for one in editions):
            return State.OFFERED
        if any(not one.whole and not one.withdrawn for one in editions):
            return State.ARRIVING
        if self.open_requests():
            return State.ASKED
        return State.WITHDRAWN if self.withdrawals else State.NEW

    def _past(self, found: Iterable[int]) -> int:
        past = 0
        for place in found:
            past |= self.history.pasts[place]
        return past

    def _ids(self, found: list[int]) -> tuple[bytes, ...]:
        by_sheet = {self.body(place).sheet: self.history.facts[place].id for place in found}
        return tuple(by_sheet.get(number, b"") for number in range(1, max(by_sheet) + 1))


def _same_edition(one: Catalogue, other: Catalogue) -> bool:
    return (one.sheets, one.validity, one.currency, one.tax_included) == (
        other.sheets,
        other.validity,
        other.currency,
        other.tax_included,
    )


def contradictions(offer: Offer, editions: tuple[Edition, ...]) -> dict[str, list[str]]:
    """Versions that are held, each with those that contradict it (itself, where its own sheets do)."""
    found: dict[str, list[str]] = {}
    decided = {name for one in editions if one.stands for name in one.over}
    for one in editions:
        if one.withdrawn or one.name in decided:
            continue
        if offer.is_broken(one.name):
            found[one.name] = [one.name]
        rivals = [
            other.name
            for other in editions
            if other.name != one.name
            and one.stands
            and other.stands
            and other.name not in decided
            and one.name not in other.over
            and other.name not in one.over
            and one.overlaps(other)
        ]
        if rivals:
            found[one.name] = rivals
    return found


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
        return refused("type", f"{table.called(fact.type)} is no paper of a catalogue")
    if place and (outcomes[0].verdict is not Verdict.EFFECTIVE or not fact.follows):
        return refused("thread", "its catalogue was never opened: the first paper is refused, or it follows none")
    if not place and (not row.opens or fact.author == fact.audience):
        return refused("thread", f"{table.called(fact.type)} between these two opens no catalogue")
    role = _role(history.facts[0], fact)
    if role is None:
        return refused("party", "its author and its recipient are not the two sides of this catalogue")
    objection = _judge_key(history, place, fact, possible)
    if objection is not None:
        return objection
    if role is not row.writer:
        return refused("role", f"the {role.value} does not write {table.called(fact.type)}")
    offer = Offer(history, possible, history.pasts[place])
    state = offer.state()
    if state not in row.states:
        return refused("state", table.why_not(fact.type, state))
    for guard in row.guards:
        reason = GUARDS[guard](offer, fact.body)
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
        decides = Role.BUYER if fact.type == "catalogue_request" else Role.SELLER
        return Outcome(Verdict.HELD, "business_key", reason, (known.id,), decides.value)
    return None


def _standing_edition(offer: Offer, paper: Catalogue) -> str:
    if paper.edition in offer.sheets and offer.is_withdrawn(paper.edition):
        return f"version {paper.edition} was withdrawn: write another"
    return ""


def _same_sheets(offer: Offer, paper: Catalogue) -> str:
    if any(not _same_edition(offer.body(place), paper) for place in offer.sheets.get(paper.edition, ())):
        return f"sheets of version {paper.edition} differ in number of sheets, validity, currency or tax"
    return ""


def _new_sheet(offer: Offer, paper: Catalogue) -> str:
    if any(offer.body(place).sheet == paper.sheet for place in offer.sheets.get(paper.edition, ())):
        return f"sheet {paper.sheet} of version {paper.edition} has been written already"
    return ""


def _item_once(offer: Offer, paper: Catalogue) -> str:
    own = {one.item.seller_id for one in paper.items}
    for place in offer.sheets.get(paper.edition, ()):
        for one in offer.body(place).items:
            if one.item.seller_id in own:
                return f"item {one.item.seller_id} stands on another sheet of version {paper.edition}"
    return ""


def _known_edition(offer: Offer, paper: CatalogueWithdrawal) -> str:
    if not paper.edition:
        return ""
    if paper.edition not in offer.sheets:
        return f"there is no version {paper.edition} in what it follows"
    return f"version {paper.edition} was withdrawn already" if offer.is_withdrawn(paper.edition) else ""


GUARDS: Final[dict[str, Callable[[Offer, Any], str]]] = {
    "standing_edition": _standing_edition,
    "same_sheets": _same_sheets,
    "new_sheet": _new_sheet,
    "item_once": _item_once,
    "known_edition": _known_edition,
}
"""Name in the table → condition."""


# ---------------------------------------------------------------------- all of them together


def summarise(history: History) -> CatalogueState:
    """The state of the thread."""
    judged = judge_all(history)
    possible = sum(1 << place for place, outcome in enumerate(judged) if outcome.verdict is Verdict.EFFECTIVE)
    offer = Offer(history, possible, possible)
    editions = offer.editions()
    contradicted = contradictions(offer, editions)
    outcomes = {fact.id: outcome for fact, outcome in zip(history.facts, judged, strict=True)}
    for one in editions:
        outcome = _settled(offer, one, editions, contradicted)
        for place in offer.sheets[one.name]:
            outcomes[history.facts[place].id] = outcome
    held = [identity for identity, outcome in outcomes.items() if outcome.verdict is Verdict.HELD]
    for identity, missing in history.missing.items():
        outcomes[identity] = Outcome(Verdict.WAITING, "parents", "something that it follows is missing", missing)
    requests = tuple(sorted(history.facts[place].id for place in offer.open_requests()))
    buyer, seller = _sides(history, judged)
    return CatalogueState(
        state=offer.state(),
        buyer=buyer,
        seller=seller,
        editions=editions,
        requests=requests,
        next=Role.SELLER if requests or contradicted else None,
        outcomes=outcomes,
        heads=history.heads,
        held=tuple(sorted(held)),
        waiting=tuple(sorted(history.missing)),
    )


def _settled(offer: Offer, one: Edition, editions: tuple[Edition, ...], contradicted: dict[str, list[str]]) -> Outcome:
    """What became of the sheets of a version."""
    if one.withdrawn:
        return Outcome(Verdict.SUPERSEDED, "withdrawn", "the seller withdrew it")
    if one.name in contradicted:
        rivals = [offer.history.facts[place].id for name in contradicted[one.name] for place in offer.sheets[name]]
        reason = "a version written beside it says otherwise"
        return Outcome(Verdict.HELD, "contradicted", reason, tuple(sorted(rivals)), Role.SELLER.value)
    later = [other for other in editions if other.stands and one.name in other.over and other.covers(one)]
    if later:
        ids = sorted(identity for other in later for identity in other.ids)
        return Outcome(Verdict.SUPERSEDED, "replaced", "a later version takes its place", tuple(ids[:32]))
    return EFFECTIVE


def _sides(history: History, judged: list[Outcome]) -> tuple[bytes, bytes]:
    if not judged or judged[0].verdict is not Verdict.EFFECTIVE:
        return b"", b""
    first = history.facts[0]
    if TABLE[first.type].writer is Role.BUYER:
        return first.author, first.audience
    return first.audience, first.author
