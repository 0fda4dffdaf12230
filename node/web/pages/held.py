"""保留: papers with a number that was used before. The first and the second side by side; an owner decides.

Owns these pages only; what a decision does is ``services.held``.
"""

from __future__ import annotations

from typing import NamedTuple

from aiohttp import web

from node.i18n import N_
from node.services import dealings, held, reading
from node.services.reading import View
from node.services.transaction import Tx
from node.web.forms import Form
from node.web.page import Page
from node.web.paperview import Shown, shown
from node.web.visit import Visit
from protocol.errors import CallerFault, ImpossibleStep, NotFound
from protocol.process.trade.papers import Paper

PATH = "/held"
MOST = 50
MAX_REASON_CHARS = 500


class Side(NamedTuple):
    """One of two papers with the same number. ``content`` None: it cannot be shown here."""

    view: View
    content: Shown | None


class Pair(NamedTuple):
    """``first`` None: what came first is not this member's to see, or is the paper itself. ``same``: word for word."""

    first: Side | None
    second: Side
    same: bool


async def index(visit: Visit) -> web.StreamResponse:
    """All that wait, oldest first."""
    return await _index(visit, Form.empty(visit.say))


async def _index(visit: Visit, form: Form, wrong: str = "", status: int = 200) -> web.Response:
    member, house = visit.member, visit.context.house
    pairs = await visit.read(lambda tx: [_pair(visit, tx, member, item) for item in held.waiting(tx, member, MOST)])
    if not visit.by_itself and await visit.read(lambda tx: bool(tx.notices.count(member))):
        await visit.write(lambda tx: tx.notices.opened_kind(member, "held", house.clock()))
    return visit.render("held.html", status=status, pairs=pairs, form=form, wrong=wrong, most=MAX_REASON_CHARS)


def _pair(visit: Visit, tx: Tx, member: bytes, item: held.Held) -> Pair:
    second, paper = _side(visit, tx, member, item.holding.document)
    if item.first == item.holding.document or tx.holdings.get(member, item.first) is None:
        return Pair(None, second, same=False)
    first, before = _side(visit, tx, member, item.first)
    return Pair(first, second, same=paper is not None and paper == before)


def _side(visit: Visit, tx: Tx, member: bytes, document: bytes) -> tuple[Side, Paper | None]:
    full = reading.full(tx, member, document)
    paper = dealings.paper_of(full.stored)
    return Side(full.view, None if paper is None else shown(paper, visit.say)), paper


async def decide(visit: Visit) -> web.StreamResponse:
    """Let it count, or not; the reason goes to the partner with a refusal."""
    member, document, house, who = visit.member, visit.path_hash("document"), visit.context.house, visit.who
    form = await visit.form()
    choice = form.choice("decision", visit.say(N_("Decision")), (held.APPLY, held.REFUSE))
    refuses = choice == held.REFUSE
    note = form.text("note", visit.say(N_("Reason")), required=refuses, most=MAX_REASON_CHARS)

    def work(tx: Tx) -> tuple[str, frozenset[bytes]]:
        number = reading.require(tx, member, document).business_key
        return number, held.decide(house, tx, member, document, choice, f"user:{who.user.name}", note)

    if not form.ok:
        await visit.read(lambda tx: reading.require(tx, member, document))
        return await _index(visit, form, document.hex(), 422)
    try:
        number, news = await visit.write(work)
    except NotFound:
        raise
    except (CallerFault, ImpossibleStep) as fault:
        if fault.code == "decided":
            return visit.see_other(PATH, visit.say(N_("Somebody has decided this already.")))
        form.wrong("", N_("This cannot be decided now: {why}"), why=str(fault))
        return await _index(visit, form, document.hex(), 409)
    if news:
        visit.context.news(news)
    done = N_("{number} counts now, beside the first.") if not refuses else N_("{number} does not count.")
    return visit.see_other(PATH, visit.say(done, number=number))


PAGES = (
    Page("GET", PATH, "dealings.read", index),
    Page("POST", f"{PATH}/{{document}}", "held.decide", decide),
)
