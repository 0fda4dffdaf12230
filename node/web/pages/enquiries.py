"""見積依頼を数社へ: choosing suppliers, one form for all, the answers side by side, orders to one or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace as replaced
from typing import Any, Final

import msgspec
from aiohttp import web

from node import units
from node.i18n import N_
from node.services import enquiries, guests
from node.services.desk import partners
from node.services.desk.sending import SomebodyWasFaster
from node.services.enquiries import Enquiry, Supplier
from node.services.transaction import Tx
from node.web import sheetpage
from node.web.forms import MISSING, Form
from node.web.page import Page
from node.web.paperview import Shown, shown
from node.web.render import as_day, money
from node.web.sheetpage import Place
from node.web.sheets.contract import CONDITIONS, REQUEST, with_conditions
from node.web.sheets.sheet import Field, Sheet
from node.web.visit import Visit
from protocol.errors import CallerFault, NotFound
from protocol.process.trade.papers import Order, RequestForQuotation, Scaled

SENT: Final = N_("Sent to {n} suppliers. None of them sees that others were asked.")
ORDERED: Final = N_("Sent: {n} orders.")
GONE_ON: Final = N_("Something new came into one of these dealings: look at it first. Nothing was sent.")
REMINDER: Final = N_("May we ask for your answer to our request for a quotation?")
THANKS: Final = N_("Thank you for your quotation. This time we order elsewhere.")
SHEET: Final[Sheet] = replaced(
    REQUEST,
    title=N_("Ask several suppliers"),
    act=N_("Send to all"),
    fields=tuple(
        Field(field.name, field.label, field.kind, True) if field.name == "reply" else field for field in REQUEST.fields
    ),
)


def _today(visit: Visit) -> str:
    return as_day(visit.context.house.clock()).isoformat()


async def index(visit: Visit) -> web.StreamResponse:
    """The list."""
    member = visit.member
    found = await visit.read(lambda tx: enquiries.listed(tx, member))
    return visit.render("enquiries/index.html", found=found, may_write=visit.allows("dealings.write"))


# --- asking


async def choose(visit: Visit) -> web.StreamResponse:
    """Whom to ask: partners, those outside the association, and whom the search finds."""
    member, asked = visit.member, visit.query.get("q", "").strip()[:100]
    ticked = visit.request.query.getall("partner", [])
    fault = ""

    def work(tx: Tx) -> dict[str, tuple[str, str]]:
        found = {one.member.hex(): (one.name, "") for one in partners.mine(tx, member)}
        found |= {one.row.guest.hex(): (one.row.name, "outside") for one in guests.of(tx, member)}
        return found

    known = await visit.read(work)
    try:
        rows = await visit.read(lambda tx: partners.search(tx, member, asked)) if asked else []
    except CallerFault as refused:
        rows, fault = [], visit.say(refused.rule)
    known |= {row.member.hex(): (row.name, row.words) for row in rows if row.member.hex() not in known}
    house = visit.context.house
    for one in ticked:
        if one not in known:
            partner = _id(one)
            looked = await visit.read(lambda tx, partner=partner: partners.look(house, tx, member, partner))  # type: ignore[misc]
            known[one] = (looked.name, "")
    return visit.render("enquiries/choose.html", known=known, ticked=ticked, asked=asked, fault=fault)


def _id(text: str) -> bytes:
    if len(text) != 64 or any(letter not in "0123456789abcdef" for letter in text):
        raise NotFound("partner", "no such firm is known here")
    return bytes.fromhex(text)


async def write(visit: Visit) -> web.StreamResponse:
    """The one form for all."""
    house, member, today = visit.context.house, visit.member, _today(visit)
    form = await visit.form()
    if not form.value("base"):
        chosen = [_id(one) for one in visit.request.query.getall("partner", [])]
        try:
            paper = await visit.read(lambda tx: enquiries.template(house, tx, member, chosen, today))
        except NotFound:
            raise
        except CallerFault as fault:
            again = "&".join(f"partner={one.hex()}" for one in chosen[: enquiries.MOST_PARTNERS])
            return visit.see_other(f"/enquiries/new?{again}", visit.say(fault.rule))
        form = Form.of(visit.say, SHEET.values(paper))
        form.values |= {"base": [sheetpage.encoded(paper)], "partner": [one.hex() for one in chosen]}
    return await _request_page(visit, form)


async def _request_page(visit: Visit, form: Form, **more: Any) -> web.StreamResponse:
    house, member = visit.context.house, visit.member
    chosen = [_id(one) for one in form.all("partner")]
    names = await visit.read(lambda tx: enquiries.require_partners(house, tx, member, chosen))
    back = "/enquiries/new?" + "&".join(f"partner={one.hex()}" for one in chosen)
    separator = "、" if visit.language == "ja" else ", "
    return sheetpage.render(visit, SHEET, form, Place("/enquiries/write", back, separator.join(names)), **more)


async def send(visit: Visit) -> web.StreamResponse:
    """Look over what was typed, or send it to all."""
    house, member, today, form = visit.context.house, visit.member, _today(visit), await visit.form()
    chosen = [_id(one) for one in form.all("partner")]
    action = form.value("action") or "check"
    if action.startswith("more-"):
        return await _request_page(visit, form, more=True)
    paper = SHEET.read(form, sheetpage.base_of(form, RequestForQuotation))
    assert isinstance(paper, RequestForQuotation)
    if form.ok and not paper.reply_by:
        form.wrong("reply", MISSING, label=visit.say(N_("Answer wanted by")))
    if form.ok:
        sheetpage.require_rules(form, paper)
    if not form.ok or action == "edit":
        return await _request_page(visit, form, status=200 if action == "edit" else 422)
    if action != "send":
        return await _request_page(visit, form, review=_without_number(shown(paper, visit.say)))

    def work(tx: Tx) -> Any:
        enquiry, outcome = enquiries.begin(house, tx, member, chosen, paper, today)
        return _Done(enquiry, outcome.news)

    try:
        done = await visit.write(work)
    except CallerFault as fault:
        form.refuse(fault)
        return await _request_page(visit, form, status=422)
    return visit.see_other(f"/enquiries/{done.enquiry.hex()}", visit.say(SENT, n=len(chosen)))


class _Done(msgspec.Struct, frozen=True):
    """An enquiry with the nodes that have something new (told by ``Visit.write``)."""

    enquiry: bytes
    news: frozenset[bytes]


def _without_number(review: Shown) -> Shown:
    """Every supplier's request gets its own number when it is sent."""
    return replaced(review, facts=review.facts[1:])


