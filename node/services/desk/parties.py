"""How a firm is named in a paper: from its public card. Owns nothing else."""

from __future__ import annotations

from node.services import directory, reading
from node.store import Tx
from protocol.process.trade.papers import Party
from protocol.process.trade.papers.base import Identifier


def party_of(tx: Tx, member: bytes) -> Party:
    """The firm as a paper's party; only its name where no card of it is known here."""
    card = directory.card_of(tx, member)
    if card is None:
        return Party(name=reading.names_of(tx, (member,)).get(member, member.hex()[:12]))
    scheme, _, value = card.endpoint.partition(":")
    return Party(
        name=card.name,
        corporate_number=card.corporate_number,
        registration_number=card.registration_number,
        endpoint=Identifier(value=value, scheme=scheme) if value else None,
    )
