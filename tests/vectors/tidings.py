"""Offers of every kind, a later revision, a withdrawal and a delta: the records of §20 from fixed keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from protocol.keys import SigningKey
from protocol.offer import delta, signed
from protocol.offer.kinds import KINDS
from protocol.offer.signed import Scope, Withdrawal
from tests.protocol.offer import samples
from tests.vectors import world
from tests.vectors.world import octets

Vector = dict[str, Any]


def vectors() -> Iterator[Vector]:
    """Every record of the section."""
    key = world.key("maker 1")
    member, epoch = octets("member maker"), octets("epoch maker")
    for at, kind in enumerate(KINDS):
        side = ("offer", "request")[at % 2]
        said = samples.offer(kind, side, member=member, epoch=epoch, nonce=octets(f"nonce {kind}")[:16])
        yield _vector(f"{side} of {kind}", key, said)
    named = samples.offer(
        "stock", scope=Scope.NAMED, nodes=(octets("node kyoto"),), member=member, epoch=epoch,
        nonce=octets("nonce named")[:16],
    )  # fmt: skip
    first = signed.sign(key, named)
    yield _vector("offer for a named node", key, named)
    series = signed.parse(first).id
    later = named._replace(first=series, revision=1, title="新しい題", time=samples.NOW + samples.DAY_US)
    yield _vector("its next revision", key, later)
    gone = Withdrawal("test", member, epoch, series, named.expires, samples.NOW + 2 * samples.DAY_US)
    yield _vector("its withdrawal", key, gone)
    entries = [signed.sign(key, later), signed.sign(key, gone)]
    yield {"name": "delta", "bytes": delta.encode("test", 7, 9, False, [b"history"], entries)}


def _vector(name: str, key: SigningKey, said: Any) -> Vector:
    wire = signed.sign(key, said)
    read = signed.parse(wire)
    return {"name": name, "id": read.id, "series": read.series, "signing_key": key.public, "signed": wire}
