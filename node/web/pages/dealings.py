"""取引: the list, one dealing with everything on it, and the way of a paper from draft to sent.

Owns the pages' order only: which steps there are is ``services.drafting``, what a dealing shows ``services.desk``, and
what is sent goes through ``services.trade`` in one transaction that first looks whether somebody was faster.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from node import words
from node.i18n import N_
from node.services import advising, enquiries, reading, talking
from node.services.attachments import File, files_of
from node.services.dealings import paper_of
from node.services.desk import dealing as desk
from node.services.desk import listing, live, sending
from node.services.desk.sending import SomebodyWasFaster
from node.services.drafting import Step
from node.services.drafting.papers import PAPER_OF
from node.services.drafting.steps import to_ship
from node.services.importing import firms
from node.services.notices import noting
from node.services.transaction import Tx
from node.web import attaching, drafting, sheetpage, upload
from node.web.dealingforms import about, counted, item_names, values
from node.web.forms import Form
from node.web.page import Page
from node.web.paperview import shown
from node.web.render import as_day, moment
from node.web.sessions import HEADERS
from node.web.sheetpage import Place
from node.web.sheets import SHEETS, Sheet, contract
from node.web.visit import Visit
from protocol.document.attachment import chunk_count
from protocol.errors import CallerFault, ImpossibleStep, NotFound
from protocol.process.trade.papers import TYPE_OF, Message, OrderChange, Paper

FASTER: Final = N_(
    "Something new came into this dealing at {time}: look at it first. Your entries are kept as a draft."
)
NO_DEALING: Final = N_("An opening balance has no dealing here: it was brought in from a file.")
SENT: Final = N_("Sent: {paper} {number}. It turns to “arrived at partner” when it gets there.")
SAFE: Final = N_("Copies have reached other associations.")
NOT_SAFE: Final = N_("Other associations hold no copies yet.")
UNDER_WAY: Final = N_("Under way. It goes by itself; do not send it again.")
UNREAD: Final = N_("It lies on the partner's page. Whether it was read is not known.")
TABS: Final = (
    ("waiting", N_("Waits for you")),
    ("running", N_("Under way")),
    ("done", N_("Closed")),
    ("all", N_("All")),
)


# --- the list


async def index(visit: Visit) -> web.StreamResponse:
    """The list of dealings, by tab."""
    tab, cursor, member = visit.query.get("tab", "waiting"), visit.query.get("before", ""), visit.member
    mark = await visit.read(lambda tx: live.mark(tx, member))  # before what it stands for: nothing is missed between
    found = await visit.read(lambda tx: listing.listed(tx, member, tab, cursor))
    return visit.render("dealings/index.html", found=found, tab=tab, tabs=TABS, live=mark)


# --- one dealing


async def show(visit: Visit) -> web.StreamResponse:
    """One dealing with everything on it."""
    member, thread = visit.member, visit.path_hash("thread")
    if await visit.read(lambda tx: firms.is_opening(tx, member, thread) or not desk.require(tx, member, thread)):
        return visit.see_other("/payments", visit.say(NO_DEALING))
    unread = await _opened(visit, thread)
    mark = await visit.read(lambda tx: live.mark(tx, member, thread))
    found = await visit.read(lambda tx: desk.open_dealing(tx, member, thread))
    names = item_names(found)
    papers = {
        entry.view.holding.document: shown(entry.paper, visit.say, names)
        for entry in found.timeline
        if entry.paper is not None
    }
    may_write = visit.allows("dealings.write")
    advice = await visit.read(lambda tx: advising.of_dealing(tx, member, thread))
    return visit.render(
        "dealings/show.html",
        notes=advice + advising.of_standing(found.state, found.role),
        live=mark,
        unread=unread,
        dealing=found,
        papers=papers,
        may_write=may_write,
        names=names,
        steps_of=lambda entry: four_steps(visit, entry, found),
        now=visit.context.house.clock(),
        enquiry=await visit.read(lambda tx: enquiries.of_thread(tx, member, thread)),
        count=lambda nano, unit: counted(nano, unit, visit.say),
        left=_left(visit, found, names),
    )


def _left(visit: Visit, found: desk.Dealing, names: dict[str, str]) -> str:
    """What has been shipped in part and is not all there yet, in words: ちりめんじゃこ 16袋."""
    if not any(line.despatched for line in found.state.lines):
        return ""
    open_lines = [(line, to_ship(line)) for line in found.state.lines if to_ship(line)]
    return ", ".join(
        f"{names.get(line.line_id, line.line_id)} {counted(nano, line.unit, visit.say)}" for line, nano in open_lines
    )


async def _opened(visit: Visit, thread: bytes) -> frozenset[bytes]:
    """Somebody looks: what the dealing's papers had asked for by notices is settled. What nobody had opened before."""
    member, house = visit.member, visit.context.house
    rows = await visit.read(lambda tx: noting.unread(tx, member, thread))
    waits = await visit.read(lambda tx: bool(tx.notices.of_thread(member, thread)))
    if (rows or waits) and not visit.by_itself:
        await visit.write(lambda tx: noting.opened(house, tx, member, thread))
    return frozenset(row.document for row in rows)


