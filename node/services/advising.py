"""What the law asks of a paper or a dealing, as help and not as a judge: sentences for pages, with the rule's name.

Owns the wording (messages 27 to 31) and what is put together into one sentence; the rules are
:mod:`protocol.process.trade.advice`. Every sentence of 取適法 is followed by :data:`NOT_JUDGED`: whether a dealing is
covered depends on capital and staff, which nobody here knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from node.i18n import N_
from node.services import dealings, talking
from node.services.closing import delivered
from node.store import Tx
from protocol.errors import NotFound
from protocol.process.checks import is_date
from protocol.process.thread import ThreadState
from protocol.process.trade.advice import PAYMENT_DAYS, TEXTS, Advice, advise
from protocol.process.trade.papers import Billing, Order, Paper
from protocol.process.trade.table import Role, State

TORITEKI: Final = "取適法"
COMMA: Final = N_(", ")
NOT_JUDGED: Final = N_("Whether this dealing is covered has not been judged.")

#: What an order statement lacks, as it stands in the list of message 27.
MISSING: Final[Mapping[str, str]] = {
    "order.parties": N_("names of the parties"),
    "order.content": N_("item and quantity"),
    "order.delivery_date": N_("delivery date"),
    "order.place": N_("place of the delivery"),
    "order.inspection": N_("inspection date"),
    "order.amount": N_("price"),
    "order.due_date": N_("due date"),
    "order.settlement": N_("details of the settlement"),
    "order.supplied": N_("details of supplied material"),
    "order.undecided": N_("day of decision of what is undecided"),
}
INCOMPLETE: Final = N_(
    "取適法 (law that protects small suppliers), advice: missing: {missing}. Covered orders must state them."
)
TOO_LATE: Final = N_(
    "取適法 (law that protects small suppliers), advice: {due} is day {day} after receipt; "
    "covered dealings allow until {latest}."
)
NOTE: Final = N_(
    "取適法 (law that protects small suppliers), advice: covered dealings may not be paid by promissory note."
)
SETTLED_LATE: Final = N_(
    "取適法 (law that protects small suppliers), advice: "
    "an electronic record or lump settlement must be cash by the due date."
)
UNANSWERED: Final = N_(
    "取適法 (law that protects small suppliers), advice: "
    "the price talk asked for on {day} is unanswered. Keep a record of it."
)
#: Text of the protocol's advice on bills → the sentence of a page.
BILLS: Final[Mapping[str, str]] = {
    "invoice.issuer": N_("Invoice check: the name of the issuer is missing."),
    "invoice.registration_number": N_("Invoice check: no registration number; your customer may lose the tax credit."),
    "invoice.registration_check": N_(
        "Invoice check: the registration number is not T and the corporate number. Please check it."
    ),
    "invoice.recipient": N_("Invoice check: the name of the recipient is missing."),
    "invoice.transaction_date": N_("Invoice check: the day or period of the transaction is missing."),
    "invoice.content": N_("Invoice check: say what was supplied."),
    "invoice.unregistered": N_("Invoice check: an invoice without registration carries a registration number."),
}
_AS_THEY_ARE: Final[Mapping[str, str]] = {"order.promissory_note": NOTE, "order.settlement_late": SETTLED_LATE}

Say = Callable[[str], str]


class Note(NamedTuple):
    """One sentence. ``rule``: law and article; ``text``: the message, into which ``values`` go; ``fields``: where.

    ``missing``: messages that stand in the list {missing}; ``days``: names of the values that are days (YYYY-MM-DD).
    """

    rule: str
    text: str
    fields: tuple[str, ...]
    values: dict[str, Any]
    missing: tuple[str, ...] = ()
    days: tuple[str, ...] = ()

    @property
    def is_toriteki(self) -> bool:
        """Does :data:`NOT_JUDGED` follow it?"""
        return self.rule.startswith(TORITEKI)

    def sentence(self, say: Say, show_day: Callable[[str], str] = str) -> str:
        """The sentence in the reader's language; ``show_day`` writes a day."""
        values = {name: show_day(value) if name in self.days else value for name, value in self.values.items()}
        if self.missing:
            values["missing"] = say(COMMA).join(say(word) for word in self.missing)
        text = say(self.text).format(**values)
        return f"{text} {say(NOT_JUDGED)}" if self.is_toriteki else text


