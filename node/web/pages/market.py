"""いちば: goods and services for sale over all associations, the own suppliers' catalogues beside them, and orders.

Owns what the page shows. What is for sale are offers of the kinds *goods* and *stock*; a catalogue that a supplier sent
stands beside them with its own prices, since what was agreed goes before what is asked of everybody.
"""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from node import units
from node.i18n import N_
from node.services.offers import market
from node.services.transaction import Tx
from node.web.forms import Form
from node.web.page import Page
from node.web.pages.offers import places, row_of, sources
from node.web.render import as_day
from node.web.visit import Visit
from protocol.errors import CallerFault

PATH: Final = "/market"
ROWS: Final = 40
KINDS: Final = {"goods": N_("Goods and services"), "stock": N_("Stock to pass on")}


async def index(visit: Visit) -> web.StreamResponse:
    """What can be bought, with price, least quantity, terms, and how fresh it is."""
    form = Form.of(visit.say, {name: visit.query.get(name, "") for name in ("text", "kind", "area")})
    house, member = visit.context.house, visit.member
    text, area = form.value("text").strip(), form.value("area")
    kinds = (form.value("kind"),) if form.value("kind") in KINDS else tuple(KINDS)
    today = as_day(house.clock()).isoformat()

    def work(tx: Tx) -> dict[str, Any]:
        try:
            found = market.search(house, tx, text, kinds, area, ROWS)
        except CallerFault as fault:
            form.refuse(fault, {"q": "text"})
            found = []
        own = market.catalogues(tx, member, today, text, ROWS) if text and form.ok else []
        return {"rows": [_line(visit, tx, one) for one in found], "own": own, "sources": sources(tx)}

    found = await visit.read(work)
    return visit.render(
        "offers/market.html",
        status=200 if form.ok else 422,
        form=form,
        kinds=[(name, visit.say(word)) for name, word in KINDS.items()],
        places=places(visit),
        unit=lambda code: units.word(code, visit.say),
        narrowed=bool(text or area or form.value("kind")),
        **found,
    )


def _line(visit: Visit, tx: Tx, one: market.ForSale) -> dict[str, Any]:
    details = one.details
    return {
        **row_of(visit, tx, one.row),
        "item": details["item"],
        "price": details.get("price_yen"),
        "unit": units.word(details["unit"], visit.say),
        "quantity": details.get("quantity"),
        "least": details.get("lot_least"),
        "terms": details.get("terms", ""),
        "kept": details.get("best_before", ""),
    }


PAGES = (Page("GET", PATH, "offers.read", index),)
