"""From a few words of a dealing to the whole paper, as the firm's own software would write it.

Owns how each kind of paper is filled in from the story and from the order before it. Amounts and taxes are footed by
the protocol's own rules. Knows no node and no HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from cli.demonstration.firms import ASSOCIATIONS, FIRMS
from cli.demonstration.october.dealings import Dealing, Goods, Item, Paper, Side, item
from node.services.desk.numbering import PREFIXES
from protocol.process.money import Rounding
from protocol.process.trade import footing
from protocol.process.trade import papers as trade
from protocol.process.trade.papers import Scaled

MONTH: Final = "2610"
SELLERS: Final = frozenset(
    ("quotation", "order_response", "despatch_advice", "invoice", "corrective_invoice", "self_billed_response")
)


def party(key: str) -> trade.Party:
    """A firm as papers name it."""
    firm = FIRMS[key]
    home = ASSOCIATIONS[firm.association]
    return trade.Party(
        name=firm.name,
        corporate_number=firm.corporate_number,
        registration_number=f"T{firm.corporate_number}",
        address=trade.Address(country="JP", postcode="000-0000", region=home.region, city=home.city),
    )


def account(key: str) -> trade.BankAccount:
    """A firm's account at a bank that does not exist; its names in kana, as bank files want them."""
    return trade.BankAccount(
        bank="9999",
        bank_name="ミホンシンキン",
        branch="001",
        branch_name="ホンテン",
        kind="1",
        number=f"00000{key[1:]}",
        holder=FIRMS[key].kana,
    )


def writer_of(said: Paper) -> Side:
    """Which side writes it."""
    if said.by:
        return said.by
    return "seller" if said.type in SELLERS else "buyer"


class Writer:
    """Writes one dealing's papers, in their order."""

    def __init__(self, dealing: Dealing) -> None:
        self.dealing = dealing
        self._numbers: dict[str, list[str]] = {}
        self._order: trade.Order | None = None
        self._written: list[tuple[str, trade.Paper]] = []

    def write(self, said: Paper) -> trade.Paper:
        """The next paper."""
        made = _WRITERS[said.type](self, said)
        self._written.append((said.type, made))
        if isinstance(made, trade.Order):
            self._order = made
        return made

    def renumber(self, number: str) -> None:
        """The latest paper got another number where it was sent."""
        kind, paper = self._written[-1]
        self._written[-1] = (kind, replace(paper, number=number))

    def head(self, said: Paper) -> dict[str, Any]:
        """What every paper has."""
        key = self.dealing.key.removeprefix("T").zfill(2)
        known = self._numbers.setdefault(said.type, [])
        known.append(f"{PREFIXES[said.type]}-{MONTH}-{key}" + (f"-{len(known) + 1}" if known else ""))
        references = tuple(trade.Reference(kind=kind, number=number) for kind, number in said.references)
        return {
            "number": known[-1],
            "issue_date": said.day,
            "language": "ja",
            "note": said.note,
            "references": references,
        }

    def sides(self) -> dict[str, Any]:
        """Buyer and seller."""
        return {"buyer": party(self.dealing.buyer), "seller": party(self.dealing.seller)}

    @property
    def order(self) -> trade.Order:
        """The order of the dealing."""
        assert self._order is not None, f"{self.dealing.key}: no order yet"
        return self._order

    def line(self, goods: Goods, at: int, *, priced: bool) -> trade.OrderLine:
        """A line over the seller's item."""
        found = item(self.dealing.seller, goods.item)
        bare = trade.OrderLine(
            line_id=goods.line or str(at), item=_named(found), quantity=Scaled(goods.quantity), unit=found.unit
        )
        return replace(bare, price=trade.Price(value=Scaled(found.price)), tax=_tax(found)) if priced else bare

    def lines(self, said: Paper, *, priced: bool = True) -> tuple[trade.OrderLine, ...]:
        """All lines of goods."""
        return tuple(self.line(one, at, priced=priced) for at, one in enumerate(said.goods, 1))

    def amounts(self, said: Paper) -> Iterable[tuple[int, trade.OrderLine, int]]:
        """(place, line of the order, how many): what the paper names, else all that was ordered."""
        wanted: Mapping[str, int] = said.amounts or {line.line_id: line.quantity.value for line in self.order.lines}
        by_id = {line.line_id: line for line in self.order.lines}
        return [(at, by_id[line_id], count) for at, (line_id, count) in enumerate(wanted.items(), 1)]

    def last(self, *types: str) -> trade.Paper:
        """The latest paper of these types."""
        return next(paper for kind, paper in reversed(self._written) if kind in types)


