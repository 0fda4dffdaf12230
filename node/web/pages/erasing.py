"""個人情報の消去: what would go of a paper, what stays and until when; asking for it; what was asked so far."""

from __future__ import annotations

from aiohttp import web

from node.i18n import N_
from node.services import reading
from node.services.erasing import asking
from node.services.transaction import Tx
from node.web.page import Page
from node.web.visit import Visit
from protocol.errors import CallerFault, ImpossibleStep

LIST = "/settings/erasures"


async def index(visit: Visit) -> web.StreamResponse:
    """What was asked for, by this firm and by its partners."""
    member, house = visit.member, visit.context.house

    def work(tx: Tx) -> list[tuple[object, object, object]]:
        rows = asking.listed(tx, member)
        views = {}
        for row in rows:
            held = tx.holdings.get(member, row.document)
            if held is not None:
                views[row.document] = reading.views(tx, member, [held])[0]
        return [(row, views.get(row.document), asking.copies_of(house, tx, row)) for row in rows]

    rows = await visit.read(work)
    return visit.render("settings/erasures.html", rows=rows)


async def show(visit: Visit) -> web.StreamResponse:
    """What would become of one paper."""
    return await _show(visit)


async def _show(visit: Visit, wrong: str = "", status: int = 200) -> web.StreamResponse:
    house, member, document = visit.context.house, visit.member, visit.path_hash("document")

    def work(tx: Tx) -> tuple[asking.Look, reading.View, bool]:
        seen = asking.look(house, tx, member, document)
        return seen, reading.views(tx, member, [seen.holding])[0], asking.is_guarded(tx, member)

    seen, view, guarded = await visit.read(work)
    return visit.render(
        "dealings/erasure.html",
        status=status,
        seen=seen,
        view=view,
        wrong=wrong,
        guarded=guarded,
    )


async def ask(visit: Visit) -> web.StreamResponse:
    """Erase it here and ask the partner; or say which rule keeps it."""
    await visit.form()
    house, member, document, who = visit.context.house, visit.member, visit.path_hash("document"), visit.who
    try:
        row = await visit.write(
            lambda tx: asking.ask(
                house, tx, member, document, by=f"user:{who.user.name}", user=who.user, address=visit.address
            )
        )
    except (CallerFault, ImpossibleStep) as fault:
        if fault.code == "not-found":
            raise
        return await _show(visit, visit.say(fault.rule), 422)
    done = (
        N_("Erased here. The partner has been asked.")
        if row.state == asking.State.ERASED.value
        else N_("Not erased: the paper still has to be kept.")
    )
    return visit.see_other(f"/documents/{document.hex()}/erasure", visit.say(done))


PAGES = (
    Page("GET", LIST, "erasure.ask", index),
    Page("GET", "/documents/{document}/erasure", "erasure.ask", show),
    Page("POST", "/documents/{document}/erasure", "erasure.ask", ask),
)
