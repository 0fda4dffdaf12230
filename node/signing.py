"""Who signs for a member that comes back: keys at hand, or a person elsewhere who is asked.

Owns the three things that only the holders of a member's roles can do in a return: sign a fence, open the vault, sign
the record of the new epoch. The serving node has no such key: what is to be signed is shown to the command line or page
that has it (:class:`Counter`), and comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from node.procedure import Pause, Steps
from protocol import vault
from protocol.errors import CallerFault, NotFound, WorldFault
from protocol.guardian.claim import Fence
from protocol.identity.control import Proof, Record
from protocol.identity.genesis import Rank, Role
from protocol.keys import Purpose, SigningKey

LOOK_US = 100_000
PATIENCE_US = 15 * 60 * 1_000_000  # how long a person may take


class Signer(Protocol):
    """The holders of a member's roles, guardians aside."""

    @property
    def rank(self) -> Rank:
        """By which rank they act."""
        ...

    def fence(self, made: Fence) -> Steps[tuple[Proof, ...]]:
        """Their signatures under a fence."""
        ...

    def vault(self, member: bytes, wire: bytes) -> Steps[dict[bytes, bytes]]:
        """The keys in a vault record, by name."""
        ...

    def record(self, made: Record) -> Steps[tuple[Proof, ...]]:
        """Their signatures under the record of the new epoch."""
        ...


class KeyRing(NamedTuple):
    """Keys at hand, with the roles that they hold."""

    rank: Rank
    signers: tuple[tuple[str, SigningKey], ...]

    def sign(self, purpose: Purpose, digest: bytes) -> tuple[Proof, ...]:
        """A proof of each."""
        return tuple(Proof(role, key.public, key.sign(purpose, digest)) for role, key in self.signers)

    def open(self, data: bytes) -> dict[bytes, bytes]:
        """The keys in a vault record that any of them can open. The record was verified by who hands it out."""
        found = vault.read(data)
        for _, key in self.signers:
            if any(item.public == key.public for generation in found.keys for item in generation.wraps):
                return vault.unwrap(found, key)
        return vault.unwrap(found, self.signers[0][1])

    def fence(self, made: Fence) -> Steps[tuple[Proof, ...]]:
        """At once."""
        yield from ()
        return self.sign(Purpose.FENCE, made.hash)

    def vault(self, _member: bytes, wire: bytes) -> Steps[dict[bytes, bytes]]:
        """At once."""
        yield from ()
        return self.open(wire)

    def record(self, made: Record) -> Steps[tuple[Proof, ...]]:
        """At once."""
        yield from ()
        return self.sign(Purpose.CONTROL, made.hash)


def by_words(key: SigningKey, factor: SigningKey | None = None) -> KeyRing:
    """The member itself."""
    if factor is None:
        return KeyRing(Rank.WORDS, ((Role.WORDS.value, key),))
    return KeyRing(Rank.WORDS_AND_FACTOR, ((Role.FACTOR.value, factor), (Role.WORDS.value, key)))


def by_association(key: SigningKey) -> KeyRing:
    """Its association, with the consent of k guardians."""
    return KeyRing(Rank.GUARDIANS, ((Role.ASSOCIATION.value, key),))


class Wanted(NamedTuple):
    """Something that a person has to sign or open: ``kind`` fence, vault or record, and its bytes."""

    member: bytes
    kind: str
    data: bytes


@dataclass
class Counter:
    """Where what is wanted lies, and what was brought. One per node; in memory only."""

    wanted: dict[bytes, Wanted] = field(default_factory=dict)
    brought: dict[bytes, tuple[Proof, ...] | dict[bytes, bytes]] = field(default_factory=dict)

    def of(self, members: Sequence[bytes]) -> list[Wanted]:
        """What is wanted for these members."""
        return [self.wanted[member] for member in members if member in self.wanted]

    def bring(self, member: bytes, kind: str, found: tuple[Proof, ...] | dict[bytes, bytes]) -> None:
        """What a person signed or opened. NotFound if nothing of the kind is wanted (any more)."""
        wanted = self.wanted.get(member)
        if wanted is None or wanted.kind != kind:
            raise NotFound("member", "nothing of that kind is wanted for this member now")
        del self.wanted[member]
        self.brought[member] = found


class Elsewhere(NamedTuple):
    """A person at ``counter`` who has the keys."""

    rank: Rank
    counter: Counter
    member: bytes

    def fence(self, made: Fence) -> Steps[tuple[Proof, ...]]:
        """Wait for it."""
        return (yield from self._proofs("fence", made.record))

    def vault(self, member: bytes, wire: bytes) -> Steps[dict[bytes, bytes]]:
        """Wait for it."""
        found = yield from self._wait("vault", wire)
        if not isinstance(found, dict):
            raise CallerFault("keys", f"the keys of {member.hex()[:12]} were expected")
        return found

    def record(self, made: Record) -> Steps[tuple[Proof, ...]]:
        """Wait for it."""
        return (yield from self._proofs("record", made.data))

    def _proofs(self, kind: str, data: bytes) -> Steps[tuple[Proof, ...]]:
        found = yield from self._wait(kind, data)
        if isinstance(found, dict):
            raise CallerFault("proofs", "signatures were expected")
        return found

    def _wait(self, kind: str, data: bytes) -> Steps[tuple[Proof, ...] | dict[bytes, bytes]]:
        self.counter.wanted[self.member] = Wanted(self.member, kind, data)
        self.counter.brought.pop(self.member, None)
        waited = 0
        while self.member not in self.counter.brought:
            if waited >= PATIENCE_US:
                self.counter.wanted.pop(self.member, None)
                raise WorldFault("nobody signed in time: begin again", code="unsigned")
            yield Pause(LOOK_US)
            waited += LOOK_US
        return self.counter.brought.pop(self.member)