def of_paper(paper: Paper) -> list[Note]:
    """The advice on a paper that is about to be sent, or that came; empty when there is none."""
    found = advise(paper)
    if isinstance(paper, Order):
        return list(_order(paper, found))
    if isinstance(paper, Billing):
        return [Note(one.rule, BILLS[one.text], (one.field,), {}) for one in found]
    return [Note(one.rule, TEXTS[one.text], (one.field,), {}) for one in found]


def of_dealing(tx: Tx, member: bytes, thread: bytes) -> list[Note]:
    """The advice on a dealing of the member: price talks that it owes an answer to. NotFound for any other dealing."""
    if tx.threads.get(member, thread) is None:
        raise NotFound("thread", "no such dealing")
    waiting = [row for row in tx.desk.talks_in(member, thread) if not row.mine and not row.answered]
    return [_unanswered(row.day) for row in waiting]


def of_member(tx: Tx, member: bytes) -> list[tuple[bytes, Note]]:
    """(dealing, advice) of everything that the member owes an answer to, oldest first."""
    return [(talk.thread, _unanswered(talk.day)) for talk in talking.unanswered(tx, member, mine=False)]


def of_standing(state: ThreadState, me: Role) -> list[Note]:
    """The advice on the order that stands, for the buyer who has to state it; none once it is paid or cancelled."""
    over = state.state in (State.PAID, State.CANCELLED, State.REFUSED)
    return [] if me is not Role.BUYER or state.order is None or over else of_paper(state.order)


def of_payment(tx: Tx, thread: bytes, day: str) -> list[Note]:
    """The advice on paying a dealing's bill on ``day`` (YYYY-MM-DD): message 28 from the day the goods came."""
    first, _ = delivered(dealings.fold(tx, thread))
    if not first:
        return []
    received, paid = date.fromisoformat(first), date.fromisoformat(day)
    latest = received + timedelta(days=PAYMENT_DAYS - 1)
    if paid <= latest:
        return []
    values = {"due": day, "day": (paid - received).days + 1, "latest": latest.isoformat()}
    return [Note("取適法3条", TOO_LATE, ("day",), values, days=("due", "latest"))]


def _unanswered(day: str) -> Note:
    return Note("取適法5条2項4号", UNANSWERED, (), {"day": day}, days=("day",))


def _order(order: Order, found: Iterable[Advice]) -> Iterator[Note]:
    lacks = [one for one in found if one.text in MISSING]
    if lacks:
        words = tuple(dict.fromkeys(MISSING[one.text] for one in lacks))
        yield Note("取適法4条", INCOMPLETE, tuple(one.field for one in lacks), {}, missing=words)
    for one in found:
        if one.text == "order.due_date_late":
            yield _late(order, one)
        elif one.text in _AS_THEY_ARE:
            yield Note(one.rule, _AS_THEY_ARE[one.text], (one.field,), {})


def _late(order: Order, one: Advice) -> Note:
    """Day of payment, which day after the last day of delivery it is, and the latest that is allowed."""
    assert order.terms is not None  # else there is no such advice
    due = date.fromisoformat(order.terms.due_date)
    received = date.fromisoformat(last_delivery(order))
    latest = received + timedelta(days=PAYMENT_DAYS - 1)
    values = {"due": due.isoformat(), "day": (due - received).days + 1, "latest": latest.isoformat()}
    return Note(one.rule, TOO_LATE, (one.field,), values, days=("due", "latest"))


def last_delivery(order: Order) -> str:
    """The last day of delivery that an order states; empty if it states none."""
    deliveries = [order.delivery, *(line.delivery for line in order.lines)]
    days = [one.period.end or one.period.start for one in deliveries if one is not None and one.period is not None]
    return max((day for day in days if is_date(day)), default="")
