"""品目: one's own items; a catalogue sent to a partner or asked for; ordering from a supplier's catalogue."""

from __future__ import annotations

import itertools
from typing import Any, Final

from aiohttp import web
from msgspec.structs import replace

from node import units, words
from node.i18n import N_
from node.services import items, sharing
from node.services.desk import ordering, partners
from node.services.drafting import Step
from node.services.items import Kept, OwnItem
from node.web import sheetpage
from node.web.forms import Form
from node.web.page import Page
from node.web.render import as_day
from node.web.render import quantity as quantity_text
from node.web.sheetpage import Place
from node.web.sheets import SHEETS
from node.web.sheets.contract import TAXES, UNITS, currencies, tax_code, tax_of
from node.web.visit import Visit
from protocol.errors import CallerFault

MOST_SHOWN: Final = 200
NUMBER, NAME, PRICE = N_("Item number"), N_("Item"), N_("Unit price")
NO_QUANTITY: Final = N_("Enter a quantity for at least one item.")


def _today(visit: Visit) -> str:
    return as_day(visit.context.house.clock()).isoformat()


# --- one's own items


async def index(visit: Visit) -> web.StreamResponse:
    """The list of items."""
    member, asked = visit.member, visit.query.get("q", "")[:100]
    found = await visit.read(lambda tx: items.search(tx, member, asked, MOST_SHOWN))
    return visit.render("catalogue/index.html", found=found, asked=asked, unit=units.word)


def _values(kept: Kept) -> dict[str, Any]:
    item = kept.item
    return {
        "number": item.number,
        "name": item.name,
        "gtin": item.gtin,
        "unit": item.unit,
        "price": "" if item.price is None else item.price,
        "currency": item.currency,
        "tax": tax_code(item.tax),
        "description": item.description,
        "on_sale": "1" if item.on_sale else "",
    }


async def edit(visit: Visit) -> web.StreamResponse:
    """One item, or a new one."""
    member, number = visit.member, visit.query.get("number", "")
    form = await visit.form()
    if not form.values:
        form = Form.of(visit.say, {"unit": "H87", "currency": "JPY", "tax": "S10", "on_sale": "1"})
        if number:
            form = Form.of(visit.say, _values(await visit.read(lambda tx: items.get(tx, member, number))))
    return _edit_page(visit, form, number)


def _edit_page(visit: Visit, form: Form, number: str, status: int = 200) -> web.StreamResponse:
    return visit.render(
        "catalogue/item.html",
        status=status,
        form=form,
        number=number,
        units=sheetpage.said(visit, UNITS),
        taxes=sheetpage.said(visit, TAXES),
        currencies=[(code, words.currency(code, visit.say)) for code in currencies(form.value("currency"))],
    )


async def keep(visit: Visit) -> web.StreamResponse:
    """Add an item, or change one; what the form does not show (tiers, pack size) stays as it was."""
    house, member, form = visit.context.house, visit.member, await visit.form()
    say, known = visit.say, form.value("known")
    number = form.text("number", say(NUMBER), most=128)
    name = form.text("name", say(NAME), most=500)
    price = form.scaled("price", say(PRICE), required=False, places=4)
    unit = form.choice("unit", say(N_("Unit")), (code for code, _ in UNITS))
    currency = form.choice("currency", say(N_("Currency")), currencies(form.value("currency")))
    tax = form.choice("tax", say(N_("Tax")), (code for code, _ in TAXES))
    gtin = form.text("gtin", say(N_("JAN")), required=False, most=14)
    description = form.text("description", say(N_("Description")), required=False, most=2_000)
    if not form.ok:
        return _edit_page(visit, form, known, 422)
    before = OwnItem(number=number, name=name)
    if known:
        before = (await visit.read(lambda tx: items.get(tx, member, known))).item
    item = replace(
        before,
        number=number,
        name=name,
        gtin=gtin,
        unit=unit,
        tax=tax_of(tax),
        price=price,
        currency=currency,
        description=description,
        on_sale=form.ticked("on_sale"),
    )
    try:
        await visit.write(lambda tx: items.put(house, tx, member, [item]))
    except CallerFault as fault:
        form.refuse(CallerFault(fault.field.rpartition(".")[2], fault.rule, code=fault.code))
        return _edit_page(visit, form, known, 422)
    return visit.see_other("/catalogue", say(N_("Saved: {name}."), name=name))


# --- with a partner


