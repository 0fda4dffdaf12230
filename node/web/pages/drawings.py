"""図面・仕様書: what this firm shows to others and who read it; what others let this firm read."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from node.api.admin.drawings import courier
from node.drawingviews import download, preview
from node.i18n import N_
from node.papers import marking
from node.services import addressing, reading
from node.services.desk import partners
from node.services.drawings import keeping, receiving
from node.services.drawings.keeping import About, Shelf
from node.services.transaction import Tx
from node.web import upload
from node.web.forms import MISSING, Form
from node.web.page import Page
from node.web.visit import Visit
from protocol.errors import CallerFault, NotFound
from protocol.limits import MAX_DRAWING_BYTES, MAX_DRAWING_PREVIEW_BYTES
from protocol.process.drawing.records import DRAWING_BYTES, How, Kind, May

PATH: Final = "/drawings"
PUBLISHED: Final = N_("Saved as version {n}. Those who could read the version before can read this one.")
WITHDRAWN: Final = N_("Withdrawn. What was printed or saved there before stays there.")
FETCHED: Final = N_("It is being fetched. This page shows when it is here.")
KINDS: Final = {Kind.DRAWING: N_("Drawing"), Kind.SPECIFICATION: N_("Specification")}
MAYS: Final = {
    May.FILE: N_("may have the file"),
    May.VIEW: N_("may look at marked pages"),
    May.NOTHING: N_("withdrawn"),
}
SUFFIXES: Final = (".bin",)


def _drawing(visit: Visit) -> bytes:
    text = visit.path("drawing")
    if len(text) != 2 * DRAWING_BYTES or any(c not in "0123456789abcdef" for c in text):
        raise NotFound("drawing", "no such drawing")
    return bytes.fromhex(text)


async def index(visit: Visit) -> web.StreamResponse:
    """Own drawings, and what others let this firm read."""
    member = visit.member

    def work(tx: Tx) -> tuple[list[Shelf], list[receiving.Held], Mapping[bytes, str]]:
        own, given = keeping.shelves(tx, member), receiving.held(tx, member)
        return own, given, reading.names_of(tx, {one.version.owner for one in given})

    own, given, names = await visit.read(work)
    return visit.render("drawings/index.html", own=own, given=given, names=names, nothing=May.NOTHING)


# --- the owner


async def new(visit: Visit) -> web.StreamResponse:
    """A form for a first version."""
    return await _form_page(visit, await visit.form(), None)


async def next_form(visit: Visit) -> web.StreamResponse:
    """A form for the next version."""
    member, drawing = visit.member, _drawing(visit)
    found = await visit.read(lambda tx: keeping.shelf(tx, member, drawing))
    form = await visit.form()
    if not form.value("number"):
        last = found.last.version
        form = Form.of(visit.say, {"number": last.number, "title": last.title, "kind": last.kind.value})
    return await _form_page(visit, form, found)


async def _form_page(visit: Visit, form: Form, found: Shelf | None, status: int = 200) -> web.Response:
    if not form.value("kind"):
        form.fill({"kind": Kind.DRAWING.value})
    action = f"{PATH}/new" if found is None else f"{PATH}/{found.drawing.hex()}/next"
    kinds = [(kind.value, visit.say(word)) for kind, word in KINDS.items()]
    return visit.render("drawings/write.html", status=status, form=form, found=found, action=action, kinds=kinds)


async def publish(visit: Visit) -> web.StreamResponse:
    """Take the file as it comes, seal it, publish it."""
    member = visit.member
    drawing = _drawing(visit) if "drawing" in visit.match else b""
    found = await visit.read(lambda tx: keeping.shelf(tx, member, drawing)) if drawing else None
    carrier, folder = courier(visit.context), visit.context.folder / "drawings"
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True, mode=0o700)
    stem = f".bringing.{visit.context.house.entropy(8).hex()}"
    form, name, path = await upload.receive_to(visit, "file", folder, stem, SUFFIXES, MAX_DRAWING_BYTES)
    try:
        return await _publish(visit, form, found, name, path, carrier)
    finally:
        if path is not None:
            await asyncio.to_thread(path.unlink, missing_ok=True)


async def _publish(
    visit: Visit, form: Form, found: Shelf | None, name: str, path: Path | None, carrier: Any
) -> web.StreamResponse:
    number = form.text("number", visit.say(N_("Number")), most=64)
    title = form.text("title", visit.say(N_("Title")), most=200)
    kind = Kind.SPECIFICATION if form.value("kind") == Kind.SPECIFICATION.value else Kind.DRAWING
    if path is None:
        form.wrong("file", MISSING, label=visit.say(N_("File")))
    if form.ok and path is not None:
        media = mimetypes.guess_type(name)[0] or upload.PLAIN
        about = About(kind, number, title, name, media)
        try:
            version = await carrier.publish(visit.member, found.drawing if found else b"", path, about)
        except CallerFault as fault:
            form.refuse(fault)
        else:
            row = await visit.read(lambda tx: keeping.require_own(tx, visit.member, version))
            return visit.see_other(f"{PATH}/{row.drawing.hex()}", visit.say(PUBLISHED, n=row.number))
    return await _form_page(visit, form, found, status=422)


async def show(visit: Visit) -> web.StreamResponse:
    """One drawing: versions, readers, readings."""
    return await _show(visit, Form.of(visit.say, {"may": May.FILE.value}))


async def _show(visit: Visit, form: Form, status: int = 200) -> web.Response:
    member, drawing = visit.member, _drawing(visit)

    def work(tx: Tx) -> tuple[Shelf, Mapping[bytes, str], list[tuple[str, str]]]:
        found = keeping.shelf(tx, member, drawing)
        names = reading.names_of(tx, {one.reader for each in found.versions for one in each.readers})
        return found, names, [(one.member.hex(), one.name) for one in partners.mine(tx, member)]

    found, names, mine = await visit.read(work)
    seen = found.last.version.media_type in keeping.SHOWN and found.last.version.size <= MAX_DRAWING_PREVIEW_BYTES
    choices = [(may.value, visit.say(MAYS[may])) for may in (May.FILE, *((May.VIEW,) if seen else ()))]
    return visit.render(
        "drawings/show.html", status=status, form=form, found=found, names=names, mine=mine, choices=choices,
        mays=MAYS, kinds=KINDS, nothing=May.NOTHING,
    )  # fmt: skip


async def allow(visit: Visit) -> web.StreamResponse:
    """Let a firm read the last version."""
    form, member, drawing = await visit.form(), visit.member, _drawing(visit)
    may = May.VIEW if form.value("may") == May.VIEW.value else May.FILE
    text = form.value("partner") or form.value("other").strip()
    if not text:
        form.wrong("other", MISSING, label=visit.say(N_("Firm")))

    def whom(tx: Tx) -> tuple[bytes, bytes]:
        return keeping.require_drawing(tx, member, drawing)[-1].version, addressing.resolve(tx, text, "other")

    if form.ok:
        try:
            version, reader = await visit.read(whom)
            await courier(visit.context).allow(member, version, [(reader, may)])
        except NotFound as fault:
            if fault.field == "drawing":
                raise
            form.refuse(CallerFault("other", fault.rule))
        except CallerFault as fault:
            form.refuse(fault, {"reader": "other"})
    if form.ok:
        return visit.see_other(f"{PATH}/{drawing.hex()}", visit.say(N_("Saved.")))
    return await _show(visit, form, status=422)


async def withdraw(visit: Visit) -> web.StreamResponse:
    """Withdraw one version from one firm."""
    form, member, drawing = await visit.form(), visit.member, _drawing(visit)
    wanted, reader = form.value("version"), form.value("reader")

    def which(tx: Tx) -> bytes:
        for row in keeping.require_drawing(tx, member, drawing):
            if row.version.hex() == wanted:
                return row.version
        raise NotFound("drawing", "no such drawing")

    version = await visit.read(which)
    if len(reader) != 64 or any(c not in "0123456789abcdef" for c in reader):
        raise NotFound("reader", "may not read this version")
    await courier(visit.context).allow(member, version, [(bytes.fromhex(reader), May.NOTHING)])
    return visit.see_other(f"{PATH}/{drawing.hex()}", visit.say(WITHDRAWN))


# --- the reader


async def look(visit: Visit) -> web.StreamResponse:
    """One version: the reader's page; the owner goes on to the drawing's own."""
    member, version = visit.member, visit.path_hash("version")

    def work(tx: Tx) -> tuple[receiving.Held | None, bytes, str]:
        row = tx.drawings.get(version)
        if row is not None and row.owner == member:
            return None, row.drawing, ""
        found = receiving.look(tx, member, version)
        newer = next((one.newer for one in receiving.held(tx, member) if one.hash == version), b"")
        names = reading.names_of(tx, {found.version.owner})
        return found._replace(newer=newer), b"", names.get(found.version.owner, "")

    found, drawing, owner = await visit.read(work)
    if found is None:
        return visit.see_other(f"{PATH}/{drawing.hex()}")
    return visit.render(
        "drawings/received.html", found=found, owner=owner, kinds=KINDS, mays=MAYS, may_file=found.may is May.FILE,
        withdrawn=found.may is May.NOTHING, may_see=_can_be_seen(found),
    )  # fmt: skip


def _can_be_seen(found: receiving.Held) -> bool:
    small = found.version.size <= MAX_DRAWING_PREVIEW_BYTES
    return found.may is not May.NOTHING and small and bool(marking.shown_as(found.version.media_type))


async def fetch(visit: Visit) -> web.StreamResponse:
    """Have the content fetched."""
    await visit.form()
    member, version = visit.member, visit.path_hash("version")
    await visit.read(lambda tx: receiving.look(tx, member, version))
    await courier(visit.context).want(member, version)
    return visit.see_other(f"{PATH}/versions/{version.hex()}", visit.say(FETCHED))


async def open_version(visit: Visit) -> web.StreamResponse:
    """Marked pages or the file, after the reading was signed."""
    form, member, version = await visit.form(), visit.member, visit.path_hash("version")
    await visit.read(lambda tx: receiving.look(tx, member, version))
    carrier, person = courier(visit.context), visit.who.user.name
    if form.value("how") == How.VIEW.value:
        made = await preview(visit.context, carrier, member, version, person)
        headers = {"Cache-Control": "no-store", "Content-Disposition": "inline", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=made.body, content_type=made.media_type, headers=headers)
    return await download(visit.request, carrier, member, version, person)


PAGES = (
    Page("GET", PATH, "drawings.read", index),
    Page("GET", f"{PATH}/new", "drawings.write", new),
    Page("POST", f"{PATH}/new", "drawings.write", publish, streams=True),
    Page("GET", f"{PATH}/{{drawing}}", "drawings.read", show),
    Page("GET", f"{PATH}/{{drawing}}/next", "drawings.write", next_form),
    Page("POST", f"{PATH}/{{drawing}}/next", "drawings.write", publish, streams=True),
    Page("POST", f"{PATH}/{{drawing}}/readers", "drawings.write", allow),
    Page("POST", f"{PATH}/{{drawing}}/withdraw", "drawings.write", withdraw),
    Page("GET", f"{PATH}/versions/{{version}}", "drawings.read", look),
    Page("POST", f"{PATH}/versions/{{version}}/fetch", "drawings.read", fetch),
    Page("POST", f"{PATH}/versions/{{version}}/open", "drawings.read", open_version),
)
