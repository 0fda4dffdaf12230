"""取引先: the firms a member deals with, the search over the federation, a firm's card, the first paper to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web
from msgspec.structs import replace

from node import words
from node.api.operation import parse_hash
from node.i18n import N_
from node.services import deeds, directory, drafts, keywatch, sharing
from node.services.desk import partners
from node.services.drafting import Step
from node.services.drawings import showing
from node.services.offers import market
from node.web import attaching, drafting, sheetpage
from node.web.forms import Form
from node.web.page import Page
from node.web.paperview import shown
from node.web.render import as_day
from node.web.sheetpage import Place
from node.web.sheets import SHEETS, Sheet
from node.web.sheets.contract import REQUEST
from node.web.visit import Visit
from protocol.errors import CallerFault, NotFound
from protocol.process.trade.papers import TYPE_OF, Order, RequestForQuotation

SENT: Final = N_("Sent: {paper} {number}. It turns to “arrived at partner” when it gets there.")
KINDS: Final[Mapping[str, tuple[type[Order] | type[RequestForQuotation], Sheet]]] = {
    "order": (Order, SHEETS[Step.ORDER]),
    "request": (RequestForQuotation, REQUEST),
}


async def index(visit: Visit) -> web.StreamResponse:
    """Mine, and the search."""
    member, asked = visit.member, visit.query.get("q", "").strip()
    mine = await visit.read(lambda tx: partners.mine(tx, member))
    found: list[Any] | None = None
    fault = ""
    if asked or visit.query.get("area") or visit.query.get("industry"):
        area, industry = visit.query.get("area", ""), visit.query.get("industry", "")
        try:
            found = await visit.read(lambda tx: partners.search(tx, member, asked, area=area, industry=industry))
        except CallerFault as refused:
            fault = visit.say(refused.rule)
    return visit.render("partners/index.html", mine=mine, found=found, asked=asked, fault=fault, said=directory.said)


async def card(visit: Visit) -> web.StreamResponse:
    """One firm."""
    house, member, partner = visit.context.house, visit.member, visit.path_hash("partner")
    found = await visit.read(lambda tx: partners.look(house, tx, member, partner))
    changes = await visit.read(lambda tx: keywatch.recent(house, tx, partner))
    owed = await visit.read(lambda tx: sharing.owed(tx, member, partner))
    record = await visit.read(lambda tx: deeds.record_of(tx, member, partner))
    return visit.render(
        "partners/card.html",
        found=found,
        changes=changes,
        owed=owed,
        record=record,
        may_write=visit.allows("dealings.write"),
    )


def _kind(visit: Visit) -> tuple[type[Order] | type[RequestForQuotation], Sheet]:
    found = KINDS.get(visit.path("kind"))
    if found is None:
        raise NotFound("kind", "no such page")
    return found


async def write(visit: Visit) -> web.StreamResponse:
    """The first paper to a partner: an order (``?like=`` as an earlier one) or a request for quotation."""
    house, member, partner, (kind, sheet) = visit.context.house, visit.member, visit.path_hash("partner"), _kind(visit)
    today, like = as_day(house.clock()).isoformat(), visit.query.get("like", "")
    form = await visit.form()
    if not form.value("base"):
        thread = bytes.fromhex(like) if len(like) == 64 and all(c in "0123456789abcdef" for c in like) else None
        paper = await visit.write(lambda tx: partners.first_paper(house, tx, member, partner, kind, today, like=thread))
        if "drawing" in visit.query:
            version = parse_hash(visit.query["drawing"], "drawing")
            drawing = await visit.read(lambda tx: showing.reference(tx, member, version))
            paper = replace(paper, references=(*paper.references, drawing))
        if "stock" in visit.query:
            series = parse_hash(visit.query["stock"], "stock")
            lines = await visit.read(lambda tx: market.order_lines(house, tx, partner, series))
            paper = replace(paper, lines=lines)
        form = Form.of(visit.say, sheet.values(paper))
        form.values["base"] = [sheetpage.encoded(paper)]
    elif form.value(drafts.FRESH):
        form = sheetpage.filled(form, sheet, sheetpage.base_of(form, kind))
    return await _shown(visit, sheet, form)


async def send(visit: Visit) -> web.StreamResponse:
    """Look over what was typed, or send it."""
    house, member, partner, (kind, sheet) = visit.context.house, visit.member, visit.path_hash("partner"), _kind(visit)
    form = await visit.form()
    action = form.value("action") or "check"
    if action.startswith("more-"):
        return await _shown(visit, sheet, form, more=True)
    if action.startswith(attaching.DROP):
        attaching.drop(form, action)
        return await _shown(visit, sheet, form)
    attaching.require_taken(form)
    paper = attaching.named(form, sheet.read(form, sheetpage.base_of(form, kind)))
    if form.ok:
        sheetpage.require_rules(form, paper)
    if not form.ok or action == "edit":
        return await _shown(visit, sheet, form, status=200 if action == "edit" else 422)
    if action != "send":
        paper = await sheetpage.with_delivery(visit, partner, form, paper)
        return await _shown(visit, sheet, form, review=shown(paper, visit.say))
    try:
        outcome = await visit.write(
            lambda tx: partners.begin(house, tx, member, partner, paper, attaching.refs(tx, member, form))
        )
    except CallerFault as fault:
        form.refuse(fault)
        return await _shown(visit, sheet, form, status=422)
    await drafting.put_away(visit, form)
    word = words.paper(TYPE_OF[type(paper)], visit.say)
    return visit.see_other(
        f"/dealings/{outcome.submitted[0].thread.hex()}", visit.say(SENT, paper=word, number=paper.number)
    )


async def attach(visit: Visit) -> web.StreamResponse:
    """Take files over into the form; nothing is sent to the partner."""
    return await _shown(visit, _kind(visit)[1], await attaching.receive(visit))


async def _shown(visit: Visit, sheet: Sheet, form: Form, **more: Any) -> web.StreamResponse:
    house, member, partner = visit.context.house, visit.member, visit.path_hash("partner")
    found = await visit.read(lambda tx: partners.look(house, tx, member, partner))
    back = f"/partners/{partner.hex()}"
    return sheetpage.render(visit, sheet, form, Place(f"{back}/{visit.path('kind')}", back, found.name, True), **more)


PAGES = (
    Page("GET", "/partners", "partners.read", index),
    Page("GET", "/partners/{partner}", "partners.read", card),
    Page("GET", "/partners/{partner}/{kind}", "dealings.write", write),
    Page("POST", "/partners/{partner}/{kind}", "dealings.write", send),
    Page("POST", "/partners/{partner}/{kind}/attach", "dealings.write", attach, streams=True),
)
