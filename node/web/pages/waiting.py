"""控えを待つ: an owner decides, for each kind of document, whether it waits for its copies before it leaves.

What the choices do is :mod:`node.services.guarding.patience`; the same as `yui guardian policy`.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from node import words
from node.i18n import N_
from node.services import access
from node.services.guarding import patience, settings
from node.services.transaction import Tx
from node.web.forms import Form
from node.web.page import Page
from node.web.visit import Visit
from protocol.errors import CallerFault
from protocol.process.trade import papers

PATH: Final = "/settings/waiting"
USUAL: Final = "usual"
WAYS: Final = {
    USUAL: N_("wait for copies, five seconds at most (usual)"),
    patience.STRICT: N_("send only when there are copies"),
    patience.AT_ONCE: N_("send without waiting for copies"),
}
NO_COPIES: Final = N_("No other association keeps copies of your papers: there is nothing to wait for.")
KINDS: Final = tuple(papers.TYPE_OF.values())


async def index(visit: Visit) -> web.StreamResponse:
    """Every kind with what was chosen."""
    chosen = await visit.read(lambda tx: settings.policies(tx, visit.member))
    return await _page(visit, Form.of(visit.say, {kind: chosen.get(kind, USUAL) for kind in KINDS}))


async def _page(visit: Visit, form: Form, status: int = 200) -> web.Response:
    row = await visit.read(lambda tx: tx.guarding.get(visit.member))
    kinds = [(kind, words.paper(kind, visit.say)) for kind in KINDS]
    ways = [(name, visit.say(text)) for name, text in WAYS.items()]
    return visit.render(
        "settings/waiting.html", status=status, form=form, kinds=kinds, ways=ways, guarded=row is not None
    )


async def choose(visit: Visit) -> web.StreamResponse:
    """All kinds at once."""
    form, member, house, who = await visit.form(), visit.member, visit.context.house, visit.who
    wanted = {kind: form.choice(kind, words.paper(kind, visit.say), WAYS) for kind in KINDS}

    def work(tx: Tx) -> None:
        settings.set_policies(house, tx, member, {kind: way for kind, way in wanted.items() if way != USUAL})
        access.note(house, tx, "waiting-changed", member=member, user=who.user, address=visit.address)

    if form.ok:
        try:
            await visit.write(work)
        except CallerFault:
            form.wrong("", NO_COPIES)
    if form.ok:
        return visit.see_other(PATH, visit.say(N_("Saved.")))
    return await _page(visit, form, status=422)


PAGES = (
    Page("GET", PATH, "copies.wait", index),
    Page("POST", PATH, "copies.wait", choose),
)
