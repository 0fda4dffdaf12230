"""The facts of a group: founded, invited, joined, left, voted, excluded, dissolved, said; each signed by a firm.

Owns their form and signatures (the key of the firm's epoch). A fact names the facts that its author had seen last
(*follows*): what may be done is judged by these alone. Source: ``docs/protocol.md`` §23.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final, NamedTuple

from protocol import canon, keys, shape
from protocol.errors import Malformed, Misdirected, NotAuthorised
from protocol.keys import Purpose, SigningKey
from protocol.limits import MAX_GROUP_FOLLOWS, MAX_GROUP_TEXT_CHARS, MAX_RECORD_BYTES

SIGNED_TAG: Final = "yui/group-signed/1"
FACT_TAG: Final = "yui/group-fact/1"
NONCE_BYTES: Final = 16
MAX_NAME_CHARS: Final = 200
NETWORKS: Final = ("live", "test")

#: (member, epoch) → the key that signs for it there, None if this is not known to stand.
KeyOf = Callable[[bytes, bytes], bytes | None]


class Kind(Enum):
    """What a fact says."""

    FOUND = "found"
    INVITE = "invite"
    JOIN = "join"
    LEAVE = "leave"
    KEEPER = "keeper"
    VOTE_EXCLUDE = "vote-exclude"
    VOTE_KEEPER = "vote-keeper"
    VOTE_DISSOLVE = "vote-dissolve"
    EXCLUDE = "exclude"
    DISSOLVE = "dissolve"
    MESSAGE = "message"
    ANNOUNCEMENT = "announcement"
    DOCUMENT = "document"
    ORDER = "order"


#: Kinds that are about a firm, that point at something, that carry text.
ABOUT: Final = {Kind.INVITE, Kind.KEEPER, Kind.VOTE_EXCLUDE, Kind.VOTE_KEEPER, Kind.EXCLUDE}
POINTS: Final = {Kind.JOIN, Kind.DOCUMENT, Kind.ORDER}
TEXTS: Final = {Kind.FOUND, Kind.MESSAGE, Kind.ANNOUNCEMENT, Kind.DOCUMENT, Kind.ORDER}


class Fact(NamedTuple):
    """``group``: hash of the fact that founded it, empty in that one. ``follows``: hashes, ascending.
    ``subject``: the firm it is about. ``target``: the invitation, version of a drawing, or joint round it points at."""

    network: str
    group: bytes
    author: bytes
    epoch: bytes
    follows: tuple[bytes, ...]
    kind: Kind
    subject: bytes
    target: bytes
    text: str
    nonce: bytes
    time: int


class Known(NamedTuple):
    """A verified fact with its hash and the bytes as they were signed. ``group``: also of the founding one."""

    fact: Fact
    hash: bytes
    data: bytes

    @property
    def group(self) -> bytes:
        """The group that it belongs to."""
        return self.fact.group or self.hash


def sign(key: SigningKey, fact: Fact) -> bytes:
    """The bytes that travel; checked as on receipt."""
    record = canon.encode((FACT_TAG, *fact._replace(kind=fact.kind.value)))  # type: ignore[arg-type]
    parse(record)
    return canon.encode((SIGNED_TAG, record, key.public, key.sign(Purpose.GROUP, canon.digest(record))))


def verify(data: bytes, key_of: KeyOf) -> Known:
    """The fact in an envelope, if the key of the epoch that it names signed it.

    Raises Malformed, TooLarge; NotAuthorised where that epoch is not known to be the firm's; Misdirected, BadSignature.
    """
    raw = shape.record(canon.decode(data, max_bytes=2 * MAX_RECORD_BYTES), SIGNED_TAG, 4)
    record = shape.binary(raw[1], "record", MAX_RECORD_BYTES)
    public = shape.fixed(raw[2], "key", 32)
    signature = shape.fixed(raw[3], "signature", keys.SIGNATURE_BYTES)
    found = parse(record)
    key = key_of(found.author, found.epoch)
    if key is None:
        raise NotAuthorised("epoch: not known here as one of this firm's")
    if public != key:
        raise Misdirected("signed by another key than the one that has to")
    keys.verify(public, Purpose.GROUP, canon.digest(record), signature)
    return Known(found, canon.digest(record), data)


def read(data: bytes) -> Known:
    """The fact in an envelope that was verified when it was stored."""
    record = canon.decode(data, max_bytes=2 * MAX_RECORD_BYTES)[1]
    return Known(parse(record), canon.digest(record), data)


def parse(record: bytes) -> Fact:
    """A fact's record."""
    raw = shape.record(canon.decode(record, max_bytes=MAX_RECORD_BYTES), FACT_TAG, 12)
    if raw[1] not in NETWORKS or type(raw[1]) is not str:
        raise Malformed("network: live or test")
    try:
        kind = Kind(raw[6])
    except ValueError:
        raise Malformed("kind: none that is known") from None
    follows = tuple(shape.hash32(one, "follows") for one in shape.array(raw[5], "follows", MAX_GROUP_FOLLOWS))
    if list(follows) != sorted(set(follows)):
        raise Malformed("follows: ascending, none twice")
    group = shape.hash_or_empty(raw[2], "group")
    if (kind is Kind.FOUND) != (not group) or (kind is Kind.FOUND) != (not follows):
        raise Malformed("group: every fact but the founding one names its group and what it follows")
    most = MAX_NAME_CHARS if kind is Kind.FOUND else MAX_GROUP_TEXT_CHARS
    return Fact(
        raw[1],
        group,
        shape.hash32(raw[3], "author"),
        shape.hash32(raw[4], "epoch"),
        follows,
        kind,
        _only(raw[7], "subject", kind in ABOUT),
        _only(raw[8], "target", kind in POINTS),
        shape.text(raw[9], "text", most if kind in TEXTS else 0, empty=kind not in TEXTS),
        shape.fixed(raw[10], "nonce", NONCE_BYTES),
        shape.time_us(raw[11], "time"),
    )


def _only(value: object, name: str, wanted: bool) -> bytes:
    found = shape.hash_or_empty(value, name)
    if bool(found) != wanted:
        raise Malformed(f"{name}: {'is missing' if wanted else 'has no place here'}")
    return found
