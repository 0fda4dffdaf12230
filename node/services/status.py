"""How the node is: numbers for people and for monitoring. Reads only; no business data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from node.services import departed
from node.services import peers as enrolment
from node.services.house import House
from node.services.mailing import overview
from node.store import Tx

Gauges = Mapping[str, tuple[str, Mapping[str, float]]]


def gauges(tx: Tx) -> Gauges:
    """Series name → (help, label → number)."""
    pending = tx.outgoing.count_pending()
    links = {row.node: row for row in tx.links.all()}
    peers = tx.peers.all()
    states: dict[str, float] = {}
    for peer in peers:
        states[peer.state] = states.get(peer.state, 0) + 1
    return {
        "yui_documents_stored": ("Highest document position", {"": tx.documents.last_position()}),
        "yui_index_lag_documents": ("Documents not in the search index yet", {"": tx.index_lag()}),
        "yui_quarantine_open": ("Items in quarantine", {"": tx.quarantine.count()}),
        "yui_waiting_documents": ("Documents that wait for something", {"": tx.waiting.count()}),
        "yui_peers": ("Peers by state", states),
        "yui_outgoing_pending": (
            "Objects without a receipt, by peer",
            {peer.node.hex(): float(pending.get(peer.node, (0, 0))[0]) for peer in peers},
        ),
        "yui_mail_kept": ("Sealed parcels that lie here for others", {"": float(len(tx.mail.kept_all()))}),
        "yui_link_failures": (
            "Failures in a row, by peer",
            {node.hex(): float(row.failures) for node, row in links.items()},
        ),
    }


def summary(house: House, tx: Tx) -> dict[str, Any]:
    """What `yui status` shows: counts, and one row for each peer."""
    held = tx.holdings.count_by_verdict().get("held", 0)
    return {
        "node": house.id.hex(),
        "name": house.name,
        "network": house.network,
        "frozen": house.frozen,
        "recovering": house.recovering,
        "start_number": house.start_number,
        "members": len(tx.members.all(local=True)),
        "documents": tx.documents.last_position(),
        "index_lag": tx.index_lag(),
        "held": held,
        "waiting": tx.waiting.count(),
        "quarantined": tx.quarantine.count(),
        "cards": tx.cards.count(),
        "departed": [
            {**found._asdict(), "member": found.member.hex(), "home": found.home.hex()}
            for found in departed.all_of(house, tx)
        ],
        "peers": peers(house, tx),
    }


def peers(house: House, tx: Tx) -> list[dict[str, Any]]:
    """Every peer and invitation with the state of its link and, while people decide, the code to compare."""
    pending = tx.outgoing.count_pending()
    links = {row.node: row for row in tx.links.all()}
    codes = {bytes(found.node): found for found in enrolment.invitations(house, tx)}
    laid = overview.by_node(tx)
    shown = []
    for peer in tx.peers.all():
        link, invitation = links.get(peer.node), codes.get(peer.node)
        shown.append(
            {
                "node": peer.node.hex(),
                "name": peer.name,
                "kind": peer.kind,
                "area": peer.area,
                "state": peer.state,
                "endpoint": peer.endpoint,
                "code": "" if invitation is None else invitation.code,
                "pending": pending.get(peer.node, (0, 0))[0],
                "elsewhere": len(overview.elsewhere(tx, laid.get(peer.node, ()))),
                "failures": link.failures if link else 0,
                "retry_at": link.retry_at if link else 0,
                "last_error": link.last_error if link else "",
                "last_success": link.last_success if link else 0,
                "last_contact": peer.last_contact,
            }
        )
    return shown
