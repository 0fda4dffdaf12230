"""Offers, fits and the vocabulary as plain values: what the APIs and the command line show alike."""

from __future__ import annotations

from typing import Any

from node.services.house import House
from node.services.offers import finding, fits, holding
from node.services.offers.finding import Source
from node.services.offers.fits import Found
from node.store import Tx
from node.store.offers import OfferRow
from protocol.offer.fields import Field
from protocol.offer.kinds import KINDS
from protocol.offer.laws import LAWS


def shown(house: House, tx: Tx, row: OfferRow, *, with_fits: bool = False) -> dict[str, Any]:
    """One series. Times: µs UTC."""
    found: dict[str, Any] = {
        "offer": row.series.hex(),
        "id": row.id.hex(),
        "revision": row.revision,
        "member": row.member.hex(),
        "name": finding.name_of(tx, row.member),
        "node": row.node.hex(),
        "kind": row.kind,
        "side": row.side,
        "state": "withdrawn" if row.withdrawn else "open" if row.expires > house.clock() else "expired",
        "expires": row.expires,
        "as_of": finding.as_of(house, tx, row),
    }
    if not row.withdrawn:
        said = holding.said(row)
        found |= {
            "title": said.title,
            "text": said.text,
            "area": said.area,
            "industry": said.industry,
            "starts": said.starts,
            "ends": said.ends,
            "scope": said.scope.value,
            "nodes": [node.hex() for node in said.nodes] if row.node == house.id else [],
            "details": said.details,
        }
    if with_fits:
        found["fits"] = [fit(house, tx, row, one) for one in fits.of_series(house, tx, row.series)]
    return found


def fit(house: House, tx: Tx, row: OfferRow, one: Found) -> dict[str, Any]:
    """How another fits ``row``, criterion by criterion."""
    mine_offers = row.side == "offer"
    return {
        "of": row.series.hex(),
        "fits": one.fit.fits,
        "score": one.fit.score,
        "other": shown(house, tx, one.row),
        "criteria": [
            {
                "name": verdict.name,
                "outcome": verdict.outcome.value,
                "ours": verdict.offered if mine_offers else verdict.requested,
                "theirs": verdict.requested if mine_offers else verdict.offered,
            }
            for verdict in one.fit.verdicts
        ],
    }


def source(one: Source) -> dict[str, Any]:
    """How fresh what an association told is."""
    return {**one._asdict(), "node": one.node.hex()}


def vocabulary() -> list[dict[str, Any]]:
    """Every kind with its fields."""
    return [
        {
            "kind": kind.name,
            "dated": kind.dated,
            "area": kind.placed,
            "together": kind.together,
            "fields": [_field(field) for field in kind.fields],
        }
        for kind in KINDS.values()
    ]


def _field(field: Field) -> dict[str, Any]:
    found = field._asdict() | {"type": field.type.value, "needed": field.needed.value}
    return {**found, "choices": list(field.choices), "law": LAWS.get(field.law, "")}
