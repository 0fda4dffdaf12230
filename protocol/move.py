"""The bodies of ``/peer/v1/move/…``: what a member's old home and the one that it moves to ask and answer.

Owns shapes and limits of these messages; what is inside them (frames, histories, vaults, records) proves itself. A move
is named by 16 bytes that the new home drew. Source: ``docs/protocol.md`` §15.8.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final, NamedTuple

from protocol import canon, shape, vault
from protocol.errors import Malformed
from protocol.guardian import frame
from protocol.journal import MAX_SEQ
from protocol.limits import (
    MAX_BATCH_BYTES,
    MAX_FRAMES_PER_REQUEST,
    MAX_HISTORY_BYTES,
    MAX_NAME_CHARS,
    MAX_RECORD_BYTES,
    MAX_VAULT_KEYS,
)

ASK: Final = "/peer/v1/move/ask"  # body: Asked; answer: Offer
READ: Final = "/peer/v1/move/read"  # body: Read; answer: Pages
SWITCH: Final = "/peer/v1/move/switch"  # body: Switch; answer: Said
CANCEL: Final = "/peer/v1/move/cancel"  # body: the move; answer: Said
DONE: Final = "/peer/v1/move/done"  # body: the move, which works at the new home; answer: Said
PATHS: Final = (ASK, READ, SWITCH, CANCEL, DONE)

MOVE_BYTES: Final = 16
MAX_CODE_CHARS: Final = 32
MAX_BODY_BYTES: Final = 2 * MAX_BATCH_BYTES + MAX_HISTORY_BYTES + 256 * 1024
SEALED_KEY_BYTES: Final = 80
_ASK_TAG: Final = "yui/move-ask/1"
_OFFER_TAG: Final = "yui/move-offer/1"
_READ_TAG: Final = "yui/move-read/1"
_PAGES_TAG: Final = "yui/move-pages/1"
_SWITCH_TAG: Final = "yui/move-switch/1"
_CANCEL_TAG: Final = "yui/move-cancel/1"
_DONE_TAG: Final = "yui/move-done/1"
_SAID_TAG: Final = "yui/move-said/1"
_KEY_TAG: Final = "yui/move-key/1"


class Word(Enum):
    """What the old home says to the new one."""

    WAIT = "wait"  # all is there: a person has to sign
    READ = "read"  # there is more to read first, or the record does not fit any more
    SWITCHED = "switched"  # the record stands: the new home is the home
    CANCELLED = "cancelled"  # there is no such move (any more)


class Asked(NamedTuple):
    """Somebody says a code at the new home."""

    move: bytes
    network: str
    code: str


class Offer(NamedTuple):
    """Who wants to move: its history, its vault, and the vault's keys, sealed to the new home's key, by name."""

    move: bytes
    member: bytes
    name: str
    history: bytes
    vault: bytes
    keys: tuple[tuple[bytes, bytes], ...]


class Read(NamedTuple):
    """Frames behind ``place``; ``standing``: hash of the last control record that the new home knows."""

    move: bytes
    place: int
    standing: bytes


class Pages(NamedTuple):
    """Frames in order, the last one's place; ``last``: up to where there are some now; ``history``: what is new of it.

    ``vault``: the record as it is now.
    """

    frames: tuple[bytes, ...]
    place: int
    last: int
    history: bytes
    vault: bytes
    keys: tuple[tuple[bytes, bytes], ...]


class Switch(NamedTuple):
    """The record that would make the new home the home, signed by it; it has read up to ``place``."""

    move: bytes
    place: int
    record: bytes


class Said(NamedTuple):
    """``history``: the member's, from behind what the new home knows, once the move stands."""

    word: Word
    history: bytes


def key_about(move: bytes, member: bytes, name: bytes) -> bytes:
    """What a sealed vault key is bound to."""
    return canon.encode((_KEY_TAG, move, member, name))


def encode_ask(message: Asked) -> bytes:
    """The body."""
    return canon.encode((_ASK_TAG, *message))


def parse_ask(data: bytes) -> Asked:
    """The message in a body."""
    raw = shape.record(canon.decode(data), _ASK_TAG, 4)
    code = shape.text(raw[3], "code", MAX_CODE_CHARS)
    return Asked(_move(raw[1]), shape.text(raw[2], "network", 8), code)


