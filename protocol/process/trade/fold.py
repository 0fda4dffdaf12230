"""The fold of the trade process: every fact judged at its own past, then all of them together.

Owns the two passes. The first judges each placed fact on a dealing that has been told its past and nothing else; the
second, on a dealing that has been told everything, finds what was written beside each other and contradicts itself.
Neither looks at time or arrival. Cost: linear in a thread whose papers follow one another; a branch costs a re-telling.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any, Final

from protocol.process.fact import EFFECTIVE, Fact, Outcome, Verdict, refused
from protocol.process.history import History, futures, places
from protocol.process.trade import state as view
from protocol.process.trade.dealing import MESSAGE, Dealing, Effect
from protocol.process.trade.papers import PAPERS, Paper
from protocol.process.trade.registers import Claim, Count, Register
from protocol.process.trade.state import ThreadState
from protocol.process.trade.table import TABLE, Concurrent, Role, State, called

MAX_BRANCHES: Final = 32  # dealings kept beside each other; more branches are told again
MAX_OTHERS: Final = 32  # ids that one outcome names


class Judgement:
    """The first pass: the outcome and effect of every placed fact, and the dealing that was told all of them.

    Dealings are kept by the facts (bits) that they were told. One that no other past needs is told on; else a new one
    is told everything. ``_needed`` counts the pasts still to come.
    """

    def __init__(self, history: History) -> None:
        self.history = history
        self.outcomes: list[Outcome] = []
        self.effects: list[Effect | None] = []
        self._branches: dict[int, Dealing] = {}
        self._needed: dict[int, int] = {}
        for past in history.pasts:
            self._needed[past] = self._needed.get(past, 0) + 1
        for place, fact in enumerate(history.facts):
            past = history.pasts[place]
            outcome, effect = self._possible(place, fact, self._told(past))
            self._needed[past] -= 1
            self.outcomes.append(outcome)
            self.effects.append(effect)
        self.dealing = self._told((1 << len(history.facts)) - 1)

    def role(self, fact: Fact) -> Role | None:
        """The writer's role; None if the paper is not between the two sides of this dealing."""
        first = self.history.facts[0]
        opener = TABLE[first.type].writers[0]
        sides = (fact.author, fact.audience)
        if sides == (first.author, first.audience):
            return opener
        return opener.other if sides == (first.audience, first.author) else None

    def _possible(self, place: int, fact: Fact, dealing: Dealing) -> tuple[Outcome, Effect | None]:
        if fact.refused:
            return refused("recipient", fact.refused), None
        if PAPERS.get(fact.type) is not type(fact.body):
            return refused("type", f"the paper is not of type {fact.type}"), None
        if fact.type not in TABLE:
            return refused("type", f"{called(fact.type)} is no paper of a dealing"), None
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
        dealing = self._branches.get(facts)
        if dealing is not None:
            return dealing
        usable = [known for known in self._branches if known & ~facts == 0 and not self._needed.get(known)]
        known = max(usable, key=int.bit_count, default=0)
        dealing = self._branches.pop(known) if usable else Dealing(self.history.facts)
        for place in places(facts & ~known):
            effect = self.effects[place]
            if effect is not None:
                dealing.tell(place, self.history.pasts[place], effect)
        if len(self._branches) >= MAX_BRANCHES:
            del self._branches[next(iter(self._branches))]
        self._branches[facts] = dealing
        return dealing