def _named(found: Item) -> trade.Item:
    return trade.Item(name=found.name, description=found.description, gtin=found.gtin, seller_id=found.number)


def _tax(found: Item) -> trade.TaxCategory:
    return trade.TaxCategory(category="AA" if found.reduced else "S", rate=Scaled(found.percent))


def _delivery(said: Paper) -> trade.Delivery | None:
    if not said.wanted:
        return None
    place = trade.Location(name=said.place) if said.place else None
    return trade.Delivery(period=trade.Period(end=said.wanted), location=place)


def _terms(day: str) -> trade.PaymentTerms | None:
    if not day:
        return None
    return trade.PaymentTerms(
        due_date=day, description="月末締め翌月末払い", means=(trade.PaymentMeans(method="transfer"),)
    )


# --- the contract


def _enquiry(writer: Writer, said: Paper) -> trade.Paper:
    return trade.RequestForQuotation(
        **writer.head(said),
        **writer.sides(),
        lines=writer.lines(said, priced=False),
        reply_by=said.reply_by,
        delivery=_delivery(said),
    )


def _quotation(writer: Writer, said: Paper) -> trade.Paper:
    return footing.offer(
        trade.Quotation(
            **writer.head(said),
            **writer.sides(),
            currency="JPY",
            lines=writer.lines(said),
            delivery=_delivery(said),
            validity=trade.Period(end=said.until),
        )
    )


def _order(writer: Writer, said: Paper) -> trade.Paper:
    return footing.offer(
        trade.Order(
            **writer.head(said),
            **writer.sides(),
            currency="JPY",
            lines=writer.lines(said),
            delivery=_delivery(said),
            inspection=trade.Inspection(days_after_receipt=said.inspection_days, method="数量と外観"),
            terms=_terms(said.due),
        )
    )


def _response(writer: Writer, said: Paper) -> trade.Paper:
    lines = tuple(
        trade.ResponseLine(
            line_id=str(at),
            order_line_id=one.line,
            status=one.status,
            quantity=Scaled(one.quantity) if one.quantity else None,
            unit=next(line.unit for line in writer.order.lines if line.line_id == one.line) if one.quantity else "",
            promises=tuple(
                trade.PromisedDelivery(
                    split_id=str(part),
                    quantity=Scaled(count),
                    delivery=trade.Delivery(period=trade.Period(end=day)),
                )
                for part, (count, day) in enumerate(one.parts, 1)
            ),
            reason=one.reason,
        )
        for at, one in enumerate(said.answers, 1)
    )
    return trade.OrderResponse(
        **writer.head(said),
        **writer.sides(),
        order=writer.order.number,
        response=said.response,
        lines=lines,
        reason=said.reason,
    )


def _change(writer: Writer, said: Paper) -> trade.Paper:
    lines = tuple(
        trade.ChangeLine(action="changed", line=footing.line(line, "JPY", Rounding.DOWN)) for line in writer.lines(said)
    )
    delivery = None
    if said.wanted and writer.order.delivery is not None:
        delivery = replace(writer.order.delivery, period=trade.Period(end=said.wanted))
    return trade.OrderChange(
        **writer.head(said),
        currency="JPY",
        order=writer.order.number,
        lines=lines,
        delivery=delivery,
        reason=said.reason,
    )


def _cancellation(writer: Writer, said: Paper) -> trade.Paper:
    return trade.OrderCancellation(**writer.head(said), order=writer.order.number, reason=said.reason)


