"""A firm's word in a round: how much it wants and how much less or more it takes; or that it withdraws.

Owns the record ``yui/joint-pledge/1`` (signed by the key of the firm's epoch), its sealing to the conductors, and
the receipt by which a conductor says when it came. Source: ``docs/protocol.md`` §19.3.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final, NamedTuple

from protocol import canon, sealing, shape
from protocol.errors import Malformed, Misdirected
from protocol.keys import SigningKey
from protocol.limits import MAX_JOINT_ITEMS, MAX_JOINT_MONEY, MAX_JOINT_QUANTITY, MAX_JOINT_REVISION
from protocol.process.joint import signed
from protocol.process.joint.terms import Round

TAG: Final = "yui/joint-pledge/1"
SEALED_TAG: Final = "yui/joint-sealed/1"
RECEIPT_TAG: Final = "yui/joint-receipt/1"
PADDED_BYTES: Final = 1024  # every word has this length before it is sealed: the length says nothing
SALT_BYTES: Final = 16


class Want(NamedTuple):
    """``wanted`` of the item with this place in the round, and how much ``less`` or ``more`` will do."""

    item: int
    wanted: int
    less: int
    more: int


class Pledge(NamedTuple):
    """No ``wants``: the firm withdraws. ``extra``: yen that it agrees to pay above what it would pay alone. ``large``:
    it is above the limits of a small firm by its own word. ``salt``: random, hides its slip from guesses."""

    round: bytes
    member: bytes
    epoch: bytes
    revision: int
    drop: int
    wants: tuple[Want, ...]
    extra: int
    large: bool
    salt: bytes
    time: int


class Word(NamedTuple):
    """A pledge with the hash of its record: what is compared, counted and receipted."""

    pledge: Pledge
    hash: bytes


class Code(Enum):
    """What a conductor made of a word."""

    TAKEN = "taken"
    LATE = "late"
    FULL = "full"
    REFUSED = "refused"


class Receipt(NamedTuple):
    """A conductor's word that a pledge came in time (TAKEN), or why it does not count with this conductor."""

    round: bytes
    attempt: int
    word: bytes
    code: Code
    time: int


def sign(key: SigningKey, found: Round, pledge: Pledge) -> bytes:
    """The bytes that travel, sealed, to every conductor; checked as on receipt."""
    parse_record(canon.encode((TAG, *pledge)), found, pledge.round)
    return signed.sign(key, TAG, pledge)


def claimed(data: bytes, found: Round, name: bytes) -> Word:
    """The word in an envelope, before its signature is looked at: it says whose epoch has to have signed."""
    record = signed.parse(data, PADDED_BYTES).record
    return Word(parse_record(record, found, name), canon.digest(record))


def verify(data: bytes, found: Round, name: bytes, signing_key: bytes) -> Word:
    """The word, if the key of the epoch that it names signed it. ``name``: hash of the round."""
    record = signed.verify(signed.parse(data, PADDED_BYTES), signing_key)
    return Word(parse_record(record, found, name), canon.digest(record))


def parse_record(record: bytes, found: Round, name: bytes) -> Pledge:
    """The pledge of a record, for this round: goods, steps and drop as the round has them."""
    raw = shape.record(canon.decode(record, max_bytes=PADDED_BYTES), TAG, 11)
    if shape.hash32(raw[1], "round") != name:
        raise Misdirected("round: a pledge to another round, or to other terms")
    wants = tuple(_want(item, found) for item in shape.array(raw[6], "wants", MAX_JOINT_ITEMS))
    if [want.item for want in wants] != sorted({want.item for want in wants}):
        raise Malformed("wants: ascending, no item twice")
    return Pledge(
        name,
        shape.hash32(raw[2], "member"),
        shape.hash32(raw[3], "epoch"),
        shape.integer(raw[4], "revision", 0, MAX_JOINT_REVISION),
        shape.integer(raw[5], "drop", 0, len(found.drops) - 1),
        wants,
        shape.integer(raw[7], "extra", 0, MAX_JOINT_MONEY),
        shape.flag(raw[8], "large"),
        shape.fixed(raw[9], "salt", SALT_BYTES),
        shape.time_us(raw[10], "time"),
    )


def _want(value: Any, found: Round) -> Want:
    item, wanted, less, more = shape.exactly(value, "wants", 4)
    shape.integer(item, "wants.item", 0, len(found.items) - 1)
    shape.integer(wanted, "wants.wanted", 1, MAX_JOINT_QUANTITY)
    shape.integer(less, "wants.less", 0, wanted)
    shape.integer(more, "wants.more", 0, MAX_JOINT_QUANTITY)
    if any(quantity % found.items[item].step for quantity in (wanted, less, more)):
        raise Malformed(f"wants: multiples of {found.items[item].step}")
    return Want(item, wanted, less, more)


def seal(word: bytes, name: bytes, conductor: bytes, seed: bytes) -> bytes:
    """A signed word for one conductor's node. ``seed``: 32 fresh random bytes for each."""
    if len(word) >= PADDED_BYTES:
        raise Malformed("word: too long to be sealed")
    plain = word + b"\x80" + bytes(PADDED_BYTES - len(word) - 1)
    return canon.encode((SEALED_TAG, name, conductor, sealing.seal(plain, _about(name, conductor), conductor, seed)))


def unseal(data: bytes, name: bytes, own: SigningKey) -> bytes:
    """The signed word of a sealed one. Misdirected if it is for another round or conductor."""
    raw = shape.record(canon.decode(data), SEALED_TAG, 4)
    conductor = shape.fixed(raw[2], "conductor", 32)
    if shape.hash32(raw[1], "round") != name or conductor != own.public:
        raise Misdirected("sealed for another round or conductor")
    sealed = shape.fixed(raw[3], "sealed", PADDED_BYTES + sealing.OVERHEAD_BYTES)
    word, mark, rest = sealing.unseal(sealed, _about(name, conductor), own).rpartition(b"\x80")
    if not mark or rest.strip(b"\0"):
        raise Malformed("sealed: not padded as it has to be")
    return word


def _about(name: bytes, conductor: bytes) -> bytes:
    return SEALED_TAG.encode() + name + conductor


def sign_receipt(key: SigningKey, receipt: Receipt) -> bytes:
    """What a firm keeps: with receipts of a majority its word is in every set that can be stated."""
    return signed.sign(key, RECEIPT_TAG, receipt._replace(code=receipt.code.value))  # type: ignore[arg-type]


def verify_receipt(data: bytes, found: Round, name: bytes) -> tuple[Receipt, int]:
    """The receipt and the number of the conductor that signed it."""
    envelope = signed.parse(data, PADDED_BYTES)
    number = found.number_of(envelope.public)
    raw = shape.record(canon.decode(signed.verify(envelope, envelope.public)), RECEIPT_TAG, 6)
    if shape.hash32(raw[1], "round") != name:
        raise Misdirected("round: a receipt for another one")
    try:
        code = Code(raw[4])
    except ValueError:
        raise Malformed("code: taken, late, full or refused") from None
    attempt = shape.integer(raw[2], "attempt", 0, found.attempts - 1)
    return Receipt(name, attempt, shape.hash32(raw[3], "word"), code, shape.time_us(raw[5], "time")), number