class Settlement:
    """The second pass: what stands, what something else has taken the place of, what contradicts what."""

    def __init__(self, judgement: Judgement) -> None:
        self.facts = judgement.history.facts
        self.pasts = judgement.history.pasts
        self.futures = futures(judgement.history)
        self.effects = judgement.effects
        self.dealing = judgement.dealing
        self.agreement = self.dealing.agreed()
        self._over = view.over(self.dealing, self.agreement)
        self._all = (1 << len(self.facts)) - 1
        self._types: dict[str, int] = {}
        self._spelt: dict[tuple[bytes, str, str, int], Register[Paper]] = {}
        self._counting: dict[Count, int] = {}
        self._binding = 0
        for place, effect in enumerate(self.effects):
            if effect is not None:
                self._note(place, effect)

    def _note(self, place: int, effect: Effect) -> None:
        """Remember a possible fact by what the second pass looks for."""
        fact, bit = self.facts[place], 1 << place
        self._types[fact.type] = self._types.get(fact.type, 0) | bit
        if TABLE[fact.type].concurrent is Concurrent.YIELDS:
            key = (fact.author, fact.type, fact.business_key, fact.revision)
            self._spelt.setdefault(key, Register(operator.eq)).add(place, self.pasts[place], fact.body)
        if effect.claim is not None and not view.is_soft(effect.claim):
            self._binding |= bit
        for count in (effect.counts or ()) if self._over else ():
            self._counting[count] = self._counting.get(count, 0) | bit

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
            case Concurrent.STANDS:
                return EFFECTIVE
            case _:  # CONFIRMS
                return self._claimed(place, fact, self.dealing.confirmations[effect.confirms])

    # ------------------------------------------------------------------ one rule of the column each

    def _yields(self, place: int, fact: Fact) -> Outcome:
        later = self._types[fact.type] & self.futures[place]
        if later:
            return self._superseded("replaced", f"a later {_name(fact)} takes its place", later)
        binding = self._binding & self._beside(place)
        if binding:
            return self._superseded("overtaken", "an order was written beside it", binding)
        spellings = self._spelt[fact.author, fact.type, fact.business_key, fact.revision]
        rivals = spellings.rivals(place, self._beside(place))
        if rivals:
            return self._held(fact, "business_key", f"{fact.business_key} was written twice, differently", rivals)
        return self._same_as(place, spellings.places & self._beside(place))

    def _contests(self, place: int, fact: Fact, effect: Effect) -> Outcome:
        if effect.claim is None:
            return EFFECTIVE
        outcome = self._claimed(place, fact, self.dealing.agreement)
        later = self._types["order"] & self.futures[place] if fact.type == "order" else 0
        if outcome.verdict is Verdict.EFFECTIVE and later:
            return self._superseded("replaced", "a later order takes its place", later)
        return outcome

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
            beside = self._beside_too_much(place, self._over.get(count, ()))
            if beside:
                what = f"{count[0].replace('_', ' ')} of {count[1]} is above what is agreed"
                return self._held(fact, "above", f"with what was written beside it, {what}", beside)
        return EFFECTIVE

    def _beside_too_much(self, place: int, counts: tuple[Count, ...]) -> int:
        """Facts written beside this one that count the same, or that changed what is agreed."""
        counting = self._binding if counts else 0
        for count in counts:
            counting |= self._counting.get(count, 0)
        return counting & self._beside(place)

    # ------------------------------------------------------------------ registers

    def _claimed(
        self, place: int, fact: Fact, register: Register[Any], deciders: list[Claim[Any]] | tuple[()] = ()
    ) -> Outcome:
        """What became of a claim on a register."""
        is_agreement = register is self.dealing.agreement
        beside = self._beside(place) if register.beside >> place & 1 else 0
        rivals = register.rivals(place, beside)
        everyone = rivals | 1 << place
        deciding = [claim for claim in (*register.live, *deciders) if claim.past & everyone == everyone]
        if rivals and not deciding:
            decides = self._decides_agreement() if is_agreement else None
            return self._held(fact, "contradicted", "a paper written beside it says otherwise", rivals, decides)
        if rivals:
            others = _bits(claim.place for claim in deciding)
            return self._superseded("decided", "a later paper decided what contradicted it", others)
        later = register.places & self.futures[place]
        if later and not is_agreement:
            return self._superseded("replaced", f"a later paper takes the place of this {_name(fact)}", later)
        if not beside or (is_agreement and fact.type in _SHARED):
            return EFFECTIVE
        alike = register.same(place, beside) if is_agreement else register.places & beside
        return self._same_as(place, alike & self._types[fact.type])

    def _same_as(self, place: int, twins: int) -> Outcome:
        """Of papers that say the same, the smallest id stands for all: it makes no difference which."""
        first = min(places(twins), key=lambda other: self.facts[other].id, default=None)
        if first is None or self.facts[first].id > self.facts[place].id:
            return EFFECTIVE
        return self._superseded("same", "a paper written beside it says the same", 1 << first)

    def _beside(self, place: int) -> int:
        """The facts (bits) that are neither in the past nor in the future of this one."""
        return self._all & ~(self.pasts[place] | self.futures[place] | 1 << place)

    # ------------------------------------------------------------------ words

    def _ids(self, facts: int) -> tuple[bytes, ...]:
        return tuple(sorted(self.facts[place].id for place in places(facts))[:MAX_OTHERS])

    def _superseded(self, code: str, reason: str, others: int) -> Outcome:
        return Outcome(Verdict.SUPERSEDED, code, reason, self._ids(others))

    def _held(self, fact: Fact, code: str, reason: str, rivals: int, decides: Role | None = None) -> Outcome:
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


def _bits(found: Iterable[int]) -> int:
    bits = 0
    for place in found:
        bits |= 1 << place
    return bits


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
        heads=_heads(history),
        held=tuple(sorted(held)),
        waiting=tuple(sorted(history.missing)),
        promises=agreement.promises,
    )


def _heads(history: History) -> tuple[bytes, ...]:
    """What the next paper follows: the facts that none follows, or only messages. So an answer given after a message
    still follows the paper that it answers."""
    messages = [fact.type == MESSAGE for fact in history.facts]
    if not any(messages):
        return history.heads
    by_papers = by_messages = 0
    for past, is_message in zip(history.pasts, messages, strict=True):
        if is_message:
            by_messages |= past
        else:
            by_papers |= past
    seen = by_papers | by_messages & _bits(place for place, is_message in enumerate(messages) if is_message)
    return tuple(sorted(fact.id for place, fact in enumerate(history.facts) if not seen >> place & 1))


def _sides(judgement: Judgement) -> tuple[bytes, bytes]:
    """Buyer and seller; two empty ids while the dealing is not open."""
    facts = judgement.history.facts
    if not facts or judgement.outcomes[0].verdict is not Verdict.EFFECTIVE:
        return b"", b""
    first = facts[0]
    if TABLE[first.type].writers[0] is Role.BUYER:
        return first.author, first.audience
    return first.audience, first.author
