"""Associations whose members have something to offer: drafts, and how offers get from one to the other."""

from __future__ import annotations

from typing import Any

from node.services.offers import finding, holding, publishing, telling
from node.services.offers.finding import Wanted
from node.services.offers.publishing import Draft
from node.store.offers import OfferRow
from protocol.offer.kinds import KINDS
from tests.node.services.town import Association
from tests.protocol.offer import samples

__all__ = ["holding"]


def draft(kind: str = "capacity", side: str = "offer", **changes: Any) -> Draft:
    """A sample; ``changes`` replace its fields."""
    given: dict[str, Any] = {
        "kind": kind,
        "side": side,
        "title": "プレスの空き",
        "area": "38201" if KINDS[kind].placed else "",
        "starts": "2025-10-19",
        "ends": "2025-10-23",
        "details": samples.details(kind, side),
    }
    return Draft(**given | changes)


def publish(node: Association, member: bytes, **changes: Any) -> OfferRow:
    """Publish a sample."""
    return node.do(lambda tx: publishing.publish(node.house, tx, member, draft(**changes)))


def tell(home: Association, peer: Association) -> telling.Learned:
    """One delta from ``home`` to ``peer``."""
    delta = ask(home, peer)
    return peer.do(lambda tx: telling.learn(peer.house, tx, home.house.id, delta))


def ask(home: Association, peer: Association) -> bytes:
    """The delta that ``peer`` would be told next."""
    since = peer.see(lambda tx: telling.asked_since(tx, home.house.id))
    return home.see(lambda tx: telling.delta(home.house, tx, peer.house.id, since))


def found(node: Association, **wanted: Any) -> list[bytes]:
    """The series that a search finds."""
    page = node.see(lambda tx: finding.search(node.house, tx, Wanted(**wanted)))
    return [row.series for row in page.rows]
