"""Cohorts: who is asked together. Published by one node, accepted by people at each other one.

Owns what a cohort's state allows. Nobody answers to a cohort that was not accepted. Source: ``docs/statistics.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from node.services import peers
from node.services.house import House
from node.store import CohortRow, Tx
from protocol.errors import CallerFault, NotAuthorised, NotFound
from protocol.statistics import post, question, signed
from protocol.statistics.post import Offer
from protocol.statistics.question import Cohort
from protocol.statistics.rules import Parameters

OFFERED: Final = "offered"
ACCEPTED: Final = "accepted"
DECLINED: Final = "declined"
DAY_US: Final = 86_400_000_000


class Published(NamedTuple):
    """A new cohort, and what its nodes are to be given."""

    cohort: bytes
    offer: bytes
    keys: tuple[bytes, ...]


def publish(
    house: House, tx: Tx, name: str, members: Sequence[str], *, kind: str, area: str, days: int, units: int,
    percent: int, by: str,
) -> Published:  # fmt: skip
    """A cohort of this node and the peers named in ``members`` (names or ids), for ``days``; accepted here at once."""
    house.require_signing()
    keys: set[bytes] = {house.node.public}
    for text in members:
        row = tx.peers.get(peers.find(tx, text))
        if row is not None:
            keys.add(row.key)
    if not 1 <= days <= 400:
        raise CallerFault("days", "from 1 to 400")
    parameters = Parameters(units, percent, house.entropy(16))
    epoch = 1 + sum(_cohort_of(row).name == name for row in tx.questions.cohorts())
    until = house.clock() + days * DAY_US
    made = Cohort(house.network, name, kind, area, epoch, until, parameters.digest(), tuple(sorted(keys)))
    wire = question.sign_cohort(house.node, made)
    cohort, hashed = question.verify_cohort(wire, house.node.public)
    tx.questions.put_cohort(_row(wire, hashed, cohort, house.node.public, parameters, ACCEPTED, house.clock(), by))
    return Published(hashed, post.encode_offer(Offer(wire, parameters)), cohort.keys)


def take_offer(house: House, tx: Tx, peer: bytes, body: bytes) -> str:
    """A peer publishes a cohort with this node in it; people decide. The state in which it stands here."""
    offer = post.parse_offer(body)
    publisher = key_of(house, tx, peer)
    if signed.parse(offer.cohort).public != publisher:
        raise NotAuthorised("cohort: published by another node than the one that offers it")
    cohort, hashed = question.verify_cohort(offer.cohort, publisher)
    if cohort.network != house.network or house.node.public not in cohort.keys:
        raise NotAuthorised("cohort: this node is not in it", code="wrong-cohort")
    if offer.parameters.digest() != cohort.rules:
        raise NotAuthorised("rules: not the parameters that the cohort names", code="wrong-rules")
    known = tx.questions.cohort(hashed)
    if known is not None:
        return known.state
    row = _row(offer.cohort, hashed, cohort, publisher, offer.parameters, OFFERED, house.clock(), "")
    tx.questions.put_cohort(row)
    return OFFERED


def decide(house: House, tx: Tx, text: str, by: str, *, accept: bool) -> CohortRow:
    """A person accepts a cohort, or declines it; either may be changed later."""
    row = find(tx, text)
    changed = row._replace(state=ACCEPTED if accept else DECLINED, by=by, time=house.clock())
    tx.questions.put_cohort(changed)
    return changed


def find(tx: Tx, text: str) -> CohortRow:
    """By hash, its first digits, or name (the latest of that name that was not declined)."""
    wanted = text.strip().lower()
    rows = tx.questions.cohorts()
    by_hash = [row for row in rows if len(wanted) >= 6 and row.cohort.hex().startswith(wanted)]
    named = [row for row in rows if row.name == text.strip() and row.state != DECLINED]
    found = by_hash or named[-1:]
    if not found:
        raise NotFound("cohort", f"no cohort with this name or id: {text[:64]}")
    if len(found) > 1:
        raise CallerFault("cohort", "several begin so: give more of the id")
    return found[0]


def standing(tx: Tx, hashed: bytes) -> tuple[Cohort, Parameters]:
    """An accepted cohort with its parameters. NotAuthorised otherwise."""
    row = tx.questions.cohort(hashed)
    if row is None or row.state != ACCEPTED:
        raise NotAuthorised("cohort: nobody here has accepted it", code="wrong-cohort")
    return _cohort_of(row), Parameters(row.units, row.percent, row.salt)


def cohort_of(row: CohortRow) -> Cohort:
    """What was published."""
    return _cohort_of(row)


def _cohort_of(row: CohortRow) -> Cohort:
    return question.verify_cohort(row.wire, row.publisher)[0]


def key_of(house: House, tx: Tx, node: bytes) -> bytes:
    """The key of a node: this one, or a peer."""
    if node == house.id:
        return house.node.public
    row = tx.peers.get(node)
    if row is None:
        raise NotAuthorised("not an accepted peer")
    return row.key


def _row(
    wire: bytes, hashed: bytes, cohort: Cohort, publisher: bytes, parameters: Parameters, state: str, now: int, by: str
) -> CohortRow:
    return CohortRow(hashed, wire, publisher, cohort.name, cohort.until, *parameters, state, now, by)