def four_steps(visit: Visit, entry: desk.Entry, found: desk.Dealing) -> list[dict[str, Any]]:
    """How far a document of ours has come, each mark with its sentence (pages of a member say no more than this)."""
    marks, say = entry.view.marks, visit.say
    arrived = marks.received is not None
    time = moment(marks.received.time, visit.language == "ja") if marks.received is not None else ""
    there = say(N_("Your partner's association has had it since {time}, with proof."), time=time)
    if arrived and not time:
        there = say(N_("Your partner's association has it, with proof."))
    if found.guest:  # nobody has it before somebody opens the link, which is not recorded
        arrived = arrived and marks.processed is not None
        there = say(N_("It was read on the partner's page."))
    return [
        {"word": say(N_("Stored")), "sentence": say(N_("Stored at your association.")), "done": True},
        {
            "word": say(N_("Safe")),
            "sentence": say(SAFE if marks.safe is not None else NOT_SAFE),
            "done": marks.safe is not None,
        },
        {
            "word": say(N_("Arrived at partner")),
            "sentence": there if arrived else _not_there(visit, found, marks.elsewhere),
            "done": arrived,
        },
        {
            "word": say(N_("Partner acted")),
            "sentence": say(N_("Your partner answered.")) if marks.processed else say(N_("No answer yet.")),
            "done": marks.processed is not None,
        },
    ]


def _not_there(visit: Visit, found: desk.Dealing, elsewhere: int) -> str:
    """Where a document is that has not arrived."""
    if found.guest:
        return visit.say(UNREAD)
    if elsewhere:
        text = N_(
            "Your partner's association does not answer. It waits, sealed, with {count} others, and arrives once."
        )
        return visit.say(text, count=elsewhere)
    return visit.say(UNDER_WAY)


async def say_something(visit: Visit) -> web.StreamResponse:
    """Write a message beside the dealing, with files."""
    member, thread = visit.member, visit.path_hash("thread")
    form, files = await upload.receive(visit, "files")
    if files and not form.value("text").strip():
        form.values["text"] = [" ".join(file.name for file in files)]
    text = form.text("text", visit.say(N_("Message")), most=2_000)
    back = f"/dealings/{thread.hex()}"
    if not form.ok:
        why = form.error("files") or visit.say(N_("Nothing was sent: the message was empty or too long."))
        return visit.see_other(f"{back}#message", why)
    house = visit.context.house
    today = as_day(house.clock()).isoformat()
    refs, names = tuple(file.ref for file in files), tuple(file.name for file in files)
    await visit.write(lambda tx: talking.say(house, tx, member, thread, text, today, attachments=refs, names=names))
    return visit.see_other(f"{back}#message", visit.say(N_("The message was sent.")))


