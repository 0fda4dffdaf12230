"""The seam: what every store is to those who use it, whatever engine is below.

Owns the contract of transactions. One piece of work = one function of a :class:`Tx`; it runs once, its result comes
back only after the commit is durable, an exception undoes it alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

from node.store.tx import Tx

T = TypeVar("T")


class Store(ABC):
    """A node's durable memory. Safe to use from any thread; a work must not use the store that runs it."""

    #: "sqlite" or "postgresql"
    engine: str

    def write(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` in one durable transaction and wait for it. What it raises is raised here, and undone."""
        return self.submit(work).result()

    @abstractmethod
    def submit(self, work: Callable[[Tx], T]) -> Future[T]:
        """Queue ``work`` to the one writer; the future is done only after the commit.

        WorldFault: nothing was written, try again later (disk full). InvariantBroken: what is durable is in doubt,
        every further write is refused and the process must end.
        """

    @abstractmethod
    def read(self, work: Callable[[Tx], T]) -> T:
        """Run ``work`` in a read-only snapshot of what was committed."""

    @abstractmethod
    def backup(self, path: Path) -> None:
        """Write a consistent, verified copy to the new file ``path`` (mode 0600) while the store goes on working."""

    @abstractmethod
    def check(self) -> list[str]:
        """What the engine finds wrong with its files; empty if nothing."""

    @abstractmethod
    def close(self) -> None:
        """Finish what is queued, then close. Harmless the second time."""

    @property
    @abstractmethod
    def broken(self) -> Exception | None:
        """Why writes are refused, or None."""
