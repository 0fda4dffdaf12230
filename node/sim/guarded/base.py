"""The federation with which a run begins: six nodes that keep copies for each other, three firms with four guardians.

Owns the images of the six disks. They depend on a small number only and are made once per process: a run differs from
another one by what happens to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import NamedTuple

from node.services import members
from node.services.guarding import choosing
from node.services.house import House
from node.services.warding import GUARDIAN, HOME
from node.sim.clock import EPOCH_US
from node.sim.dice import Dice
from node.sim.host import PlainWrap
from node.store import CustodyRow, MemoryStore, PeerRow, Tx, open_memory
from protocol.guardian import agreement
from protocol.guardian.agreement import Agreement, Terms
from protocol.identity import words
from protocol.keys import SigningKey, node_id

NODES = 6
FIRMS = 3
GUARDIANS = 4
BASES = 4
FIRST_ENTITY = 7_000_012_050_000


class FirmBase(NamedTuple):
    """A firm as it was enrolled. ``home``: number of its node; ``words``, ``factor``: its own keys."""

    member: bytes
    name: str
    home: int
    words: SigningKey
    factor: SigningKey


class Base(NamedTuple):
    """Node keys, association keys and disk images by number, and the firms."""

    keys: tuple[SigningKey, ...]
    associations: tuple[SigningKey, ...]
    images: tuple[bytes, ...]
    firms: tuple[FirmBase, ...]


@lru_cache(maxsize=BASES)
def base(number: int) -> Base:
    """One of the federations."""
    dice = Dice(number, "base")
    keys = tuple(SigningKey(dice.take(32)) for _ in range(NODES))
    associations = tuple(SigningKey(dice.take(32)) for _ in range(NODES))
    houses = [
        House("test", key, PlainWrap(), lambda: EPOCH_US, Dice(number, "house", at).take, association=own.public,
              name=f"n{at}")
        for at, (key, own) in enumerate(zip(keys, associations, strict=True))
    ]  # fmt: skip
    stores = [open_memory() for _ in keys]
    for at, store in enumerate(stores):
        store.write(partial(_meet, houses, at))
    firms = []
    for at in range(FIRMS):
        others = dice.shuffled([key.public for key in keys if key is not keys[at]])[:GUARDIANS]
        firms.append(_enrol(stores[at], houses[at], at, SigningKey(dice.take(32)), others))
    for firm in firms:
        history = stores[firm.home].read(partial(_history, houses[firm.home], firm.member))
        for at, store in enumerate(stores):
            if at != firm.home:
                store.write(partial(_learn, houses[at], houses[firm.home].id, history))
    images = tuple(store.serialize() for store in stores)
    for store in stores:
        store.close()
    return Base(keys, associations, images, tuple(firms))


def _meet(houses: list[House], at: int, tx: Tx) -> None:
    """Everybody is everybody's peer and keeps copies for everybody."""
    own = houses[at].node
    for other, house in enumerate(houses):
        if other == at:
            continue
        public = house.node.public
        tx.peers.put(
            PeerRow(node_id(public), public, "accepted", b"", b"", house.name, "", "", "", "", 0, b"", 0, 0, "")
        )
        for home, guardian, part, entity in ((own, house.node, HOME, other), (house.node, own, GUARDIAN, at)):
            terms = Terms(str(FIRST_ENTITY + entity), "x", ("JP",), False, True, 30, 500, 2**30, 0, 0)
            made = agreement.draft(Agreement("test", home.public, guardian.public, 1, bytes(16), terms))
            wire = agreement.encode(made, agreement.sign(home, made), agreement.sign(guardian, made))
            tx.wards.put_agreement(CustodyRow(node_id(public), part, 1, wire, 0))


def _enrol(store: MemoryStore, house: House, at: int, factor: SigningKey, guardians: Sequence[bytes]) -> FirmBase:
    def work(tx: Tx) -> FirmBase:
        made = members.enrol(house, tx, f"firm {at}", factor.public)
        key = words.key_of(words.entropy_of(" ".join(made.words)))
        choosing.choose_with_words(house, tx, made.member, key, sorted(guardians))
        return FirmBase(made.member, f"firm {at}", at, key, factor)

    return store.write(work)


def _history(house: House, member: bytes, tx: Tx) -> bytes:
    return members.history(house, tx, member)


def _learn(house: House, home: bytes, history: bytes, tx: Tx) -> None:
    log = members.learn_history(house, tx, history)
    tx.knows.put_many([(home, log.member, log.standing.hash)])
