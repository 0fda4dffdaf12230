"""Drawings that a paper points at: whoever is sent the paper may read them.

Owns the form of such a reference (``yui:drawing:`` and the version's hash) and the step of letting read. A person wrote
the reference and sends the paper: that is the consent.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from node.services.drawings import keeping
from node.services.house import House
from node.store import Tx
from protocol.errors import CallerFault, NotFound
from protocol.process.drawing import records
from protocol.process.drawing.records import May, Version
from protocol.process.trade.papers import Paper, Reference

SCHEME: Final = "yui:drawing:"


class Shown(NamedTuple):
    """A drawing that a paper points at."""

    version: bytes
    number: str
    title: str


def reference(tx: Tx, member: bytes, version: bytes) -> Reference:
    """The reference to a version of ``member``. NotFound for any other."""
    row = keeping.require_own(tx, member, version)
    found = records.unsigned(row.data)
    assert isinstance(found, Version)
    number = f"{found.number} v{found.version}"
    return Reference(kind="other", number=number[:64], description=found.title, uri=SCHEME + version.hex())


def drawings_of(paper: Paper | None) -> tuple[Shown, ...]:
    """The drawings that a paper points at, whoever's they are."""
    found = []
    for one in getattr(paper, "references", ()):
        text = one.uri.removeprefix(SCHEME)
        if one.uri != text and len(text) == 64 and all(c in "0123456789abcdef" for c in text):
            found.append(Shown(bytes.fromhex(text), one.number, one.description))
    return tuple(found)


def let_read(house: House, tx: Tx, member: bytes, to: bytes, paper: Paper) -> None:
    """``to`` may have the files of ``member``'s drawings that the paper points at; what was allowed before stays.

    CallerFault for a drawing that is not the sender's own and that it was not given by the recipient.
    """
    for at, one in enumerate(drawings_of(paper)):
        row = tx.drawings.get(one.version)
        if row is not None and row.owner == to and tx.drawings.grant(one.version, member) is not None:
            continue  # an answer that points back at the customer's drawing
        try:
            keeping.require_own(tx, member, one.version)
            said = tx.drawings.grant(one.version, to)
            if said is None or said.may == May.NOTHING.value:
                keeping.allow(house, tx, member, one.version, to, May.FILE)
        except NotFound:
            raise CallerFault(f"references[{at}].uri", "a drawing of the sender") from None
