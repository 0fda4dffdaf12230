"""A document in every form that other software reads, with what each form has no place for; own lists as files."""

from __future__ import annotations

import asyncio
from typing import Any, Final, NamedTuple

from aiohttp import web

from node import words
from node.i18n import N_
from node.papers.sme.types import SME_TYPES
from node.papers.tabular import write_csv, write_xlsx
from node.papers.tabular.sheets import rows_of
from node.papers.ubl import TYPES as UBL_TYPES
from node.services import items, reading, routing, searching, terms
from node.services.desk import partners
from node.services.importing.goods import number_text
from node.services.transaction import Tx
from node.web.page import Page
from node.web.visit import Visit
from protocol.errors import CallerFault, Malformed, NotFound
from protocol.process.trade.papers import TYPE_OF, Billing, Paper, Personal

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WORDS: Final = {
    "ubl": N_("UBL 2.1 (Peppol)"),
    "jp-pint": N_("JP PINT (digital invoice)"),
    "sme": N_("SME Common EDI ver.4.1"),
    "csv": N_("CSV"),
    "xlsx": N_("Excel"),
}


NOT_PEPPOL: Final = N_(
    "Peppol wants what this paper does not state: {field}. An electronic address stands on the card."
)


class Held(NamedTuple):
    """A document's paper, its personal part, and what it answers, where a format repeats that."""

    paper: Paper
    personal: Personal | None
    past: Paper | None
    thread: bytes


class Offered(NamedTuple):
    """A form of the document: ``lost``: fields it has no place for; ``fault``: why it cannot be written."""

    form: str
    word: str
    lost: tuple[str, ...] = ()
    fault: str = ""


def _forms(paper: Paper) -> list[str]:
    kind = TYPE_OF[type(paper)]
    found = ["ubl"] if kind in UBL_TYPES else []
    found += ["jp-pint"] if isinstance(paper, Billing) and kind in UBL_TYPES else []
    found += ["sme"] if kind in SME_TYPES else []
    return found + (["csv", "xlsx"] if any(hasattr(line, "item") for line in getattr(paper, "lines", ())) else [])


async def _held(visit: Visit) -> Held:
    member, document = visit.member, visit.path_hash("document")

    def work(tx: Tx) -> Held:
        view = reading.full(tx, member, document)
        paper = searching.paper_of(view.stored)
        if paper is None:
            raise NotFound("document", "cannot be shown here")
        thread = view.stored.row.thread
        personal = reading.personal_of(view)
        return Held(paper, personal, routing.past_of(tx, member, paper, thread), view.view.holding.thread)

    return await visit.read(work)


def _written(visit: Visit, held: Held, form: str) -> tuple[bytes, str, str]:
    """Bytes, content type and ending. Blocks: XML is written in the side process."""
    if form in ("ubl", "jp-pint"):
        return visit.context.ubl.write(held.paper, held.personal, form if form == "jp-pint" else ""), "text/xml", "xml"
    if form == "sme":
        return visit.context.ubl.write_sme(held.paper, held.personal, held.past), "text/xml", "xml"
    titles, rows = rows_of(held.paper)
    if form == "csv":
        return write_csv(titles, rows), "text/csv", "csv"
    return write_xlsx(titles, rows), XLSX, "xlsx"


async def index(visit: Visit) -> web.StreamResponse:
    """Every form, tried: what it loses, or why it cannot be."""
    held = await _held(visit)
    offered = await asyncio.to_thread(lambda: [_offered(visit, held, form) for form in _forms(held.paper)])
    return visit.render(
        "dealings/files.html",
        offered=offered,
        document=visit.path("document"),
        thread=held.thread,
        kind=words.paper(TYPE_OF[type(held.paper)], visit.say),
        number=held.paper.number,
    )


