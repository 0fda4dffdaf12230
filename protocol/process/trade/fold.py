"""The fold of the trade process: every fact judged at its own past, then all of them together.

Owns the two passes. The first judges each placed fact on a dealing that has been told its past and nothing else; the
second, on a dealing that has been told everything, finds what was written beside each other and contradicts itself.
Neither looks at time or arrival. Cost: linear in a thread whose papers follow one another; a branch costs a re-telling.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from protocol.process.fact import EFFECTIVE, Fact, Outcome, Verdict, refused
from protocol.process.history import History
from protocol.process.trade import state as view
from protocol.process.trade.dealing import Dealing, Effect
from protocol.process.trade.papers import PAPERS
from protocol.process.trade.registers import Claim, Count, Register
from protocol.process.trade.state import ThreadState
from protocol.process.trade.table import TABLE, Concurrent, Role, State, called

MAX_BRANCHES: Final = 8  # dealings kept beside each other; more branches are told again


class Judgement:
    """The first pass: the outcome and effect of every placed fact, and the dealing that was told all of them."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.outcomes: list[Outcome] = []
        self.effects: list[Effect | None] = []
        self._branches: dict[int, Dealing] = {}
        for place, fact in enumerate(history.facts):
            self._judge(place, fact, history.pasts[place])
        self.dealing = self._told((1 << len(history.facts)) - 1)

    def role(self, fact: Fact) -> Role | None:
        """The writer's role; None if the paper is not between the two sides of this dealing."""
        first = self.history.facts[0]
        opener = TABLE[first.type].writers[0]
        sides = (fact.author, fact.audience)
        if sides == (first.author, first.audience):
            return opener
        return opener.other if sides == (first.audience, first.author) else None

    def _judge(self, place: int, fact: Fact, past: int) -> None:
        dealing = self._told(past)
        outcome, effect = self._possible(place, fact, dealing)
        if effect is not None:
            dealing.tell(place, past, effect)
        self.outcomes.append(outcome)
        self.effects.append(effect)
        if len(self._branches) >= MAX_BRANCHES:
            del self._branches[next(iter(self._branches))]
        self._branches[past | 1 << place] = dealing

    def _possible(self, place: int, fact: Fact, dealing: Dealing) -> tuple[Outcome, Effect | None]:
        if PAPERS.get(fact.type) is not type(fact.body):
            return refused("type", f"the paper is not of type {fact.type}"), None
        if place and (self.outcomes[0].verdict is not Verdict.EFFECTIVE or not fact.follows):
            return refused(
                "thread", "its dealing was never opened: the first paper is refused, or it follows none"
            ), None
        if not place and (not TABLE[fact.type].opens or fact.author == fact.audience):
            return refused("thread", f"{called(fact.type)} between these two opens no dealing"), None
        role = self.role(fact)
        if role is None:
            return refused("party", "its author and its recipient are not the two sides of this dealing"), None
        return dealing.judge(fact, role)

    def _told(self, facts: int) -> Dealing:
        """A dealing that was told exactly these facts (bits)."""
        dealing = self._branches.pop(facts, None)
        if dealing is not None:
            return dealing
        dealing = Dealing(self.history.facts)
        for place in _places(facts):
            effect = self.effects[place]
            if effect is not None:
                dealing.tell(place, self.history.pasts[place], effect)
        return dealing


