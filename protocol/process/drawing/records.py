"""The records of drawings: a version, who may read it, that it was read, that it was deleted; each signed by a firm.

Owns their form and signatures (the key of the firm's epoch). A version names no reader: firms that quote
against each other do not learn of each other. Source: ``docs/protocol.md`` §22.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Final, NamedTuple

from protocol import canon, keys, sealing, shape
from protocol.errors import Malformed, Misdirected, NotAuthorised
from protocol.keys import Purpose, SigningKey
from protocol.limits import (
    MAX_DRAWING_BYTES,
    MAX_DRAWING_READINGS,
    MAX_DRAWING_REVISION,
    MAX_DRAWING_VERSIONS,
    MAX_RECORD_BYTES,
)
from protocol.process.drawing import content

SIGNED_TAG: Final = "yui/drawing-signed/1"
VERSION_TAG: Final = "yui/drawing-version/1"
GRANT_TAG: Final = "yui/drawing-grant/1"
READING_TAG: Final = "yui/drawing-reading/1"
DELETED_TAG: Final = "yui/drawing-deleted/1"
DRAWING_BYTES: Final = 16
SEALED_KEY_BYTES: Final = content.KEY_BYTES + sealing.OVERHEAD_BYTES
MAX_NUMBER_CHARS: Final = 64
MAX_TITLE_CHARS: Final = 200
MAX_NAME_CHARS: Final = 120
MAX_PERSON_CHARS: Final = 80
NETWORKS: Final = ("live", "test")
_MEDIA: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}")

#: (member, epoch) → the key that signs for it there, None if this is not known to stand.
KeyOf = Callable[[bytes, bytes], bytes | None]


class Kind(Enum):
    """What the file is."""

    DRAWING = "drawing"
    SPECIFICATION = "specification"


class May(Enum):
    """What a reader may do: look at a marked preview, have the file too, nothing any more."""

    VIEW = "view"
    FILE = "file"
    NOTHING = "nothing"


class How(Enum):
    """What a reader was given: a marked preview, or the file."""

    VIEW = "view"
    FILE = "file"


class Version(NamedTuple):
    """One version. ``drawing``: 16 random bytes, the same for all versions; ``root``: of the sealed content;
    ``digest``: SHA-256 of the file; ``supersedes``: hash of the version before, empty in the first."""

    network: str
    drawing: bytes
    owner: bytes
    epoch: bytes
    kind: Kind
    number: str
    title: str
    version: int
    supersedes: bytes
    root: bytes
    size: int
    digest: bytes
    media_type: str
    name: str
    time: int


class Grant(NamedTuple):
    """What ``reader``, at home at the node with the key ``node``, may do with a version; the highest revision counts.

    ``sealed``: the version's key, sealed to that node; empty when nothing is allowed any more.
    """

    version: bytes
    owner: bytes
    epoch: bytes
    reader: bytes
    node: bytes
    revision: int
    may: May
    sealed: bytes
    time: int


class Reading(NamedTuple):
    """``reader`` was given a version. ``times``: how often by now, from 1 on; ``person``: who it was."""

    version: bytes
    owner: bytes
    reader: bytes
    epoch: bytes
    grant: bytes
    times: int
    how: How
    person: str
    time: int


class Deleted(NamedTuple):
    """``reader``'s node has deleted file and key of a version: by ``grant`` nothing is allowed any more."""

    version: bytes
    owner: bytes
    reader: bytes
    epoch: bytes
    grant: bytes
    time: int


class Known(NamedTuple):
    """A verified record with its hash and the bytes as they were signed."""

    record: Any
    hash: bytes
    data: bytes


def sign(key: SigningKey, tag: str, fields: Sequence[Any]) -> bytes:
    """The bytes that travel of the record ``[tag, *fields]``."""
    record = canon.encode((tag, *fields))
    return canon.encode((SIGNED_TAG, record, key.public, key.sign(Purpose.DRAWING, canon.digest(record))))


def sign_version(key: SigningKey, version: Version) -> bytes:
    """A version, checked as on receipt."""
    plain = version._replace(kind=version.kind.value)  # type: ignore[arg-type]
    _version(canon.decode(canon.encode((VERSION_TAG, *plain))))
    return sign(key, VERSION_TAG, plain)


def sign_grant(key: SigningKey, grant: Grant) -> bytes:
    """A grant or a withdrawal, checked as on receipt."""
    plain = grant._replace(may=grant.may.value)  # type: ignore[arg-type]
    _grant(canon.decode(canon.encode((GRANT_TAG, *plain))))
    return sign(key, GRANT_TAG, plain)


def sign_reading(key: SigningKey, reading: Reading) -> bytes:
    """A reading, checked as on receipt."""
    plain = reading._replace(how=reading.how.value)  # type: ignore[arg-type]
    _reading(canon.decode(canon.encode((READING_TAG, *plain))))
    return sign(key, READING_TAG, plain)


def sign_deleted(key: SigningKey, deleted: Deleted) -> bytes:
    """The word that nothing is left."""
    return sign(key, DELETED_TAG, deleted)


def verify(data: bytes, key_of: KeyOf) -> Known:
    """The record in an envelope, if the key of the epoch that it names signed it.

    Raises Malformed, TooLarge; NotAuthorised where that epoch is not known to be the firm's; Misdirected, BadSignature.
    """
    raw = shape.record(canon.decode(data, max_bytes=2 * MAX_RECORD_BYTES), SIGNED_TAG, 4)
    record = shape.binary(raw[1], "record", MAX_RECORD_BYTES)
    public = shape.fixed(raw[2], "key", 32)
    signature = shape.fixed(raw[3], "signature", keys.SIGNATURE_BYTES)
    found = parse(record)
    signer = found.reader if isinstance(found, Reading | Deleted) else found.owner
    key = key_of(signer, found.epoch)
    if key is None:
        raise NotAuthorised("epoch: not known here as one of this firm's")
    if public != key:
        raise Misdirected("signed by another key than the one that has to")
    keys.verify(public, Purpose.DRAWING, canon.digest(record), signature)
    return Known(found, canon.digest(record), data)


