"""Whom a sender means: a member by its id, its corporate number, or an address of another network.

Owns the ways of naming. Knows no HTTP. A corporate number may be shared by several members of the directory only by
mistake or fraud: then nobody is guessed.
"""

from __future__ import annotations

import re

from node.store import CardRow, Tx
from protocol.errors import CallerFault, NotFound
from protocol.identity import card

_HASH = re.compile(r"[0-9a-f]{64}")
_CORPORATE = re.compile(r"[0-9]{13}")
_ENDPOINT = re.compile(r"([0-9A-Za-z:_.-]{1,30}):([\w.@-]{1,60})")
CORPORATE_SCHEMES = ("0188", "iso6523-actorid-upis:0188")  # ISO 6523: Japanese corporate number


def resolve(tx: Tx, text: str, field: str = "to") -> bytes:
    """The member that ``text`` names: 64 hexadecimal digits, 13 digits, or ``scheme:id``.

    CallerFault for another form or several members; NotFound for none. An id is not looked up.
    """
    text = text.strip()
    if _HASH.fullmatch(text):
        return bytes.fromhex(text)
    if _CORPORATE.fullmatch(text):
        return _only(tx.cards.by_corporate_number(text), field, "corporate number")
    endpoint = _ENDPOINT.fullmatch(text)
    if endpoint is None:
        raise CallerFault(field, "a member id (64 hexadecimal digits), a corporate number (13 digits) or scheme:id")
    scheme, value = endpoint.groups()
    if scheme in CORPORATE_SCHEMES and _CORPORATE.fullmatch(value):
        return _only(tx.cards.by_corporate_number(value), field, "corporate number")
    rows = [row for row in tx.cards.find(text, limit=20) if card.parse(row.wire).endpoint == text]
    return _only(rows, field, "address")


def resolve_loosely(tx: Tx, text: str, field: str, *, local: bool = False) -> bytes:
    """As :func:`resolve`, for a person at the node: also the first digits of an id (at least 6), or the exact name."""
    text = text.strip()
    rows = tx.members.all(local=True if local else None)
    matching = [row.member for row in rows if row.name == text]
    if not matching and re.fullmatch(r"[0-9a-f]{6,64}", text) and not _CORPORATE.fullmatch(text):
        matching = [row.member for row in rows if row.member.hex().startswith(text)]
    if not matching and not local:
        matching = [row.member for row in tx.cards.find(text, limit=20) if row.name == text]
    if len(matching) > 1:
        raise CallerFault(field, f"several members are called {text}: give the id")
    if matching:
        return matching[0]
    if _HASH.fullmatch(text) or _CORPORATE.fullmatch(text) or ":" in text:
        found = resolve(tx, text, field)
        if not local or any(row.member == found for row in rows):
            return found
    shown = text[:80]
    raise NotFound(
        field, f"no such member at this node: {shown}" if local else f"no such member is known here: {shown}"
    )


def _only(rows: list[CardRow], field: str, what: str) -> bytes:
    if not rows:
        raise NotFound(field, f"nobody in the directory has this {what}")
    if len({row.member for row in rows}) > 1:
        raise CallerFault(field, f"several members of the directory have this {what}: give the member id")
    return rows[0].member
