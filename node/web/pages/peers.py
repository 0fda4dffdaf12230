"""連携団体: the other associations: their lights, what waits for them, connecting, testing. The same as `yui peer`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from node.i18n import N_
from node.services import access, association
from node.web.forms import Form
from node.web.page import Page
from node.web.visit import Visit
from protocol.errors import CallerFault, NotFound, PeerFault, WorldFault, YuiError

BASE: Final = "/association/peers"
LIGHTS: Final = {
    "green": N_("connected"),
    "yellow": N_("waiting"),
    "red": N_("cannot be reached"),
    "grey": N_("not connected"),
}
STEPS: Final = {
    "name": N_("1. Its address is found"),
    "address": N_("2. The address may be used"),
    "connect": N_("3. It can be connected to"),
    "tls": N_("4. It is the one that we know"),
    "answer": N_("5. It understands us"),
    "clock": N_("6. Its clock agrees with ours"),
}
UNREACHED: Final = N_("{address} does not answer. Check the address, and whether the other server runs.")
NO_OFFICE: Final = N_("This server does not speak with others at the moment.")
ACTS: Final = ("refuse", "block", "unblock", "retry")


async def index(visit: Visit) -> web.StreamResponse:
    """All of them."""
    return await _page(visit, Form.empty(visit.say))


async def _page(visit: Visit, form: Form, status: int = 200, checked: Any = None) -> web.Response:
    house = visit.context.house
    found = await visit.read(lambda tx: association.peers(house, tx))
    return visit.render(
        "association/peers.html", status=status, form=form, peers=found, lights=LIGHTS, checked=checked, steps=STEPS
    )


async def invite(visit: Visit) -> web.StreamResponse:
    """Exchange introductions with another association's server."""
    _, form = visit.say, await visit.form()
    address = form.text("address", _("Address of the other server"), most=300)
    if form.ok:
        await _try(visit, form, "address", lambda: _office(visit).invite(address), address)
    if form.ok:
        await _note(visit, f"invite {address}")
        return visit.see_other(BASE, _("Now both sides compare the code by telephone."))
    return await _page(visit, form, status=422)


async def accept(visit: Visit) -> web.StreamResponse:
    """The codes are the same."""
    _, form, node = visit.say, await visit.form(), visit.path("node")
    code = form.text("code", _("Code"), most=20)
    if form.ok:
        await _try(visit, form, "code", lambda: _office(visit).accept(node, code), node[:12])
    if form.ok:
        await _note(visit, f"accept {node[:12]}")
        return visit.see_other(BASE, _("Accepted. When the other side accepts too, papers go through."))
    return await _page(visit, form, status=422)


async def act(visit: Visit) -> web.StreamResponse:
    """Refuse, block, unblock, or try again now."""
    _, form, node = visit.say, await visit.form(), visit.path("node")
    word = form.choice("act", _("Act"), ACTS)
    if form.ok:
        await _try(visit, form, "", lambda: getattr(_office(visit), word)(node), node[:12])
    if form.ok:
        await _note(visit, f"{word} {node[:12]}")
        return visit.see_other(BASE, _("Done."))
    return await _page(visit, form, status=422)


async def check(visit: Visit) -> web.StreamResponse:
    """つながりを確かめる: step by step."""
    form, node = await visit.form(), visit.path("node")
    await visit.site.limit(visit, "check", 10, key="node")
    found: list[Any] = []

    async def run() -> None:
        found.append(await _office(visit).check(node))

    await _try(visit, form, "", run, node[:12])
    return await _page(visit, form, 200 if form.ok else 422, checked=found[0] if found else None)


def _office(visit: Visit) -> Any:
    """The running node's peer desk (:class:`node.api.admin.peers.PeerOffice`)."""
    if visit.context.peers is None:
        raise WorldFault("not running", code="not-running")
    return visit.context.peers


async def _try(visit: Visit, form: Form, field: str, work: Callable[[], Awaitable[object]], address: str) -> None:
    """Do it; what goes wrong stands beside the field."""
    try:
        await work()
    except NotFound:
        raise
    except CallerFault as fault:
        form.wrong(field, fault.rule)
    except WorldFault as fault:
        form.wrong(field, NO_OFFICE if fault.code == "not-running" else UNREACHED, address=address)
    except PeerFault as fault:
        form.wrong(field, str(fault))
    except YuiError as fault:
        form.wrong(field, str(fault))


async def _note(visit: Visit, detail: str) -> None:
    house, who, address = visit.context.house, visit.who, visit.address
    await visit.write(
        lambda tx: access.note(house, tx, "peer-changed", member=None, user=who.user, detail=detail, address=address)
    )


PAGES = (
    Page("GET", BASE, "association.peers", index),
    Page("POST", BASE, "association.peers", invite),
    Page("POST", f"{BASE}/{{node}}/accept", "association.peers", accept),
    Page("POST", f"{BASE}/{{node}}/act", "association.peers", act),
    Page("POST", f"{BASE}/{{node}}/check", "association.peers", check),
)