async def attached(visit: Visit) -> web.StreamResponse:
    """A file that came with a document; saved, never shown."""
    member, document, root = visit.member, visit.path_hash("document"), visit.path_hash("root")

    def work(tx: Tx) -> File:
        full = reading.full(tx, member, document)
        for file in files_of(tx, full.header.attachments, paper_of(full.stored)):
            if file.root == root and file.here:
                return file
        raise NotFound("attachment", "no such attachment")

    file = await visit.read(work)
    answer = web.StreamResponse(headers=HEADERS | upload.download_headers(file.name, file.size))
    await answer.prepare(visit.request)
    for index in range(chunk_count(file.size)):
        await answer.write(await asyncio.to_thread(visit.context.files.read_chunk, root, index))
    return answer


# --- one step: draft, look over, send


@dataclass(frozen=True)
class Opened:
    """A draft with what it stands on: ``seen`` changes as soon as anybody adds anything to the dealing."""

    paper: Paper
    found: desk.Dealing
    seen: str


def _step(visit: Visit) -> tuple[Step, Sheet]:
    try:
        step = Step(visit.path("step"))
    except ValueError:
        raise NotFound("step", "no such step") from None
    return step, SHEETS[step]


async def write(visit: Visit) -> web.StreamResponse:
    """The form of a step, prefilled from the dealing."""
    member, thread, (step, sheet) = visit.member, visit.path_hash("thread"), _step(visit)
    today = as_day(visit.context.house.clock()).isoformat()
    parked = await visit.form()
    if parked.value("base"):
        return await _shown(visit, step, sheet, parked)

    def work(tx: Tx) -> Opened:
        found = desk.open_dealing(tx, member, thread)
        paper = desk.write_draft(tx, member, thread, step, today)
        return Opened(paper, found, sending.seen(found.row))

    try:
        opened = await visit.write(work)
    except ImpossibleStep as fault:
        return visit.see_other(f"/dealings/{thread.hex()}", visit.say(fault.rule))
    form = Form.of(visit.say, values(sheet, step, opened.paper, opened.found, visit.say))
    form.values |= {"base": [sheetpage.encoded(opened.paper)], "seen": [opened.seen]}
    return await _shown(visit, step, sheet, form)


async def send(visit: Visit) -> web.StreamResponse:
    """Look over what was typed, or send it."""
    member, thread, (step, sheet) = visit.member, visit.path_hash("thread"), _step(visit)
    form = await visit.form()
    action = form.value("action") or "check"
    if action.startswith("more-"):
        return await _shown(visit, step, sheet, form, more=True)
    if action.startswith(attaching.DROP):
        attaching.drop(form, action)
        return await _shown(visit, step, sheet, form)
    attaching.require_taken(form)
    found = await visit.read(lambda tx: desk.open_dealing(tx, member, thread))
    paper = attaching.named(form, _typed(form, step, sheet, found))
    if form.ok:
        sheetpage.require_rules(form, paper)
    if not form.ok or action == "edit":
        return await _shown(visit, step, sheet, form, status=200 if action == "edit" else 422)
    if action != "send":
        paper = await sheetpage.with_delivery(visit, found.row.partner, form, paper)
        return await _shown(visit, step, sheet, form, review=shown(paper, visit.say, item_names(found)))
    house, seen = visit.context.house, form.value("seen")
    try:
        await visit.write(
            lambda tx: sending.send(house, tx, member, thread, paper, seen, attaching.refs(tx, member, form))
        )
    except SomebodyWasFaster as fault:
        form.wrong("", FASTER, time=moment(fault.updated, visit.language == "ja"))
        await drafting.keep(visit, form, visit.request.path, found.partner_name)
        form.values["seen"] = [fault.seen]  # sending again is a new decision, with what came meanwhile in sight
        now = await visit.read(lambda tx: desk.open_dealing(tx, member, thread))
        return await _shown(visit, step, sheet, form, status=409, came=_came(visit, now))
    except CallerFault as fault:
        form.refuse(fault)
        return await _shown(visit, step, sheet, form, status=422)
    await drafting.put_away(visit, form)
    word = words.paper(TYPE_OF[type(paper)], visit.say)
    return visit.see_other(f"/dealings/{thread.hex()}", visit.say(SENT, paper=word, number=paper.number))