def encode_offer(message: Offer) -> bytes:
    """The body."""
    return canon.encode((_OFFER_TAG, *message))


def parse_offer(data: bytes) -> Offer:
    """The message in a body."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_BODY_BYTES), _OFFER_TAG, 7)
    return Offer(
        _move(raw[1]),
        shape.hash32(raw[2], "member"),
        shape.text(raw[3], "name", MAX_NAME_CHARS),
        shape.binary(raw[4], "history", MAX_HISTORY_BYTES),
        shape.binary(raw[5], "vault", vault.MAX_VAULT_BYTES),
        _keys(raw[6]),
    )


def encode_read(message: Read) -> bytes:
    """The body."""
    return canon.encode((_READ_TAG, *message))


def parse_read(data: bytes) -> Read:
    """The message in a body."""
    raw = shape.record(canon.decode(data), _READ_TAG, 4)
    return Read(_move(raw[1]), shape.integer(raw[2], "place", 0, MAX_SEQ), shape.hash32(raw[3], "standing"))


def encode_pages(message: Pages) -> bytes:
    """The body."""
    return canon.encode((_PAGES_TAG, *message))


def parse_pages(data: bytes) -> Pages:
    """The message in a body."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_BODY_BYTES), _PAGES_TAG, 7)
    frames = shape.array(raw[1], "frames", MAX_FRAMES_PER_REQUEST)
    return Pages(
        tuple(shape.binary(item, "frames", frame.MAX_SIGNED_BYTES) for item in frames),
        shape.integer(raw[2], "place", 0, MAX_SEQ),
        shape.integer(raw[3], "last", 0, MAX_SEQ),
        shape.binary(raw[4], "history", MAX_HISTORY_BYTES),
        shape.binary(raw[5], "vault", vault.MAX_VAULT_BYTES),
        _keys(raw[6]),
    )


def encode_switch(message: Switch) -> bytes:
    """The body."""
    return canon.encode((_SWITCH_TAG, *message))


def parse_switch(data: bytes) -> Switch:
    """The message in a body."""
    raw = shape.record(canon.decode(data), _SWITCH_TAG, 4)
    place = shape.integer(raw[2], "place", 0, MAX_SEQ)
    return Switch(_move(raw[1]), place, shape.binary(raw[3], "record", 2 * MAX_RECORD_BYTES))


def encode_cancel(move: bytes) -> bytes:
    """The body."""
    return canon.encode((_CANCEL_TAG, move))


def parse_cancel(data: bytes) -> bytes:
    """The move that the new home does not want any more."""
    return _move(shape.record(canon.decode(data), _CANCEL_TAG, 2)[1])


def encode_done(move: bytes) -> bytes:
    """The body."""
    return canon.encode((_DONE_TAG, move))


def parse_done(data: bytes) -> bytes:
    """The move that is over: the member works at the new home."""
    return _move(shape.record(canon.decode(data), _DONE_TAG, 2)[1])


def encode_said(message: Said) -> bytes:
    """The body."""
    return canon.encode((_SAID_TAG, message.word.value, message.history))


def parse_said(data: bytes) -> Said:
    """The message in a body."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_BODY_BYTES), _SAID_TAG, 3)
    word = shape.text(raw[1], "word", 16)
    if word not in {item.value for item in Word}:
        raise Malformed("word: none that is known")
    return Said(Word(word), shape.binary(raw[2], "history", MAX_HISTORY_BYTES))


def _move(value: object) -> bytes:
    return shape.fixed(value, "move", MOVE_BYTES)


def _keys(value: object) -> tuple[tuple[bytes, bytes], ...]:
    found: list[tuple[bytes, bytes]] = []
    items: Sequence[object] = shape.array(value, "keys", MAX_VAULT_KEYS)
    for item in items:
        name, sealed = shape.exactly(item, "keys", 2)
        found.append((shape.hash32(name, "keys.name"), shape.fixed(sealed, "keys.sealed", SEALED_KEY_BYTES)))
    return tuple(found)