def _offered(visit: Visit, held: Held, form: str) -> Offered:
    word = visit.say(WORDS[form])
    try:
        _written(visit, held, form)
    except (CallerFault, Malformed) as fault:
        if fault.code == "not-peppol" and isinstance(fault, CallerFault):
            return Offered(form, word, fault=visit.say(NOT_PEPPOL, field=fault.field))
        field = f"{fault.field}: " if isinstance(fault, CallerFault) and fault.field else ""
        rule = fault.rule if isinstance(fault, CallerFault) else str(fault)
        return Offered(form, word, fault=field + visit.say(rule))
    if form in ("csv", "xlsx"):
        return Offered(form, word)
    return Offered(form, word, tuple(visit.context.ubl.unsaid(held.paper, held.personal, sme=form == "sme")))


async def download(visit: Visit) -> web.StreamResponse:
    """The document in one form."""
    held, form = await _held(visit), visit.path("form")
    if form not in _forms(held.paper):
        raise NotFound("form", "no such form")
    try:
        content, kind, ending = await asyncio.to_thread(_written, visit, held, form)
    except CallerFault:
        return visit.see_other(f"/documents/{visit.path('document')}/files")
    return _file(content, kind, f"{_plain(held.paper.number)}-{form}.{ending}")


def _plain(number: str) -> str:
    """A number as a file's name."""
    return "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_") else "-" for sign in number)[:60]


def _file(content: bytes, kind: str, name: str) -> web.Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=content, content_type=kind, headers=headers)


# --- own lists


async def own_items(visit: Visit) -> web.StreamResponse:
    """One's own items as a file that can be imported again."""
    member = visit.member
    found = await visit.read(lambda tx: _all_items(tx, member))
    titles = ["品番", "JAN", "品名", "単位", "単価", "税率", "入数", "最低数量", "規格"]
    rows = [
        [
            item.number, item.gtin, item.name, item.unit, _text(item.price),
            "" if item.tax.rate is None else _text(item.tax.rate), _text(item.pack_size), _text(item.minimum),
            item.description,
        ]
        for item in found
    ]  # fmt: skip
    return _list(visit, titles, rows, "items")


def _all_items(tx: Tx, member: bytes) -> list[items.OwnItem]:
    found: list[items.OwnItem] = []
    after = ""
    while page := items.search(tx, member, "", items.MAX_LIMIT, after):
        found += [kept.item for kept in page]
        after = page[-1].item.number
    return found


def _text(value: Any) -> str:
    return "" if value is None else number_text(value)


async def own_partners(visit: Visit) -> web.StreamResponse:
    """One's own partners with their terms as a file that can be imported again."""
    member = visit.member

    def work(tx: Tx) -> list[list[str | int | None]]:
        mine = partners.mine(tx, member)
        agreed = terms.many(tx, member, [one.member for one in mine])
        rows: list[list[str | int | None]] = []
        for one in mine:
            of = agreed.get(one.member, terms.NONE)
            day = "末" if of.pay_day == terms.LAST_DAY else of.pay_day
            closing = "末" if of.closing_day == terms.LAST_DAY else of.closing_day
            rows.append([one.name, closing, of.pay_months, day, of.rounding, _text(of.rate), of.customer_number])
        return rows

    rows = await visit.read(work)
    return _list(visit, ["取引先", "締日", "支払月", "支払日", "端数処理", "掛け率", "得意先コード"], rows, "partners")


def _list(visit: Visit, titles: list[str], rows: Any, name: str) -> web.StreamResponse:
    if visit.path("form") == "csv":
        return _file(write_csv(titles, rows), "text/csv", f"{name}.csv")
    if visit.path("form") == "xlsx":
        return _file(write_xlsx(titles, rows), XLSX, f"{name}.xlsx")
    raise NotFound("form", "no such form")


PAGES = (
    Page("GET", "/documents/{document}/files", "dealings.read", index),
    Page("GET", "/documents/{document}/files/{form}", "dealings.read", download),
    Page("GET", "/catalogue/list/{form}", "catalogue.read", own_items),
    Page("GET", "/partners/list/{form}", "partners.read", own_partners),
)
