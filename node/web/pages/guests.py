"""相手先(会員外): partners without a node: adding them, links to their page, and the association's button for them."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from aiohttp import web

from node.i18n import N_
from node.services import guests, printing
from node.services.desk import dealing as desk
from node.services.directory import Profile
from node.services.guests import Addresses, Guest, Issued
from node.services.members import Enrolled
from node.services.transaction import Tx
from node.web.forms import Form
from node.web.links import absolute, qr
from node.web.page import Page
from node.web.visit import Visit
from protocol.errors import CallerFault, NotFound

#: Field of the form → label, kind, longest text.
FIELDS: Final = (
    ("person", N_("Contact person"), "text", 100),
    ("postal", N_("Postal address"), "text", 200),
    ("telephone", N_("Telephone"), "tel", 40),
    ("fax", N_("FAX"), "tel", 40),
    ("email", N_("E-mail"), "email", 200),
    ("registration_number", N_("Registration number"), "text", 14),
)
SAVED: Final = N_("Saved: {name}.")
ASKED: Final = N_("Your association was asked to enrol {name}.")


# --- at the member that added them


async def index(visit: Visit) -> web.StreamResponse:
    """The member's partners without a node."""
    member = visit.member
    found = await visit.read(lambda tx: guests.of(tx, member))
    return visit.render("guest/index.html", found=found, may_write=visit.allows("partners.write"))


async def edit(visit: Visit) -> web.StreamResponse:
    """A new one, or (``?guest=``) one to change."""
    form, known = await visit.form(), await _known(visit, visit.query.get("guest", ""))
    if known is not None and not form.values:
        values: dict[str, Any] = {name: getattr(known.addresses, name) for name, *_ in FIELDS}
        form = Form.of(visit.say, {"name": known.row.name, "guest": known.row.guest.hex()} | values)
    return _form_page(visit, form, known)


def _form_page(visit: Visit, form: Form, known: Guest | None, status: int = 200) -> web.StreamResponse:
    return visit.render("guest/edit.html", status=status, form=form, known=known, fields=FIELDS)


async def _known(visit: Visit, text: str) -> Guest | None:
    member = visit.member
    if not text:
        return None
    try:
        wanted = bytes.fromhex(text)
    except ValueError:
        raise NotFound("guest", "no such partner") from None
    return await visit.read(lambda tx: guests.require(tx, member, wanted))


async def keep(visit: Visit) -> web.StreamResponse:
    """Add a partner, or change one."""
    form, house, member, who = await visit.form(), visit.context.house, visit.member, visit.who
    known = await _known(visit, form.value("guest"))
    name = form.text("name", visit.say(N_("Name of the firm")), most=guests.MAX_NAME_CHARS)
    typed = {
        field: form.text(field, visit.say(label), required=False, most=most) for field, label, _kind, most in FIELDS
    }
    if not form.ok:
        return _form_page(visit, form, known, 422)
    addresses = Addresses(**typed)

    def work(tx: Tx) -> bytes:
        if known is None:
            return guests.add(house, tx, member, name, addresses, by=who.user)
        guests.change(house, tx, member, known.row.guest, name, addresses)
        return known.row.guest

    try:
        guest = await visit.write(work)
    except NotFound:
        raise
    except CallerFault as fault:
        form.refuse(fault)
        return _form_page(visit, form, known, 422)
    return visit.see_other(f"/partners/{guest.hex()}", visit.say(SAVED, name=name))


async def ask(visit: Visit) -> web.StreamResponse:
    """Ask the association to enrol one."""
    house, member, guest = visit.context.house, visit.member, visit.path_hash("partner")
    name = (await visit.read(lambda tx: guests.require(tx, member, guest))).row.name
    await visit.write(lambda tx: guests.ask_enrolment(house, tx, member, guest))
    return visit.see_other(f"/partners/{guest.hex()}", visit.say(ASKED, name=name))


# --- the link to a dealing


