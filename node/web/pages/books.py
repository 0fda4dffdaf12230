"""帳簿検索: every document by date, amount and partner in any combination, and the list of what was found as a file."""

from __future__ import annotations

import asyncio
import csv
import io
import itertools
from typing import Final

from aiohttp import web

from node import bookarchive, words
from node.i18n import N_
from node.services import books
from node.services.books import Asked, Line
from node.services.desk import partners
from node.web.forms import Form
from node.web.page import Page
from node.web.sessions import HEADERS
from node.web.visit import Visit
from protocol.errors import CallerFault
from protocol.process.money import minor_digits
from protocol.process.trade.papers import PAPERS

PAGE_ROWS: Final = 50
MOST_IN_A_FILE: Final = 20_000
MOST_IN_A_ZIP: Final = 1_000
ZIPPED: Final = ("pdf", "proof")  # to read, and the signed bytes to check
TOO_MANY: Final = N_("At most {most} documents can be saved at once; {n} were found. Narrow the dates.")
#: Also in full width: a Japanese Excel takes them.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_BEFORE: Final = " \"'\ufeff\u3000"  # what spreadsheets may pass over in front of a formula
HEADINGS: Final = (
    N_("Date"),
    N_("Paper"),
    N_("Number"),
    N_("Partner"),
    N_("Sent or received"),
    N_("Amount"),
    N_("Currency"),
    N_("Document"),
)


def _asked(form: Form) -> Asked:
    say = form.say
    since = form.day("since", say(N_("Date from")), required=False)
    until = form.day("until", say(N_("Date until")), required=False)
    low = form.integer("low", say(N_("Amount from")), required=False)
    high = form.integer("high", say(N_("Amount to")), required=False)
    partner = form.value("partner")
    return Asked(
        since="" if since is None else since.isoformat(),
        until="" if until is None else until.isoformat(),
        amount_min=low,
        amount_max=high,
        partner=bytes.fromhex(partner) if len(partner) == 64 and set(partner) <= set("0123456789abcdef") else b"",
        type=form.value("type") if form.value("type") in PAPERS else "",
        number=form.text("number", say(N_("Number")), required=False, most=128),
    )


def _form(visit: Visit) -> Form:
    return Form(visit.say, {name: visit.request.query.getall(name) for name in visit.request.query})


async def index(visit: Visit) -> web.StreamResponse:
    """The search and what it finds; without a question, the newest documents."""
    member, form = visit.member, _form(visit)
    asked, found, sums = _asked(form), None, []
    mine = await visit.read(lambda tx: partners.mine(tx, member))
    if form.ok:
        try:
            found = await visit.read(lambda tx: books.search(tx, member, asked, PAGE_ROWS, form.value("behind")))
            sums = await visit.read(lambda tx: books.totals(tx, member, asked))
        except CallerFault as fault:
            form.refuse(fault, {"amount_max": "high", "amount_min": "low"})
    types = [(name, words.paper(name, visit.say)) for name in PAPERS]
    question = "&".join(part for part in visit.request.query_string.split("&") if not part.startswith("behind="))
    return visit.render(
        "books/index.html",
        status=200 if form.ok else 422,
        form=form,
        found=found,
        sums=sums,
        types=types,
        mine=[(partner.member.hex(), partner.name) for partner in mine],
        question=question,
        most=MOST_IN_A_ZIP,
    )


async def download(visit: Visit) -> web.StreamResponse:
    """The list of what the same question finds, as CSV for spreadsheets (UTF-8 with a mark)."""
    member, form = visit.member, _form(visit)
    asked = _asked(form)
    if not form.ok:
        return visit.see_other(f"/books?{visit.request.query_string}")
    lines = await visit.read(lambda tx: list(itertools.islice(books.walk(tx, member, asked), MOST_IN_A_FILE)))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([visit.say(heading) for heading in HEADINGS])
    writer.writerows(_row(visit, line) for line in lines)
    headers = {"Content-Disposition": 'attachment; filename="books.csv"'}
    body = b"\xef\xbb\xbf" + text.getvalue().encode("utf-8")
    return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=headers)


async def archive(visit: Visit) -> web.StreamResponse:
    """What the same question finds as one zip: each document as PDF and with its proof, and an index in CSV."""
    member, form = visit.member, _form(visit)
    asked = _asked(form)
    back = f"/books?{visit.request.query_string}"
    if not form.ok:
        return visit.see_other(back)
    try:
        found = sum(one.documents for one in await visit.read(lambda tx: books.totals(tx, member, asked)))
    except CallerFault:
        return visit.see_other(back)
    if found > MOST_IN_A_ZIP:
        return visit.see_other(back, visit.say(TOO_MANY, most=f"{MOST_IN_A_ZIP:,}", n=f"{found:,}"))
    wish = bookarchive.Wish(ZIPPED, visit.language, visit.say)
    headers = {**HEADERS, "Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="books.zip"'}
    answer = web.StreamResponse(headers=headers)
    answer.content_type = "application/zip"
    await answer.prepare(visit.request)
    pieces = bookarchive.stream(visit.context, member, asked, wish)
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        if piece:
            await answer.write(piece)
    await answer.write_eof()
    return answer


def _row(visit: Visit, line: Line) -> list[str]:
    digits = minor_digits(line.currency or "JPY")
    amount = "" if line.amount is None else f"{line.amount / 10**digits:.{digits}f}"
    cells = [
        line.day,
        words.paper(line.type, visit.say),
        line.number,
        line.partner_name,
        words.direction(line.direction, visit.say),
    ]
    return [_plain(cell) for cell in cells] + [amount, line.currency, line.document.hex()]


def _plain(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.lstrip(_BEFORE).startswith(_FORMULA) else cell


PAGES = (
    Page("GET", "/books", "books.read", index),
    Page("GET", "/books/archive", "books.read", archive),
    Page("GET", "/books/download", "books.read", download),
)
