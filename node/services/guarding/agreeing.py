"""Agreements with other associations: one keeps copies for the other, under terms that both nodes have signed.

Owns drafting, signing and reading them for people. What comes over the wire is noted by
:mod:`node.services.warding`; nothing is handed over before both have signed. Source: ``docs/protocol.md`` §15.1.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from node.services import warding
from node.services.exchange import require_peer
from node.services.house import House
from node.store import CustodyRow, Tx
from protocol import keys
from protocol.document.header import NONCE_BYTES
from protocol.errors import CallerFault, NotFound
from protocol.guardian import agreement
from protocol.guardian.agreement import Agreement, Terms
from protocol.limits import DEFAULT_WARD_BYTES, MAX_WARDS_PER_HOME

DEFAULT_PLACES: Final = ("JP",)
DEFAULT_ERASE_DAYS: Final = 30


class Shown(NamedTuple):
    """An agreement as people see it. ``part``: what this node is in it; ``state``: proposed, asked, in-force, ended."""

    node: bytes
    part: str
    state: str
    version: int
    terms: Terms


def terms_of(entity: str, name: str, now: int) -> Terms:
    """The terms that are proposed where nobody said otherwise."""
    return Terms(
        entity=entity,
        name=name,
        places=DEFAULT_PLACES,
        subcontracting=False,
        audit=True,
        erase_days=DEFAULT_ERASE_DAYS,
        wards=MAX_WARDS_PER_HOME,
        ward_bytes=DEFAULT_WARD_BYTES,
        since=now,
        until=0,
    )


def propose(house: House, tx: Tx, peer: bytes, part: str, terms: Terms) -> bytes:
    """Draft and sign an agreement in which this node is ``part`` (home or guardian); the bytes for the other side."""
    house.require_signing()
    row = require_peer(tx, peer)
    known = tx.wards.agreement(peer, part)
    version = known.version + 1 if known else 1
    home, guardian = (house.node.public, row.key) if part == warding.HOME else (row.key, house.node.public)
    drafted = agreement.draft(Agreement(house.network, home, guardian, version, house.entropy(NONCE_BYTES), terms))
    return _sign(house, tx, peer, part, agreement.encode(drafted, b"", b""))


def agree(house: House, tx: Tx, peer: bytes, part: str) -> bytes:
    """Sign what the other side has proposed; the bytes that go back to it. NotFound if there is nothing."""
    house.require_signing()
    require_peer(tx, peer)
    row = tx.wards.agreement(peer, part)
    if row is None:
        raise NotFound("peer", "has proposed no such agreement")
    return _sign(house, tx, peer, part, row.wire)


def _sign(house: House, tx: Tx, peer: bytes, part: str, wire: bytes) -> bytes:
    found, home, guardian = agreement.parse(wire)
    signature = agreement.sign(house.node, found)
    home, guardian = (signature, guardian) if part == warding.HOME else (home, signature)
    wire = agreement.encode(found, home, guardian)
    tx.wards.put_agreement(CustodyRow(peer, part, found.version, wire, house.clock()))
    return wire


def end(house: House, tx: Tx, peer: bytes, part: str) -> bytes:
    """End an agreement now: a last version of it whose time is over, signed by this side."""
    found = find(tx, peer, part)
    now = house.clock()
    return propose(house, tx, peer, part, found.terms._replace(until=max(now, found.terms.since + 1)))


def find(tx: Tx, peer: bytes, part: str) -> Agreement:
    """The agreement with ``peer``; NotFound if there is none."""
    row = tx.wards.agreement(peer, part)
    if row is None:
        raise NotFound("peer", "there is no agreement with this node")
    return agreement.parse(row.wire)[0]


def shown(house: House, tx: Tx) -> list[Shown]:
    """Every agreement of this node."""
    now = house.clock()
    return [_shown(house, row, now) for row in tx.wards.agreements()]


def _shown(house: House, row: CustodyRow, now: int) -> Shown:
    found, home, guardian = agreement.parse(row.wire)
    mine, theirs = (home, guardian) if row.part == warding.HOME else (guardian, home)
    if found.terms.until and now >= found.terms.until:
        state = "ended"
    elif mine and theirs:
        state = "in-force"
    else:
        state = "proposed" if mine else "asked"
    return Shown(row.node, row.part, state, found.version, found.terms)


def part_of(text: str) -> str:
    """``home`` or ``guardian``; CallerFault otherwise."""
    if text not in (warding.HOME, warding.GUARDIAN):
        raise CallerFault("part", "home or guardian")
    return text


def other_key(house: House, found: Agreement) -> bytes:
    """The other side's node key."""
    return found.guardian_key if found.home_key == house.node.public else found.home_key


def entity_of(tx: Tx, node: bytes) -> str:
    """The registered number under which a guardian keeps copies for this node, or empty."""
    row = tx.wards.agreement(node, warding.HOME)
    return agreement.parse(row.wire)[0].terms.entity if row is not None else ""


def guardians_in_force(house: House, tx: Tx) -> dict[bytes, Agreement]:
    """By node key: the agreements under which others keep copies for this node now."""
    found = {}
    for row in tx.wards.agreements():
        if row.part == warding.HOME:
            terms = warding.in_force(tx, row.node, warding.HOME, house.clock())
            if terms is not None:
                found[terms.guardian_key] = terms
    return {key: found[key] for key in sorted(found, key=keys.node_id)}
