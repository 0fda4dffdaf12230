"""What reading a document gives. Light: a node imports this without the XML library."""

from __future__ import annotations

from typing import Any, NamedTuple

from protocol.process.trade.papers import Personal


class Finding(NamedTuple):
    """Something a person should know about a document. ``field``: UBL path, ``rule``: the sentence that is broken."""

    field: str
    rule: str

    def __str__(self) -> str:
        return f"{self.field}: {self.rule}" if self.field else self.rule


class Reading(NamedTuple):
    """A paper read from UBL: ``body`` is one of the trade papers.

    ``warnings``: what a person should look at; none of it stops the paper from being read.
    """

    body: Any
    personal: Personal
    warnings: tuple[Finding, ...]
