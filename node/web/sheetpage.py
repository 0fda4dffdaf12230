"""The page on which a paper is written: a sheet as a form, a look over it, its rules beside the fields.

Owns the page that all sheets share. The draft travels in the form as JSON: it is the writer's own paper, checked again
when it comes back, so that nothing has to be kept for forms that nobody sends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from aiohttp import web

from node.services.desk import conditions
from node.web import attaching, upload
from node.web.forms import Form
from node.web.paperview import Shown
from node.web.sheets.sheet import Sheet, dated
from node.web.visit import Visit
from protocol.errors import CallerFault
from protocol.process.checks import is_currency
from protocol.process.trade.check import check
from protocol.process.trade.papers import Order, Paper

BLANK_LINES: Final = 3
AnyPaper = TypeVar("AnyPaper", bound=Paper)


class Came(NamedTuple):
    """What somebody else added while the form was open: its heading, who and when, what it says."""

    heading: str
    author_name: str
    time: int  # µs
    content: Shown | None  # None: it has no content that pages show
    text: str = ""  # of a message


class About(NamedTuple):
    """The paper that is answered or carried out, above the form: its heading, what it says."""

    heading: str
    content: Shown


class Place(NamedTuple):
    """Where the form is sent, where its back link leads, who will read the paper; ``files``: a page takes them over."""

    action: str
    back: str
    partner_name: str
    files: bool = False


def render(
    visit: Visit,
    sheet: Sheet,
    form: Form,
    place: Place,
    *,
    status: int = 200,
    review: Shown | None = None,
    more: bool = False,
    came: Came | None = None,
    about: About | None = None,
) -> web.Response:
    """The form, or with ``review`` what would be sent; ``more``: with one more empty line.

    ``came`` and ``about`` stand above the form: what somebody added meanwhile, and what the paper answers.
    """
    return visit.render(
        "dealings/write.html",
        status=status,
        action=place.action,
        back=place.back,
        partner_name=place.partner_name,
        sheet=sheet,
        form=form,
        files=attaching.taken(form) if sheet.files and place.files else None,
        most_files=upload.MAX_FILES,
        rows=line_rows(form, sheet, more=more),
        review=review,
        came=came,
        about=about,
        columns=columns_of(visit, sheet),
        said=lambda choices: said(visit, choices),
        foreign=_foreign(form),
    )


def _foreign(form: Form) -> str:
    """The currency of the draft in the form, where it is not the yen."""
    try:
        named = msgspec.json.decode(form.value("base"), type=_Named).currency
    except (msgspec.DecodeError, UnicodeError):
        return ""
    return "" if named == "JPY" or not is_currency(named) else named


class _Named(msgspec.Struct):
    """The one field of a draft that the page itself speaks of."""

    currency: str = ""


def filled(form: Form, sheet: Sheet, paper: Paper) -> Form:
    """A draft that nobody has typed into yet: the form as the paper says, under the same draft."""
    made = Form.of(form.say, sheet.values(paper))
    made.values |= {name: form.values[name] for name in ("base", "draft") if name in form.values}
    return made


def encoded(paper: Paper) -> str:
    """A draft as it travels in the form."""
    return msgspec.json.encode(paper).decode()


def base_of(form: Form, kind: type[AnyPaper]) -> AnyPaper:
    """The draft that came back. CallerFault if it is none."""
    try:
        return msgspec.json.decode(form.value("base"), type=kind)
    except (msgspec.DecodeError, UnicodeError):
        raise CallerFault("base", "the form is not one of ours: open it again") from None


async def with_delivery(visit: Visit, partner: bytes, form: Form, paper: Paper) -> Paper:
    """An order whose day of payment follows the day of delivery that was typed, by the terms; any other paper as it is.

    The form is changed with it, so that what is looked over is what is sent.
    """
    if not isinstance(paper, Order):
        return paper
    member, draft = visit.member, base_of(form, Order)
    moved = await visit.read(lambda tx: conditions.with_delivery(tx, member, partner, draft, paper))
    if moved.terms is not None and moved != paper:
        form.values |= Form.of(visit.say, dated(due=moved.terms.due_date)).values
    return moved


def require_rules(form: Form, paper: Paper) -> None:
    """What the rules of papers say against it, beside its field."""
    try:
        check(paper)
    except CallerFault as fault:
        form.refuse(fault)


def line_rows(form: Form, sheet: Sheet, *, more: bool) -> list[int]:
    """The numbers of the lines to show: those that there are, and empty ones where a person may add some."""
    rows = form.rows("lines") if sheet.lines else []
    if sheet.more and (more or not rows):
        first = rows[-1] + 1 if rows else 0
        rows += range(first, first + (1 if more else BLANK_LINES))
    return rows


def said(visit: Visit, choices: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Choices in the reader's language."""
    return [(code, visit.say(text)) for code, text in choices]


def columns_of(visit: Visit, sheet: Sheet) -> list[dict[str, Any]]:
    """The columns of a sheet as the macro of line tables takes them."""
    return [
        {
            "name": column.name,
            "label": visit.say(column.label),
            "kind": column.kind,
            "required": column.required,
            "choices": said(visit, column.choices),
            "size": column.size,
        }
        for column in sheet.columns
    ]