def parse(record: bytes) -> Version | Grant | Reading | Deleted:
    """A record by its tag."""
    raw = canon.decode(record, max_bytes=MAX_RECORD_BYTES)
    tag = raw[0] if type(raw) is list and raw else None
    readers: dict[Any, Callable[[Any], Version | Grant | Reading | Deleted]] = {
        VERSION_TAG: _version,
        GRANT_TAG: _grant,
        READING_TAG: _reading,
        DELETED_TAG: _deleted,
    }
    read = readers.get(tag) if type(tag) is str else None
    if read is None:
        raise Malformed("not a record of a drawing")
    return read(raw)


def unsigned(data: bytes) -> Version | Grant | Reading | Deleted:
    """The record in an envelope that was verified when it was stored."""
    return parse(canon.decode(data, max_bytes=2 * MAX_RECORD_BYTES)[1])


def seal_key(key: bytes, version: bytes, reader: bytes, node: bytes, seed: bytes) -> bytes:
    """The key of a version for the node that has the key ``node``. ``seed``: 32 fresh random bytes for each."""
    return sealing.seal(key, _sealed_about(version, reader), node, seed)


def unseal_key(sealed: bytes, version: bytes, reader: bytes, own: SigningKey) -> bytes:
    """The key of a version again; Malformed if it was not sealed to this node."""
    return shape.fixed(sealing.unseal(sealed, _sealed_about(version, reader), own), "key", content.KEY_BYTES)


def _sealed_about(version: bytes, reader: bytes) -> bytes:
    return b"yui/drawing-key/1\0" + version + reader


def _version(value: Any) -> Version:
    raw = shape.record(value, VERSION_TAG, 16)
    number = shape.integer(raw[8], "version", 1, MAX_DRAWING_VERSIONS)
    supersedes = shape.hash_or_empty(raw[9], "supersedes")
    if (number == 1) != (not supersedes):
        raise Malformed("supersedes: every version but the first names the one before")
    media = shape.text(raw[13], "media_type", 127)
    if not _MEDIA.fullmatch(media):
        raise Malformed("media_type: such as application/pdf")
    name = shape.text(raw[14], "name", MAX_NAME_CHARS, empty=False)
    if "/" in name or "\\" in name or any(ord(char) < 32 for char in name):
        raise Malformed("name: a file's name without folders")
    return Version(
        shape_of(raw[1], "network", NETWORKS),
        shape.fixed(raw[2], "drawing", DRAWING_BYTES),
        shape.hash32(raw[3], "owner"),
        shape.hash32(raw[4], "epoch"),
        Kind(shape_of(raw[5], "kind", [one.value for one in Kind])),
        shape.text(raw[6], "number", MAX_NUMBER_CHARS, empty=False),
        shape.text(raw[7], "title", MAX_TITLE_CHARS, empty=False),
        number,
        supersedes,
        shape.hash32(raw[10], "root"),
        shape.integer(raw[11], "size", 1, MAX_DRAWING_BYTES),
        shape.hash32(raw[12], "digest"),
        media,
        name,
        shape.time_us(raw[15], "time"),
    )


def _grant(value: Any) -> Grant:
    raw = shape.record(value, GRANT_TAG, 10)
    may = May(shape_of(raw[7], "may", [one.value for one in May]))
    sealed = shape.binary(raw[8], "sealed", SEALED_KEY_BYTES)
    if len(sealed) != (0 if may is May.NOTHING else SEALED_KEY_BYTES):
        raise Malformed("sealed: the key for whoever may read, none for whoever may not")
    return Grant(
        shape.hash32(raw[1], "version"),
        shape.hash32(raw[2], "owner"),
        shape.hash32(raw[3], "epoch"),
        shape.hash32(raw[4], "reader"),
        shape.fixed(raw[5], "node", 32),
        shape.integer(raw[6], "revision", 0, MAX_DRAWING_REVISION),
        may,
        sealed,
        shape.time_us(raw[9], "time"),
    )


def _reading(value: Any) -> Reading:
    raw = shape.record(value, READING_TAG, 10)
    return Reading(
        shape.hash32(raw[1], "version"),
        shape.hash32(raw[2], "owner"),
        shape.hash32(raw[3], "reader"),
        shape.hash32(raw[4], "epoch"),
        shape.hash32(raw[5], "grant"),
        shape.integer(raw[6], "times", 1, MAX_DRAWING_READINGS),
        How(shape_of(raw[7], "how", [one.value for one in How])),
        shape.text(raw[8], "person", MAX_PERSON_CHARS),
        shape.time_us(raw[9], "time"),
    )


def _deleted(value: Any) -> Deleted:
    raw = shape.record(value, DELETED_TAG, 7)
    return Deleted(
        shape.hash32(raw[1], "version"),
        shape.hash32(raw[2], "owner"),
        shape.hash32(raw[3], "reader"),
        shape.hash32(raw[4], "epoch"),
        shape.hash32(raw[5], "grant"),
        shape.time_us(raw[6], "time"),
    )


def shape_of(value: Any, name: str, words: Sequence[str]) -> str:
    """One of ``words``."""
    if type(value) is not str or value not in words:
        raise Malformed(f"{name}: one of {', '.join(words)}")
    return value
