"""Files of orders: lines of one number and firm become one order, as a draft to look over or sent at once."""

from __future__ import annotations

from typing import Final, NamedTuple

from msgspec.structs import replace

from node.i18n import N_
from node.papers.tabular import Record
from node.services import drafts, trade
from node.services.desk.parties import party_of
from node.services.house import House
from node.services.importing.goods import tax_of
from node.services.importing.plan import NEW, SAME, Draft, Firms, Line, Plan, scaled, text, whole
from node.services.items import today
from node.services.trade import Submission
from node.store import Tx
from protocol.errors import CallerFault
from protocol.process.trade import footing
from protocol.process.trade.check import check
from protocol.process.trade.papers import (
    Delivery,
    Item,
    Location,
    Order,
    OrderLine,
    Party,
    Period,
    Price,
    Scaled,
    TaxCategory,
    require_texts,
)

STANDARD: Final = TaxCategory(category="S", rate=Scaled(10))
BROKEN: Final = N_("Order {value} has a wrong line; none of it is taken.")


def plan_orders(house: House, tx: Tx, member: bytes, draft: Draft, records: tuple[Record, ...], partner: bytes) -> None:
    """Orders by firm and number. One that was sent already is the same; one with a wrong line is wrong in all."""
    firms, day, me = Firms(tx, member), today(house), party_of(tx, member)
    groups: dict[tuple[bytes, str], list[Record]] = {}
    for record in records:
        firm = firms.find(draft, record, partner)
        if firm is not None:
            groups.setdefault((firm, text(record, "number")), []).append(record)
    for (firm, number), group in groups.items():
        if number in draft.spoiled:
            for record in group:
                draft.wrong(record.line, "number", BROKEN, value=number)
            continue
        if was_sent(tx, member, firm, number):
            draft.lines += [Line(record.line, number, SAME, None) for record in group]
            continue
        order = _order(draft, group, number, day, (me, party_of(tx, firm)))
        if order is not None:
            draft.lines += [Line(record.line, number, NEW, (firm, order)) for record in group]


def was_sent(tx: Tx, member: bytes, firm: bytes, number: str) -> bool:
    """Whether the member sent this firm an order of this number."""
    asked = {"partner": firm, "type": "order", "direction": "sent", "number": number}
    return bool(tx.books.page(member, asked, 1, sort="day", descending=True, behind=None))


def _order(draft: Draft, group: list[Record], number: str, day: str, sides: tuple[Party, Party]) -> Order | None:
    lines = [_line(draft, record, str(at)) for at, record in enumerate(group, 1)]
    first, shared = group[0], _shared(lines)
    try:
        order = Order(
            number=number,
            issue_date=text(first, "date") or day,
            currency="JPY",
            buyer=sides[0],
            seller=sides[1],
            lines=tuple(replace(line, delivery=None) for line in lines) if shared else tuple(lines),
            delivery=shared,
        )
        order = footing.offer(order)
        require_texts(order)
        check(order)
    except CallerFault as fault:
        draft.wrong(_line_of(group, fault.field), _field_of(fault.field), fault.rule)
        for record in group:
            draft.wrong(record.line, "number", BROKEN, value=number)
        return None
    return order


def _shared(lines: list[OrderLine]) -> Delivery | None:
    """The one delivery that all lines state which state any; None where they differ or none is stated."""
    stated = {line.delivery for line in lines if line.delivery is not None}
    return stated.pop() if len(stated) == 1 else None


def _line(draft: Draft, record: Record, number: str) -> OrderLine:
    price, day, place = scaled(record, "price"), text(record, "delivery_date"), text(record, "place")
    delivery = None
    if day or place:
        delivery = Delivery(period=Period(end=day) if day else None, location=Location(name=place) if place else None)
    quantity = scaled(record, "quantity")
    assert quantity is not None  # the layout requires it
    return OrderLine(
        line_id=text(record, "line_id") or number,
        item=Item(name=text(record, "name"), gtin=text(record, "gtin"), seller_id=text(record, "seller_id")),
        quantity=quantity,
        unit=text(record, "unit") or "H87",
        price=None if price is None else Price(value=price),
        amount=whole(record, "amount") if price is None else None,
        tax=tax_of(draft, record) or STANDARD,
        delivery=delivery,
        note=text(record, "note"),
    )


def _line_of(group: list[Record], field: str) -> int:
    """The line of the file that a rule of the paper speaks of."""
    inside = field.partition("lines[")[2].partition("]")[0]
    return group[int(inside)].line if inside.isdigit() and int(inside) < len(group) else group[0].line


def _field_of(field: str) -> str:
    last = field.rpartition(".")[2]
    return {"value": "price", "issue_date": "date"}.get(last, last)


def orders_of(plan: Plan) -> list[tuple[bytes, Order]]:
    """The orders that a plan would make, each once."""
    found: dict[tuple[bytes, str], tuple[bytes, Order]] = {}
    for line in plan.lines:
        if line.state == NEW:
            firm, order = line.action
            found.setdefault((firm, order.number), (firm, order))
    return list(found.values())


class Taken(NamedTuple):
    """How many orders; ``news``: whom to tell that something waits."""

    orders: int
    news: frozenset[bytes]


def take(house: House, tx: Tx, member: bytes, plan: Plan, user: str, *, send: bool) -> Taken:
    """Sign and send all of them, or make a draft of each for ``user``; a draft of the same number is replaced."""
    found = orders_of(plan)
    if send:
        outcome = trade.submit(house, tx, member, [Submission(firm, order) for firm, order in found])
        return Taken(len(found), outcome.news)
    for firm, order in found:
        drafts.keep_paper(house, tx, member, user, f"/partners/{firm.hex()}/order", order, partner=firm)
    return Taken(len(found), frozenset())