def _decision(writer: Writer, said: Paper) -> trade.Paper:
    asked = writer.last("order_response", "order_change", "order_cancellation")
    return trade.ChangeResponse(
        **writer.head(said),
        order=writer.order.number,
        answers=asked.number,
        response=said.response,
        reason=said.reason,
    )


# --- the goods


def _despatch(writer: Writer, said: Paper) -> trade.Paper:
    lines = tuple(
        trade.DespatchLine(
            line_id=str(at), order_line_id=line.line_id, quantity=Scaled(count), unit=line.unit, item=line.item
        )
        for at, line, count in writer.amounts(said)
    )
    return trade.DespatchAdvice(
        **writer.head(said),
        **writer.sides(),
        order=writer.order.number,
        lines=lines,
        delivery=writer.order.delivery,
        shipment=trade.Shipment(despatch_date=said.day, arrival_date=said.arrives, carrier="うさぎとかめ運輸"),
    )


def _receipt(writer: Writer, said: Paper) -> trade.Paper:
    lines = []
    for at, line, count in writer.amounts(said):
        failed = said.failed.get(line.line_id, 0)
        plain = trade.ReceivingLine(
            line_id=str(at),
            order_line_id=line.line_id,
            unit=line.unit,
            received=Scaled(count),
            passed=Scaled(count - failed),
        )
        if failed:
            plain = replace(
                plain,
                failed=Scaled(failed),
                returned=Scaled(failed),
                disposition="returned",
                reason=said.reason,
            )
        lines.append(plain)
    return trade.ReceivingAdvice(
        **writer.head(said),
        **writer.sides(),
        order=writer.order.number,
        despatch=writer.last("despatch_advice").number,
        result="partial" if said.failed else "accepted",
        received_date=said.received or said.day,
        inspection_date=said.day,
        lines=tuple(lines),
    )


# --- the money


def _billing(writer: Writer, said: Paper) -> dict[str, Any]:
    lines = tuple(
        trade.InvoiceLine(
            line_id=str(at),
            item=line.item,
            quantity=Scaled(count),
            unit=line.unit,
            amount=0,
            tax=line.tax or trade.TaxCategory(category="S", rate=Scaled(10)),
            price=line.price,
            order=writer.order.number,
            order_line_id=line.line_id,
        )
        for at, line, count in writer.amounts(said)
    )
    return {
        **writer.head(said),
        **writer.sides(),
        "currency": "JPY",
        "order": writer.order.number,
        "lines": lines,
        "taxes": (),
        "totals": trade.Totals(),
        "rounding": "down",
        "kind": "380",
        "transaction_date": said.delivered or said.day,
        "terms": _terms(said.due),
    }


def _invoice(writer: Writer, said: Paper) -> trade.Paper:
    parts = _billing(writer, said)
    means = (trade.PaymentMeans(method="transfer", account=account(writer.dealing.seller)),)
    terms = parts["terms"]
    return footing.bill(trade.Invoice(**{**parts, "terms": replace(terms, means=means)}))


def _credit(writer: Writer, said: Paper) -> trade.Paper:
    corrected = writer.last("invoice")
    return footing.bill(
        trade.CorrectiveInvoice(
            **_billing(writer, said),
            corrects=corrected.number,
            corrects_date=corrected.issue_date,
            effect="credited",
            reason=said.reason,
        )
    )


def _message(writer: Writer, said: Paper) -> trade.Paper:
    price = trade.Price(value=Scaled(said.price)) if said.price else None
    return trade.Message(
        **writer.head(said),
        currency="JPY" if price else "",
        kind=said.kind,
        line_id=said.line,
        price=price,
        text=said.text,
    )


_WRITERS: Final[Mapping[str, Callable[[Writer, Paper], trade.Paper]]] = {
    "request_for_quotation": _enquiry,
    "quotation": _quotation,
    "order": _order,
    "order_response": _response,
    "order_change": _change,
    "order_cancellation": _cancellation,
    "change_response": _decision,
    "despatch_advice": _despatch,
    "receiving_advice": _receipt,
    "invoice": _invoice,
    "corrective_invoice": _credit,
    "message": _message,
}
