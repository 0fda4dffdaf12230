"""One admin command: what it asks for, what runs. Owns the row and the two ways of running it.

A command is a plain function of (context, request) that uses services in transactions of its own; over the socket it
runs in a thread, in an offline process directly. Commands that speak to other nodes are coroutines and need the
running node.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from node.api.context import Context
from node.api.problem import fault_of
from node.services import addressing, archived
from node.services.transaction import Tx
from protocol.errors import CallerFault, Malformed, NotFound, WorldFault

T = TypeVar("T")
Run = Callable[[Context, Any], object] | Callable[[Context, Any], Awaitable[object]]


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Root of what commands are given."""


class Nothing(Ask, frozen=True):
    """A command without arguments."""


@dataclass(frozen=True)
class Command:
    """``name`` as on the socket (``member.add``). ``offline``: may also run without a node, under the store's lock."""

    name: str
    ask: type[Ask]
    run: Run
    offline: bool = False


def decode(command: Command, body: bytes) -> Any:
    """The request in JSON. CallerFault names field and rule."""
    try:
        return msgspec.json.decode(body or b"{}", type=command.ask)
    except msgspec.ValidationError as error:
        raise fault_of(error) from None
    except msgspec.DecodeError as error:
        raise Malformed(f"not JSON: {error}") from None


async def run_online(command: Command, context: Context, ask: Any) -> object:
    """Run in the node's process."""
    if inspect.iscoroutinefunction(command.run):
        return await command.run(context, ask)
    answer = await asyncio.to_thread(command.run, context, ask)
    context.arrivals.notify()
    return answer


def run_offline(command: Command, context: Context, ask: Any) -> object:
    """Run in a process of its own that holds the store's lock."""
    if not command.offline:
        raise WorldFault("the node is not running: start it with `yui serve`", code="not-running")
    return command.run(context, ask)


def tell(context: Context, nodes: frozenset[bytes]) -> None:
    """Tell the links of ``nodes`` that something waits for them; from any thread."""
    if nodes:
        context.news(nodes)


def local_member(tx: Tx, text: str, field: str = "member") -> bytes:
    """A member of this node by id, first digits, or name."""
    return addressing.resolve_loosely(tx, text, field, local=True)


def readable_member(tx: Tx, text: str) -> bytes:
    """The same, or a member of another node whose archive was taken in here."""
    try:
        return local_member(tx, text)
    except NotFound:
        found = addressing.resolve_loosely(tx, text, "member")
        archived.require_readable(tx, found)
        return found


def document_of(tx: Tx, text: str, member: bytes | None = None) -> tuple[bytes, bytes]:
    """(member, document) for a document id or its first digits; any local member's if ``member`` is None."""
    text = text.strip().lower()
    if not 8 <= len(text) <= 64 or any(c not in "0123456789abcdef" for c in text):
        raise CallerFault("document", "an id: 8 to 64 hexadecimal digits")
    if len(text) == 64:
        found = [bytes.fromhex(text)]
    else:
        found = tx.documents.by_prefix(bytes.fromhex(text.ljust(64, "0")), bytes.fromhex(text.ljust(64, "f")))
    for document in found[:2] if len(found) == 1 else ():
        for row in tx.holdings.by_document(document):
            if member is None or row.member == member:
                return row.member, document
    if len(found) > 1:
        raise CallerFault("document", "several documents begin so: give more digits")
    raise NotFound("document", "no such document at this node")
