"""A dealing while it is folded: registers and ledgers, and the judgement of one paper on top of them.

Owns what each type of paper does. Whatever is told to a dealing may be told in any order that tells parents first: the
result is the same, because registers and ledgers are (:mod:`protocol.process.trade.registers`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from protocol.process.fact import EFFECTIVE, Fact, Outcome, Verdict, refused
from protocol.process.trade import terms
from protocol.process.trade.guards import billed_lines, check_guards
from protocol.process.trade.papers import (
    Billing,
    ChangeResponse,
    CorrectiveInvoice,
    DespatchAdvice,
    OrderCancellation,
    OrderChange,
    PaymentNotice,
    ReceivingAdvice,
)
from protocol.process.trade.registers import Claim, Count, Entry, Ledger, Register
from protocol.process.trade.table import TABLE, Role, State, called, step_for, why_not
from protocol.process.trade.terms import NOTHING, Agreement, quantity

SOFT: Final = frozenset({State.NEW, State.ENQUIRED, State.QUOTED})
PERFORMANCE: Final = frozenset({"despatch_advice", "receiving_advice", "invoice"})
BILLS: Final = ("invoice", "self_billed_statement")
MESSAGE: Final = "message"


class Effect(NamedTuple):
    """What a possible paper does, fixed once it was judged where it was written."""

    role: Role
    claim: Agreement | None = None
    question: tuple[Role, str] | None = None
    """The change or cancellation that it asks or answers: who asked, and its number."""
    answer: Agreement | None = None
    entry: tuple[str, str] | None = None
    counts: dict[Count, int] | None = None
    confirms: str = ""


class Question:
    """A change or cancellation asked by one side: its spellings, and the answers."""

    __slots__ = ("answers", "asked")

    def __init__(self) -> None:
        self.asked: Register[OrderChange | OrderCancellation] = Register(_same_paper)
        self.answers: Register[tuple[str, Agreement]] = Register(_same_answer)

    @property
    def is_open(self) -> bool:
        """Is an answer wanted? None has seen what is asked now, or the answers contradict each other."""
        if self.answers.is_held:
            return True
        seen = 0
        for claim in self.answers.live:
            seen |= claim.past
        return any(not seen >> claim.place & 1 for claim in self.asked.live)


class Dealing:
    """The state that a set of facts, closed under ``follows``, has led to. Mutable; one per line of history."""

    __slots__ = (
        "agreement",
        "confirmations",
        "facts",
        "keys",
        "ledger",
        "messages",
        "questions",
        "replaced",
        "without_order",
    )

    def __init__(self, facts: Sequence[Fact]) -> None:
        self.facts = facts
        self.agreement: Register[Agreement] = Register(_agree)
        self.ledger = Ledger()
        self.questions: dict[tuple[Role, str], Question] = {}
        self.confirmations: dict[str, Register[str]] = {}
        self.keys: dict[tuple[bytes, str, str], int] = {}
        self.messages: dict[Role, int] = {}
        self.replaced: dict[str, str] = {}
        self.without_order = False

    # ------------------------------------------------------------------ what is agreed

    def agreed(self) -> Agreement:
        """What is agreed now; state ``held`` when the papers contradict each other."""
        live = [*self.agreement.live, *self._refusals()] if self.questions else self.agreement.live
        if not live:
            return Agreement(State.WITHOUT_ORDER) if self.without_order else NOTHING
        if len(live) == 1:
            return live[0].value
        hard = [claim for claim in live if claim.value.state not in SOFT]
        if not hard:
            return max((claim.value for claim in live), key=lambda value: value.state is State.QUOTED)
        ranked = sorted(hard, key=lambda claim: (claim.value.performed, self.facts[claim.place].id))
        first = ranked[0].value
        if all(first.says_the_same(claim.value) for claim in ranked):
            return first
        return terms.common([claim.value for claim in ranked])

    def _refusals(self) -> Iterator[Claim[Agreement]]:
        """Refusals written beside an acceptance of the same question: they say that the agreement is what it was."""
        for question in self.questions.values():
            if question.answers.is_held:
                for place, past, (response, agreement) in question.answers.live:
                    if response == "refused" and not any(claim.past >> place & 1 for claim in self.agreement.live):
                        yield Claim(place, past, agreement)

    def currency(self, agreement: Agreement) -> str:
        """The currency of the order, or of the first paper where there is no order."""
        return agreement.order.currency if agreement.order is not None else self.facts[0].body.currency

    # ------------------------------------------------------------------ what is counted

    def on_the_way(self, line_id: str) -> int:
        """Shipped, less what failed, was returned or did not arrive; nano."""
        return self.ledger.get("despatched", line_id) - self.ledger.get("back", line_id)

    def charged(self, line_id: str) -> int:
        """Billed, less what was credited; nano."""
        return self.billed(line_id) - self.ledger.get("uncharged", line_id)

    def billed(self, line_id: str) -> int:
        """Billed by invoices and by statements that were not refused; nano."""
        billed = self.ledger.get("billed", line_id)
        for number in self.confirmations:
            if self.is_declined(number):
                billed -= self.ledger.value(("self_billed_statement", number)).get(("billed", line_id), 0)
        return billed

    def is_declined(self, number: str) -> bool:
        """Has the seller refused the statement, without saying otherwise beside it?"""
        answers = self.confirmations.get(number)
        return answers is not None and all(claim.value == "refused" for claim in answers.live)

    def bill_name(self, kind: str, number: str) -> str | None:
        """The name under which the amounts of a bill are counted; None if there is no such bill here."""
        for name in BILLS if kind not in BILLS else (kind,):
            if (name, number) in self.ledger.entries:
                return f"{name} {number}"
        original = self.replaced.get(number)
        return None if original is None else f"invoice {original}"

    def bill_entry(self, paper: Billing) -> tuple[str, str]:
        """The entry that a bill spells: its own, or that of the invoice it replaces."""
        if not isinstance(paper, CorrectiveInvoice):
            return ("invoice" if type(paper).__name__ == "Invoice" else "self_billed_statement", paper.number)
        if paper.effect == "credited":
            return "corrective_invoice", paper.number
        return "invoice", self.replaced.get(paper.corrects, paper.corrects)

    def due(self, name: str) -> int:
        """What is owed on a bill; minor units. Nothing on a statement that was refused."""
        kind, _, number = name.partition(" ")
        if kind == "self_billed_statement" and self.is_declined(number):
            return -self.paid(name)
        return self.ledger.get("billed_amount", name) - self.ledger.get("credited_amount", name) - self.paid(name)

    def paid(self, name: str) -> int:
        """What was paid on a bill, under its own number or that of an invoice in its place; minor units."""
        total = self.ledger.get("paid_amount", name)
        kind, _, number = name.partition(" ")
        if kind == "invoice":
            total += sum(
                self.ledger.get("paid_amount", f"invoice {later}")
                for later, original in self.replaced.items()
                if original == number
            )
        return total

    # ------------------------------------------------------------------ judging one paper

    def judge(self, fact: Fact, role: Role) -> tuple[Outcome, Effect | None]:
        """Is this paper possible on top of what its writer had seen, and what does it do?"""
        objection = self._judge_key(fact)
        if objection is not None:
            return objection, None
        row = TABLE[fact.type]
        if role not in row.writers:
            return refused("role", f"the {role.value} does not write {called(fact.type)}"), None
        base = self.agreed()
        if fact.type == "change_response":
            return self._judge_answer(fact, role, base)
        says = self._says(fact, base)
        step = step_for(fact.type, base.state, says)
        if step is None:
            return refused("state", why_not(fact.type, base.state, says)), None
        if fact.type in PERFORMANCE and step.becomes is State.ACCEPTED:
            base = terms.performed(base)
        guard, reason = check_guards(self, base, fact.body, role, row.guards)
        if reason:
            return refused(guard, reason), None
        return EFFECTIVE, self._effect(fact, role, base, step.becomes)

    def _judge_key(self, fact: Fact) -> Outcome | None:
        """The business key: the paper's own number, once per revision, later revisions after earlier ones."""
        if fact.business_key != fact.body.number:
            return refused(
                "business_key", f"the business key is {fact.business_key}; the paper's number is {fact.body.number}"
            )
        place = self.keys.get((fact.author, fact.type, fact.business_key))
        if place is None:
            return None
        earlier = self.facts[place]
        if fact.revision > earlier.revision:
            if TABLE[fact.type].revisable:
                return None
            return refused("revision", f"{called(fact.type)} is not revised: write another")
        if fact.revision < earlier.revision:
            return refused("revision", f"revision {fact.revision} comes after revision {earlier.revision}")
        reason = f"{fact.business_key} revision {fact.revision} has been written already"
        return Outcome(Verdict.HELD, "business_key", reason, (earlier.id,), _side(self.facts[0], fact.author).value)

    def _says(self, fact: Fact, base: Agreement) -> str:
        if fact.type == "order_response":
            return str(fact.body.response)  # type: ignore[attr-defined]  # the registry pairs type and struct
        if fact.type == "order" and base.state in (State.ORDERED, State.COUNTERED, State.HELD):
            return "revised"
        return ""

    def _judge_answer(self, fact: Fact, role: Role, base: Agreement) -> tuple[Outcome, Effect | None]:
        paper = fact.body
        assert isinstance(paper, ChangeResponse)
        question = self.questions.get((role.other, paper.answers))
        if question is None:
            return self._judge_countersign(fact, paper, role, base)
        asked = question.asked.live[0].value
        if question.asked.is_held:
            return refused("answers", f"{paper.answers} contradicts itself; its writer must decide"), None
        if not question.is_open:
            return refused("answers", f"{paper.answers} has been answered already"), None
        kind = "change" if isinstance(asked, OrderChange) else "cancellation"
        says = f"{paper.response} {kind}"
        step = step_for(fact.type, base.state, says)
        if step is None:
            return refused("state", why_not(fact.type, base.state, says)), None
        key = (role.other, paper.answers)
        contradicted = [claim for claim in question.answers.live if claim.value[0] == paper.response]
        if contradicted and question.answers.is_held:
            agreed = min(contradicted, key=lambda claim: self.facts[claim.place].id).value[1]
            return EFFECTIVE, Effect(role, claim=agreed, question=key, answer=agreed)
        if paper.response == "refused":
            return EFFECTIVE, Effect(role, question=key, answer=base)
        if base.order is None:
            return refused("one_order", "the orders of this dealing contradict each other; the buyer must decide"), None
        guard, reason = check_guards(
            self, base, asked, role, ("changed_lines",) if kind == "change" else ("cancelled_lines",)
        )
        if not reason:
            agreed = self._change(base, asked, step.becomes)
            guard, reason = check_guards(self, agreed, paper, role, TABLE[fact.type].guards if kind == "change" else ())
        if reason:
            return refused(guard, reason), None
        return EFFECTIVE, Effect(role, claim=agreed, question=key, answer=agreed)

    def _change(self, base: Agreement, asked: OrderChange | OrderCancellation, becomes: State | None) -> Agreement:
        if isinstance(asked, OrderChange):
            return terms.changed(base, asked, becomes or base.state)
        assert base.order is not None  # checked by the caller
        shipped = {line.line_id: self.on_the_way(line.line_id) for line in base.order.lines}
        return terms.cancelled(base, asked, shipped)

    def _judge_countersign(
        self, fact: Fact, paper: ChangeResponse, role: Role, base: Agreement
    ) -> tuple[Outcome, Effect | None]:
        """The buyer's answer to an order response with changes."""
        numbers = [self.facts[claim.place].business_key for claim in self.agreement.live]
        says = f"{paper.response} response"
        step = step_for(fact.type, base.state, says) if role is Role.BUYER and paper.answers in numbers else None
        if step is None:
            return refused("answers", f"there is no open question {paper.answers} of the other side"), None
        agreed = terms.countersigned(base) if paper.response == "accepted" else terms.declined(base)
        return EFFECTIVE, Effect(role, claim=agreed)

    # ------------------------------------------------------------------ what a possible paper does

    def _effect(self, fact: Fact, role: Role, base: Agreement, becomes: State | None) -> Effect:
        paper: Any = fact.body
        match fact.type:
            case "request_for_quotation" | "quotation":
                assert becomes is not None  # the table gives one for each
                return Effect(role, claim=Agreement(becomes))
            case "order":
                return Effect(role, claim=terms.ordered(paper))
            case "order_response":
                claim = None if becomes is None else terms.answered(Agreement(State.ORDERED, base.order), paper)
                return Effect(role, claim=claim)
            case "order_change" | "order_cancellation":
                return Effect(role, question=(role, paper.number))
            case "self_billed_response":
                return Effect(role, confirms=paper.statement)
            case "message":
                return Effect(role)
        claim = base if becomes is State.ACCEPTED else None
        entry = self.bill_entry(paper) if isinstance(paper, Billing) else (fact.type, paper.number)
        return Effect(role, claim=claim, entry=entry, counts=self._counts(paper, base))

    def _counts(self, paper: Any, base: Agreement) -> dict[Count, int]:
        if isinstance(paper, DespatchAdvice):
            return _sum((("despatched", line.order_line_id), quantity(line.quantity)) for line in paper.lines)
        if isinstance(paper, ReceivingAdvice):
            return _received(paper)
        if isinstance(paper, PaymentNotice):
            return _sum((("paid_amount", paid_name(item.kind, item.number)), item.amount) for item in paper.items)
        return self._billed(paper, "" if base.order is None else base.order.number)

    def _billed(self, paper: Billing, order: str) -> dict[Count, int]:
        amount = paper.totals.payable or 0
        if isinstance(paper, CorrectiveInvoice) and paper.effect == "credited":
            of_line, of_bill, name = "uncharged", "credited_amount", self.bill_name("invoice", paper.corrects)
        else:
            of_line, of_bill, name = "billed", "billed_amount", " ".join(self.bill_entry(paper))
        counts = _sum(((of_line, line.order_line_id), quantity(line.quantity)) for line in billed_lines(paper, order))
        assert name is not None  # the guard "corrected_bill" found it
        counts[of_bill, name] = amount
        return counts

    # ------------------------------------------------------------------ telling

    def tell(self, place: int, past: int, effect: Effect) -> None:
        """Let the possible paper at ``place`` take effect. Parents are told before children."""
        fact = self.facts[place]
        self._tell_key(place, fact)
        if effect.claim is not None:
            self.agreement.add(place, past, effect.claim)
        if effect.question is not None:
            self._tell_question(place, past, fact, effect)
        elif effect.entry is not None:
            self.without_order = self.without_order or place == 0
            assert effect.counts is not None  # an entry counts something
            self.ledger.add(effect.entry, place, past, Entry(effect.counts, fact.body))
            if fact.type == "corrective_invoice" and effect.entry[0] == "invoice":
                self.replaced[fact.body.number] = effect.entry[1]
        elif effect.confirms:
            register = self.confirmations.setdefault(effect.confirms, Register(_equal))
            register.add(place, past, fact.body.response)  # type: ignore[attr-defined]  # a SelfBilledResponse
        elif fact.type == MESSAGE:
            self.messages[effect.role] = self.messages.get(effect.role, 0) + 1

    def _tell_key(self, place: int, fact: Fact) -> None:
        key = (fact.author, fact.type, fact.business_key)
        other = self.keys.get(key)
        if other is None or self._comes_before(self.facts[other], fact):
            self.keys[key] = place

    @staticmethod
    def _comes_before(known: Fact, fact: Fact) -> bool:
        """The later revision is remembered; of two spellings of one revision the smaller id, to name it alike."""
        return (known.revision, fact.id) < (fact.revision, known.id)

    def _tell_question(self, place: int, past: int, fact: Fact, effect: Effect) -> None:
        assert effect.question is not None
        question = self.questions.get(effect.question)
        if question is None:
            question = self.questions[effect.question] = Question()
        if effect.answer is None:
            assert isinstance(fact.body, OrderChange | OrderCancellation)
            question.asked.add(place, past, fact.body)
            return
        assert isinstance(fact.body, ChangeResponse)
        question.answers.add(place, past, (fact.body.response, effect.answer))


