"""Which offers and requests fit those of our members: found when ours is published, and when another's arrives.

Owns whom to compare and how many; how two of them fit is :mod:`protocol.offer.fitting`. What is found is kept for both
sides where both are at home here, with whether anybody has seen it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from node.services.house import House
from node.services.offers import holding
from node.store import Tx
from node.store.offers import Asked, FitRow, OfferRow
from protocol.offer import fitting
from protocol.offer.fitting import Facts, Fit
from protocol.offer.kinds import KINDS, partners

MAX_COMPARED: Final = 2_000  # the latest of those that could fit one
MAX_KEPT: Final = 50  # best ones of one series
MAX_OURS: Final = 500  # of our members' that an arriving one is compared with


class Found(NamedTuple):
    """Something that fits a series, with the reasons."""

    row: OfferRow
    fit: Fit


def renew(house: House, tx: Tx, row: OfferRow) -> list[Found]:
    """Look through everything for what fits a series of ours, and keep it."""
    tx.offers.forget_fits(row.series)
    if not row.shown:
        return []
    found = search(house, tx, row)
    _keep(house, tx, row, found)
    return found


def search(house: House, tx: Tx, row: OfferRow) -> list[Found]:
    """What fits, or nearly, the best first: of the latest MAX_COMPARED that share gate, topic and days."""
    mine, now = holding.facts(row), house.clock()
    found: list[Found] = []
    for kind, side in partners(row.kind, row.side):
        asked = Asked(
            tags=(holding.tag("k", kind), holding.tag("s", side), *gate_tags(mine)),
            any_of=_topic(mine, kind),
            starts=row.starts if KINDS[kind].dated else 0,
            ends=row.ends if KINDS[kind].dated else holding.ALWAYS,
        )
        for other in tx.offers.find(asked, now, MAX_COMPARED):
            if other.member != row.member:
                fit = fitting.judge(mine, holding.facts(other))
                if fit.fits or fit.nearly:
                    found.append(Found(other, fit))
    found.sort(key=lambda one: (not one.fit.fits, -one.fit.score, -one.row.position))
    return found[:MAX_KEPT]


def met(house: House, tx: Tx, row: OfferRow) -> None:
    """Another node's offer has arrived: keep it with those of ours that it fits."""
    theirs, now = holding.facts(row), house.clock()
    for kind, side in partners(row.kind, row.side):
        for ours in tx.offers.open_here(house.id, kind, side, now, MAX_OURS):
            fit = fitting.judge(holding.facts(ours), theirs)
            if ours.member != row.member and (fit.fits or fit.nearly):
                tx.offers.put_fits([_row(ours, row, fit, now)])


def _keep(house: House, tx: Tx, row: OfferRow, found: list[Found]) -> None:
    now = house.clock()
    rows = [_row(row, one.row, one.fit, now) for one in found]
    rows += [_row(one.row, row, one.fit, now) for one in found if one.row.node == house.id]
    tx.offers.put_fits(rows)


def _row(ours: OfferRow, other: OfferRow, fit: Fit, now: int) -> FitRow:
    return FitRow(ours.series, other.series, ours.member, fit.score, fit.fits, now, False)


def gate_tags(facts: Facts) -> tuple[str, ...]:
    """The tag of the field in which both have to agree."""
    gate = KINDS[facts.kind].gate
    return (holding.tag("g", gate, str(facts.details[gate])),) if gate in facts.details else ()


def _topic(facts: Facts, kind: str) -> str:
    """Words of which another has to have at least one."""
    topic = KINDS[facts.kind].topic if KINDS[kind].topic == KINDS[facts.kind].topic else ""
    value = facts.details.get(topic, "")
    return value if isinstance(value, str) else " ".join(value)


def of_series(house: House, tx: Tx, series: bytes) -> list[Found]:
    """What is kept for a series, judged again: both sides may have changed their words since."""
    row = tx.offers.get(series)
    if row is None or row.withdrawn:
        return []
    kept = tx.offers.fits_of(series, MAX_KEPT)
    others = tx.offers.get_many(one.other for one in kept)
    mine, now = holding.facts(row), house.clock()
    open_ones = [other for other in others.values() if other.shown and not other.withdrawn and other.expires > now]
    found = [Found(other, fitting.judge(mine, holding.facts(other))) for other in open_ones]
    return sorted(found, key=lambda one: (not one.fit.fits, -one.fit.score, one.row.series))
