"""仕入先に見せる売上, 自社商品の売れ行き: what a supplier may see, its proposals; what shops report, proposals to them.

Owns what these pages show. Sales are read outside the event loop, in a process of their own.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

from aiohttp import web

from node import supplying, units
from node.i18n import N_
from node.services import access
from node.services.desk import ordering
from node.services.supplying import goods, grants, proposing, reporting, sold, weeks
from node.services.transaction import Tx
from node.web.forms import Form
from node.web.page import Page
from node.web.visit import Visit
from protocol.errors import CallerFault, NotFound

SUPPLIERS: Final = "/sales/suppliers"
SUPPLIED: Final = "/sales/supplied"
PARTNER, SINCE = N_("Supplier"), N_("From which day")
UNTIL: Final = N_("Valid until")
VALID_DAYS: Final = 7
MOST_NAMED: Final = 30
MOST_ITEMS: Final = 100
MILLE: Final = 1000
SOLD_UNITS: Final = {"C62": N_("pieces"), "KGM": N_("kg"), "LTR": N_("litres"), "MTR": N_("metres")}
STATES: Final = {
    "open": N_("waits for an answer"),
    "replaced": N_("replaced by a later one"),
    "held": N_("held for a person"),
    "ordered": N_("ordered"),
    "declined": N_("declined"),
}


def _today(visit: Visit) -> str:
    return supplying.today(visit.context.house).isoformat()


def _thousandths(value: int) -> Decimal:
    return Decimal(value) / MILLE


def _unit_word(visit: Visit, code: str) -> str:
    return units.word(code, visit.say)


def _unit(visit: Visit, code: str) -> str:
    return visit.say(SOLD_UNITS[code]) if code in SOLD_UNITS else units.word(code, visit.say)


# ---------------------------------------------------------------------- the shop


async def suppliers(visit: Visit) -> web.StreamResponse:
    """Who sees what, what went out, what suppliers propose."""
    values = {"since": supplying.today(visit.context.house), "partner": visit.query.get("partner", "")}
    return await _suppliers(visit, Form.of(visit.say, values))


async def _suppliers(visit: Visit, form: Form, status: int = 200) -> web.Response:
    member, today = visit.member, _today(visit)

    def work(tx: Tx) -> dict[str, Any]:
        choices = [(one.hex(), name) for one, name in grants.candidates(tx, member).items()]
        given = grants.listed(tx, member)
        names = {one.row.partner: _names(goods.of(tx, member, one.row.partner, today)) for one in given}
        return {
            "choices": choices, "given": given, "goods": names, "told": grants.told(tx, member, MOST_NAMED),
            "areas": grants.areas(tx, member), "proposals": proposing.listed(tx, member, mine=False),
        }  # fmt: skip

    return visit.render("sales/suppliers.html", status=status, form=form, states=STATES, **await visit.read(work))


def _names(found: goods.Goods) -> tuple[int, list[str]]:
    """How many items, and the names of some."""
    return len(found.gtins) + len(found.own), sorted(set(found.names.values()))[:MOST_NAMED]


async def grant(visit: Visit) -> web.StreamResponse:
    """Let a supplier see the sales of its goods."""
    form, member, house, who = await visit.form(), visit.member, visit.context.house, visit.who
    known = await visit.read(lambda tx: [one.hex() for one in grants.candidates(tx, member)])
    wanted = form.choice("partner", visit.say(PARTNER), known)
    since = form.day("since", visit.say(SINCE))
    prices, stores = form.ticked("prices"), form.ticked("stores")
    if not form.ok or since is None:
        return await _suppliers(visit, form, 422)

    def work(tx: Tx) -> None:
        partner = bytes.fromhex(wanted)
        grants.grant(house, tx, member, partner, since.isoformat(), who.user.name, prices=prices, stores=stores)
        access.note(house, tx, "sales-granted", member=member, user=who.user, detail=wanted, address=visit.address)

    await visit.write(work)
    return visit.see_other(SUPPLIERS, visit.say(N_("Saved.")))


async def revoke(visit: Visit) -> web.StreamResponse:
    """Stop it, at once."""
    member, partner, house, who = visit.member, visit.path_hash("partner"), visit.context.house, visit.who

    def work(tx: Tx) -> None:
        grants.revoke(house, tx, member, partner, who.user.name)
        access.note(
            house, tx, "sales-revoked", member=member, user=who.user, detail=partner.hex(), address=visit.address
        )

    await visit.write(work)
    return visit.see_other(SUPPLIERS, visit.say(N_("Nothing more goes out to this supplier.")))


async def report(visit: Visit) -> web.StreamResponse:
    """Send what has not been told yet, now."""
    member, partner, context = visit.member, visit.path_hash("partner"), visit.context
    house, store, warehouse = context.house, context.store, context.warehouse
    try:
        found = await asyncio.to_thread(supplying.prepared, house, store, warehouse, member, partner, now=True)
        today = _today(visit)
        done = await visit.write(lambda tx: reporting.send(house, tx, member, partner, found, today))
    except CallerFault as fault:
        if isinstance(fault, NotFound):
            raise
        return visit.see_other(SUPPLIERS, visit.say(fault.rule))
    count = 0 if done is None else len(done.submitted)
    if not count:
        return visit.see_other(SUPPLIERS, visit.say(N_("There is nothing that was not told yet.")))
    return visit.see_other(SUPPLIERS, visit.say(N_("Weeks reported: {n}."), n=count))


async def proposal(visit: Visit) -> web.StreamResponse:
    """One proposal, with the prices of today's catalogue."""
    return await _proposal(visit)


