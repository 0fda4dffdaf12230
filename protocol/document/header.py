"""The signed header of a document: one canonical array, hashed to the document's id.

Owns its fields and limits. Bodies, signatures and encryption lie outside, so that a part can be erased and the rest
still proves. Knows nothing of the papers' contents. Source: ``docs/protocol.md`` §5.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

from protocol import canon, shape
from protocol.errors import Malformed
from protocol.keys import DocumentId
from protocol.limits import (
    MAX_ATTACHMENT_BYTES,
    MAX_ATTACHMENTS,
    MAX_BUSINESS_KEY_CHARS,
    MAX_DOCUMENT_BYTES,
    MAX_EXTENSION_BYTES,
    MAX_EXTENSIONS,
    MAX_FOLLOWS,
    MAX_HEADER_BYTES,
    MAX_MEDIA_TYPE_CHARS,
    MAX_PART_NAME_CHARS,
    MAX_PARTS,
    MAX_TYPE_CHARS,
)

TAG = "yui/doc/1"
NETWORKS = ("live", "test")
NONCE_BYTES = 16
SALT_BYTES = 16
PART_NAMES = ("business", "personal")


class AudienceKind(IntEnum):
    """Who a document is for: exactly one member, or one group with a stated membership."""

    MEMBER = 0
    GROUP = 1


class Audience(NamedTuple):
    """The recipient. ``id``: member or group id; ``membership``: 32-byte hash of the group's members, empty for one."""

    kind: int
    id: bytes
    membership: bytes = b""


class PartRef(NamedTuple):
    """A body part: its name, SHA-256 over ``"yui/part/1\\0" + salt + bytes`` and its length in bytes."""

    name: str
    hash: bytes
    length: int


class AttachmentRef(NamedTuple):
    """An attachment: root of its chunk tree, size in bytes, media type."""

    root: bytes
    size: int
    media_type: str


class Extension(NamedTuple):
    """A numbered field of a later version. Unknown and critical: the document waits; unknown and not: ignored."""

    number: int
    critical: bool
    value: bytes


class BusinessKey(NamedTuple):
    """The member's own number of the paper and its revision; with author, audience and type it is unique."""

    key: str
    revision: int


class Header(NamedTuple):
    """The fields in the order in which they are signed. Times in µs UTC; ``keep_until`` 0 means no legal term."""

    network: str
    type: str
    version: int
    author: bytes
    epoch: bytes
    nonce: bytes
    thread: bytes
    follows: tuple[bytes, ...]
    audience: Audience
    business_key: BusinessKey
    time: int
    keep_until: int
    parts: tuple[PartRef, ...]
    attachments: tuple[AttachmentRef, ...] = ()
    extensions: tuple[Extension, ...] = ()


def encode(header: Header) -> bytes:
    """The bytes that are signed (through their hash) and shipped."""
    return canon.encode((TAG, *header))


def identify(header_bytes: bytes) -> DocumentId:
    """The document's id: SHA-256 of the header's bytes."""
    return DocumentId(canon.digest(header_bytes))


def parse(data: bytes) -> Header:
    """The header in canonical ``data``; Malformed or TooLarge name the field that is wrong."""
    raw = shape.record(canon.decode(data, max_bytes=MAX_HEADER_BYTES), TAG, 16)
    if raw[1] not in NETWORKS:
        raise Malformed("network: must be live or test")
    return Header(
        network=raw[1],
        type=shape.text(raw[2], "type", MAX_TYPE_CHARS, empty=False),
        version=shape.integer(raw[3], "version", 1, 1_000_000),
        author=shape.hash32(raw[4], "author"),
        epoch=shape.hash32(raw[5], "epoch"),
        nonce=shape.fixed(raw[6], "nonce", NONCE_BYTES),
        thread=shape.hash_or_empty(raw[7], "thread"),
        follows=_follows(raw[8], raw[7]),
        audience=_audience(raw[9]),
        business_key=_business_key(raw[10]),
        time=shape.time_us(raw[11], "time"),
        keep_until=shape.time_us(raw[12], "keep_until"),
        parts=_parts(raw[13]),
        attachments=tuple(
            _attachment(item, f"attachments[{index}]")
            for index, item in enumerate(shape.array(raw[14], "attachments", MAX_ATTACHMENTS))
        ),
        extensions=_extensions(raw[15]),
    )


def _follows(value: Any, thread: bytes) -> tuple[bytes, ...]:
    follows = tuple(shape.hash32(item, "follows") for item in shape.array(value, "follows", MAX_FOLLOWS))
    if list(follows) != sorted(set(follows)):
        raise Malformed("follows: must be in ascending order without repetition")
    if bool(follows) != bool(thread):
        raise Malformed("follows: a document that starts a thread follows nothing, every other follows something")
    return follows


def _audience(value: Any) -> Audience:
    kind, identity, membership = shape.exactly(value, "audience", 3)
    shape.integer(kind, "audience.kind", 0, 1)
    shape.hash32(identity, "audience.id")
    shape.fixed(membership, "audience.membership", 32 if kind == AudienceKind.GROUP else 0)
    return Audience(kind, identity, membership)


def _business_key(value: Any) -> BusinessKey:
    key, revision = shape.exactly(value, "business_key", 2)
    shape.text(key, "business_key.key", MAX_BUSINESS_KEY_CHARS, empty=False)
    return BusinessKey(key, shape.integer(revision, "business_key.revision", 0, 1_000_000))


def _parts(value: Any) -> tuple[PartRef, ...]:
    parts = []
    for item in shape.array(value, "parts", MAX_PARTS):
        name, hashed, length = shape.exactly(item, "parts", 3)
        shape.text(name, "parts.name", MAX_PART_NAME_CHARS, empty=False)
        shape.hash32(hashed, "parts.hash")
        shape.integer(length, "parts.length", 0, MAX_DOCUMENT_BYTES)
        parts.append(PartRef(name, hashed, length))
    names = [part.name for part in parts]
    if not parts or names != sorted(set(names)):
        raise Malformed("parts: at least one, in ascending order of their names, without repetition")
    return tuple(parts)


def _attachment(value: Any, name: str) -> AttachmentRef:
    root, size, media_type = shape.exactly(value, name, 3)
    return AttachmentRef(
        shape.hash32(root, f"{name}.root"),
        shape.integer(size, f"{name}.size", 0, MAX_ATTACHMENT_BYTES),
        shape.text(media_type, f"{name}.media_type", MAX_MEDIA_TYPE_CHARS, empty=False),
    )


def _extensions(value: Any) -> tuple[Extension, ...]:
    found = []
    for item in shape.array(value, "extensions", MAX_EXTENSIONS):
        number, critical, content = shape.exactly(item, "extensions", 3)
        found.append(
            Extension(
                shape.integer(number, "extensions.number", 1, 65_535),
                shape.flag(critical, "extensions.critical"),
                shape.binary(content, "extensions.value", MAX_EXTENSION_BYTES),
            )
        )
    numbers = [item.number for item in found]
    if numbers != sorted(set(numbers)):
        raise Malformed("extensions: in ascending order of their numbers, without repetition")
    return tuple(found)
