"""Write the golden vectors: ``python -m tests.vectors.generate``. A changed file is a changed protocol.

Every vector is a JSON object: ``name``, the inputs by the names that ``docs/protocol.md`` uses, and the bytes that
come out, in lower-case hex. ``test_vectors`` makes them again and compares byte for byte.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from protocol import canon, journal, keys
from protocol.document import attachment, envelope
from protocol.document.envelope import Document
from protocol.identity import card, control, descriptor, genesis, log, words
from protocol.identity.control import Record
from protocol.identity.log import ControlLog
from protocol.keys import Purpose
from protocol.limits import CHUNK_BYTES
from protocol.link import batch, carried, holdings, receipt
from protocol.process.trade import check, papers
from tests.vectors import (
    asking,
    circle,
    exchanges,
    guarding,
    proof_cases,
    rounds,
    sample_papers,
    sheets,
    tidings,
    world,
)
from tests.vectors.world import key

FOLDER = Path(__file__).parent
Vector = dict[str, Any]


def plain(value: Any) -> Any:
    """``value`` as JSON: bytes in hex, tuples as arrays."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value


def canonical() -> Iterator[Vector]:
    values: list[tuple[str, Any]] = [
        ("nil", None), ("true", True), ("zero", 0), ("127", 127), ("128", 128), ("256", 256), ("65536", 65_536),
        ("2^32", 2**32), ("2^53 - 1", 2**53 - 1), ("-1", -1), ("-32", -32), ("-33", -33), ("-129", -129),
        ("-32769", -32_769), ("empty text", ""), ("31 characters", "a" * 31), ("32 characters", "a" * 32),
        ("kana in NFC", "がぎぐ"), ("empty binary", b""), ("32 bytes", bytes(32)), ("256 bytes", bytes(256)),
        ("empty array", []), ("15 elements", [0] * 15), ("16 elements", [0] * 16),
        ("map in order of keys", {"a": 1, "b": [True, None]}),
        ("2^63 - 1", 2**63 - 1), ("2^63", 2**63), ("2^64 - 1", 2**64 - 1), ("-2^31", -(2**31)),
        ("-2^31 - 1", -(2**31) - 1), ("-2^63", -(2**63)), ("255 characters", "a" * 255), ("256 characters", "a" * 256),
        ("16381 characters", "a" * 16_381), ("5460 kana", "あ" * 5_460), ("sixteen arrays around a value", nested(16)),
        ("sixteen maps around a value", nested(16, of_maps=True)), ("9999 elements", [0] * 9_999),
        ("10000 values in two levels", [[0] * 4_998, [0] * 4_999]),
    ]  # fmt: skip
    for name, value in values:
        yield {"name": name, "valid": True, "bytes": canon.encode(value)}
    for name, data in {
        "integer longer than needed": "cc7f",
        "signed where unsigned is shorter": "d00a",
        "array header longer than needed": "dc000100",
        "binary header longer than needed": "c5000100",
        "text header longer than needed": "d90161",
        "float": "ca3f800000",
        "double": "cb3ff0000000000000",
        "extension": "d40100",
        "timestamp": "d6ff00000000",
        "never used byte": "c1",
        "map keys out of order": "82a16201a16101",
        "map keys repeated": "82a16101a16101",
        "map key is no text": "810101",
        "text in NFD": canon.encode("か\u3099").hex(),
        "text is not UTF-8": "a1ff",
        "bytes after the value": "c0c0",
        "too short": "92c0",
        "nothing": "",
        "seventeen arrays around a value": "91" * 17 + "c0",
        "seventeen maps around a value": "81a161" * 17 + "c0",
        "10000 elements": canon.encode([0] * 10_000).hex(),
        "10001 values in two levels": canon.encode([[0] * 4_999, [0] * 4_999]).hex(),
        "an array that claims more than it has": "dd0000ffff00",
        "2^64 - 1 as a signed integer": "d3ffffffffffffffff",
        "-2^63 - 1 as a big number": "c7090081" + "00" * 8,
        "16385 bytes": canon.encode("a" * 16_382).hex(),
    }.items():
        yield {"name": name, "valid": False, "bytes": data}


