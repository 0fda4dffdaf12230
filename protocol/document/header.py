"""The signed header of a document: one canonical array, hashed to the document's id.

Owns its fields and limits. Bodies, signatures and encryption lie outside, so that a part can be erased and the rest
still proves. Knows nothing of the papers' contents. Source: ``docs/protocol.md`` §5.
"""

from __future__ import annotations

import itertools
from enum import IntEnum
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta

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

Hash = Annotated[bytes, Meta(min_length=32, max_length=32)]
HashOrEmpty = Annotated[bytes, Meta(max_length=32)]  # that it is one of the two is checked after the typed pass
Time = Annotated[int, Meta(ge=0, le=shape.MAX_TIME_US)]


class AudienceKind(IntEnum):
    """Who a document is for: exactly one member, or one group with a stated membership."""

    MEMBER = 0
    GROUP = 1


class Audience(NamedTuple):
    """The recipient. ``id``: member or group id; ``membership``: 32-byte hash of the group's members, empty for one."""

    kind: Annotated[int, Meta(ge=0, le=1)]
    id: Hash
    membership: HashOrEmpty = b""


class PartRef(NamedTuple):
    """A body part: its name, SHA-256 over ``"yui/part/1\\0" + salt + bytes`` and its length in bytes."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_PART_NAME_CHARS)]
    hash: Hash
    length: Annotated[int, Meta(ge=0, le=MAX_DOCUMENT_BYTES)]


class AttachmentRef(NamedTuple):
    """An attachment: root of its chunk tree, size in bytes, media type."""

    root: Hash
    size: Annotated[int, Meta(ge=0, le=MAX_ATTACHMENT_BYTES)]
    media_type: Annotated[str, Meta(min_length=1, max_length=MAX_MEDIA_TYPE_CHARS)]


class Extension(NamedTuple):
    """A numbered field of a later version. Unknown and critical: the document waits; unknown and not: ignored."""

    number: Annotated[int, Meta(ge=1, le=65_535)]
    critical: bool
    value: Annotated[bytes, Meta(max_length=MAX_EXTENSION_BYTES)]


class BusinessKey(NamedTuple):
    """The member's own number of the paper and its revision; with author, audience and type it is unique."""

    key: Annotated[str, Meta(min_length=1, max_length=MAX_BUSINESS_KEY_CHARS)]
    revision: Annotated[int, Meta(ge=0, le=1_000_000)]


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
    """The header in canonical ``data``; Malformed or TooLarge name the field that is wrong.

    One typed pass checks shapes, lengths and ranges; what a type cannot say (order, repetition) is checked after it.
    """
    raw = canon.decode_typed(_DECODER, data, MAX_HEADER_BYTES, "header")
    header = Header._make(raw[1:])
    canon.require_text(header.type, header.business_key.key)
    for ref in header.attachments:
        canon.require_text(ref.media_type)
    _require_order(header)
    return header


class _Wire(NamedTuple):
    tag: Literal["yui/doc/1"]
    network: Literal["live", "test"]
    type: Annotated[str, Meta(min_length=1, max_length=MAX_TYPE_CHARS)]
    version: Annotated[int, Meta(ge=1, le=1_000_000)]
    author: Hash
    epoch: Hash
    nonce: Annotated[bytes, Meta(min_length=NONCE_BYTES, max_length=NONCE_BYTES)]
    thread: HashOrEmpty
    follows: Annotated[tuple[Hash, ...], Meta(max_length=MAX_FOLLOWS)]
    audience: Audience
    business_key: BusinessKey
    time: Time
    keep_until: Time
    parts: Annotated[tuple[PartRef, ...], Meta(min_length=1, max_length=MAX_PARTS)]
    attachments: Annotated[tuple[AttachmentRef, ...], Meta(max_length=MAX_ATTACHMENTS)]
    extensions: Annotated[tuple[Extension, ...], Meta(max_length=MAX_EXTENSIONS)]


_DECODER = msgspec.msgpack.Decoder(_Wire)


def _require_order(header: Header) -> None:
    follows = header.follows
    if len(header.thread) not in (0, 32):
        raise Malformed("thread: must be empty or 32 bytes")
    if follows and list(follows) != sorted(set(follows)):
        raise Malformed("follows: must be in ascending order without repetition")
    if bool(follows) != bool(header.thread):
        raise Malformed("follows: a document that starts a thread follows nothing, every other follows something")
    if len(header.audience.membership) != (32 if header.audience.kind == AudienceKind.GROUP else 0):
        raise Malformed("audience.membership: 32 bytes for a group, empty for a member")
    names = [part.name for part in header.parts]
    canon.require_text(*names)
    if len(names) > 1:
        _ascending("parts", names)
    if header.extensions:
        _ascending("extensions", [item.number for item in header.extensions])


def _ascending(name: str, values: list[Any]) -> None:
    if any(one >= other for one, other in itertools.pairwise(values)):
        raise Malformed(f"{name}: in ascending order, without repetition")
