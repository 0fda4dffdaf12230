"""Sales that a register pushes, line by line, over the API. Owns the shapes; the rules are those of a register's file.

What is pushed is written as a file and taken over like any other (``node.selling``), outside the event loop. The record
of the Idempotency-Key is made in the transaction of the batch.
"""

from __future__ import annotations

import asyncio
import csv
import secrets
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from aiohttp import web
from msgspec import Meta

from node import selling
from node.api import idempotency as keys
from node.api.context import Context
from node.api.member.shapes import Answer, Shape
from node.api.operation import JSON, Call, Operation
from node.api.problem import TYPE_PREFIX, Refused
from node.i18n import translations
from node.services import idempotency
from node.services.idempotency import Done
from node.services.policy import Scope
from node.services.transaction import Tx
from protocol.errors import CallerFault

MAX_LINES: Final = 5000
HEAD_LINES: Final = 1  # what stands in the file before the first line
CODE: Final = "sales-line"
Text = Annotated[str, Meta(max_length=200)]


class SoldLine(Shape, frozen=True):
    """A line of a receipt, as texts of a register's file (docs/adr/0050-pos.md).

    ``day``: the business day, 2026-10-05; ``time``: 18:30; ``quantity``: decimal, less than 0 for a return; ``unit``:
    pieces if empty, else kg, g, l, ml, m; ``amount``: yen, with tax unless ``tax`` says out or none; ``rate``: 0, 8,
    10.
    ``jan`` or ``item``, a code of the shop's own. ``line``: its number in the receipt.
    """

    day: Annotated[str, Meta(max_length=40)]
    receipt: Annotated[str, Meta(min_length=1, max_length=60)]
    line: Annotated[int, Meta(ge=1, le=100_000)]
    quantity: Annotated[str, Meta(max_length=20)]
    amount: int
    jan: Annotated[str, Meta(max_length=20)] = ""
    item: Annotated[str, Meta(max_length=60)] = ""
    name: Text = ""
    unit: Annotated[str, Meta(max_length=20)] = ""
    time: Annotated[str, Meta(max_length=20)] = ""
    tax: Annotated[str, Meta(max_length=10)] = ""
    rate: Annotated[str, Meta(max_length=10)] = ""
    void: bool = False


class SalesGiven(Shape, frozen=True):
    """``store``: whose sales; ``correct``: lines that differ from stored ones, or of a closed month, are new versions.

    Bad lines are left out and named, the good ones stored.
    """

    store: Annotated[str, Meta(min_length=1, max_length=40)]
    lines: Annotated[list[SoldLine], Meta(min_length=1, max_length=MAX_LINES)]
    correct: bool = False
    lang: Annotated[str, Meta(pattern="^(ja|en)$")] = "en"


class LineProblem(Answer, frozen=True):
    """A line that was left out, as problem+json (RFC 9457). ``line``: its place in ``lines`` (0: the first)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    line: int
    field: str
    rule: str


class SalesTaken(Answer, frozen=True):
    """``new``, ``changed``: lines stored now; ``same``: stored before; ``bad``: left out, the first 1,000 named.

    ``batch``: its number, 0 if nothing was stored; ``digest``: SHA-256 of the lines as they are kept.
    """

    new: int
    changed: int
    same: int
    bad: int
    batch: int
    digest: str
    problems: list[LineProblem]


async def push(call: Call) -> object:
    """POST /v1/sales."""
    given: SalesGiven = call.body
    context, token = call.context, call.principal.token
    key, fingerprint = keys.key_of(call.request), keys.fingerprint_of(call.request, call.raw)
    if key and (token, key) in context.in_flight:
        raise Refused(409, "in-flight", "a request with this key is still being done", field="Idempotency-Key")
    context.in_flight.add((token, key))

    async def in_turn() -> Done:
        async with context.sales_turn:
            return await asyncio.to_thread(
                _push, context, call.member, given, token=token, key=key, fingerprint=fingerprint
            )

    job = asyncio.create_task(in_turn())
    # released by the work itself: a caller that hangs up does not make it repeatable half-way
    job.add_done_callback(lambda _: context.in_flight.discard((token, key)))
    done = await asyncio.shield(job)
    headers = {"Idempotent-Replayed": "true"} if done.replayed else None
    return web.Response(body=done.body, status=done.status, content_type=JSON, headers=headers)


def _push(context: Context, member: bytes, given: SalesGiven, *, token: bytes, key: str, fingerprint: bytes) -> Done:
    """Outside the event loop."""
    now, found = context.house.clock(), list[Done]()
    before = context.store.read(lambda tx: tx.idempotency.get(token, key)) if key else None
    if before is not None and before.created > now - idempotency.KEEP_US:
        if before.fingerprint != fingerprint:
            raise CallerFault("Idempotency-Key", "used before with another request", code="key-reused")
        return Done(before.status, before.response, replayed=True)

    def note(tx: Tx, told: dict[str, Any]) -> None:
        done = Done(200, msgspec.json.encode(_told(told, given)))
        if key:
            done = idempotency.once(tx, token, key, fingerprint, now, lambda _: done)
        found.append(done)

    file = selling.waiting_folder(context.warehouse) / f"push-{secrets.token_hex(8)}.csv"
    try:
        _write(file, given)
        sold = selling.Sold(file, "API", member, "API", given.store, correct=given.correct)
        selling.bring(context.store, context.warehouse, context.house.clock, sold, also=note)
    finally:
        file.unlink(missing_ok=True)
    return found[-1]


def _write(file: Path, given: SalesGiven) -> None:
    names = SoldLine.__struct_fields__
    with file.open("x", encoding="utf-8", newline="") as opened:
        file.chmod(0o600)
        rows = csv.writer(opened, lineterminator="\n")
        rows.writerow(names)
        rows.writerows([_text(getattr(line, name)) for name in names] for line in given.lines)


def _text(value: object) -> str:
    """One line of text: whatever breaks lines becomes a space."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return " ".join(str(value).split())


def _told(told: dict[str, Any], given: SalesGiven) -> SalesTaken:
    say = translations(given.lang).gettext
    problems = [
        LineProblem(
            type=TYPE_PREFIX + CODE,
            title="Invalid content",
            status=422,
            code=CODE,
            detail=f"{field}: {say(rule)}" + (f" ({value})" if value else ""),
            line=line - 1 - HEAD_LINES,
            field=field,
            rule=say(rule),
        )
        for line, field, rule, value in told["problems"]
    ]
    return SalesTaken(
        new=told["new"], changed=told["changed"], same=told["same"], bad=told["bad"], batch=told["batch"],
        digest=told["digest"] if told["stored"] else "", problems=problems,
    )  # fmt: skip


OPERATIONS = (
    Operation(
        "POST",
        "/v1/sales",
        "push_sales",
        "Sales of a register, up to 5,000 lines: bad lines are named and left out, the good ones kept, nothing twice",
        push,
        Scope.SALES,
        body=SalesGiven,
        answer=SalesTaken,
        idempotent_key=True,
    ),
)
