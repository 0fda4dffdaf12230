"""売上を取り込む: a register's file is brought, columns are matched, what it would do is shown, then it is taken over.

Files may be large: they come in piece by piece, and reading or storing one goes on while its page says how far it is.
Nothing of a file counts before the button. Where files lie and the order of the steps: ``node.selling``.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
from aiohttp import web

from node import selling
from node.i18n import N_
from node.papers.tabular import write_csv
from node.services.selling import uploads
from node.services.selling.uploads import Reading, Told, Upload, Waiting
from node.web.forms import Form
from node.web.page import Page
from node.web.pages.imports import csv_answer
from node.web.upload import receive_to
from node.web.visit import Visit
from protocol.errors import CallerFault, NotFound, YuiError
from protocol.limits import MIB

BASE: Final = "/sales/import"
MAX_FILE_BYTES: Final = 512 * MIB
SUFFIXES: Final = (".csv", ".txt", ".tsv", ".xlsx", ".xls", ".ods")
AT_ONCE_S: Final = 4.0  # so long a page waits for a file before it says that it is being read
FORGOTTEN_US: Final = 10 * 60 * 1_000_000
MOST_SHOWN: Final = 100
MOST_TITLES: Final = 60
FEW_DIGITS: Final = 6
NO_FILE: Final = N_("Choose a file.")
LAYOUT_WORDS: Final = {
    "generic": N_("Any register (columns are found by their titles)"),
    "smaregi": N_("Smaregi"),
    "square": N_("Square"),
}
TAX_WORDS: Final = {"in": N_("with tax"), "out": N_("without tax"), "none": N_("not taxable")}
FIELD_WORDS: Final = {
    "day": N_("Business day"),
    "receipt": N_("Receipt number"),
    "jan": N_("JAN"),
    "item": N_("Own item code"),
    "name": N_("Name of the item"),
    "quantity": N_("Quantity"),
    "amount": N_("Amount"),
    "unit": N_("Unit"),
    "line": N_("Line number"),
    "time": N_("Time"),
    "store": N_("Shop"),
    "tax": N_("With or without tax"),
    "rate": N_("Tax rate"),
    "kind": N_("Sale or return"),
    "void": N_("Voided"),
}
REQUIRED: Final = ("day", "receipt", "quantity", "amount")
RUNNING: Final = {"looking": N_("The file is being read and checked."), "taking": N_("The lines are being stored.")}


async def begin(visit: Visit) -> web.StreamResponse:
    """Which file, of which register."""
    member = visit.member
    last = await visit.read(lambda tx: uploads.last_reading(tx, member))
    form = Form.of(visit.say, {"store": last.store, "layout": last.layout, "tax": last.tax})
    return _begin_page(visit, form)


def _begin_page(visit: Visit, form: Form, status: int = 200) -> web.Response:
    for name, first in (("layout", "generic"), ("tax", "in")):
        form.values.setdefault(name, [first])
    return visit.render("sales/begin.html", status=status, form=form, megabytes=MAX_FILE_BYTES >> 20, **_choices(visit))


def _choices(visit: Visit) -> dict[str, Any]:
    return {
        "layouts": [(name, visit.say(word)) for name, word in LAYOUT_WORDS.items()],
        "taxes": [(name, visit.say(word)) for name, word in TAX_WORDS.items()],
    }


async def bring(visit: Visit) -> web.StreamResponse:
    """Keep the file for a day and look at it; then its own page."""
    house, member, user = visit.context.house, visit.member, visit.who.user.name
    identity = os.urandom(32)
    folder = await asyncio.to_thread(selling.waiting_folder, visit.context.warehouse)
    form, name, path = await receive_to(visit, "file", folder, identity.hex(), SUFFIXES, MAX_FILE_BYTES)
    reading = _reading(visit, form, None)
    if path is None and form.ok:
        form.wrong("file", NO_FILE)
    if path is None or not form.ok:
        if path is not None:
            await asyncio.to_thread(path.unlink)
        return _begin_page(visit, form, 422)
    await visit.write(lambda tx: uploads.bring(house, tx, member, user, identity, name, reading))
    return await _go_on(visit, identity)


def _reading(visit: Visit, form: Form, mapping: dict[str, str] | None) -> Reading:
    labels = {name: visit.say(word) for name, word in FIELD_WORDS.items()}
    return Reading(
        store=form.text("store", labels["store"], required=False, most=uploads.MAX_STORE_CHARS),
        layout=form.choice("layout", visit.say(N_("Register")), LAYOUT_WORDS),
        tax=form.choice("tax", labels["tax"], TAX_WORDS),
        mapping=mapping,
    )


async def _go_on(visit: Visit, identity: bytes, *, commit: bool = False, correct: bool = False) -> web.Response:
    """Read or store the file; the page of it, at the latest after a few seconds."""
    context, member, user = visit.context, visit.member, visit.who.user.name

    async def in_turn() -> None:
        async with context.sales_turn:
            await asyncio.to_thread(_work, context, member, user, identity, commit=commit, correct=correct)

    task = asyncio.create_task(in_turn())
    context.importing[identity] = task
    task.add_done_callback(lambda _: context.importing.pop(identity, None))
    await asyncio.wait({task}, timeout=AT_ONCE_S)
    return visit.see_other(f"{BASE}/{identity.hex()}")


def _work(context: Any, member: bytes, user: str, identity: bytes, *, commit: bool, correct: bool) -> None:
    """Outside the event loop: what is found stands in the store, whatever it is."""
    house, store, warehouse = context.house, context.store, context.warehouse
    upload = store.read(lambda tx: uploads.opened(tx, member, user, identity))
    reading, path = upload.waiting.reading, _path(context, identity)
    waiting = msgspec.structs.replace(upload.waiting, state="taking" if commit else "looking", fault="")
    context.commit(partial(_note, house, member, user, identity, waiting))
    try:
        if path is None:
            raise CallerFault("file", N_("The file is no longer here: choose it again."))
        sold = selling.Sold(
            path, upload.name, member, user, reading.store, reading.layout, reading.mapping, reading.tax, correct,
            commit,
        )  # fmt: skip
        found = selling.bring(store, warehouse, house.clock, sold)
        told = msgspec.convert(found, Told)
        state = "taken" if commit else "looked"
        waiting = msgspec.structs.replace(
            waiting, state=state, told=told, titles=_titles(warehouse, path, told.columns)
        )
        if commit:
            path.unlink(missing_ok=True)
    except CallerFault as fault:
        waiting = msgspec.structs.replace(
            waiting, state="refused", told=None, titles=_titles(warehouse, path, {}), fault=fault.rule
        )
    except YuiError as error:
        waiting = msgspec.structs.replace(waiting, state="refused", told=None, fault=str(error))
    context.commit(partial(_note, house, member, user, identity, waiting))


def _note(house: Any, member: bytes, user: str, identity: bytes, waiting: Waiting, tx: Any) -> None:
    with contextlib.suppress(NotFound):  # put away meanwhile
        uploads.note(house, tx, member, user, identity, waiting)


def _path(context: Any, identity: bytes) -> Path | None:
    folder = selling.waiting_folder(context.warehouse)
    return next((folder / f"{identity.hex()}{suffix}" for suffix in SUFFIXES
                 if (folder / f"{identity.hex()}{suffix}").is_file()), None)  # fmt: skip


def _titles(warehouse: Any, path: Path | None, columns: Mapping[str, str]) -> list[str]:
    """The titles to choose from: of the row with the columns that were found, else of the fullest of the first rows.

    A file without titles begins with a line of sales: cells with many digits are left out.
    """
    try:
        rows = warehouse.head(path) if path is not None else []
    except YuiError:
        return []
    known = set(columns.values())
    row: list[str] = max(
        rows, key=lambda cells: (len(known & set(cells)), sum(bool(cell.strip()) for cell in cells)), default=[]
    )
    titles = dict.fromkeys(cell[:60] for cell in row[:MOST_TITLES] if cell.strip())
    return [title for title in titles if sum(letter.isdigit() for letter in title) < FEW_DIGITS]


async def show(visit: Visit) -> web.StreamResponse:
    """How far it is; then the columns, and what taking it over would do."""
    upload = await _opened(visit)
    return _page(visit, upload, Form.empty(visit.say))


async def _opened(visit: Visit) -> Upload:
    member, user, identity = visit.member, visit.who.user.name, visit.path_hash("file")
    return await visit.read(lambda tx: uploads.opened(tx, member, user, identity))


def _page(visit: Visit, upload: Upload, form: Form, status: int = 200) -> web.Response:
    waiting, say = upload.waiting, visit.say
    late = visit.context.house.clock() - upload.updated > FORGOTTEN_US
    running = waiting.state in RUNNING and (upload.id in visit.context.importing or not late)
    reading, told = waiting.reading, waiting.told
    columns = told.columns if told is not None else reading.mapping or {}
    for name, value in (("store", reading.store), ("layout", reading.layout), ("tax", reading.tax)):
        form.values.setdefault(name, [value])
    for field in FIELD_WORDS:
        form.values.setdefault(f"column_{field}", [columns.get(field, "")])
    return visit.render(
        "sales/file.html",
        status=status,
        form=form,
        base=f"{BASE}/{upload.id.hex()}",
        upload=upload,
        told=told,
        running=say(RUNNING[waiting.state]) if running else "",
        broken_off=waiting.state in RUNNING and not running,
        fields=[(name, say(word), name in REQUIRED) for name, word in FIELD_WORDS.items()],
        titles=[(title, title) for title in dict.fromkeys([*waiting.titles, *columns.values()])],
        most=MOST_SHOWN,
        **_choices(visit),
    )


async def act(visit: Visit) -> web.StreamResponse:
    """Read it with other columns, take the good lines over, or forget the file."""
    form, upload, action = await visit.form(), await _opened(visit), ""
    house, member, user, action = visit.context.house, visit.member, visit.who.user.name, form.value("action")
    if upload.id in visit.context.importing:
        return visit.see_other(f"{BASE}/{upload.id.hex()}")
    if action == "drop":
        await visit.write(lambda tx: uploads.drop(tx, member, user, upload.id))
        path = await asyncio.to_thread(_path, visit.context, upload.id)
        if path is not None:
            await asyncio.to_thread(path.unlink)
        return visit.see_other("/sales", visit.say(N_("The file was put away. Nothing of it was stored.")))
    if action in ("take", "correct"):
        if upload.waiting.state != "looked":
            return visit.see_other(f"{BASE}/{upload.id.hex()}")
        return await _go_on(visit, upload.id, commit=True, correct=action == "correct")
    mapping = {name: form.value(f"column_{name}") for name in FIELD_WORDS if form.value(f"column_{name}")}
    known = {name: title for name, title in mapping.items() if title in upload.waiting.titles}
    reading = _reading(visit, form, known or None)
    if not form.ok:
        return _page(visit, upload, form, 422)
    waiting = Waiting(reading=reading, titles=upload.waiting.titles)
    await visit.write(lambda tx: uploads.note(house, tx, member, user, upload.id, waiting))
    return await _go_on(visit, upload.id)


async def left_out(visit: Visit) -> web.StreamResponse:
    """The bad lines with their numbers, columns and rules, as a file."""
    told = (await _opened(visit)).waiting.told
    if told is None or not told.problems:
        raise NotFound("file", "no line of it is wrong")
    say = visit.say
    rows = [[str(line), column, say(rule), value] for line, column, rule, value in told.problems]
    titles = [say(N_("Line")), say(N_("Column")), say(N_("What is wrong")), say(N_("What stands there"))]
    return csv_answer(write_csv(titles, rows), "left-out.csv")


PAGES = (
    Page("GET", BASE, "sales.write", begin),
    Page("POST", BASE, "sales.write", bring, streams=True),
    Page("GET", f"{BASE}/{{file}}", "sales.write", show),
    Page("POST", f"{BASE}/{{file}}", "sales.write", act),
    Page("GET", f"{BASE}/{{file}}/left-out", "sales.write", left_out),
)
