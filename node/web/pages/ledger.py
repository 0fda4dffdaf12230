"""売掛・買掛: who owes what, by partner and age, by month, bill by bill, each also as CSV; reminders; notices."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from aiohttp import web

from node import bookarchive, words
from node.i18n import N_
from node.papers import tabular
from node.papers.tabular.writing import Cell
from node.services import books, payments, reminding
from node.services.bankdays import in_month
from node.services.transaction import Tx
from node.web import piece
from node.web.forms import Form
from node.web.page import Page
from node.web.render import as_day
from node.web.visit import Visit
from protocol.errors import CallerFault, NotFound
from protocol.process.money import minor_digits

SIDES: Final = {"receivable": N_("Receivables"), "payable": N_("Payables")}
MONTHS_SHOWN: Final = 12
NOTICES: Final = 10  # the latest payment notices
VERDICTS: Final = {
    "fits": N_("fits an open bill"),
    "differs": N_("another amount than is open"),
    "paid": N_("marked as paid already"),
    "unknown": N_("no such bill here"),
}
CAME: Final = N_("Marked as paid: {n} bills.")
NOTHING_FITS: Final = N_("No item of this notice fits an open bill. Mark the bills one by one.")
AGES: Final = (N_("This month"), N_("1 month old"), N_("2 months old"), N_("3 months and older"))
BILLS: Final = (
    N_("Day of payment"),
    N_("Partner"),
    N_("Paper"),
    N_("Number"),
    N_("Date"),
    N_("Amount"),
    N_("Credited"),
    N_("Paid"),
    N_("Open amount"),
    N_("Currency"),
    N_("Days late"),
)
OLD: Final = (N_("Partner"), *AGES, N_("Total"), N_("Overdue"), N_("Currency"))
BY_MONTH: Final = (
    N_("Month"),
    N_("Partner"),
    N_("Bills"),
    N_("Amount"),
    N_("Credited"),
    N_("Paid"),
    N_("Open amount"),
    N_("Currency"),
)


def _side(visit: Visit) -> str:
    if visit.path("side") not in SIDES:
        raise NotFound("side", "no such page")
    return visit.path("side")


def _found(visit: Visit, tx: Tx, side: str) -> dict[str, Any]:
    member, today, receivable = visit.member, as_day(visit.context.house.clock()), side == "receivable"
    day = today.isoformat()
    since = in_month(today.year, today.month - MONTHS_SHOWN + 1, 1).isoformat()[:7]
    asked = visit.query.get("since", "")
    since = asked if re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", asked) else since
    due = books.due(tx, member, day, receivable=receivable)
    return {
        "due": due,
        "ageing": books.ages_of(due, day),
        "months": books.monthly(tx, member, since, "", receivable=receivable),
        "since": since,
        "notices": payments.notices(tx, member, limit=NOTICES) if receivable else [],
    }


async def show(visit: Visit) -> web.StreamResponse:
    """Everything that is open on one side."""
    side = _side(visit)
    found = await visit.read(lambda tx: _found(visit, tx, side))
    totals: dict[str, list[int]] = {}
    for age in found["ageing"]:
        sums = totals.setdefault(age.currency, [0] * (len(AGES) + 2))
        for at, amount in enumerate((*age.months, age.total, age.overdue)):
            sums[at] += amount
    return visit.render(
        "books/ledger.html",
        side=side,
        sides=SIDES,
        ages=AGES,
        totals=totals,
        verdicts=VERDICTS,
        remindable=reminding.KINDS,
        may_write=visit.allows("dealings.write"),
        may_pay=visit.allows("payments.pay"),
        piece=piece.cut(found["due"], visit.query.get(piece.FIELD, "")),
        **found,
    )


async def came(visit: Visit) -> web.StreamResponse:
    """A person says that the money of a payment notice came: what fits is marked as paid."""
    house, member, form = visit.context.house, visit.member, await visit.form()
    text, by = form.value("document"), visit.who.user.name
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise NotFound("document", "no such payment notice")
    try:
        rows = await visit.write(lambda tx: payments.confirm_notice(house, tx, member, by, bytes.fromhex(text)))
    except NotFound:
        raise
    except CallerFault:
        return visit.see_other("/books/ledger/receivable", visit.say(NOTHING_FITS))
    return visit.see_other("/books/ledger/receivable", visit.say(CAME, n=len(rows)))


# --- a reminder


def _named(visit: Visit, form: Form) -> tuple[str, str]:
    """Kind and number of the bill: of the form, else of the address."""
    return form.value("kind") or visit.query.get("kind", ""), form.value("number") or visit.query.get("number", "")


async def remind(visit: Visit) -> web.StreamResponse:
    """The letter about an overdue bill, to be looked over; ``?text=en`` or ``ja``: in that language."""
    return await _reminder(visit, Form.empty(visit.say))


async def _reminder(visit: Visit, form: Form, status: int = 200) -> web.Response:
    member, thread, today = visit.member, visit.path_hash("thread"), as_day(visit.context.house.clock()).isoformat()
    kind, number = _named(visit, form)
    asked = form.value("language") or visit.query.get("text", "")
    language = asked if asked in ("ja", "en") else visit.language
    found = await visit.read(lambda tx: reminding.draft(tx, member, thread, kind, number, today, language))
    form.values.setdefault("text", [found.text])
    return visit.render("books/reminder.html", status=status, form=form, found=found, thread=thread, written=language)


async def send_reminder(visit: Visit) -> web.StreamResponse:
    """Send the letter as a message beside the dealing."""
    house, member, thread, form = visit.context.house, visit.member, visit.path_hash("thread"), await visit.form()
    kind, number = _named(visit, form)
    text = form.text("text", visit.say(N_("Message")), most=2_000)
    if not form.ok or form.value("action") != "send":
        return await _reminder(visit, form, 200 if form.ok else 422)
    today = as_day(house.clock()).isoformat()
    try:
        await visit.write(lambda tx: reminding.send(house, tx, member, thread, kind, number, text, today))
    except NotFound:
        raise
    except CallerFault as fault:
        return visit.see_other("/books/ledger/receivable", visit.say(fault.rule))
    return visit.see_other(f"/dealings/{thread.hex()}", visit.say(N_("The message was sent.")))


async def download(visit: Visit) -> web.StreamResponse:
    """One of the three lists as CSV."""
    side, name = _side(visit), visit.path("list")
    found = await visit.read(lambda tx: _found(visit, tx, side))
    makers = {"bills": (BILLS, _bills), "ageing": (OLD, _ages), "months": (BY_MONTH, _months)}
    if name not in makers:
        raise NotFound("list", "no such list")
    heads, rows = makers[name]
    body = tabular.write_csv([visit.say(head) for head in heads], rows(visit, found))
    headers = {"Content-Disposition": f'attachment; filename="{side}-{name}.csv"'}
    return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=headers)


def _money(amount: int, currency: str) -> Cell:
    """A number where the currency has no decimals, so that spreadsheets add it up."""
    return bookarchive.amount_text(amount, currency) if minor_digits(currency) else amount


def _bills(visit: Visit, found: dict[str, Any]) -> Iterable[Sequence[Cell]]:
    for one in found["due"]:
        row = one.bill
        amounts = (row.amount, row.credited, row.marked, row.open)
        yield [
            one.pay_on,
            one.partner_name,
            words.paper(row.kind, visit.say),
            row.number,
            row.day,
            *(_money(amount, row.currency) for amount in amounts),
            row.currency,
            one.overdue,
        ]


def _ages(_visit: Visit, found: dict[str, Any]) -> Iterable[Sequence[Cell]]:
    for age in found["ageing"]:
        amounts = (*age.months, age.total, age.overdue)
        yield [age.partner_name, *(_money(amount, age.currency) for amount in amounts), age.currency]


def _months(_visit: Visit, found: dict[str, Any]) -> Iterable[Sequence[Cell]]:
    for one in found["months"]:
        row = one.sums
        amounts = (row.amount, row.credited, row.marked, row.open)
        sums = (_money(amount, row.currency) for amount in amounts)
        yield [row.month, one.partner_name, row.bills, *sums, row.currency]


PAGES = (
    Page("GET", "/books/ledger/{side}", "books.read", show),
    Page("GET", "/books/ledger/{side}/{list}", "books.read", download),
    Page("POST", "/books/ledger/receivable/notices", "payments.pay", came),
    Page("GET", "/dealings/{thread}/reminder", "dealings.write", remind),
    Page("POST", "/dealings/{thread}/reminder", "dealings.write", send_reminder),
)
