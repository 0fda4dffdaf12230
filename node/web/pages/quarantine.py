"""確認待ち: what associations sent and could not be taken. The same facts and acts as `yui quarantine`.

Staff see the sender, the size and why; what is in a record nobody could read, so no page shows it.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from node import words
from node.i18n import N_
from node.services import access, quarantine
from node.services.transaction import Tx
from node.web.page import Page
from node.web.visit import Visit
from protocol.errors import CallerFault, NotFound
from protocol.link.receipt import Verdict

PATH = "/association/quarantine"
STATES = (
    (quarantine.OPEN, N_("Waiting")),
    (quarantine.RETRIED, N_("Taken later")),
    (quarantine.DROPPED, N_("Dropped")),
)
ROWS = 50


async def index(visit: Visit) -> web.StreamResponse:
    """The list, oldest first."""
    state = visit.query.get("state", quarantine.OPEN)
    after = visit.query.get("after", "0")
    cursor = int(after) if after.isdecimal() and len(after) < 16 else 0

    def work(tx: Tx) -> dict[str, Any]:
        return {
            "rows": quarantine.listed(tx, state, cursor, ROWS),
            "names": {row.node: row.name for row in tx.peers.all()},
        }

    found = await visit.read(work)
    more = found["rows"][-1].id if len(found["rows"]) == ROWS else 0
    return visit.render("association/quarantine.html", state=state, states=STATES, more=more, **found)


def _number(visit: Visit) -> int:
    text = visit.path("number")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise NotFound("number", "no such record")
    return int(text)


async def retry(visit: Visit) -> web.StreamResponse:
    """Judge it again, as if it came now."""
    number, house, who, address = _number(visit), visit.context.house, visit.who.user, visit.address

    def work(tx: Tx) -> quarantine.Retried:
        access.note(house, tx, "quarantine-retried", member=None, user=who, detail=str(number), address=address)
        return quarantine.retry(house, tx, number)

    try:
        done = await visit.write(work)
    except NotFound:
        raise
    except CallerFault:
        return visit.see_other(PATH, visit.say(N_("Somebody has decided this already.")))
    if done.verdict == Verdict.QUARANTINED.value:
        return visit.see_other(PATH, visit.say(N_("It still cannot be taken: {why}"), why=done.reason))
    word = words.verdict(done.verdict, visit.say)
    return visit.see_other(PATH, visit.say(N_("It was taken: {verdict}."), verdict=word))


async def drop(visit: Visit) -> web.StreamResponse:
    """Put it aside for good; its bytes stay as evidence."""
    number, house, who, address = _number(visit), visit.context.house, visit.who.user, visit.address

    def work(tx: Tx) -> None:
        quarantine.drop(tx, number)
        access.note(house, tx, "quarantine-dropped", member=None, user=who, detail=str(number), address=address)

    try:
        await visit.write(work)
    except NotFound:
        raise
    except CallerFault:
        return visit.see_other(PATH, visit.say(N_("Somebody has decided this already.")))
    return visit.see_other(PATH, visit.say(N_("Put aside. It stays in the store as evidence.")))


PAGES = (
    Page("GET", PATH, "association.safety", index),
    Page("POST", f"{PATH}/{{number}}/retry", "association.safety", retry),
    Page("POST", f"{PATH}/{{number}}/drop", "association.safety", drop),
)