def paid_name(kind: str, number: str) -> str:
    """The name under which a payment on a bill is counted; a bill of no kind is an invoice."""
    return f"{kind if kind in BILLS else 'invoice'} {number}"


def _side(first: Fact, author: bytes) -> Role:
    opener = TABLE[first.type].writers[0]
    return opener if author == first.author else opener.other


def _agree(one: Agreement, other: Agreement) -> bool:
    return one.state in SOFT or other.state in SOFT or one.says_the_same(other)


def _same_paper(one: object, other: object) -> bool:
    return one == other


def _same_answer(one: tuple[str, Agreement], other: tuple[str, Agreement]) -> bool:
    return one[0] == other[0]


def _equal(one: str, other: str) -> bool:
    return one == other


def _sum(pairs: Any) -> dict[Count, int]:
    counts: dict[Count, int] = {}
    for count, amount in pairs:
        counts[count] = counts.get(count, 0) + amount
    return counts


def _received(paper: ReceivingAdvice) -> dict[Count, int]:
    counts: dict[Count, int] = {}
    for line in paper.lines:
        passed, failed, returned = quantity(line.passed), quantity(line.failed), quantity(line.returned)
        received = passed + failed if line.received is None else quantity(line.received)
        kept = 0 if line.disposition == "kept" else failed
        found = {
            "received": received,
            "passed": passed,
            "failed": failed,
            "short": quantity(line.short),
            "returned": returned,
            "back": max(kept, returned) + quantity(line.short),
        }
        for what, amount in found.items():
            if amount:
                counts[what, line.order_line_id] = counts.get((what, line.order_line_id), 0) + amount
    return counts
