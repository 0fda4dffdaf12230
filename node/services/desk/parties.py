"""How a firm is named in a paper: from its public card. Owns nothing else."""

from __future__ import annotations

import msgspec

from node.services import directory, reading
from node.store import Tx
from protocol.identity.card import Card
from protocol.process.trade.papers import Party
from protocol.process.trade.papers.base import Identifier


def party_of(tx: Tx, member: bytes) -> Party:
    """The firm as a paper's party; only its name where no card of it is known here."""
    card = directory.card_of(tx, member)
    if card is None:
        name = reading.names_of(tx, (member,)).get(member, member.hex()[:12])
        return Party(name=name, registration_number=_registration_number(tx, member))
    return Party(
        name=card.name,
        corporate_number=card.corporate_number,
        registration_number=card.registration_number,
        endpoint=_endpoint(card),
    )


def _endpoint(card: Card) -> Identifier | None:
    """Its address as a Peppol participant: as its card says, else its corporate number (EAS 0188)."""
    scheme, _, value = card.endpoint.partition(":")
    if value:
        return Identifier(value=value, scheme=scheme)
    return Identifier(value=card.corporate_number, scheme="0188") if card.corporate_number else None


def _registration_number(tx: Tx, member: bytes) -> str:
    """Of a guest, as its owner knows it."""
    row = tx.guests.get(member)
    found = "" if row is None else msgspec.msgpack.decode(row.data).get("registration_number", "")
    return str(found)