def nested(depth: int, of_maps: bool = False) -> Any:
    """Nothing inside ``depth`` arrays or maps."""
    value: Any = None
    for _ in range(depth):
        value = {"a": value} if of_maps else [value]
    return value


def keys_and_trees() -> Iterator[Vector]:
    for name in ("toyota", "kyoto", "maker 1"):
        yield {
            "name": f"key {name}",
            "seed": key(name).seed(),
            "public": key(name).public,
            "node_id": keys.node_id(key(name).public),
        }
    digest = world.octets("digest")
    for purpose in Purpose:
        yield {
            "name": f"signature for {purpose.value.decode()}",
            "seed": key("maker 1").seed(),
            "digest": digest,
            "message": b"yui/sig/1/" + purpose.value + b"\0" + digest,
            "signature": key("maker 1").sign(purpose, digest),
        }
    for count in range(1, 9):
        items = [world.octets(f"leaf {number}") for number in range(count)]
        root, paths = keys.tree(items)
        yield {"name": f"tree of {count}", "items": items, "root": root, "paths": paths}


def identities() -> Iterator[Vector]:
    who = world.AUTHOR
    yield {
        "name": "recovery words",
        "entropy": who.entropy,
        "words": words.words_of(who.entropy),
        "seed": who.words.seed(),
        "public": who.words.public,
    }
    yield {"name": "genesis of the author", "record": who.genesis, "member": who.id}
    yield {"name": "genesis of the recipient", "record": world.RECIPIENT.genesis, "member": world.RECIPIENT.id}
    for name, of in (
        ("author", world.author_log()),
        ("recipient", world.recipient_log()),
        ("eventful author", world.eventful_log()),
    ):
        yield from _records(name, of)


def _records(name: str, of: ControlLog) -> Iterator[Vector]:
    for at, admitted in enumerate(of.records.values()):
        record: Record = admitted.signed.record
        yield {
            "name": f"{name}: record {at + 1}",
            "kind": record.kind.value,
            "rank": int(record.rank),
            "number": record.number,
            "previous": record.previous,
            "record": record.data,
            "hash": record.hash,
            "signed": control.encode(admitted.signed),
            "undone": record.hash in of.superseded,
        }
    yield {
        "name": f"{name}: history",
        "history": log.encode_history(of),
        "standing": of.standing.hash,
        "epoch": of.epoch.hash,
        "signing_key": of.epoch.signing_key,
        "home": of.epoch.home,
    }


def documents() -> Iterator[Vector]:
    yield _document("single order", proof_cases.single())
    yield _document("single order, personal part erased", world.erased(proof_cases.single(), "personal"))
    for number, document in enumerate(proof_cases.bulk()):
        yield _document(f"order {number + 1} of five under one signature", document)
    yield _document("answer with everything that a header can hold", exchanges.answer())


def _document(name: str, document: Document) -> Vector:
    return {
        "name": name,
        "header": document.header_bytes,
        "id": document.id,
        "fields": document.header._asdict(),
        "parts": {part: {"salt": held.salt, "bytes": held.content} for part, held in document.parts.items()},
        "root": envelope.signed_root(document),
        "signing_key": key("maker 1").public,
        "signature": document.signature,
        "envelope": envelope.encode(document),
    }


