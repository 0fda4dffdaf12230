"""取り込み: a file is chosen, its columns are matched, what it would do is shown line by line, then it is taken over.

The same pages serve a member's files and the association's roster; which kinds there are is ``services.importing``'s.
Files are read in a process of their own. Nothing of a file is in anybody's records before the button.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import Final

from aiohttp import web

from node.i18n import N_
from node.papers.tabular import LAYOUTS, Mapping
from node.papers.tabular.worker import MAX_FILE_BYTES
from node.services.desk import partners
from node.services.importing import orders, roster, uploads
from node.services.importing.plan import Plan
from node.services.importing.uploads import MEMBER_KINDS, STAFF_KINDS, Seen
from node.services.transaction import Tx
from node.web.forms import Form
from node.web.page import Page
from node.web.pages import importpapers
from node.web.visit import Visit
from protocol.errors import CallerFault, Malformed, NotFound, TooLarge

MEMBER_BASE: Final = "/import"
STAFF_BASE: Final = "/association/import"
KIND_WORDS: Final = {
    "items": N_("Items"),
    "prices": N_("Prices for partners"),
    "partners": N_("Partners and terms"),
    "balances": N_("Opening balances (receivables, payables)"),
    "orders": N_("Orders"),
    "members": N_("Roster of members"),
    "paper": N_("Paper of other software"),
}
STATE_WORDS: Final = {"new": N_("new"), "changed": N_("changed"), "same": N_("as it is")}
UNREADABLE: Final = N_("This file cannot be read ({why}). Choose Excel, CSV or XML, up to {mb} MB.")
NO_FILE: Final = N_("Choose a file.")
MUST_BE_CHOSEN: Final = N_("Choose the column of: {label}.")
MOST_SHOWN: Final = 200
MOST_HEADERS: Final = 20


def _base(visit: Visit) -> str:
    return STAFF_BASE if visit.request.path.startswith(STAFF_BASE) else MEMBER_BASE


def owner(visit: Visit) -> tuple[bytes, str]:
    """For whom and by whom a file is brought: the member (empty: the association) and the user's name."""
    staff = _base(visit) == STAFF_BASE
    return b"" if staff else visit.member, visit.who.user.name


async def begin(visit: Visit) -> web.StreamResponse:
    """What is it, whose file, which file."""
    kind = visit.query.get("kind", "")
    kinds = STAFF_KINDS if _base(visit) == STAFF_BASE else MEMBER_KINDS
    return await _begin_page(visit, Form.of(visit.say, {"kind": kind if kind in kinds else kinds[0]}))


async def _begin_page(visit: Visit, form: Form, status: int = 200) -> web.StreamResponse:
    member, _ = owner(visit)
    mine = await visit.read(lambda tx: partners.mine(tx, member)) if member else []
    kinds = MEMBER_KINDS if member else STAFF_KINDS
    return visit.render(
        "imports/begin.html",
        status=status,
        form=form,
        base=_base(visit),
        kinds=[(kind, visit.say(KIND_WORDS[kind])) for kind in kinds],
        mine=[(partner.member.hex(), partner.name) for partner in mine],
        megabytes=MAX_FILE_BYTES >> 20,
    )


async def bring(visit: Visit) -> web.StreamResponse:
    """Read the file in the side process and keep it for a day; then its own page."""
    form, member = await visit.form(), owner(visit)[0]
    given = form.files.get("file")
    if given is None or not given.filename:
        form.wrong("file", NO_FILE)
        return await _begin_page(visit, form, 422)
    data = await asyncio.to_thread(given.file.read, MAX_FILE_BYTES + 1)
    try:
        if member and given.filename.lower().endswith(".xml"):
            found = await importpapers.bring(visit, data, given.filename)
        else:
            found = await _bring_table(visit, form, data, given.filename)
    except (Malformed, TooLarge) as fault:
        form.wrong("file", UNREADABLE, why=visit.say(str(fault)), mb=MAX_FILE_BYTES >> 20)
        return await _begin_page(visit, form, 422)
    except CallerFault as fault:
        form.refuse(fault)
        return await _begin_page(visit, form, 422)
    return visit.see_other(f"{_base(visit)}/{found.hex()}")


