"""締め: what falls into a month's closing with each partner, what is not billed yet, and sending the invoices of it.

One dealing, one invoice: what was billed in a closing is listed with its sums as PDF and CSV, no signed paper. What is
due at a closing is ``services.closing``; a buyer that bills itself (仕入明細書) has the same page from its side.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any, Final

from aiohttp import web

from node import monthlylist
from node.i18n import N_
from node.papers.pdf import Monthly
from node.services import advising, closing, monthly, terms
from node.services.bankdays import in_month
from node.services.desk import partners
from node.services.transaction import Tx
from node.web.forms import Form
from node.web.page import Page
from node.web.render import as_day
from node.web.visit import Visit
from protocol.errors import CallerFault, NotFound

SENT: Final = N_("Sent: {n} papers. They turn to “arrived at partner” when they get there.")
NOTHING_CHOSEN: Final = N_("Choose at least one dealing.")
NOT_DUE: Final = N_("One of these dealings was billed or changed meanwhile. Look at the list again.")
SIDES: Final = ("sales", "purchases")


def _today(visit: Visit) -> str:
    return as_day(visit.context.house.clock()).isoformat()


def _month(visit: Visit) -> str:
    asked = visit.query.get("month", "")
    return asked if re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", asked) else _today(visit)[:7]


def _beside(month: str, step: int) -> str:
    return in_month(int(month[:4]), int(month[5:7]) + step, 1).isoformat()[:7]


async def index(visit: Visit) -> web.StreamResponse:
    """A month: every partner with something billed or to be billed."""
    member, month, today = visit.member, _month(visit), _today(visit)
    rows = await visit.read(lambda tx: closing.month(tx, member, month, today))
    return visit.render(
        "closing/index.html",
        rows=rows,
        month=month,
        before=_beside(month, -1),
        after=_beside(month, 1),
        may_write=visit.allows("dealings.write"),
    )


def _selling(visit: Visit) -> bool:
    side = visit.path("side")
    if side not in SIDES:
        raise NotFound("side", "no such page")
    return side == "sales"


async def show(visit: Visit) -> web.StreamResponse:
    """One partner's closing."""
    return await _shown(visit, Form.empty(visit.say))


async def _shown(visit: Visit, form: Form, status: int = 200) -> web.Response:
    house, member, partner, selling = visit.context.house, visit.member, visit.path_hash("partner"), _selling(visit)
    month, today = form.value("month") or _month(visit), _today(visit)

    def work(tx: Tx) -> Any:
        partners.look(house, tx, member, partner)
        found = closing.in_month(tx, member, partner, month, today, selling=selling)
        return found, terms.of(tx, member, partner)

    one, agreed = await visit.read(work)
    notes = {row.thread: advising.of_paper(row.invoice) for row in one.found.dealings if row.invoice is not None}
    chosen = set(form.all("thread")) or {row.thread.hex() for row in one.found.dealings if row.agreed and not row.why}
    return visit.render(
        "closing/partner.html",
        status=status,
        form=form,
        one=one,
        agreed=agreed,
        month=month,
        notes=notes,
        chosen=chosen,
        side=visit.path("side"),
        may_write=visit.allows("dealings.write"),
    )


async def statement(visit: Visit) -> web.StreamResponse:
    """What was billed in the closing as one list: a PDF, or a CSV of its lines."""
    house, member, partner, selling = visit.context.house, visit.member, visit.path_hash("partner"), _selling(visit)
    month, language, form = _month(visit), visit.language, visit.path("form")

    def work(tx: Tx) -> list[Monthly]:
        partners.look(house, tx, member, partner)
        return monthly.of_closing(house, tx, member, partner, month, selling=selling, language=language)

    if form not in ("pdf", "csv"):
        raise NotFound("form", "no such form")
    months = await visit.read(work)
    name = f'filename="{month}.{form}"'
    if form == "csv":
        body = monthlylist.csv(months, visit.say)
        headers = {"Content-Disposition": f"attachment; {name}"}
        return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=headers)
    body = await asyncio.to_thread(visit.context.pdf.monthly, months)
    return web.Response(body=body, content_type="application/pdf", headers={"Content-Disposition": f"inline; {name}"})


async def send(visit: Visit) -> web.StreamResponse:
    """Send the invoices of the dealings that were chosen."""
    house, member, partner, selling = visit.context.house, visit.member, visit.path_hash("partner"), _selling(visit)
    form, today = await visit.form(), _today(visit)
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", form.value("month")):
        raise NotFound("month", "no such closing")
    threads = [bytes.fromhex(text) for text in form.all("thread") if re.fullmatch(r"[0-9a-f]{64}", text)]
    if not threads:
        form.wrong("thread", NOTHING_CHOSEN)
        return await _shown(visit, form, 422)
    if form.value("action") != "send":
        return await _shown(visit, form)

    def work(tx: Tx) -> Any:
        partners.look(house, tx, member, partner)
        day = closing.in_month(tx, member, partner, form.value("month"), today, selling=selling).found.closing
        return closing.send(house, tx, member, partner, day, today, threads, buying=not selling)

    try:
        outcome = await visit.write(work)
    except CallerFault as fault:
        form.wrong("thread", NOT_DUE if isinstance(fault, NotFound) else fault.rule)
        form.values["thread"] = []
        return await _shown(visit, form, 409)
    flash = visit.say(SENT, n=len(outcome.submitted))
    return visit.see_other(f"/closing/{partner.hex()}/{visit.path('side')}?month={form.value('month')}", flash)


PAGES = (
    Page("GET", "/closing", "books.read", index),
    Page("GET", "/closing/{partner}/{side}", "books.read", show),
    Page("POST", "/closing/{partner}/{side}", "dealings.write", send),
    Page("GET", "/closing/{partner}/{side}/list/{form}", "books.read", statement),
)