# --- comparing


def _enquiry(visit: Visit) -> bytes:
    text = visit.path("enquiry")
    if len(text) != 2 * enquiries.ID_BYTES or any(letter not in "0123456789abcdef" for letter in text):
        raise NotFound("enquiry", "no such enquiry")
    return bytes.fromhex(text)


async def show(visit: Visit) -> web.StreamResponse:
    """The answers side by side."""
    return await _compared(visit, await visit.form())


async def _compared(visit: Visit, form: Form, status: int = 200) -> web.StreamResponse:
    member, enquiry, today = visit.member, _enquiry(visit), _today(visit)
    found = await visit.read(lambda tx: enquiries.look(tx, member, enquiry, today))
    form.values.setdefault("method", ["transfer"])
    return visit.render(
        "enquiries/show.html",
        status=status,
        found=found,
        form=form,
        here=f"/enquiries/{enquiry.hex()}",
        unit=lambda code: units.word(code, visit.say),
        conditions=CONDITIONS,
        said=lambda choices: sheetpage.said(visit, choices),
        may_write=visit.allows("dealings.write"),
        reminder=visit.say(REMINDER),
        thanks=visit.say(THANKS),
    )


def _chosen(form: Form, found: Enquiry) -> dict[int, dict[int, Scaled]]:
    """Place of the supplier → line of its quotation → quantity, of what was typed; or one supplier's all."""
    whole = form.value("all")
    chosen: dict[int, dict[int, Scaled]] = {}
    for number, item in enumerate(found.items):
        for place, cell in item.cells.items():
            name = f"q.{place}.{number}"
            if whole:
                quantity = cell.line.quantity if whole == str(place) else None
            else:
                quantity = form.scaled(name, form.say(N_("Quantity")), required=False, places=3)
            if quantity is not None and quantity.value:
                chosen.setdefault(place, {})[cell.at] = quantity
    return chosen


async def order(visit: Visit) -> web.StreamResponse:
    """From quantities to orders, to look over; then all are sent in one step."""
    member, enquiry, today, form = visit.member, _enquiry(visit), _today(visit), await visit.form()
    if form.value("action") == "send":
        return await _send_orders(visit, form)
    found = await visit.read(lambda tx: enquiries.look(tx, member, enquiry, today))
    chosen = _chosen(form, found)
    if form.ok:
        with_conditions(form, _blank(found))  # what is wrong with the conditions stands beside their fields
    if not form.ok:
        return await _compared(visit, form, 422)
    try:
        drafted = await visit.write(lambda tx: enquiries.drafts(tx, member, found, chosen, today))
    except CallerFault as fault:
        form.refuse(fault)
        return await _compared(visit, form, 422)
    orders = [(supplier, with_conditions(form, paper)) for supplier, paper in drafted]
    return _reviewed(visit, orders)


