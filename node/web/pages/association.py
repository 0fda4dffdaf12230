"""団体の今日・保存とバックアップ・利用記録: how the node is. The same facts as `yui status`, `doctor` and `backup`."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from node import words
from node.api.admin import backups, overview
from node.api.admin.command import Nothing
from node.i18n import N_
from node.services import access, association, doctor, status
from node.services.transaction import Tx
from node.web.forms import Form
from node.web.page import Page
from node.web.pages.people import LOG_ROWS, before
from node.web.visit import Visit
from protocol.errors import CallerFault, WorldFault

#: Sentence and page of a task.
TASKS: Final = {
    "frozen": (N_("This server signs nothing: {name}. Telephone whoever looks after it."), ""),
    "dark": (N_("{name} cannot be reached. {n} papers wait; they go by themselves when it returns."), "peers"),
    "enrolment": (N_("{name} waits for the codes to be compared."), "peers"),
    "quarantine": (N_("{n} records were set aside for checking."), "quarantine"),
    "no-owner": (N_("{name} has no owner who can log in yet."), "members"),
}
LOW_SPACE: Final = doctor.LOW_SPACE_BYTES
GIB: Final = 1024**3


async def today(visit: Visit) -> web.StreamResponse:
    """What waits for staff, and the numbers."""
    house = visit.context.house

    def work(tx: Tx) -> dict[str, Any]:
        return {"tasks": association.tasks(house, tx), "numbers": status.summary(house, tx)}

    found = await visit.read(work)
    free = (await asyncio.to_thread(shutil.disk_usage, visit.context.folder)).free
    low = free < LOW_SPACE
    return visit.render("association/today.html", sentences=TASKS, low=low, free=free / GIB, now=house.clock(), **found)


# --- storage, backups, checks


async def safety(visit: Visit) -> web.StreamResponse:
    """Room, backups, and what the last check found."""
    return await _safety(visit, Form.empty(visit.say))


async def _safety(visit: Visit, form: Form, status_code: int = 200, checked: Any = None) -> web.Response:
    context = visit.context
    kept = await asyncio.to_thread(_backups, visit)
    disk = await asyncio.to_thread(shutil.disk_usage, context.folder)
    numbers = await visit.read(lambda tx: status.summary(context.house, tx))
    if kept is not None and not form.values:
        form = Form.of(visit.say, {"every_hours": kept["every_hours"], "keep": kept["keep"]})
    return visit.render(
        "association/safety.html",
        status=status_code,
        form=form,
        kept=kept,
        made=[_made(path) for path in reversed(kept["backups"])] if kept is not None else [],
        free=disk.free / GIB,
        total=disk.total / GIB,
        numbers=numbers,
        checked=checked,
    )


def _backups(visit: Visit) -> dict[str, Any] | None:
    try:
        return backups.list_backups(visit.context, Nothing())
    except CallerFault:  # no configuration: a node that only tests run
        return None


def _made(path: str) -> tuple[str, int]:
    """A backup's name and when it was made, µs."""
    name = Path(path).name
    try:
        made = datetime.strptime(name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return name, 0
    return name, int(made.timestamp()) * 1_000_000


async def back_up(visit: Visit) -> web.StreamResponse:
    """A backup now."""
    _, form, context, who, address = visit.say, await visit.form(), visit.context, visit.who, visit.address
    await visit.site.limit(visit, "backup", 3, key="node")
    try:
        made = await asyncio.to_thread(backups.make, context, backups.MakeBackup())
    except (CallerFault, WorldFault):
        form.wrong("", _("The backup could not be made. Is there room on its disk?"))
        return await _safety(visit, form, 422)
    detail = Path(made["path"]).name
    await visit.write(
        lambda tx: access.note(
            context.house, tx, "backup-made", member=None, user=who.user, detail=detail, address=address
        )
    )
    return visit.see_other("/association/safety", _("The backup was made and read back."))


async def schedule(visit: Visit) -> web.StreamResponse:
    """How often, and how many are kept."""
    _, form, context = visit.say, await visit.form(), visit.context
    hours = form.integer("every_hours", _("Every how many hours (0: never)"), most=24 * 31)
    keep = form.integer("keep", _("How many are kept"), least=1, most=365)
    if form.ok and hours is not None and keep is not None:
        ask = backups.Schedule(every_hours=hours, keep=keep)
        try:
            await asyncio.to_thread(backups.schedule, context, ask)
        except CallerFault as fault:
            form.refuse(fault)
        else:
            return visit.see_other("/association/safety", _("Saved."))
    return await _safety(visit, form, 422)


async def check(visit: Visit) -> web.StreamResponse:
    """Every check of `yui doctor`: reads everything, so only when somebody asks."""
    await visit.site.limit(visit, "doctor", 2, key="node")
    found = await asyncio.to_thread(overview.examine, visit.context, Nothing())
    rows = [(item["ok"], *words.finding(item, visit.say)) for item in found["findings"]]
    return await _safety(visit, Form.empty(visit.say), checked=rows)


# --- audit


async def audit(visit: Visit) -> web.StreamResponse:
    """The access log of the whole node: who came and who decided, never what is in papers."""
    start = before(visit)
    rows = await visit.read(lambda tx: access.page(tx, None, LOG_ROWS, start))
    return visit.render("people/log.html", rows=rows, what=access.WHAT, base="/association/audit", most=LOG_ROWS)


PAGES = (
    Page("GET", "/association", "association.read", today),
    Page("GET", "/association/safety", "association.safety", safety),
    Page("POST", "/association/safety/backup", "association.safety", back_up),
    Page("POST", "/association/safety/schedule", "association.safety", schedule),
    Page("POST", "/association/safety/check", "association.safety", check),
    Page("GET", "/association/audit", "association.audit", audit),
)
