"""The record of a request that was done, kept in the transaction of what it wrote. Knows no HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from node.store import IdempotencyRow, Tx
from protocol.errors import CallerFault

KEEP_US: Final = 7 * 24 * 3600 * 1_000_000


class Done(NamedTuple):
    """A finished write: status and body of its answer; ``news``: nodes with something waiting; ``replayed``: old."""

    status: int
    body: bytes
    news: frozenset[bytes] = frozenset()
    replayed: bool = False


def once(tx: Tx, token: bytes, key: str, fingerprint: bytes, now: int, work: Callable[[Tx], Done]) -> Done:
    """Do ``work``, or give what it gave before under the same key. CallerFault if the request was another one then."""
    tx.idempotency.forget(now - KEEP_US)
    before = tx.idempotency.get(token, key)
    if before is not None:
        if before.fingerprint != fingerprint:
            raise CallerFault("Idempotency-Key", "used before with another request", code="key-reused")
        return Done(before.status, before.response, replayed=True)
    done = work(tx)
    tx.idempotency.add(IdempotencyRow(token, key, fingerprint, done.status, done.body, now))
    return done