def _blank(found: Enquiry) -> Order:
    request = found.request
    return Order(
        number="-",
        issue_date=request.issue_date,
        currency=request.currency,
        buyer=request.buyer,
        seller=request.seller,
        lines=request.lines,
    )


def _reviewed(visit: Visit, orders: Sequence[tuple[Supplier, Order]]) -> web.StreamResponse:
    totals = [paper.totals for _, paper in orders if paper.totals is not None]
    currencies = {paper.currency for _, paper in orders}
    known = len(totals) == len(orders) and len(currencies) == 1
    currency = orders[0][1].currency
    return visit.render(
        "enquiries/review.html",
        here=f"/enquiries/{_enquiry(visit).hex()}",
        orders=[(supplier, paper, shown(paper, visit.say), sheetpage.encoded(paper)) for supplier, paper in orders],
        net=money(sum(one.net or 0 for one in totals), currency) if known else "",
        tax=money(sum(one.tax or 0 for one in totals), currency) if known else "",
        total=money(sum(one.payable or 0 for one in totals), currency) if known else "",
    )


async def _send_orders(visit: Visit, form: Form) -> web.StreamResponse:
    house, member, enquiry = visit.context.house, visit.member, _enquiry(visit)
    orders = []
    for row in form.rows("orders"):
        base = Form(visit.say, {"base": [form.value(f"orders.{row}.base")]})
        paper = sheetpage.base_of(base, Order)
        sheetpage.require_rules(form, paper)
        orders.append((_id(form.value(f"orders.{row}.thread")), paper, form.value(f"orders.{row}.seen")))
    if not form.ok:
        return await _compared(visit, form, 422)
    try:
        await visit.write(lambda tx: enquiries.order(house, tx, member, enquiry, orders))
    except SomebodyWasFaster:
        form.wrong("", GONE_ON)
        return await _compared(visit, form, 409)
    except NotFound:
        raise
    except CallerFault as fault:
        form.wrong("", fault.rule)
        return await _compared(visit, form, 422)
    return visit.see_other(f"/enquiries/{enquiry.hex()}", visit.say(ORDERED, n=len(orders)))


# --- words to those who wait


async def remind(visit: Visit) -> web.StreamResponse:
    """A signed message to everybody who has not answered."""
    house, member, enquiry, today = visit.context.house, visit.member, _enquiry(visit), _today(visit)
    form = await visit.form()
    text = form.text("reminder", visit.say(N_("Message")), most=2_000)
    if not form.ok:
        return await _compared(visit, form, 422)
    try:
        done = await visit.write(lambda tx: enquiries.remind(house, tx, member, enquiry, text, today))
    except NotFound:
        raise
    except CallerFault as fault:
        return visit.see_other(f"/enquiries/{enquiry.hex()}", visit.say(fault.rule))
    n = len(done.submitted)
    return visit.see_other(f"/enquiries/{enquiry.hex()}", visit.say(N_("Reminded: {n} suppliers."), n=n))


async def decline(visit: Visit) -> web.StreamResponse:
    """A signed message to those who get no order."""
    house, member, enquiry, today = visit.context.house, visit.member, _enquiry(visit), _today(visit)
    form = await visit.form()
    text = form.text("thanks", visit.say(N_("Message")), most=2_000)
    threads = [_id(one) for one in form.all("thread")]
    if form.ok:
        try:
            done = await visit.write(lambda tx: enquiries.decline(house, tx, member, enquiry, threads, text, today))
        except NotFound:
            raise
        except CallerFault as fault:
            form.wrong("thread", fault.rule)
        else:
            n = len(done.submitted)
            return visit.see_other(f"/enquiries/{enquiry.hex()}", visit.say(N_("Told: {n} suppliers."), n=n))
    return await _compared(visit, form, 422)


PAGES = (
    Page("GET", "/enquiries", "dealings.read", index),
    Page("GET", "/enquiries/new", "dealings.write", choose),
    Page("GET", "/enquiries/write", "dealings.write", write),
    Page("POST", "/enquiries/write", "dealings.write", send),
    Page("GET", "/enquiries/{enquiry}", "dealings.read", show),
    Page("POST", "/enquiries/{enquiry}/order", "dealings.write", order),
    Page("POST", "/enquiries/{enquiry}/remind", "dealings.write", remind),
    Page("POST", "/enquiries/{enquiry}/decline", "dealings.write", decline),
)