def _places(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


class Settlement:
    """The second pass: what stands, what something else has taken the place of, what contradicts what."""

    def __init__(self, judgement: Judgement) -> None:
        self.facts = judgement.history.facts
        self.pasts = judgement.history.pasts
        self.effects = judgement.effects
        self.dealing = judgement.dealing
        self.agreement = self.dealing.agreed()
        self._over = view.over(self.dealing, self.agreement)
        self._orders = [place for place, fact in enumerate(self.facts) if fact.type == "order" and self.effects[place]]

    def outcome(self, place: int) -> Outcome:
        """What became of a possible fact."""
        effect = self.effects[place]
        assert effect is not None  # only possible facts are settled
        fact = self.facts[place]
        match TABLE[fact.type].concurrent:
            case Concurrent.YIELDS:
                return self._yields(place, fact)
            case Concurrent.CONTESTS:
                return self._contests(place, fact, effect)
            case Concurrent.ASKS:
                return self._asks(place, fact, effect)
            case Concurrent.ANSWERS:
                return self._answers(place, fact, effect)
            case Concurrent.COUNTS:
                return self._counts(place, fact, effect)
            case Concurrent.CONFIRMS:
                return self._claimed(place, fact, self.dealing.confirmations[effect.confirms])

    # ------------------------------------------------------------------ one rule of the column each

    def _yields(self, place: int, fact: Fact) -> Outcome:
        later = [other for other in self._of_type(fact.type) if self.pasts[other] >> place & 1]
        if later:
            return self._superseded("replaced", f"a later {_name(fact)} takes its place", later)
        binding = [
            claim.place
            for claim in self.dealing.agreement.claims
            if not view.is_soft(claim.value) and self._beside(place, claim.place)
        ]
        if binding:
            return self._superseded("overtaken", "an order was written beside it", binding)
        twins = [other for other in self._of_type(fact.type) if self._twin(place, other)]
        rivals = [other for other in twins if self.facts[other].body != fact.body]
        if rivals:
            return self._held(fact, "business_key", f"{fact.business_key} was written twice, differently", rivals)
        return self._same_as(place, twins)

    def _contests(self, place: int, fact: Fact, effect: Effect) -> Outcome:
        if effect.claim is None:
            return EFFECTIVE
        outcome = self._claimed(place, fact, self.dealing.agreement)
        if outcome.verdict is not Verdict.EFFECTIVE or fact.type != "order":
            return outcome
        later = [other for other in self._orders if self.pasts[other] >> place & 1]
        return self._superseded("replaced", "a later order takes its place", later) if later else EFFECTIVE

    def _asks(self, place: int, fact: Fact, effect: Effect) -> Outcome:
        assert effect.question is not None  # ASKS
        question = self.dealing.questions[effect.question]
        outcome = self._claimed(place, fact, question.asked)
        if outcome.verdict is not Verdict.EFFECTIVE:
            return outcome
        if self.agreement.state in (State.REFUSED, State.CANCELLED) and question.is_open:
            return Outcome(Verdict.SUPERSEDED, "ended", "the order ended before it was answered")
        return EFFECTIVE

    def _answers(self, place: int, fact: Fact, effect: Effect) -> Outcome:
        if effect.claim is not None:
            outcome = self._claimed(place, fact, self.dealing.agreement)
            if outcome.verdict is not Verdict.EFFECTIVE:
                return outcome
        if effect.question is None:
            return EFFECTIVE
        return self._claimed(place, fact, self.dealing.questions[effect.question].answers, self.dealing.agreement.live)

    def _counts(self, place: int, fact: Fact, effect: Effect) -> Outcome:
        assert effect.entry is not None  # COUNTS
        outcome = self._claimed(place, fact, self.dealing.ledger.entries[effect.entry])
        if outcome.verdict is Verdict.EFFECTIVE and effect.claim is not None:
            outcome = self._claimed(place, fact, self.dealing.agreement)
        if outcome.verdict is not Verdict.EFFECTIVE or not self._over:
            return outcome
        for count in effect.counts or ():
            beside = self._beside_too_much(place, self._over[count]) if count in self._over else []
            if beside:
                what = f"{count[0].replace('_', ' ')} of {count[1]} is above what is agreed"
                return self._held(fact, "above", f"with what was written beside it, {what}", beside)
        return EFFECTIVE

    def _beside_too_much(self, place: int, counts: tuple[Count, ...]) -> list[int]:
        """Facts written beside this one that count the same, or that changed what is agreed."""
        counting = [
            other
            for other, effect in enumerate(self.effects)
            if effect is not None and (_binds(effect) or any(count in (effect.counts or ()) for count in counts))
        ]
        return [other for other in counting if self._beside(place, other)]

    # ------------------------------------------------------------------ registers

    def _claimed(
        self, place: int, fact: Fact, register: Register[Any], deciders: list[Claim[Any]] | tuple[()] = ()
    ) -> Outcome:
        """What became of a claim on a register."""
        is_agreement = register is self.dealing.agreement
        rivals = register.unsettled(place, deciders)
        if rivals:
            decides = self._decides_agreement() if is_agreement else None
            reason = "a paper written beside it says otherwise"
            return self._held(fact, "contradicted", reason, list(_places(rivals)), decides)
        if place in register.rivals:
            deciding = [claim.place for claim in (*register.live, *deciders) if claim.past >> place & 1]
            return self._superseded("decided", "a later paper decided what contradicted it", deciding)
        if not is_agreement and all(claim.place != place for claim in register.live):
            later = [claim.place for claim in register.claims if claim.past >> place & 1]
            return self._superseded("replaced", f"a later paper takes the place of this {_name(fact)}", later)
        if not register.beside >> place & 1:
            return EFFECTIVE
        mine = next(claim.value for claim in register.claims if claim.place == place)
        return self._same_as(
            place,
            [
                claim.place
                for claim in register.claims
                if self._beside(place, claim.place)
                and self.facts[claim.place].type == fact.type
                and (not is_agreement or (claim.value == mine and fact.type not in _SHARED))
            ],
        )

    def _same_as(self, place: int, twins: list[int]) -> Outcome:
        """Of papers that say the same, the smallest id stands for all: it makes no difference which."""
        first = min((other for other in twins), key=lambda other: self.facts[other].id, default=None)
        if first is None or self.facts[first].id > self.facts[place].id:
            return EFFECTIVE
        return self._superseded("same", "a paper written beside it says the same", [first])

    def _of_type(self, name: str) -> list[int]:
        return [place for place, fact in enumerate(self.facts) if fact.type == name and self.effects[place] is not None]

    def _beside(self, one: int, other: int) -> bool:
        return one != other and not (self.pasts[one] >> other & 1 or self.pasts[other] >> one & 1)

    def _twin(self, one: int, other: int) -> bool:
        mine, theirs = self.facts[one], self.facts[other]
        same_key = (mine.author, mine.business_key, mine.revision) == (
            theirs.author,
            theirs.business_key,
            theirs.revision,
        )
        return same_key and self._beside(one, other)

    # ------------------------------------------------------------------ words

    def _ids(self, places: list[int]) -> tuple[bytes, ...]:
        return tuple(sorted(self.facts[place].id for place in places))

    def _superseded(self, code: str, reason: str, places: list[int]) -> Outcome:
        return Outcome(Verdict.SUPERSEDED, code, reason, self._ids(places))

    def _held(self, fact: Fact, code: str, reason: str, rivals: list[int], decides: Role | None = None) -> Outcome:
        role = decides or TABLE[fact.type].decides or self._writer(fact)
        return Outcome(Verdict.HELD, code, reason, self._ids(rivals), role.value)

    def _writer(self, fact: Fact) -> Role:
        opener = TABLE[self.facts[0].type].writers[0]
        return opener if fact.author == self.facts[0].author else opener.other

    def _decides_agreement(self) -> Role:
        """Who has to write the paper that follows all that contradict each other about what is agreed."""
        answering = [key[0].other for key, question in self.dealing.questions.items() if question.answers.is_held]
        if answering:
            return min(answering, key=lambda role: role.value)
        return Role.BUYER if self.agreement.order is None else Role.SELLER


# Papers that accept an order by carrying it out share the agreement and are not twins of one another.
_SHARED: Final = frozenset({"despatch_advice", "receiving_advice", "invoice"})


def _binds(effect: Effect) -> bool:
    return effect.claim is not None and not view.is_soft(effect.claim)


def _name(fact: Fact) -> str:
    return fact.type.replace("_", " ")


def settle(judgement: Judgement) -> dict[bytes, Outcome]:
    """The outcome of every placed fact, in the order of the history."""
    facts = judgement.history.facts
    if len(facts) == 1:
        return {facts[0].id: judgement.outcomes[0]}
    settlement = Settlement(judgement)
    return {
        fact.id: settlement.outcome(place) if judgement.effects[place] is not None else judgement.outcomes[place]
        for place, fact in enumerate(facts)
    }


def summarise(judgement: Judgement, outcomes: dict[bytes, Outcome]) -> ThreadState:
    """The state of the thread."""
    history, dealing = judgement.history, judgement.dealing
    agreement = dealing.agreed()
    of_lines, of_bills = view.lines(dealing, agreement), view.bills(dealing)
    asked = view.questions(dealing)
    word = view.progress(agreement, of_lines, of_bills)
    held = [identity for identity, outcome in outcomes.items() if outcome.verdict is Verdict.HELD]
    decides = sorted({outcomes[identity].decides for identity in held})
    standing = [bill for bill in of_bills if bill.confirmed != "refused"]
    buyer, seller = _sides(judgement)
    return ThreadState(
        state=word,
        agreement=agreement.state,
        buyer=buyer,
        seller=seller,
        order=agreement.order,
        currency=dealing.currency(agreement) if history.facts else "",
        lines=of_lines,
        questions=asked,
        bills=of_bills,
        billed=sum(bill.amount for bill in standing),
        credited=sum(bill.credited for bill in standing),
        paid=sum(bill.paid for bill in of_bills),
        next=view.next_role(word, asked, of_bills, tuple(Role(role) for role in decides)),
        outcomes=outcomes,
        heads=history.heads,
        held=tuple(sorted(held)),
        waiting=tuple(sorted(history.missing)),
    )


def _sides(judgement: Judgement) -> tuple[bytes, bytes]:
    """Buyer and seller; two empty ids while the dealing is not open."""
    facts = judgement.history.facts
    if not facts or judgement.outcomes[0].verdict is not Verdict.EFFECTIVE:
        return b"", b""
    first = facts[0]
    if TABLE[first.type].writers[0] is Role.BUYER:
        return first.author, first.audience
    return first.audience, first.author
