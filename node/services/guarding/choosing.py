"""Who guards a member: proposals, and the control record that names its guardians.

Owns drafting that record. The first one carries the member's recovery words (``docs/protocol.md`` §4.3): they are at
hand at the enrolment, or typed later at the command line and never seen by the serving process.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from federation import guardians
from federation.guardians import Candidate
from node.services import keying, members
from node.services.guarding import agreeing
from node.services.house import House
from node.store import Tx
from protocol.errors import CallerFault
from protocol.identity import control
from protocol.identity.control import Guardians, Signed
from protocol.identity.genesis import Rank, Role
from protocol.keys import SigningKey, node_id
from protocol.limits import MAX_GUARDIANS

USUAL: Final = 4


def proposed(house: House, tx: Tx, area: str, entity: str, n: int = USUAL) -> list[Candidate]:
    """At most ``n`` guardians with whom an agreement is in force, spread over areas and operators."""
    candidates = []
    for key, found in agreeing.guardians_in_force(house, tx).items():
        peer = tx.peers.get(node_id(key))
        if peer is not None:
            candidates.append(Candidate(key, found.terms.entity, peer.area, found.terms.ward_bytes))
    return guardians.propose(area, entity, candidates, n)


def chosen(house: House, tx: Tx, public: Sequence[bytes]) -> Guardians:
    """A set of these guardians with its quorum. CallerFault without agreements, or for one operator twice."""
    if not 1 <= len(public) <= MAX_GUARDIANS or len(set(public)) != len(public):
        raise CallerFault("guardians", f"1 to {MAX_GUARDIANS}, none twice")
    in_force = agreeing.guardians_in_force(house, tx)
    entities = []
    for key in public:
        if key not in in_force:
            raise CallerFault(
                "guardians", f"no agreement with {node_id(key).hex()[:12]} is in force", code="no-agreement"
            )
        entities.append(in_force[key].terms.entity)
    if len(set(entities)) != len(entities):
        raise CallerFault("guardians", "two of them belong to one operator: they count as one")
    return Guardians(tuple(sorted(public)), *guardians.quorum(len(public)))


def draft(house: House, tx: Tx, member: bytes, public: Sequence[bytes]) -> Signed:
    """The record that names the member's guardians, to be signed with its recovery words elsewhere."""
    house.require_signing()
    members.require_local(tx, member)
    return keying.draft_guardians(house, tx, member, chosen(house, tx, public))


def renew(house: House, tx: Tx, member: bytes, words: SigningKey) -> int:
    """Name guardians with whom this node has an agreement, for a member that has come back with its words; how many.

    The old set may hold this node itself, which counts no more, or nodes that only the lost one had an agreement with.
    The set stays where it has enough of them, or where no better one can be proposed.
    """
    named = members.require_log(house, tx, member).standing.guardians
    had = set(named.keys) if named is not None else set()
    good = had & set(agreeing.guardians_in_force(house, tx)) - {house.node.public}
    found = proposed(house, tx, house.area, "", USUAL)
    if len(good) >= max(min(len(had), USUAL), 1) or len(found) <= len(good):
        return len(good)
    choose_with_words(house, tx, member, words, [item.key for item in found])
    return len(found)


def choose_with_words(house: House, tx: Tx, member: bytes, words: SigningKey, public: Sequence[bytes]) -> None:
    """Name the guardians of a member of ours, whose words are at hand: at its enrolment, or when it has come back."""
    log = members.require_log(house, tx, member)
    standing = log.standing
    record = control.draft(
        house.network,
        member,
        standing.number + 1,
        standing.hash,
        Rank.WORDS,
        chosen(house, tx, public),
        house.clock(),
        house.entropy(16),
    )
    members.replace_keys(house, tx, member, control.encode(control.sign(record, [(Role.WORDS.value, words)])))
