"""Lists from CSV and Excel over the API: what a file would do, and taking it over. Owns the shapes.

Files are read in a process of their own, never in this one.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import Annotated

from msgspec import Meta

from node.api.member.shapes import Answer, Shape
from node.api.operation import Call, Operation, Written
from node.i18n import translations
from node.papers.tabular import Mapping
from node.services import addressing
from node.services.importing import direct
from node.services.importing.direct import Brought
from node.services.importing.uploads import Seen
from node.services.policy import Scope
from node.services.transaction import Tx
from protocol.errors import CallerFault

Language = Annotated[str, Meta(pattern="^(ja|en)$")]


class Columns(Shape, frozen=True):
    """``header``: the line with the titles (1: the first); ``columns``: field → title of its column in the file."""

    columns: dict[str, str]
    header: Annotated[int, Meta(ge=1, le=20_000)] = 1


class FileGiven(Shape, frozen=True):
    """``kind``: items, prices, partners, balances, orders; ``content``: the file in base64, its ``name`` with ending.

    ``mapping`` left out: the one remembered, else guessed. ``partner``: whose file it is. Nothing is stored without
    ``commit``; orders become drafts of the token's user, or with ``send`` are signed and sent.
    """

    kind: Annotated[str, Meta(max_length=20)]
    name: Annotated[str, Meta(max_length=200)]
    content: str
    mapping: Columns | None = None
    partner: Annotated[str, Meta(max_length=80)] = ""
    commit: bool = False
    send: bool = False
    lang: Language = "en"


class LineWrong(Answer, frozen=True):
    """A wrong value: line of the file (1: the first), title of its column, rule."""

    line: int
    column: str
    rule: str


class FileSeen(Answer, frozen=True):
    """What a file does, or did if ``stored``. ``before``: µs when the same file was taken over, 0 for never."""

    kind: str
    encoding: str
    mapping: Columns
    remembered: bool
    before: int
    new: int
    changed: int
    same: int
    left_out: int
    skipped: int
    problems: list[LineWrong]
    stored: bool
    orders: int


def content_of(text: str) -> bytes:
    """Bytes of base64. CallerFault if it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise CallerFault("content", "must be base64") from None


def mapping_of(kind: str, given: Columns | None) -> Mapping | None:
    """The mapping that a program states."""
    return None if given is None else Mapping(kind=kind, header=given.header - 1, columns=given.columns)


def shown(seen: Seen, language: str, *, stored: bool, orders: int = 0) -> FileSeen:
    """What was seen, as an answer."""
    plan, upload, say = seen.plan, seen.upload, translations(language).gettext
    counts = direct.described(seen, plan)
    return FileSeen(
        kind=upload.mapping.kind,
        encoding=upload.table.encoding,
        mapping=Columns(columns=dict(upload.mapping.columns), header=upload.mapping.header + 1),
        remembered=upload.remembered,
        before=0 if seen.before is None else seen.before.time,
        new=counts["new"],
        changed=counts["changed"],
        same=counts["same"],
        left_out=counts["left_out"],
        skipped=counts["skipped"],
        problems=[LineWrong(line=one.line, column=one.column, rule=one.text(say)) for one in plan.problems],
        stored=stored,
        orders=orders,
    )


def _user(call: Call, tx: Tx) -> str:
    """The login name of the token's user; empty for a token of no user."""
    row = None if call.principal.user is None else tx.users.get(call.principal.user)
    return "" if row is None else row.name


async def bring(call: Call) -> object:
    """POST /v1/imports."""
    given: FileGiven = call.body
    member, house = call.member, call.context.house
    data = content_of(given.content)
    packed = await asyncio.to_thread(call.context.tables.read, data, given.name)

    def brought(tx: Tx) -> Brought:
        partner = addressing.resolve(tx, given.partner, "partner") if given.partner else b""
        return Brought(given.kind, given.name, data, packed, mapping_of(given.kind, given.mapping), partner)

    if not given.commit:
        return await call.read(
            lambda tx: shown(direct.look(house, tx, member, "", brought(tx)), given.lang, stored=False)
        )

    def work(tx: Tx) -> Written:
        file, user = brought(tx), _user(call, tx)
        if given.kind == "orders" and not (given.send or user):
            raise CallerFault("send", "the token belongs to no user whose drafts the orders could become")
        seen = direct.look(house, tx, member, user, file)
        taken = direct.take(house, tx, member, user, file, send=given.send)
        return Written(shown(seen, given.lang, stored=True, orders=taken.orders), 200, taken.news)

    return await call.write(work)


OPERATIONS = (
    Operation(
        "POST",
        "/v1/imports",
        "import_file",
        "What a CSV or Excel file of items, prices, partners, balances or orders would do; with commit, take it over",
        bring,
        Scope.WRITE,
        body=FileGiven,
        answer=FileSeen,
        idempotent_key=True,
    ),
)
