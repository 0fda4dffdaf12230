"""Procedures: generators that yield what they need and are resumed with it, by asyncio or by the simulator.

Owns the vocabulary (:class:`Commit`, :class:`Look`, :class:`Ask`, …). Must not know who runs them, nor what for.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from node.store import Tx
from protocol.keys import NodeId

T = TypeVar("T")


@dataclass(frozen=True)
class Commit(Generic[T]):
    """Do ``work`` in one write transaction. The procedure goes on when the commit is durable, or gets the error.

    ``label`` and ``about`` (the wire of a batch) are for who watches.
    """

    work: Callable[[Tx], T]
    label: str = ""
    about: bytes = b""


@dataclass(frozen=True)
class Begin(Generic[T]):
    """Begin a commit and go on at once, with what :class:`End` takes."""

    commit: Commit[T]


@dataclass(frozen=True)
class End:
    """Go on when a commit that was begun is durable, with its result, or get its error. ``begun``: the driver's."""

    begun: Any


@dataclass(frozen=True)
class Look(Generic[T]):
    """Do ``work`` on a snapshot for reading."""

    work: Callable[[Tx], T]


@dataclass(frozen=True)
class Ask:
    """Send ``body`` to ``path`` at ``peer``. The procedure goes on with the answer's body, or gets the error."""

    peer: NodeId
    path: str
    body: bytes


@dataclass(frozen=True)
class Pause:
    """Go on after ``delay`` µs."""

    delay: int


Need = Commit[Any] | Begin[Any] | End | Look[Any] | Ask | Pause
Steps = Generator[Need, Any, T]


def commit(work: Callable[[Tx], T], label: str = "", about: bytes = b"") -> Steps[T]:
    """Typed form of yielding a :class:`Commit`."""
    result: T = yield Commit(work, label, about)
    return result


def look(work: Callable[[Tx], T]) -> Steps[T]:
    """Typed form of yielding a :class:`Look`."""
    result: T = yield Look(work)
    return result


def ask(peer: NodeId, path: str, body: bytes) -> Steps[bytes]:
    """Typed form of yielding an :class:`Ask`."""
    answer: bytes = yield Ask(peer, path, body)
    return answer