async def _proposal(visit: Visit, fault: str = "", status: int = 200) -> web.Response:
    member, document, today = visit.member, visit.path_hash("document"), _today(visit)

    def work(tx: Tx) -> dict[str, Any]:
        shown = proposing.find(tx, member, document)
        cart = ordering.cart_of(tx, member, shown.partner, today)
        offered = {(one.item.seller_id, one.unit): (found, one) for found, one in reversed(cart.items)}
        lines = []
        for line in shown.paper.lines:
            place = offered.get((line.item.seller_id, line.unit))
            price = None if place is None else ordering.price_for(place[1], line.quantity)
            lines.append((line, price, "" if place is None else place[0].currency or "JPY"))
        return {"shown": shown, "lines": lines, "over": shown.paper.valid_until < today}

    found = await visit.read(work)
    return visit.render(
        "sales/proposal.html",
        status=status,
        fault=fault,
        states=STATES,
        unit=lambda code: units.word(code, visit.say),
        **found,
    )


async def order(visit: Visit) -> web.StreamResponse:
    """Order what is proposed: one step."""
    member, document, house, today = visit.member, visit.path_hash("document"), visit.context.house, _today(visit)

    def work(tx: Tx) -> tuple[bytes, str, Any]:
        made = proposing.order(house, tx, member, document, today)
        return made.thread, made.number, made.outcome

    try:
        thread, number, outcome = await visit.write(work)
    except CallerFault as fault:
        if isinstance(fault, NotFound):
            raise
        return await _proposal(visit, visit.say(fault.rule), 422)
    visit.context.news(outcome.news)
    return visit.see_other(f"/dealings/{thread.hex()}", visit.say(N_("Ordered: {number}."), number=number))


async def decline(visit: Visit) -> web.StreamResponse:
    """Say no."""
    member, document, house, today = visit.member, visit.path_hash("document"), visit.context.house, _today(visit)
    try:
        await visit.write(lambda tx: proposing.decline(house, tx, member, document, today))
    except CallerFault as fault:
        if isinstance(fault, NotFound):
            raise
        return await _proposal(visit, visit.say(fault.rule), 422)
    return visit.see_other(SUPPLIERS, visit.say(N_("The proposal was declined.")))


# ---------------------------------------------------------------------- the supplier


def _weeks(visit: Visit, count: int) -> tuple[str, ...]:
    last = weeks.last_closed(supplying.today(visit.context.house))
    return tuple(weeks.between(weeks.before(last, count - 1), last))


