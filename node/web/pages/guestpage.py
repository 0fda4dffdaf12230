"""相手先用ページ: one dealing through a link, without an account. Reading, answering, PDF and UBL.

Every handler asks ``services.guests`` what the link in the path opens, and knows nothing else of the partner. A link
that is wrong, too old or withdrawn gets the same page. GET changes nothing: mail programs and crawlers open links.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web
from msgspec.structs import replace

from node import words
from node.i18n import N_
from node.services import dealings, guests, printing, reading
from node.services.desk import dealing as desk
from node.services.desk import sending
from node.services.desk.sending import SomebodyWasFaster
from node.services.drafting import Step
from node.services.drafting.papers import PAPER_OF
from node.services.guests import Opened
from node.services.transaction import Tx
from node.web import dealingforms, sheetpage
from node.web.forms import Form
from node.web.page import Page
from node.web.paperview import shown
from node.web.render import as_day, moment
from node.web.sheetpage import Place
from node.web.sheets import SHEETS, Sheet
from node.web.visit import Visit
from protocol.errors import CallerFault, ImpossibleStep, NotFound
from protocol.process.trade import papers
from protocol.process.trade.papers import TYPE_OF, Paper

FASTER: Final = N_("Something new came into this dealing at {time}: look at it first. What you typed is still here.")
DONE: Final = N_("Sent: {paper} {number}. It is recorded as given on this page.")
PAGES_PER_MINUTE: Final = 90  # of one address
MISSES_PER_MINUTE: Final = 12  # links that open nothing, of one address
ANSWERS_PER_MINUTE: Final = 10  # papers through one link

Handler = Callable[[Visit], Awaitable[web.StreamResponse]]


def through(handler: Callable[[Visit, Opened], Awaitable[web.StreamResponse]]) -> Handler:
    """The way in: rates, the link, and an answer that search engines and histories make nothing of."""

    async def enter(visit: Visit) -> web.StreamResponse:
        await visit.site.limit(visit, "link", PAGES_PER_MINUTE)
        house, secret = visit.context.house, visit.path("secret")
        try:
            opened = await visit.read(lambda tx: guests.look(house, tx, secret))
            answer = await handler(visit, opened)
        except NotFound:
            await visit.site.limit(visit, "link-miss", MISSES_PER_MINUTE)
            answer = visit.render("guest/gone.html", status=404)
        answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return answer

    return enter


def _here(visit: Visit) -> str:
    return guests.PATH + visit.path("secret")


async def show(visit: Visit, opened: Opened) -> web.StreamResponse:
    """The dealing, and what can be done."""
    guest, thread = opened.guest.guest, opened.link.thread
    found = await visit.read(lambda tx: desk.open_dealing(tx, guest, thread))
    names = dealingforms.item_names(found)
    shown_papers = {
        entry.view.holding.document: shown(entry.paper, visit.say, names)
        for entry in found.timeline
        if entry.paper is not None
    }
    steps = [step for step in found.steps if step in guests.STEPS]
    main = found.main if found.main in steps else None
    return visit.render(
        "guest/show.html",
        here=_here(visit),
        opened=opened,
        dealing=found,
        papers=shown_papers,
        main=main,
        others=[step for step in steps if step is not main],
        has_ubl=_has_ubl,
    )


def _has_ubl(kind: str) -> bool:
    from node.papers.ubl import TYPES

    return kind in TYPES


def _step(visit: Visit) -> tuple[Step, Sheet]:
    try:
        step = Step(visit.path("step"))
    except ValueError:
        raise NotFound("step", "no such step") from None
    if step not in guests.STEPS:
        raise NotFound("step", "no such step")
    return step, SHEETS[step]


async def write(visit: Visit, opened: Opened) -> web.StreamResponse:
    """The form of a step, prefilled from the dealing."""
    (step, sheet), today = _step(visit), as_day(visit.context.house.clock()).isoformat()
    guest, thread = opened.guest.guest, opened.link.thread

    def work(tx: Tx) -> tuple[desk.Dealing, Paper]:
        return desk.open_dealing(tx, guest, thread), guests.draft(tx, opened, step, today)

    try:
        found, paper = await visit.read(work)
    except ImpossibleStep as fault:
        return visit.see_other(_here(visit), visit.say(fault.rule))
    form = Form.of(visit.say, dealingforms.values(sheet, step, paper, found, visit.say))
    form.values |= {"base": [sheetpage.encoded(paper)], "seen": [sending.seen(found.row)]}
    return _shown(visit, step, sheet, form, found)


async def send(visit: Visit, opened: Opened) -> web.StreamResponse:
    """Look over what was typed, or send it."""
    (step, sheet), form = _step(visit), await visit.form()
    guest, thread, house = opened.guest.guest, opened.link.thread, visit.context.house
    action = form.value("action") or "check"
    found = await visit.read(lambda tx: desk.open_dealing(tx, guest, thread))
    if action.startswith("more-"):
        return _shown(visit, step, sheet, form, found, more=True)
    paper = sheet.read(form, sheetpage.base_of(form, PAPER_OF[step]))
    if form.ok:
        sheetpage.require_rules(form, paper)
    if not form.ok or action == "edit":
        return _shown(visit, step, sheet, form, found, status=200 if action == "edit" else 422)
    if action != "send":
        return _shown(visit, step, sheet, form, found, review=shown(paper, visit.say, dealingforms.item_names(found)))
    await _within_reason(visit, opened)
    secret, seen, today = visit.path("secret"), form.value("seen"), as_day(house.clock()).isoformat()
    address, agent = visit.address, visit.agent
    try:
        await visit.write(lambda tx: guests.send(house, tx, secret, paper, seen, today, address=address, agent=agent))
    except SomebodyWasFaster as fault:
        form.wrong("", FASTER, time=moment(fault.updated, visit.language == "ja"))
        form.values["seen"] = [fault.seen]
        return _shown(visit, step, sheet, form, found, status=409)
    except NotFound:
        raise
    except CallerFault as fault:
        form.refuse(fault)
        return _shown(visit, step, sheet, form, found, status=422)
    word = words.paper(TYPE_OF[type(paper)], visit.say)
    return visit.see_other(_here(visit), visit.say(DONE, paper=word, number=paper.number))


async def _within_reason(visit: Visit, opened: Opened) -> None:
    await visit.site.limit(visit, "link-answer", ANSWERS_PER_MINUTE, key=opened.link.hash.hex())


def _shown(visit: Visit, step: Step, sheet: Sheet, form: Form, found: desk.Dealing, **more: Any) -> web.StreamResponse:
    here = _here(visit)
    place = Place(f"{here}/{step.value}", here, found.partner_name)
    answered = dealingforms.about(found, step, visit.say)
    return sheetpage.render(visit, sheet, form, place, about=answered, **more)


async def say_something(visit: Visit, opened: Opened) -> web.StreamResponse:
    """A message to the partner."""
    form, house = await visit.form(), visit.context.house
    text = form.text("text", visit.say(N_("Message")), most=2_000)
    back = f"{_here(visit)}#message"
    if not form.ok:
        return visit.see_other(back, visit.say(N_("Nothing was sent: the message was empty or too long.")))
    await _within_reason(visit, opened)
    secret, today, address, agent = visit.path("secret"), as_day(house.clock()).isoformat(), visit.address, visit.agent
    await visit.write(lambda tx: guests.say(house, tx, secret, text, today, address=address, agent=agent))
    return visit.see_other(back, visit.say(N_("The message was sent.")))


async def pdf(visit: Visit, _opened: Opened) -> web.StreamResponse:
    """A document of the dealing as paper."""
    house, secret, wanted = visit.context.house, visit.path("secret"), visit.path_hash("document")
    wish = printing.Wish(language=visit.language, fax="fax" in visit.query)

    def work(tx: Tx) -> Any:
        opened = guests.document(house, tx, secret, wanted)
        return printing.prepare(house, tx, opened.guest.guest, wanted, wish)

    paper, context = await visit.read(work)
    content = await asyncio.to_thread(visit.context.pdf.render, paper, context)
    headers = {"Content-Disposition": f'inline; filename="{wanted.hex()[:12]}.pdf"'}
    return web.Response(body=content, content_type="application/pdf", headers=headers)


async def ubl(visit: Visit, _opened: Opened) -> web.StreamResponse:
    """A document of the dealing as UBL, for other software."""
    house, secret, wanted = visit.context.house, visit.path("secret"), visit.path_hash("document")

    def work(tx: Tx) -> Any:
        opened = guests.document(house, tx, secret, wanted)
        stored = reading.full(tx, opened.guest.guest, wanted).stored
        paper = dealings.paper_of(stored)
        if paper is None or not _has_ubl(stored.row.type):
            raise NotFound("document", "no such document")
        content = next((part.content for part in stored.parts if part.name == "personal"), None)
        return paper, None if content is None else papers.decode_personal(content)

    paper, personal = await visit.read(work)
    xml = await asyncio.to_thread(_xml, visit, paper, personal)
    headers = {"Content-Disposition": f'attachment; filename="{wanted.hex()[:12]}.xml"'}
    return web.Response(body=xml, content_type="application/xml", headers=headers)


def _xml(visit: Visit, paper: Paper, personal: papers.Personal | None) -> bytes:
    """As Peppol wants it, else (a firm without an electronic address) plain UBL 2.1."""
    try:
        return visit.context.ubl.write(paper, personal, "")
    except CallerFault as fault:
        if fault.code != "not-peppol":
            raise
    return visit.context.ubl.write(replace(paper, origin="ubl-2.1"), personal, "")


PAGES = (
    Page("GET", "/g/{secret}", "public", through(show)),
    Page("POST", "/g/{secret}/message", "public", through(say_something)),
    Page("GET", "/g/{secret}/{step}", "public", through(write)),
    Page("POST", "/g/{secret}/{step}", "public", through(send)),
    Page("GET", "/g/{secret}/documents/{document}/pdf", "public", through(pdf)),
    Page("GET", "/g/{secret}/documents/{document}/ubl", "public", through(ubl)),
)
