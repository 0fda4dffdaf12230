"""A paper of other software (UBL, SME Common EDI) brought as a file: shown as the paper it is, then sent.

Owns that page only. Whom it is for and which dealing it belongs to is ``services.routing``'s; sending is
``services.trade``'s. XML is read in a process of its own, each time anew from the file.
"""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple

from aiohttp import web

from node import words
from node.i18n import N_
from node.papers.ubl.reading import Reading
from node.services import reading as names
from node.services import routing, trade
from node.services.importing import uploads
from node.services.transaction import Tx
from node.web.forms import Form
from node.web.paperview import shown
from node.web.visit import Visit
from protocol.errors import CallerFault
from protocol.process.trade.papers import TYPE_OF, Personal

SENT: Final = N_("Sent: {paper} {number}. It turns to “arrived at partner” when it gets there.")


class Meant(NamedTuple):
    """Where a paper would go. ``fault``: why that is not known."""

    to: bytes
    name: str
    thread: bytes
    fault: str


async def bring(visit: Visit, xml: bytes, name: str) -> bytes:
    """Keep a file that can be read; its id."""
    house, member, user = visit.context.house, visit.member, visit.who.user.name
    await asyncio.to_thread(visit.context.ubl.read, xml)
    row = await visit.write(lambda tx: uploads.bring_paper(house, tx, member, user, name, xml))
    return row.id


async def show(visit: Visit, row: uploads.Kept, form: Form | None = None, status: int = 200) -> web.StreamResponse:
    """The paper, what of it was not understood, and whom it would go to."""
    found = await asyncio.to_thread(visit.context.ubl.read, row.data)
    typed = form or Form.empty(visit.say)
    member = visit.member
    meant = await visit.read(lambda tx: _meant(tx, member, found, typed.value("to")))
    if meant.fault and not typed.errors:
        typed.wrong("to", meant.fault)
    return visit.render(
        "imports/paper.html",
        status=status,
        form=typed,
        base=f"/import/{row.id.hex()}",
        name=row.name,
        kind=TYPE_OF[type(found.body)],
        number=found.body.number,
        paper=shown(found.body, visit.say),
        warnings=found.warnings,
        personal=found.personal != Personal(),
        meant=meant,
        before=await visit.read(lambda tx: uploads.sent_before(tx, row)),
    )


def _meant(tx: Tx, member: bytes, found: Reading, to: str) -> Meant:
    try:
        recipient = routing.recipient(tx, found.body, to)
        thread = routing.thread_of(tx, member, recipient, found.body)
    except CallerFault as fault:
        return Meant(b"", "", b"", fault.rule)
    return Meant(recipient, names.names_of(tx, (recipient,)).get(recipient, recipient.hex()[:12]), thread, "")


async def act(visit: Visit, row: uploads.Kept, form: Form) -> web.StreamResponse:
    """Send the paper as it was shown."""
    if form.value("action") != "send":
        return await show(visit, row, form)
    house, member = visit.context.house, visit.member
    found = await asyncio.to_thread(visit.context.ubl.read, row.data)

    def work(tx: Tx) -> trade.Outcome:
        to = routing.recipient(tx, found.body, form.value("to"))
        thread = routing.thread_of(tx, member, to, found.body)
        personal = None if found.personal == Personal() else found.personal
        outcome = trade.submit(house, tx, member, [trade.Submission(to, found.body, personal, thread)])
        uploads.paper_sent(house, tx, row)
        return outcome

    try:
        outcome = await visit.write(work)
    except CallerFault as fault:
        form.wrong("", fault.rule)
        return await show(visit, row, form, 422)
    word = words.paper(TYPE_OF[type(found.body)], visit.say)
    thread = outcome.submitted[0].thread
    return visit.see_other(f"/dealings/{thread.hex()}", visit.say(SENT, paper=word, number=found.body.number))