async def issue(visit: Visit) -> web.StreamResponse:
    """A new link, shown once, with what to print and what to write in a mail."""
    house, member, thread, who, address = (
        visit.context.house, visit.member, visit.path_hash("thread"), visit.who, visit.address
    )  # fmt: skip

    def work(tx: Tx) -> tuple[Issued, desk.Dealing, Guest]:
        made = guests.issue(house, tx, member, thread, by=who.user, address=address)
        found = desk.open_dealing(tx, member, thread)
        return made, found, guests.require(tx, member, found.row.partner)

    made, found, guest = await visit.write(work)
    link = absolute(visit, made.path)
    return visit.render(
        "guest/link.html", status=201, made=made, link=link, picture=qr(link), dealing=found, guest=guest,
        printable=_printable(found),
    )  # fmt: skip


def _printable(found: desk.Dealing) -> bytes | None:
    """The latest paper of ours that asks for something."""
    kinds = ("order", "request_for_quotation", "order_change", "order_cancellation")
    mine = (entry.view.holding for entry in found.timeline if entry.mine and entry.paper is not None)
    return next((holding.document for holding in mine if holding.type in kinds), None)


async def printed(visit: Visit) -> web.StreamResponse:
    """A paper of the dealing with the link as QR code: for FAX, or (``mail``) to attach."""
    form, house, member, thread = await visit.form(), visit.context.house, visit.member, visit.path_hash("thread")
    secret, now = form.value("secret"), house.clock()
    link = absolute(visit, guests.PATH + secret)
    wish = printing.Wish(language=visit.language, fax=form.value("paper") != "mail", link=link)

    def work(tx: Tx) -> Any:
        guests.check_secret(tx, member, thread, secret, now)
        document = _printable(desk.open_dealing(tx, member, thread))
        if document is None:
            raise NotFound("document", "no such document")
        return printing.prepare(house, tx, member, document, wish)

    paper, context = await visit.read(work)
    content = await asyncio.to_thread(visit.context.pdf.render, paper, context)
    headers = {"Content-Disposition": f'inline; filename="{paper.number}.pdf"'}
    return web.Response(body=content, content_type="application/pdf", headers=headers)


async def revoke(visit: Visit) -> web.StreamResponse:
    """Make the link of a dealing useless."""
    house, member, thread, who, address = (
        visit.context.house, visit.member, visit.path_hash("thread"), visit.who, visit.address
    )  # fmt: skip
    await visit.write(lambda tx: guests.revoke(house, tx, member, thread, by=who.user, address=address))
    return visit.see_other(f"/dealings/{thread.hex()}", visit.say(N_("The link was withdrawn.")))


# --- at the association


async def waiting(visit: Visit) -> web.StreamResponse:
    """Partners outside the association that could be enrolled, those that were asked for first."""
    found = await visit.read(guests.waiting)
    return visit.render("guest/waiting.html", found=found, form=Form.empty(visit.say))


async def enrol(visit: Visit) -> web.StreamResponse:
    """Enrol one with its history: its 24 words are on this page and nowhere else."""
    house, guest, who, address = visit.context.house, visit.path_hash("guest"), visit.who, visit.address

    def work(tx: Tx) -> tuple[Enrolled, str]:
        found = guests.of_node(tx, guest)
        profile = Profile(name=found.row.name, registration_number=found.addresses.registration_number)
        return guests.enrol(house, tx, guest, profile, by=who.user, address=address), found.row.name

    made, name = await visit.write(work)
    return visit.render("association/words.html", status=201, words24=made.words, member=made.member, name=name)


PAGES = (
    Page("GET", "/partners/outside", "partners.read", index),
    Page("GET", "/partners/outside/edit", "partners.write", edit),
    Page("POST", "/partners/outside/edit", "partners.write", keep),
    Page("POST", "/partners/{partner}/enrol", "partners.write", ask),
    Page("POST", "/dealings/{thread}/link", "dealings.write", issue),
    Page("POST", "/dealings/{thread}/link/paper", "dealings.write", printed),
    Page("POST", "/dealings/{thread}/link/revoke", "dealings.write", revoke),
    Page("GET", "/association/guests", "association.members", waiting),
    Page("POST", "/association/guests/{guest}/enrol", "association.members", enrol),
)