async def _bring_table(visit: Visit, form: Form, data: bytes, name: str) -> bytes:
    house, (member, user), kind = visit.context.house, owner(visit), form.value("kind")
    mine = {one.member for one in await visit.read(lambda tx: partners.mine(tx, member))} if member else set()
    chosen = form.value("partner")
    partner = next((one for one in mine if one.hex() == chosen), b"")
    packed = await asyncio.to_thread(visit.context.tables.read, data, name)
    digest = hashlib.sha256(data).digest()
    row = await visit.write(lambda tx: uploads.bring(house, tx, member, user, kind, name, packed, digest, partner))
    return row.id


async def show(visit: Visit) -> web.StreamResponse:
    """The columns, and what taking the file over would do."""
    house, (member, user), identity = visit.context.house, owner(visit), visit.path_hash("file")
    row = await visit.read(lambda tx: uploads.row_of(tx, member, user, identity))
    if row.kind == uploads.PAPER:
        return await importpapers.show(visit, row)
    seen = await visit.read(lambda tx: uploads.look(house, tx, uploads.opened(tx, member, user, identity)))
    return _page(visit, seen, Form.empty(visit.say))


def _page(visit: Visit, seen: Seen, form: Form, status: int = 200) -> web.StreamResponse:
    upload, say = seen.upload, visit.say
    mapping, rows = upload.mapping, upload.table.rows
    header = rows[mapping.header] if mapping.header < len(rows) else ()
    fields = LAYOUTS[mapping.kind]
    for field in fields:
        form.values.setdefault(f"column.{field.name}", [mapping.columns.get(field.name, "")])
    form.values["header"] = [str(mapping.header + 1)]
    if seen.fault.startswith("columns."):
        name = seen.fault.partition(".")[2]
        label = next((say(field.title) for field in fields if field.name == name), name)
        form.wrong(f"column.{name}", MUST_BE_CHOSEN, label=label)
    return visit.render(
        "imports/show.html",
        status=status,
        form=form,
        base=f"{_base(visit)}/{upload.row.id.hex()}",
        start=_base(visit),
        upload=upload,
        plan=seen.plan,
        before=seen.before,
        kind_word=KIND_WORDS[mapping.kind],
        fields=[(field.name, say(field.title), field.required) for field in fields],
        titles=[(title, title) for title in dict.fromkeys(header) if title],
        heads=[
            (str(at + 1), f"{at + 1}: {' / '.join(cell for cell in row if cell)[:60]}")
            for at, row in enumerate(rows[:MOST_HEADERS])
            if any(row)
        ],
        examples=rows[mapping.header + 1 : mapping.header + 4],
        header=header,
        most=MOST_SHOWN,
        state_words=STATE_WORDS,
        encoding={"cp932": "Shift_JIS (cp932)", "utf-8-sig": "UTF-8"}.get(
            upload.table.encoding, upload.table.encoding.upper() or "Excel"
        ),
    )


async def act(visit: Visit) -> web.StreamResponse:
    """Match the columns anew, take the good lines over, send the orders, or forget the file."""
    (member, user), identity, form = owner(visit), visit.path_hash("file"), await visit.form()
    action = form.value("action")
    row = await visit.read(lambda tx: uploads.row_of(tx, member, user, identity))
    if action == "drop":
        await visit.write(lambda tx: uploads.drop(tx, member, user, identity))
        return visit.see_other(_base(visit), visit.say(N_("The file was put away. Nothing of it was stored.")))
    if row.kind == uploads.PAPER:
        return await importpapers.act(visit, row, form)
    if action in ("take", "send"):
        return await _take(visit, identity, form)
    return await _choose(visit, identity, form)


async def _choose(visit: Visit, identity: bytes, form: Form) -> web.StreamResponse:
    house, (member, user) = visit.context.house, owner(visit)
    given = form.value("header")
    header = int(given) - 1 if given.isascii() and given.isdigit() and len(given) < 6 else 0

    def work(tx: Tx) -> None:
        upload = uploads.opened(tx, member, user, identity)
        wanted = max(0, min(header, len(upload.table.rows) - 1))
        if wanted != upload.mapping.header:
            mapping = uploads.guessed(upload, wanted)
        else:
            columns = {
                field.name: form.value(f"column.{field.name}")
                for field in LAYOUTS[upload.row.kind]
                if form.value(f"column.{field.name}") in upload.table.rows[wanted]
                and form.value(f"column.{field.name}")
            }
            mapping = Mapping(kind=upload.row.kind, header=wanted, columns=columns)
        uploads.choose(house, tx, upload, mapping)

    await visit.write(work)
    return visit.see_other(f"{_base(visit)}/{identity.hex()}#preview")