async def send(visit: Visit) -> web.StreamResponse:
    """Send the partner the catalogue as it is now, with its own prices."""
    house, member, partner, today = visit.context.house, visit.member, visit.path_hash("partner"), _today(visit)
    try:
        await visit.write(lambda tx: sharing.publish(house, tx, member, partner, today))
    except CallerFault as fault:
        return visit.see_other(f"/partners/{partner.hex()}", visit.say(fault.rule))
    return visit.see_other(f"/partners/{partner.hex()}", visit.say(N_("The catalogue was sent.")))


async def ask(visit: Visit) -> web.StreamResponse:
    """Ask the partner for its catalogue."""
    house, member, partner, today = visit.context.house, visit.member, visit.path_hash("partner"), _today(visit)
    try:
        await visit.write(lambda tx: sharing.ask(house, tx, member, partner, today))
    except CallerFault as fault:
        return visit.see_other(f"/partners/{partner.hex()}", visit.say(fault.rule))
    return visit.see_other(f"/partners/{partner.hex()}", visit.say(N_("The partner was asked for its catalogue.")))


async def offered(visit: Visit) -> web.StreamResponse:
    """What a partner offers, to order from."""
    return await _offered_page(visit, await visit.form())


async def _offered_page(visit: Visit, form: Form, status: int = 200) -> web.StreamResponse:
    house, member, partner, today = visit.context.house, visit.member, visit.path_hash("partner"), _today(visit)
    known = await visit.read(lambda tx: partners.look(house, tx, member, partner))
    cart = await visit.read(lambda tx: ordering.cart_of(tx, member, partner, today))
    starts = itertools.accumulate((len(one.items) for one in cart.catalogues), initial=0)
    return visit.render(
        "catalogue/offered.html",
        status=status,
        form=form,
        cart=cart,
        catalogues=list(zip(starts, cart.catalogues, strict=False)),
        partner=known,
        asked=await visit.read(lambda tx: sharing.asked_for(tx, member, partner)),
        unit=lambda code: units.word(code, visit.say),
        may_write=visit.allows("dealings.write"),
    )


async def order(visit: Visit) -> web.StreamResponse:
    """Quantities chosen in the catalogue become a draft of an order; nothing is sent yet."""
    house, member, partner, today = visit.context.house, visit.member, visit.path_hash("partner"), _today(visit)
    form = await visit.form()
    wanted = {}
    for row in form.rows("items"):
        quantity = form.scaled(f"items.{row}.quantity", visit.say(N_("Quantity")), required=False, places=3)
        if quantity is not None and quantity.value:
            wanted[row] = quantity
    if form.ok and not wanted:
        form.wrong("", NO_QUANTITY)
    mark = form.value("mark")
    cart = await visit.read(lambda tx: ordering.cart_of(tx, member, partner, today))
    if form.ok and cart.mark == mark:
        for fault in ordering.faults(cart, {at: one for at, one in wanted.items() if at < len(cart.items)}):
            form.wrong(f"items.{fault.at}.quantity", fault.rule, item=fault.item, n=quantity_text(fault.n))
    if not form.ok:
        return await _offered_page(visit, form, 422)
    try:
        paper = await visit.write(lambda tx: ordering.order_from(house, tx, member, partner, wanted, today, mark=mark))
    except CallerFault as fault:
        form.refuse(fault, {"lines": ""})
        return await _offered_page(visit, form, 422)
    sheet = SHEETS[Step.ORDER]
    filled = Form.of(visit.say, sheet.values(paper))
    filled.values["base"] = [sheetpage.encoded(paper)]
    known = await visit.read(lambda tx: partners.look(house, tx, member, partner))
    back = f"/partners/{partner.hex()}"
    return sheetpage.render(visit, sheet, filled, Place(f"{back}/order", f"{back}/catalogue", known.name, True))


PAGES = (
    Page("GET", "/catalogue", "catalogue.read", index),
    Page("GET", "/catalogue/item", "catalogue.write", edit),
    Page("POST", "/catalogue/item", "catalogue.write", keep),
    Page("GET", "/partners/{partner}/catalogue", "catalogue.read", offered),
    Page("POST", "/partners/{partner}/catalogue", "dealings.write", order),
    Page("POST", "/partners/{partner}/catalogue/send", "catalogue.write", send),
    Page("POST", "/partners/{partner}/catalogue/ask", "dealings.write", ask),
)
