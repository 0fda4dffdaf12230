"""招待状: the letter with a one-time link as QR code, for one member or for all that nobody can log in for yet."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from aiohttp import web

from node.i18n import N_
from node.papers.pdf import Letter
from node.services import letters
from node.services.letters import Addressed
from node.services.transaction import Tx
from node.web.forms import Form
from node.web.links import absolute
from node.web.page import Page
from node.web.visit import Visit
from protocol.errors import CallerFault, NotFound

BASE: Final = "/association/letters"
NOBODY: Final = N_("Choose at least one member.")


async def index(visit: Visit) -> web.StreamResponse:
    """Members whom nobody can log in for."""
    return await _page(visit, Form.empty(visit.say))


async def _page(visit: Visit, form: Form, status: int = 200) -> web.StreamResponse:
    house = visit.context.house
    found = await visit.read(lambda tx: letters.waiting(house, tx))
    return visit.render("association/letters.html", status=status, found=found, form=form)


async def print_all(visit: Visit) -> web.StreamResponse:
    """One PDF with a letter for each that was ticked; their links are made now."""
    house, who, address, form = visit.context.house, visit.who, visit.address, await visit.form()
    wanted = [_id(one) for one in form.all("member")]

    def work(tx: Tx) -> list[Addressed]:
        return letters.invite_all(house, tx, wanted, by=who.user, address=address)

    try:
        made = await visit.write(work)
    except NotFound:
        raise
    except CallerFault as fault:
        form.wrong("member", NOBODY if fault.field == "member" else fault.rule)
        return await _page(visit, form, 422)
    return await _printed(visit, made)


def _id(text: str) -> bytes:
    if len(text) != 64 or any(letter not in "0123456789abcdef" for letter in text):
        raise NotFound("member", "no such member")
    return bytes.fromhex(text)


async def print_one(visit: Visit) -> web.StreamResponse:
    """The letter of a link that was just shown."""
    house, member, form = visit.context.house, visit.path_hash("member"), await visit.form()
    secret = form.value("secret")
    return await _printed(visit, [await visit.read(lambda tx: letters.of_link(house, tx, member, secret))])


async def _printed(visit: Visit, made: Sequence[Addressed]) -> web.StreamResponse:
    house, written = visit.context.house, list[Letter]()
    for to in made:
        written.append(letters.letter(house, to, absolute(visit, to.link.path), visit.language))
    content = await asyncio.to_thread(visit.context.pdf.letters, written)
    headers = {"Content-Disposition": 'inline; filename="invitations.pdf"'}
    return web.Response(body=content, content_type="application/pdf", headers=headers)


PAGES = (
    Page("GET", BASE, "association.members", index),
    Page("POST", BASE, "association.members", print_all),
    Page("POST", "/association/members/{member}/letter", "association.members", print_one),
)
