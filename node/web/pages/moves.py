"""移動: an owner asks for a code to go to another association; staff take members in, and see who comes, goes, returns.

The 24 words are never typed here: they are used at the association's computer, by the command line, and kept nowhere.
"""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from node.i18n import N_
from node.services import claiming, welcoming
from node.services.moving import arriving, leaving, overview
from node.services.transaction import Tx
from node.web.forms import Form
from node.web.page import Page
from node.web.visit import Visit
from protocol.errors import CallerFault, NotFound, YuiError
from protocol.keys import NodeId

STAFF: Final = "/association/moves"
OWNER: Final = "/settings/move"
CODES_PER_MINUTE: Final = 5
#: A move, as people read it.
STATES: Final = {
    "asked": N_("waits for the code to be said there"),
    "copying": N_("being copied"),
    "ready": N_("everything is there: the member's words are wanted"),
    "switched": N_("moved; the new home puts things in order"),
    "forwarding": N_("moved; this node tells whoever still comes"),
    "open": N_("at home here"),
    "settled": N_("at home here"),
    "forgotten": N_("moved; removed here"),
    "cancelling": N_("being cancelled"),
    "cancelled": N_("cancelled"),
}
RETURNS: Final = {
    claiming.State.BEGUN.value: N_("waits for a signature"),
    claiming.State.READING.value: N_("being read from its guardians"),
    claiming.State.CLAIMING.value: N_("guardians are deciding"),
    claiming.State.OPEN.value: N_("at home here"),
    claiming.State.LOST.value: N_("came back elsewhere"),
}
#: A page for the 24 words, as people read it.
PAGES_GIVEN: Final = {
    "open": N_("not used yet"),
    "begun": N_("words typed"),
    "locked": N_("locked: wrong words five times"),
}
WRONG_CODE: Final = N_("This code is not right, has expired, or was used. Compare the digits by telephone.")
SILENT: Final = N_("The other server does not answer. Try again when it runs.")


async def index(visit: Visit) -> web.StreamResponse:
    """Who comes, who goes, who returns."""
    return await _staff_page(visit, Form.empty(visit.say))


async def _staff_page(visit: Visit, form: Form, status: int = 200) -> web.Response:
    house = visit.context.house

    def work(tx: Tx) -> dict[str, Any]:
        rows = tx.members.get_many([row.member for row in tx.returning.all()])
        return {
            "coming": overview.coming_of(house, tx),
            "leaving": overview.leaving_of(house, tx),
            "returning": [
                (rows[row.member].name if row.member in rows else "", row)
                for row in tx.returning.all()
                if row.state in RETURNS and tx.moving.coming(row.member) is None
            ],
            "given": welcoming.given(house, tx),
            "peers": _peers(tx),
        }

    found = await visit.read(work)
    return visit.render(
        "association/moves.html",
        status=status,
        form=form,
        states=STATES,
        returns=RETURNS,
        pages=PAGES_GIVEN,
        most_wrong=welcoming.MAX_WRONG,
        **found,
    )


def _peers(tx: Tx) -> list[tuple[str, str]]:
    return [(row.node.hex(), row.name or row.node.hex()[:12]) for row in tx.peers.all("accepted")]


async def take_in(visit: Visit) -> web.StreamResponse:
    """A code that the other association read out."""
    await visit.site.limit(visit, "move", CODES_PER_MINUTE, key="node")
    form = await visit.form()
    peers = await visit.read(_peers)
    source = form.choice("source", visit.say(N_("Association where the member is now")), [node for node, _ in peers])
    code = form.text("code", visit.say(N_("Code of eight digits")), most=20)
    if form.ok:
        try:
            if visit.context.moves is None:
                raise CallerFault("code", SILENT)
            await visit.context.moves.come(NodeId(bytes.fromhex(source)), code, visit.who.user.name)
        except YuiError as fault:
            form.wrong("code", WRONG_CODE if fault.code == "wrong-code" else _sentence(fault))
    if form.ok:
        return visit.see_other(STAFF, visit.say(N_("The member is being copied. You can leave this page.")))
    return await _staff_page(visit, form, status=422)


def _sentence(fault: YuiError) -> str:
    return fault.rule if isinstance(fault, CallerFault) else SILENT


async def stop(visit: Visit) -> web.StreamResponse:
    """Cancel a move in either direction."""
    form, member = await visit.form(), _id(visit.path("member"))
    name, house = visit.who.user.name, visit.context.house

    def work(tx: Tx) -> None:
        coming = tx.moving.coming(member)
        if coming is not None and not arriving.is_over(coming):
            arriving.want_cancel(house, tx, member, name)
        else:
            leaving.cancel(house, tx, member, name)

    try:
        await visit.write(work)
    except NotFound:
        raise
    except CallerFault as fault:
        form.wrong("", fault.rule)
        return await _staff_page(visit, form, status=422)
    return visit.see_other(STAFF, visit.say(N_("Cancelled: everything stays as it was.")))


def _id(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise NotFound("member", "no such member") from None


# --- the owner


async def own(visit: Visit) -> web.StreamResponse:
    """Where to, and how far it has come."""
    return await _own_page(visit, Form.empty(visit.say))


async def _own_page(visit: Visit, form: Form, status: int = 200, given: Any = None) -> web.Response:
    member, house = visit.member, visit.context.house
    found = await visit.read(lambda tx: (overview.leaving_one(house, tx, member), _peers(tx)))
    return visit.render(
        "settings/move.html", status=status, form=form, move=found[0], peers=found[1], states=STATES, given=given
    )


async def ask(visit: Visit) -> web.StreamResponse:
    """A code, shown once."""
    form, member, house = await visit.form(), visit.member, visit.context.house
    peers = await visit.read(_peers)
    to = form.choice("to", visit.say(N_("Association that takes you in")), [node for node, _ in peers])
    await visit.site.limit(visit, "move", CODES_PER_MINUTE, key=member.hex())
    given = None
    if form.ok:
        try:
            name = visit.who.user.name
            given = await visit.write(lambda tx: leaving.ask(house, tx, member, bytes.fromhex(to), name))
        except CallerFault as fault:
            form.wrong("to", fault.rule)
    return await _own_page(visit, form, 200 if form.ok else 422, given)


async def stay(visit: Visit) -> web.StreamResponse:
    """Cancel."""
    form, member, house = await visit.form(), visit.member, visit.context.house
    try:
        name = visit.who.user.name
        await visit.write(lambda tx: leaving.cancel(house, tx, member, name))
    except CallerFault as fault:
        form.wrong("", fault.rule)
        return await _own_page(visit, form, status=422)
    return visit.see_other(OWNER, visit.say(N_("Cancelled: everything stays as it was.")))


PAGES = (
    Page("GET", STAFF, "association.moves", index),
    Page("POST", STAFF, "association.moves", take_in),
    Page("POST", f"{STAFF}/{{member}}/cancel", "association.moves", stop),
    Page("GET", OWNER, "move.ask", own),
    Page("POST", OWNER, "move.ask", ask),
    Page("POST", f"{OWNER}/cancel", "move.ask", stay),
)