async def attach(visit: Visit) -> web.StreamResponse:
    """Take files over into the form of a step; nothing is sent to the partner."""
    step, sheet = _step(visit)
    return await _shown(visit, step, sheet, await attaching.receive(visit))


def _came(visit: Visit, found: desk.Dealing) -> sheetpage.Came | None:
    """The latest paper of the dealing: what whoever was faster did."""
    if not found.timeline:
        return None
    entry = found.timeline[0]
    holding, paper = entry.view.holding, entry.paper
    said = isinstance(paper, Message)
    heading = f"{words.paper(holding.type, visit.say)} {holding.business_key}".strip()
    content = None if paper is None or said else shown(paper, visit.say, item_names(found))
    text = paper.text if isinstance(paper, Message) else ""
    return sheetpage.Came(heading, entry.author_name, holding.document_time, content, text)


def _typed(form: Form, step: Step, sheet: Sheet, found: desk.Dealing) -> Paper:
    base = sheetpage.base_of(form, PAPER_OF[step])
    if isinstance(base, OrderChange):
        if found.state.order is None:
            raise ImpossibleStep("order", "this dealing has no order that stands")
        return contract.change_read(form, base, found.state.order)
    return sheet.read(form, base)


async def _shown(visit: Visit, step: Step, sheet: Sheet, form: Form, **more: Any) -> web.StreamResponse:
    member, thread = visit.member, visit.path_hash("thread")
    found = await visit.read(lambda tx: desk.open_dealing(tx, member, thread))
    back = f"/dealings/{thread.hex()}"
    place = Place(f"{back}/{step.value}", back, found.partner_name, True)
    return sheetpage.render(visit, sheet, form, place, about=about(found, step, visit.say), **more)


# --- a document alone


async def proof_file(visit: Visit) -> web.StreamResponse:
    """The proof of a document, to keep or to show to others."""
    from node.services import proof

    member, document, house = visit.member, visit.path_hash("document"), visit.context.house
    content = await visit.read(lambda tx: proof.export(house, tx, member, document))
    name = f"{document.hex()[:12]}.yui-proof"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=content, content_type="application/octet-stream", headers=headers)


async def pdf(visit: Visit) -> web.StreamResponse:
    """A document as paper, in the reader's language; ``?form=note`` the delivery note of a despatch advice."""
    from node.services import printing  # the PDF room is only loaded where somebody prints

    member, document, house = visit.member, visit.path_hash("document"), visit.context.house
    wish = printing.Wish(language=visit.language, form=visit.query.get("form", ""), fax="fax" in visit.query)
    paper, context = await visit.read(lambda tx: printing.prepare(house, tx, member, document, wish))
    content = await asyncio.to_thread(visit.context.pdf.render, paper, context)
    headers = {"Content-Disposition": f'inline; filename="{document.hex()[:12]}.pdf"'}
    return web.Response(body=content, content_type="application/pdf", headers=headers)


PAGES = (
    Page("GET", "/dealings", "dealings.read", index),
    Page("GET", "/dealings/{thread}", "dealings.read", show),
    Page("POST", "/dealings/{thread}/{step}/attach", "dealings.write", attach, streams=True),
    Page("POST", "/dealings/{thread}/message", "dealings.write", say_something, streams=True),
    Page("GET", "/dealings/{thread}/{step}", "dealings.write", write),
    Page("POST", "/dealings/{thread}/{step}", "dealings.write", send),
    Page("GET", "/documents/{document}/pdf", "dealings.read", pdf),
    Page("GET", "/documents/{document}/attached/{root}", "dealings.read", attached),
    Page("GET", "/documents/{document}/proof", "dealings.read", proof_file),
)
