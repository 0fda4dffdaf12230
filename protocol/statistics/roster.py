"""Who takes part in a question, as every node works it out from what the coordinator shows it.

Owns reading of roster, beacon and dealers into one picture. Two nodes with one setting hash have the same picture. Of
many thousand bytes a node checks what concerns it: all places and beacon parts, the signatures of its neighbours.

An entry: node key, channel key, two round keys, two seed hashes, beacon hash (32 bytes each), signature of the
commitment (64). Source: ``docs/protocol.md`` §18.3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from protocol import canon, keys
from protocol.errors import Malformed, NotAuthorised
from protocol.keys import Purpose
from protocol.limits import MAX_STATS_NODES, MIN_STATS_NODES
from protocol.statistics import graph, messages, shamir, signed
from protocol.statistics.messages import COMMITMENT_TAG, ENTRY_BYTES, ROSTER_TAG, Commitment, Roster


def entry_of(data: bytes, question: bytes) -> bytes:
    """The entry of a signed commitment that travels, its signature verified. Raises PeerFault."""
    found = signed.parse(data)
    made = messages.parse_commitment(signed.verify(found, found.public))
    if made.question != question:
        raise NotAuthorised("commitment: to another question")
    return b"".join((found.public, made.channel, *made.round_keys, *made.seeds, made.nonce, found.signature))


@dataclass(frozen=True)
class Roll:
    """The roster, read. ``publics``: node keys, ascending; a node's place in it is its number."""

    question: bytes
    hash: bytes
    entries: bytes
    publics: tuple[bytes, ...]

    @cached_property
    def number(self) -> Mapping[bytes, int]:
        """Numbers by node key."""
        return {public: at for at, public in enumerate(self.publics)}

    def commitment(self, number: int) -> Commitment:
        """What a node has committed itself to; not verified."""
        raw = self.entries[number * ENTRY_BYTES : (number + 1) * ENTRY_BYTES]
        part = [raw[at : at + 32] for at in range(32, 7 * 32, 32)]
        return Commitment(self.question, part[0], (part[1], part[2]), (part[3], part[4]), part[5])

    def nonce_hash(self, number: int) -> bytes:
        """The beacon hash alone."""
        at = number * ENTRY_BYTES
        return self.entries[at + 6 * 32 : at + 7 * 32]

    def verify(self, number: int) -> Commitment:
        """A node's commitment with its signature verified; BadSignature names the node."""
        made = self.commitment(number)
        signature = self.entries[(number + 1) * ENTRY_BYTES - 64 : (number + 1) * ENTRY_BYTES]
        record = canon.encode((COMMITMENT_TAG, *made))
        keys.verify(self.publics[number], Purpose.STATISTICS, canon.digest(record), signature)
        return made


def make_roster(question: bytes, entries: Sequence[bytes]) -> bytes:
    """The roster's bytes, in order."""
    return messages.encode(ROSTER_TAG, Roster(question, b"".join(sorted(entries))))


def read_roster(data: bytes, question: bytes, cohort: Sequence[bytes]) -> Roll:
    """The roster of ``question``, only members of the cohort in it. Raises Malformed or NotAuthorised."""
    found = messages.parse_roster(data)
    if found.question != question:
        raise NotAuthorised("roster: of another question")
    publics = tuple(found.entries[at : at + 32] for at in range(0, len(found.entries), ENTRY_BYTES))
    if any(one >= other for one, other in pairwise(publics)):
        raise Malformed("roster: ascending, none twice")
    if not frozenset(cohort).issuperset(publics):
        raise NotAuthorised("roster: names a node that is not in the cohort")
    if len(publics) > MAX_STATS_NODES:
        raise Malformed(f"roster: more than {MAX_STATS_NODES} nodes")
    return Roll(question, canon.digest(data), found.entries, publics)


@dataclass(frozen=True)
class Circle:
    """Roster and beacon: who takes part (numbers, ascending), and who is whose neighbour."""

    roll: Roll
    beacon: bytes
    members: tuple[int, ...]

    @cached_property
    def standing(self) -> list[int]:
        """The members in the beacon's order."""
        return graph.circle(self.beacon, self.members)

    def neighbours(self, number: int) -> tuple[int, ...]:
        """A member's neighbours, ascending: they hold its shares, the first one as holder 1."""
        return graph.neighbours(self.standing, number)

    def checkers(self, answered: Sequence[int]) -> tuple[int, ...]:
        """Who computes the counts again."""
        return graph.checkers(self.beacon, answered)


def read_beacon(data: bytes, roll: Roll) -> Circle:
    """The picture after the beacon. Every part is what its node had committed itself to."""
    found = messages.parse_beacon(data)
    if found.roster != roll.hash:
        raise NotAuthorised("beacon: of another roster")
    members = messages.numbers_of(found.nodes, len(roll.publics))
    if len(found.nonces) != 32 * len(members):
        raise Malformed("nonces: 32 bytes of each node")
    for at, number in enumerate(members):
        if canon.digest(found.nonces[32 * at : 32 * at + 32]) != roll.nonce_hash(number):
            raise NotAuthorised("beacon: a part that its node did not commit itself to")
    if len(members) < MIN_STATS_NODES:
        raise NotAuthorised(f"fewer than {MIN_STATS_NODES} nodes take part", code="too-few")
    return Circle(roll, canon.digest(data), members)


@dataclass(frozen=True)
class Setting:
    """The whole picture: everybody who has dealt shares takes part in step 1."""

    circle: Circle
    dealers: tuple[int, ...]
    hash: bytes

    def require_cover(self, number: int, present: Sequence[int]) -> None:
        """NotAuthorised unless more than two thirds of a node's neighbourhood, itself counted, are ``present``.

        With fewer, a coordinator could keep from a node all neighbours but its own friends.
        """
        near = self.circle.neighbours(number)
        here = len(frozenset(near).intersection(present)) + 1
        if len(present) < MIN_STATS_NODES or here < shamir.threshold_of(len(near)):
            raise NotAuthorised("too few nodes for anything to be hidden among them", code="too-few")


def read_dealers(circle: Circle, dealers: bytes) -> Setting:
    """The setting in which ``dealers`` (a bitmap) take part."""
    numbers = messages.numbers_of(dealers, len(circle.roll.publics))
    if not frozenset(circle.members).issuperset(numbers):
        raise NotAuthorised("dealers: a node that takes no part")
    return Setting(circle, numbers, messages.setting_of(circle.beacon, dealers))