async def _take(visit: Visit, identity: bytes, form: Form) -> web.StreamResponse:
    house, (member, user) = visit.context.house, owner(visit)
    upload = await visit.read(lambda tx: uploads.opened(tx, member, user, identity))
    kind = upload.row.kind
    try:
        if kind == "members":
            return await _welcome(visit, identity)
        if kind == "orders":
            return await _orders(visit, identity, send=form.value("action") == "send")
        plan = await visit.write(lambda tx: uploads.take(house, tx, uploads.opened(tx, member, user, identity), user))
    except CallerFault as fault:
        form.wrong("", fault.rule)
        seen = await visit.read(lambda tx: uploads.look(house, tx, uploads.opened(tx, member, user, identity)))
        return _page(visit, seen, form, 422)
    return _done(visit, identity, plan)


def _done(visit: Visit, identity: bytes, plan: Plan) -> web.StreamResponse:
    stored = len(plan.lines) - plan.count("same")
    said = visit.say(N_("{n} lines were taken over; {same} were as they are."), n=stored, same=plan.count("same"))
    if plan.problems:
        said += visit.say(N_(" {n} lines were left out: save them, mend them and choose them again."),
                          n=len(plan.wrong_lines))  # fmt: skip
    return visit.see_other(f"{_base(visit)}/{identity.hex()}", said)


async def _orders(visit: Visit, identity: bytes, *, send: bool) -> web.StreamResponse:
    house, (member, user) = visit.context.house, owner(visit)

    def work(tx: Tx) -> orders.Taken:
        return uploads.take_orders(house, tx, uploads.opened(tx, member, user, identity), user, send=send)

    taken = await visit.write(work)
    if send:
        return visit.see_other("/dealings?tab=running", visit.say(N_("{n} orders were sent."), n=taken.orders))
    return visit.see_other("/drafts", visit.say(N_("{n} orders are drafts now. Look at each and send it."),
                                                n=taken.orders))  # fmt: skip


async def _welcome(visit: Visit, identity: bytes) -> web.StreamResponse:
    house, (member, user), who, address = visit.context.house, owner(visit), visit.who, visit.address

    def work(tx: Tx) -> tuple[list[roster.Welcomed], Plan]:
        return uploads.take_members(house, tx, uploads.opened(tx, member, user, identity), who.user, address)

    made, plan = await visit.write(work)
    if not made:
        return _done(visit, identity, plan)
    url = visit.context.base_url.rstrip("/") or f"{visit.request.scheme}://{visit.request.host}"
    return visit.render("imports/welcomed.html", status=201, made=made, plan=plan, url=url, start=_base(visit))


async def rejected(visit: Visit) -> web.StreamResponse:
    """The wrong lines as a file."""
    house, (member, user), identity = visit.context.house, owner(visit), visit.path_hash("file")
    seen = await visit.read(lambda tx: uploads.look(house, tx, uploads.opened(tx, member, user, identity)))
    if not seen.plan.problems:
        raise NotFound("file", "no line of it is wrong")
    return csv_answer(uploads.rejected(seen.upload, seen.plan, visit.say), "left-out.csv")


async def sample(visit: Visit) -> web.StreamResponse:
    """An empty list with the titles that are understood."""
    kind = visit.path("kind")
    if kind not in (STAFF_KINDS if _base(visit) == STAFF_BASE else MEMBER_KINDS):
        raise NotFound("kind", "no such list")
    return csv_answer(uploads.sample(kind), f"{kind}.csv")


def csv_answer(content: bytes, name: str) -> web.Response:
    """A CSV file to save."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=content, content_type="text/csv", charset="utf-8", headers=headers)


PAGES = tuple(
    page
    for base, operation in ((MEMBER_BASE, "import.write"), (STAFF_BASE, "association.members"))
    for page in (
        Page("GET", base, operation, begin),
        Page("POST", base, operation, bring),
        Page("GET", f"{base}/sample/{{kind}}", operation, sample),
        Page("GET", f"{base}/{{file}}", operation, show),
        Page("POST", f"{base}/{{file}}", operation, act),
        Page("GET", f"{base}/{{file}}/left-out", operation, rejected),
    )
)
