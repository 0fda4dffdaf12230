"""Members whose association is gone come back with their 24 words on a page: by a one-time address from staff.

Owns what that address is good for, and how typed words become a key. The address is the association's consent to take
the member in; only SHA-256 of its secret is kept, with the members that the words were of. Words and key are never
stored: they are in memory for the request that brings them and the return that it starts (ADR 0054).
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

from node.i18n import N_
from node.services import access
from node.services.house import House
from node.services.sessions import DAY_US
from node.services.tokens import hash_of
from node.store import Tx, UserRow
from protocol import canon
from protocol.errors import CallerFault, NotFound
from protocol.identity import words
from protocol.keys import SigningKey

LIFETIME_US: Final = DAY_US
SECRET_BYTES: Final = 24
MAX_NOTE_CHARS: Final = 80
MAX_WRONG: Final = 5
PATH: Final = "/return/"
_KEYS: Final = "welcome/"
OTHERS: Final = N_("These are another member's words. Ask the association for a page of its own.")
_KATAKANA: Final = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}
_MARKS: Final = re.compile(r"[\d.,:;、。・]+")


class Welcome(NamedTuple):
    """An address that is good now. ``note``: for whom; ``wrong``: how often words fitted nobody; times µs."""

    note: str
    expires: int
    wrong: int
    members: tuple[bytes, ...]


class Given(NamedTuple):
    """An address that staff gave: ``id`` names it without opening it. ``state``: open, begun, locked."""

    id: str
    row: Welcome
    state: str


class Link(NamedTuple):
    """A new address: its secret, shown once."""

    secret: str
    row: Welcome

    @property
    def path(self) -> str:
        """Where it leads, behind the node's own address."""
        return PATH + self.secret


def invite(house: House, tx: Tx, note: str, by: UserRow | None, address: str = "") -> Link:
    """Staff take one member in: an address for it, good for a day. CallerFault in a node that has no members."""
    house.require_members()
    if not note.strip() or len(note) > MAX_NOTE_CHARS or not note.isprintable():
        raise CallerFault("note", N_("Enter 1 to 80 characters."))
    _clear(house, tx)
    secret = base64.urlsafe_b64encode(house.entropy(SECRET_BYTES)).decode()
    made = Welcome(note.strip(), house.clock() + LIFETIME_US, 0, ())
    _put(tx, secret, made)
    access.note(house, tx, "return-invited", member=None, user=by, detail=made.note, address=address)
    return Link(secret, made)


def look(house: House, tx: Tx, secret: str) -> Welcome:
    """What an address is good for. NotFound where it is unknown, too old, or was locked: they look the same."""
    stored = tx.meta.get(_key(secret))
    if stored is None:
        raise NotFound("return", "no such address")
    found = _read(stored)
    if house.clock() >= found.expires or found.wrong >= MAX_WRONG:
        raise NotFound("return", "no such address")
    return found


def refused(house: House, tx: Tx, secret: str, address: str = "") -> int:
    """Words that fit nobody were typed; how often this may still happen before the address is good for nothing."""
    found = look(house, tx, secret)
    changed = found._replace(wrong=found.wrong + 1)
    _put(tx, secret, changed)
    access.note(house, tx, "return-refused", member=None, name=found.note, address=address)
    return MAX_WRONG - changed.wrong


def begun(house: House, tx: Tx, secret: str, members: Sequence[bytes], address: str = "") -> None:
    """The words were right. From now on the address is these members' only: one consent takes in one holder."""
    found = look(house, tx, secret)
    wanted = tuple(sorted(members))
    if found.members not in ((), wanted):
        raise CallerFault("words", OTHERS)
    _put(tx, secret, found._replace(members=wanted))
    access.note(house, tx, "return-begun", member=None, name=found.note, address=address)


def given(house: House, tx: Tx) -> list[Given]:
    """The addresses that have not run out, the one that runs out next first."""
    found = [(name.removeprefix(_KEYS), _read(stored)) for name, stored in tx.meta.under(_KEYS)]
    rows = [Given(name, row, _state(row)) for name, row in found if house.clock() < row.expires]
    return sorted(rows, key=lambda one: (one.row.expires, one.id))


def _state(row: Welcome) -> str:
    return "locked" if row.wrong >= MAX_WRONG else "begun" if row.members else "open"


def withdraw(house: House, tx: Tx, id: str, by: UserRow | None, address: str = "") -> None:
    """An address is good for nothing from now on; a return that began by it goes on. NotFound for another ``id``."""
    found = next((one for one in given(house, tx) if one.id == id), None)
    if found is None:
        raise NotFound("return", "no such address")
    tx.meta.delete(_KEYS + found.id)
    access.note(house, tx, "return-withdrawn", member=None, user=by, detail=found.row.note, address=address)


def _clear(house: House, tx: Tx) -> None:
    """What ran out is forgotten."""
    for name, stored in tx.meta.under(_KEYS):
        if house.clock() >= _read(stored).expires:
            tx.meta.delete(name)


def _read(stored: bytes) -> Welcome:
    note, expires, wrong, members = canon.decode(stored)
    return Welcome(note, expires, wrong, tuple(members))


def _key(secret: str) -> str:
    return _KEYS + hash_of(secret).hex()


def _put(tx: Tx, secret: str, row: Welcome) -> None:
    tx.meta.set(_key(secret), canon.encode((row.note, row.expires, row.wrong, row.members)))


# --- words as people type them


def read(typed: Sequence[str]) -> list[str]:
    """What was typed into the fields, as words: katakana and half-width kana too, numbers and commas left out.

    All 24 may stand in one field.
    """
    return [word for text in typed for word in _clean(text).split()] if _pasted(typed) else [_clean(t) for t in typed]


def _pasted(typed: Sequence[str]) -> bool:
    return sum(bool(text.strip()) for text in typed) == 1


def _clean(text: str) -> str:
    composed = unicodedata.normalize("NFKC", text).translate(_KATAKANA)
    pieces = _MARKS.sub(" ", composed).split()
    return " ".join(pieces)


def unlisted(found: Sequence[str]) -> list[int]:
    """Numbers (from 1) of those that are in no list of words; empty ones are not meant."""
    return [number for number, word in enumerate(found, 1) if word and not words.is_listed(word)]


def key_of(found: Sequence[str]) -> SigningKey:
    """The key of 24 words. CallerFault where they do not fit together."""
    return words.key_of(words.entropy_of(" ".join(found)))