def attachments() -> Iterator[Vector]:
    pattern = bytes(range(251))
    for size in (0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 5 * CHUNK_BYTES // 2):
        content = (pattern * (size // 251 + 1))[:size]
        chunks = [content[at : at + CHUNK_BYTES] for at in range(0, size, CHUNK_BYTES)] or [b""]
        yield {
            "name": f"{size} bytes",
            "content": "the bytes 0 to 250 over and over",
            "size": size,
            "leaves": [attachment.chunk_leaf(at, chunk) for at, chunk in enumerate(chunks)],
            "root": attachment.root_of(size, chunks),
        }


def journals() -> Iterator[Vector]:
    found = world.entries(3)
    for entry in found:
        record = canon.encode((journal.ENTRY_TAG, *entry[:7]))
        yield {"name": f"entry {entry.seq}", **entry._asdict(), "record": record}
    start = journal.open_epoch(world.AUTHOR.id, world.author_log().epoch.hash)
    for name, at in (("empty epoch", start), ("after three entries", journal.require_chain(start, found))):
        yield {
            "name": f"head: {name}",
            "record": journal.encode_head(at),
            "signing_key": key("maker 1").public,
            "signature": journal.sign_head(key("maker 1"), at),
        }


def links() -> Iterator[Vector]:
    for name, wire in exchanges.batches():
        record, signature = batch.split(wire)
        yield {"name": name, "signer": key("toyota").public, "record": record, "signature": signature, "signed": wire}
    for name, wire in exchanges.receipts():
        found = receipt.verify(wire, key("kyoto").public)
        yield {
            "name": name,
            "signer": key("kyoto").public,
            "leaves": [receipt.leaf_bytes(leaf) for leaf in found.leaves],
            "root": found.head.root,
            "signed": wire,
        }
    leaf = receipt.verify(exchanges.five(), key("kyoto").public).leaves[3]
    yield {
        "name": "receipt proof: fourth of five",
        "document": leaf.document,
        "recipient": leaf.recipient,
        "proof": receipt.prove(exchanges.five(), leaf.document, leaf.recipient),
    }
    ids = [world.octets(f"held {number}") for number in range(3)]
    epoch = world.author_log().epoch.hash
    for name, held in (("holdings: three", ids), ("holdings: none", [])):
        yield {"name": name, "records": holdings.encode(world.NETWORK, world.AUTHOR.id, epoch, held)}
    for name, about, load in exchanges.carried_pieces():
        seed = world.octets(f"throw-away {name}")
        yield {
            "name": f"carried: {name}",
            "label": list(about),
            "load": [load.content.value, load.root, load.at, load.wire],
            "receiver_seed": key("kyoto").seed(),
            "seed": seed,
            "piece": carried.seal(about, load, key("kyoto").public, seed),
        }


def directory() -> Iterator[Vector]:
    shown = exchanges.descriptor_of("toyota", b"")
    yield {
        "name": "descriptor of toyota",
        "fields": shown._asdict(),
        "signed": descriptor.sign(key("toyota"), shown),
        "node_id": shown.node,
    }
    yield {
        "name": "card of the author",
        "fields": exchanges.CARD._asdict(),
        "signing_key": key("maker 1").public,
        "signed": card.sign(key("maker 1"), exchanges.CARD),
    }


def enrolment() -> Iterator[Vector]:
    yield from exchanges.introductions()


def proofs() -> Iterator[Vector]:
    for name, what, data in proof_cases.good():
        yield {"name": name, "what": what, "valid": True, "proof": data}
    for name, what, data in proof_cases.refused():
        yield {"name": name, "what": what, "valid": False, "proof": data}


def paper_bytes() -> Iterator[Vector]:
    for name, paper in sample_papers.papers():
        kind = papers.TYPE_OF[type(paper)]
        yield {
            "name": name,
            "type": kind,
            "version": papers.VERSIONS[kind][-1],
            "paper": msgspec.to_builtins(paper),
            "bytes": check.issue(paper),
        }


FILES: dict[str, Callable[[], Iterator[Vector]]] = {
    "papers": paper_bytes,
    "canonical": canonical,
    "keys": keys_and_trees,
    "identities": identities,
    "documents": documents,
    "attachments": attachments,
    "journal": journals,
    "links": links,
    "directory": directory,
    "enrolment": enrolment,
    "proofs": proofs,
    "guardians": guarding.vectors,
    "statistics": asking.vectors,
    "joint": rounds.vectors,
    "drawings": sheets.vectors,
    "offers": tidings.vectors,
    "groups": circle.vectors,
}


def text_of(name: str) -> str:
    """What the file ``name`` has to hold."""
    vectors = [plain(vector) for vector in FILES[name]()]
    return json.dumps(vectors, ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    """Write every file."""
    genesis.parse(world.AUTHOR.genesis)
    for name in FILES:
        (FOLDER / f"{name}.json").write_text(text_of(name), "utf-8")


if __name__ == "__main__":
    main()