async def supplied(visit: Visit) -> web.StreamResponse:
    """Where the own goods sell: by item and week, an item by area, how many shops report."""
    member, wanted = visit.member, _weeks(visit, sold.WEEKS)
    chosen = (visit.query.get("item", ""), visit.query.get("unit", ""))

    def work(tx: Tx) -> tuple[sold.Seen, list[proposing.Shown]]:
        return sold.seen(tx, member, wanted), proposing.listed(tx, member, mine=True)

    found, made = await visit.read(work)
    one = next((item for item in found.items if (item.key, item.unit) == chosen), None)
    return visit.render(
        "sales/supplied.html",
        found=found,
        items=found.items[:MOST_ITEMS],
        chosen=one,
        made=made,
        states=STATES,
        mondays=[weeks.monday(week) for week in wanted],
        thousandths=_thousandths,
        sold_unit=lambda code: _unit(visit, code),
    )


async def propose(visit: Visit) -> web.StreamResponse:
    """The form of a proposal, filled from the shop's reports."""
    member, partner, wanted = visit.member, visit.path_hash("partner"), _weeks(visit, proposing.MEAN_WEEKS)
    found = await visit.read(lambda tx: proposing.suggested(tx, member, partner, wanted))
    until = supplying.today(visit.context.house) + timedelta(days=VALID_DAYS)
    values: dict[str, Any] = {"valid_until": until}
    for at, line in enumerate(found):
        values[f"lines.{at}.number"] = line.number
        values[f"lines.{at}.quantity"] = str(line.quantity) if line.quantity else ""
    return await _propose(visit, Form.of(visit.say, values), found)


async def _propose(visit: Visit, form: Form, found: list[proposing.Suggested], status: int = 200) -> web.Response:
    member, partner = visit.member, visit.path_hash("partner")
    known = await visit.read(lambda tx: sold.seen(tx, member, _weeks(visit, sold.WEEKS), partner))
    if partner not in known.partners:
        raise NotFound("partner", "this partner reports no sales")
    return visit.render(
        "sales/propose.html", status=status, form=form, lines=found, name=known.partners[partner][0],
        partner=partner, unit=partial(_unit_word, visit), thousandths=_thousandths, weeks=proposing.MEAN_WEEKS,
        under_way=lambda nano: Decimal(nano) / proposing.NANO,
    )  # fmt: skip


async def send(visit: Visit) -> web.StreamResponse:
    """Send the proposal."""
    form, member, partner = await visit.form(), visit.member, visit.path_hash("partner")
    house, today = visit.context.house, _today(visit)
    found = await visit.read(lambda tx: proposing.suggested(tx, member, partner, _weeks(visit, proposing.MEAN_WEEKS)))
    until = form.day("valid_until", visit.say(UNTIL))
    quantity = visit.say(N_("Quantity"))
    wanted = []
    for at in form.rows("lines"):
        number = form.value(f"lines.{at}.number")
        amount = form.scaled(f"lines.{at}.quantity", quantity, required=False)
        if number and amount is not None and amount.value:
            wanted.append((number, amount))
    if form.ok and not wanted:
        form.wrong("", visit.say(N_("Enter a quantity for at least one item.")))
    if not form.ok or until is None:
        return await _propose(visit, form, found, 422)

    def work(tx: Tx) -> Any:
        lines = [proposing.line_of(tx, member, number, amount) for number, amount in wanted]
        return proposing.propose(
            house, tx, member, partner, lines, until.isoformat(), today, note=form.value("note")[:1000]
        )

    try:
        await visit.write(work)
    except CallerFault as fault:
        if isinstance(fault, NotFound):
            raise
        form.refuse(fault)
        return await _propose(visit, form, found, 422)
    return visit.see_other(SUPPLIED, visit.say(N_("The proposal was sent.")))


PAGES = (
    Page("GET", SUPPLIERS, "supplying.read", suppliers),
    Page("POST", SUPPLIERS, "supplying.grant", grant),
    Page("POST", SUPPLIERS + "/{partner}/revoke", "supplying.grant", revoke),
    Page("POST", SUPPLIERS + "/{partner}/report", "supplying.grant", report),
    Page("GET", "/sales/proposals/{document}", "supplying.read", proposal),
    Page("POST", "/sales/proposals/{document}/order", "supplying.write", order),
    Page("POST", "/sales/proposals/{document}/decline", "supplying.write", decline),
    Page("GET", SUPPLIED, "supplying.read", supplied),
    Page("GET", SUPPLIED + "/{partner}", "supplying.write", propose),
    Page("POST", SUPPLIED + "/{partner}", "supplying.write", send),
)
