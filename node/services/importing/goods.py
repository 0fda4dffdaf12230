"""Files of items and of prices: what they would change in a member's own list, and changing it."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from node.i18n import N_
from node.papers.tabular import Record
from node.services import items
from node.services.house import House
from node.services.importing.plan import CHANGED, NEW, SAME, Draft, Firms, Line, Plan, scaled, text
from node.services.items import OwnItem, OwnPrice
from node.store import Tx
from protocol.errors import CallerFault
from protocol.process.trade.papers import Price, PriceTier, Scaled, TaxCategory

NO_NUMBER: Final = N_("Enter an item number or a JAN.")
TWICE: Final = N_("{value} stands in more than one line.")
RATE: Final = N_("{value} %: the tax rate is 10, 8 or 0.")
NO_ITEM: Final = N_("{value} is none of your items. Import the items first.")
NO_PRICE: Final = N_("Enter a price or a price rate.")
LATER: Final = N_("This price begins on {value}. Import it on that day; until then the old one holds.")
TAXES: Final = {
    10: TaxCategory(category="S", rate=Scaled(10)),
    8: TaxCategory(category="AA", rate=Scaled(8)),
    0: TaxCategory(category="E"),
}


def tax_of(draft: Draft, record: Record) -> TaxCategory | None:
    """The tax of a line; None where it states none or a wrong one, which the line is told."""
    rate = scaled(record, "tax_rate")
    if rate is None:
        return None
    percent, rest = divmod(rate.value, 10**rate.scale)
    if rest or percent not in TAXES:
        draft.wrong(record.line, "tax_rate", RATE, value=number_text(rate))
        return None
    return TAXES[percent]


def number_text(value: Scaled) -> str:
    """A number as people write it."""
    digits = str(value.value).rjust(value.scale + 1, "0")
    return f"{digits[: -value.scale]}.{digits[-value.scale :]}" if value.scale else digits


# ---- items


def plan_items(
    _house: House, tx: Tx, member: bytes, draft: Draft, records: tuple[Record, ...], _partner: bytes
) -> None:
    """Each line adds an item or changes the one of its number; what the file does not state stays."""
    numbers = {record.line: text(record, "seller_id") or text(record, "gtin") for record in records}
    known = tx.desk.items_numbered(member, [number for number in numbers.values() if number])
    seen: set[str] = set()
    for record in records:
        number = numbers[record.line]
        if not number:
            draft.wrong(record.line, "seller_id", NO_NUMBER)
            continue
        if number in seen:
            draft.wrong(record.line, "seller_id", TWICE, value=number)
            continue
        seen.add(number)
        before = items.read(known[number]) if number in known else None
        _plan_item(draft, record, number, before)


def _plan_item(draft: Draft, record: Record, number: str, before: OwnItem | None) -> None:
    name = text(record, "name")
    stated: dict[str, Any] = {"name": name}
    stated |= {field: text(record, field) for field in ("gtin", "unit", "description") if text(record, field)}
    stated |= {field: record.values[field] for field in ("price", "pack_size", "minimum") if field in record.values}
    tax = tax_of(draft, record)
    if tax is not None:
        stated["tax"] = tax
    item = replace(before or OwnItem(number=number, name=name), **stated)
    try:
        items.require(item)
    except CallerFault as fault:
        draft.wrong(record.line, fault.field, fault.rule)
        return
    state = NEW if before is None else SAME if item == before else CHANGED
    draft.lines.append(Line(record.line, f"{number} {name}", state, item))


def take_items(house: House, tx: Tx, member: bytes, plan: Plan, _user: str) -> None:
    """Store the items that are new or changed."""
    changed = [line.action for line in plan.lines if line.state != SAME]
    if changed:
        items.put(house, tx, member, changed)


# ---- prices


def plan_prices(house: House, tx: Tx, member: bytes, draft: Draft, records: tuple[Record, ...], partner: bytes) -> None:
    """Lines of one firm and item together are its price and its tiers."""
    firms, today = Firms(tx, member), items.today(house)
    found: dict[tuple[bytes, str], list[Record]] = {}
    for record in records:
        firm = firms.find(draft, record, partner)
        number = _number_of(tx, member, record)
        if number is None:
            value = text(record, "seller_id") or text(record, "gtin") or text(record, "name")
            draft.wrong(record.line, "seller_id", NO_ITEM if value else NO_NUMBER, value=value)
        elif scaled(record, "price") is None and scaled(record, "rate") is None:
            draft.wrong(record.line, "price", NO_PRICE)
        elif text(record, "valid_from") > today:
            draft.wrong(record.line, "valid_from", LATER, value=text(record, "valid_from"))
        elif firm is not None:
            found.setdefault((firm, number), []).append(record)
    known: dict[bytes, dict[str, OwnPrice]] = {}
    for (firm, number), group in found.items():
        before = known.setdefault(firm, items.prices(tx, member, firm)).get(number)
        price = _price(group)
        state = NEW if before is None else SAME if price == before else CHANGED
        draft.lines += [Line(record.line, number, state, (firm, number, price)) for record in group]


def _number_of(tx: Tx, member: bytes, record: Record) -> str | None:
    number, gtin = text(record, "seller_id"), text(record, "gtin")
    if number and tx.desk.items_numbered(member, (number,)):
        return number
    rows = tx.desk.items_with_gtin(member, (gtin,)) if gtin else []
    return rows[0].number if len(rows) == 1 else None


def _price(group: list[Record]) -> OwnPrice:
    price: Price | None = None
    tiers: list[PriceTier] = []
    for record in group:
        value, minimum = scaled(record, "price"), scaled(record, "minimum")
        if value is None:
            return OwnPrice(rate=scaled(record, "rate"))
        if minimum is None or minimum.value <= 10**minimum.scale:
            price = Price(value=value)
        else:
            tiers.append(PriceTier(minimum=minimum, price=Price(value=value)))
    tiers.sort(key=lambda tier: tier.minimum.value * 10 ** (6 - tier.minimum.scale))
    return OwnPrice(price=None if price is None else price.value, tiers=tuple(tiers))


def take_prices(house: House, tx: Tx, member: bytes, plan: Plan, _user: str) -> None:
    """Store the prices that are new or changed."""
    changed: dict[bytes, dict[str, OwnPrice]] = {}
    for line in plan.lines:
        if line.state != SAME:
            firm, number, price = line.action
            changed.setdefault(firm, {})[number] = price
    for firm, prices in changed.items():
        items.put_prices(house, tx, member, firm, prices)
