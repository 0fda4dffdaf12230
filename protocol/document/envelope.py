"""A document as it travels and is stored: header bytes, proof, parts.

Owns building, signing, reading and verifying. The header's bytes are kept as they came and never encoded again.
Knows nothing of who may sign (``protocol.identity``) or what the parts say (``protocol.process``).

Envelope: canonical array ``["yui/env/1", header, signature, path, parts]``; ``path`` is an array of
``[left?, sibling]`` steps from the document's leaf to the signed root; ``parts`` an array of ``[name, salt, bytes]``
for every part that has not been erased. Source: ``docs/protocol.md`` §5.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from protocol import canon, keys, shape
from protocol.document import header as headers
from protocol.document.header import Header, PartRef
from protocol.errors import Malformed, TooLarge
from protocol.keys import DocumentId, Purpose, SigningKey, Step
from protocol.limits import MAX_DOCUMENT_BYTES, MAX_HEADER_BYTES, MAX_PART_NAME_CHARS, MAX_PARTS, MAX_PROOF_PATH

TAG = "yui/env/1"


class Part(NamedTuple):
    """A body part with the salt that keeps its hash from being guessed."""

    salt: bytes
    content: bytes


class Document(NamedTuple):
    """One signed fact. ``parts`` lacks what was erased; ``header.parts`` still names it."""

    id: DocumentId
    header: Header
    header_bytes: bytes
    signature: bytes
    path: tuple[Step, ...]
    parts: Mapping[str, Part]

    def part(self, name: str) -> bytes | None:
        """The bytes of part ``name``, or None if it is erased or was never there."""
        held = self.parts.get(name)
        return None if held is None else held.content


class Draft(NamedTuple):
    """A document before its signature."""

    id: DocumentId
    header: Header
    header_bytes: bytes
    parts: Mapping[str, Part]


def part_hash(part: Part) -> bytes:
    """SHA-256 over tag, salt and content."""
    return hashlib.sha256(b"yui/part/1\0" + part.salt + part.content).digest()


def part_refs(parts: Mapping[str, Part]) -> tuple[PartRef, ...]:
    """What the header says of ``parts``."""
    return tuple(PartRef(name, part_hash(parts[name]), len(parts[name].content)) for name in sorted(parts))


def draft(header: Header, parts: Mapping[str, Part]) -> Draft:
    """Fix the header's bytes and thereby the id. ``header.parts`` must come from :func:`part_refs`."""
    data = headers.encode(header)
    if len(data) > MAX_HEADER_BYTES:
        raise TooLarge(f"header of {len(data)} bytes, the limit is {MAX_HEADER_BYTES}")
    size = len(data) + sum(len(part.content) for part in parts.values())
    if size > MAX_DOCUMENT_BYTES - 2048:
        raise TooLarge(f"document of {size} bytes: put what is large into an attachment")
    return Draft(headers.identify(data), header, data, parts)


def sign(key: SigningKey, drafts: Sequence[Draft]) -> list[Document]:
    """Sign ``drafts`` (at most 2**MAX_PROOF_PATH) with one signature over the tree of their ids."""
    root, paths = keys.tree([item.id for item in drafts])
    signature = key.sign(Purpose.DOCUMENTS, root)
    return [
        Document(item.id, item.header, item.header_bytes, signature, path, item.parts)
        for item, path in zip(drafts, paths, strict=True)
    ]


def encode(document: Document) -> bytes:
    """The envelope's bytes."""
    return encode_raw(
        document.header_bytes,
        document.signature,
        document.path,
        [(name, *document.parts[name]) for name in sorted(document.parts)],
    )


def encode_raw(
    header_bytes: bytes,
    signature: bytes,
    path: Sequence[Step] | msgspec.Raw,
    parts: Sequence[tuple[str, bytes, bytes]],
) -> bytes:
    """The envelope's bytes from columns as they are stored; ``parts`` in ascending order of names.

    A path that is stored as its canonical bytes goes in as they are.
    """
    return canon.encode((TAG, header_bytes, signature, path, parts))


def parse(data: bytes) -> Document:
    """The document in an envelope, its hashes checked against its header, its signature not yet.

    Raises Malformed or TooLarge; after it, every part present is the one that the header names.
    """
    raw = canon.decode_typed(_DECODER, data, MAX_DOCUMENT_BYTES, "envelope")
    header = headers.parse(raw.header)
    return Document(
        id=headers.identify(raw.header),
        header=header,
        header_bytes=raw.header,
        signature=raw.signature,
        path=raw.path,
        parts=_matching_parts(raw.parts, header),
    )


class _WirePart(NamedTuple):
    name: Annotated[str, Meta(min_length=1, max_length=MAX_PART_NAME_CHARS)]
    salt: Annotated[bytes, Meta(min_length=headers.SALT_BYTES, max_length=headers.SALT_BYTES)]
    content: Annotated[bytes, Meta(max_length=MAX_DOCUMENT_BYTES)]


class _Wire(NamedTuple):
    tag: Literal["yui/env/1"]
    header: Annotated[bytes, Meta(max_length=MAX_HEADER_BYTES)]
    signature: Annotated[bytes, Meta(min_length=keys.SIGNATURE_BYTES, max_length=keys.SIGNATURE_BYTES)]
    path: Annotated[tuple[Step, ...], Meta(max_length=MAX_PROOF_PATH)]
    parts: Annotated[tuple[_WirePart, ...], Meta(max_length=MAX_PARTS)]


_DECODER = msgspec.msgpack.Decoder(_Wire)


def parse_path(value: object) -> tuple[Step, ...]:
    """A Merkle path from its decoded array."""
    steps = []
    for item in shape.array(value, "path", MAX_PROOF_PATH):
        left, sibling = shape.exactly(item, "path", 2)
        steps.append(Step(shape.flag(left, "path.left"), shape.hash32(sibling, "path.sibling")))
    return tuple(steps)


def _matching_parts(found: Sequence[_WirePart], header: Header) -> dict[str, Part]:
    named = {ref.name: ref for ref in header.parts}
    parts: dict[str, Part] = {}
    last = ""
    for name, salt, content in found:
        ref = named.get(name)
        if ref is None or name <= last:
            raise Malformed("parts: unknown to the header, repeated or out of order")
        last = name
        part = Part(salt, content)
        if len(content) != ref.length or part_hash(part) != ref.hash:
            raise Malformed(f"parts.{name}: does not match the hash in the header")
        parts[name] = part
    return parts


def signed_root(document: Document) -> bytes:
    """The root that the document's signature covers."""
    return keys.climb(document.id, document.path)


def verify(document: Document, public: bytes) -> None:
    """Return if ``public`` signed the document for its own purpose; raise BadSignature otherwise."""
    keys.verify(public, Purpose.DOCUMENTS, signed_root(document), document.signature)
