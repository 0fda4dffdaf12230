"""Dealings over the API: the list, and one with its folded state, its lines and whose turn it is."""

from __future__ import annotations

from typing import Any

import msgspec

from node.api.member import shown
from node.api.member.shapes import ThreadFull, ThreadItem, ThreadList, ThreadQuery
from node.api.operation import Call, Operation
from node.services import addressing, dealings, reading
from node.services.policy import Scope
from node.services.transaction import Tx
from protocol.errors import CallerFault, NotFound
from protocol.process.thread import ThreadState


async def search(call: Call) -> object:
    """GET /v1/threads."""
    asked: ThreadQuery = call.query
    member = call.member

    def work(tx: Tx) -> ThreadList:
        rows = tx.threads.latest(
            member,
            asked.limit,
            before=_cursor(asked.before),
            state=asked.state or None,
            next_actor=asked.turn or None,
            partner=addressing.resolve(tx, asked.partner, "partner") if asked.partner else None,
        )
        names = reading.names_of(tx, {row.partner for row in rows})
        more = f"{rows[-1].updated}-{rows[-1].thread.hex()}" if len(rows) == asked.limit else ""
        return ThreadList(threads=[item(row, names.get(row.partner, "")) for row in rows], next=more)

    return await call.read(work)


def _cursor(text: str) -> tuple[int, bytes]:
    if not text:
        return (2**62, b"")
    updated, _, thread = text.partition("-")
    try:
        return int(updated), bytes.fromhex(thread)
    except ValueError:
        raise CallerFault("before", "the value of next in the last answer") from None


def item(row: Any, partner_name: str) -> ThreadItem:
    """A dealing in a list."""
    return ThreadItem(
        thread=row.thread.hex(),
        state=row.state,
        partner=row.partner.hex(),
        partner_name=partner_name,
        first_type=row.first_type,
        number=row.number,
        amount=row.amount,
        currency=row.currency,
        updated=row.updated,
        turn=row.next_actor,
        documents=row.documents,
    )


async def read(call: Call) -> object:
    """GET /v1/threads/{thread}."""
    thread, member = call.path_hash("thread"), call.member
    return await call.read(lambda tx: full(tx, member, thread))


def full(tx: Tx, member: bytes, thread: bytes) -> ThreadFull:
    """One dealing of ``member``; NotFound for anybody else's."""
    row = tx.threads.get(member, thread)
    if row is None:
        raise NotFound("thread", "no such dealing")
    folded = dealings.fold(tx, thread)
    ids = [stored.row.id for stored in tx.documents.by_thread(thread)]
    holdings = tx.holdings.get_many(member, ids)
    views = reading.views(tx, member, [holdings[document] for document in ids if document in holdings])
    names = reading.names_of(tx, {row.partner})
    return ThreadFull(
        thread=item(row, names.get(row.partner, "")),
        state=state(folded.state),
        documents=[shown.item(view) for view in views],
    )


def state(found: ThreadState) -> dict[str, Any]:
    """The fold as JSON: ids in hex, quantities in nano (10^-9 of the unit), amounts in minor units."""
    plain = msgspec.structs.asdict(found)
    order = plain.pop("order")
    outcomes = plain.pop("outcomes")
    result: dict[str, Any] = {name: _plain(value) for name, value in plain.items()}
    result["order"] = None if order is None else msgspec.to_builtins(order)
    result["outcomes"] = {
        document.hex(): {
            "verdict": outcome.verdict.value,
            "code": outcome.code,
            "reason": outcome.reason,
            "others": [other.hex() for other in outcome.others],
        }
        for document, outcome in outcomes.items()
    }
    return result


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, msgspec.Struct):
        return {name: _plain(inner) for name, inner in msgspec.structs.asdict(value).items()}
    return msgspec.to_builtins(value)


OPERATIONS = (
    Operation(
        "GET",
        "/v1/threads",
        "list_threads",
        "Dealings, latest first",
        search,
        Scope.READ,
        query=ThreadQuery,
        answer=ThreadList,
    ),
    Operation(
        "GET",
        "/v1/threads/{thread}",
        "read_thread",
        "One dealing: folded state, quantities per line, whose turn it is",
        read,
        Scope.READ,
        answer=ThreadFull,
        etag=True,
    ),
)
