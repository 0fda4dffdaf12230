"""A drawing in one version: given, read, withdrawn, deleted; its key, and a piece of its content (§22)."""

import hashlib
from collections.abc import Iterator
from typing import Any

from protocol import canon
from protocol.document import attachment
from protocol.process.drawing import content, records
from protocol.process.drawing.records import Deleted, Grant, How, Kind, May, Reading, Version
from tests.vectors import world
from tests.vectors.world import octets

Vector = dict[str, Any]
PLAIN = b"0\nSECTION\n2\nENTITIES\n0\nENDSEC\n0\nEOF\n"
TIME = 1_791_000_000_000_000


def vectors() -> Iterator[Vector]:
    """One of each."""
    owner, reader, node = (world.key(name) for name in ("owner of a drawing", "reader of a drawing", "reader's node"))
    who = {name: octets(name) for name in ("owner", "reader", "owner's epoch", "reader's epoch")}
    drawing, key = octets("drawing")[:16], octets("key of a version")
    about = content.about(drawing, 1, len(PLAIN))
    sealed = content.seal_piece(PLAIN, key, about, 0)
    yield {"name": "piece", "plain": PLAIN, "key": key, "about": about, "index": 0, "sealed": sealed}
    version = Version(
        "test", drawing, who["owner"], who["owner's epoch"], Kind.DRAWING, "AB-1203", "ブラケット", 1, b"",
        attachment.root_of(len(sealed), [sealed]), len(PLAIN), hashlib.sha256(PLAIN).digest(),
        "image/vnd.dxf", "AB-1203.dxf", TIME,
    )  # fmt: skip
    data = records.sign_version(owner, version)
    name = canon.digest(canon.decode(data)[1])
    yield {"name": "version", "signing_key": owner.public, "signed": data, "hash": name}
    seed = octets("seed of a grant")
    locked = records.seal_key(key, name, who["reader"], node.public, seed)
    grant = Grant(name, who["owner"], who["owner's epoch"], who["reader"], node.public, 0, May.FILE, locked, TIME + 1)
    given = records.sign_grant(owner, grant)
    hashed = canon.digest(canon.decode(given)[1])
    yield {
        "name": "grant", "signing_key": owner.public, "signed": given, "hash": hashed, "node_seed": node.seed(),
        "seed": seed, "opened": key,
    }  # fmt: skip
    read = Reading(name, who["owner"], who["reader"], who["reader's epoch"], hashed, 1, How.FILE, "浦島", TIME + 2)
    yield {"name": "reading", "signing_key": reader.public, "signed": records.sign_reading(reader, read)}
    away = records.sign_grant(owner, grant._replace(revision=1, may=May.NOTHING, sealed=b"", time=TIME + 3))
    gone = canon.digest(canon.decode(away)[1])
    yield {"name": "withdrawal", "signing_key": owner.public, "signed": away, "hash": gone}
    deleted = Deleted(name, who["owner"], who["reader"], who["reader's epoch"], gone, TIME + 4)
    yield {"name": "deletion", "signing_key": reader.public, "signed": records.sign_deleted(reader, deleted)}
