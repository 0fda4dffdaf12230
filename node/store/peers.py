"""Other nodes: tables ``peers``, ``invitations``, ``knows``, ``quarantine``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema import invitations, knows, peers, quarantine
from node.store.sql import ListQuery, Query, Statement, first, insert_rows, plain, upsert


class PeerRow(NamedTuple):
    """A peer. ``state``: as :class:`federation.peers.PeerState`; ``tls``: SHA-256 in hex, separated by spaces.

    ``introduction``: signed descriptor and certificates; ``vouched``: a person here accepted it once; ``private``: it
    may lie on our own networks.
    """

    node: bytes
    key: bytes
    state: str
    descriptor: bytes
    descriptor_signature: bytes
    name: str
    kind: str
    area: str
    tls: str
    endpoint: str
    start_number: int
    start_nonce: bytes
    added: int
    last_contact: int
    note: str
    introduction: bytes = b""
    vouched: bool = False
    private: bool = False


class InvitationRow(NamedTuple):
    """An enrolment on its way; ``data`` as the caller packs it, ``expires`` µs."""

    id: bytes
    state: str
    expires: int
    data: bytes


class NewQuarantine(NamedTuple):
    """A record that could not be taken, with its bytes."""

    node: bytes
    object: bytes
    code: str
    reason: str
    time: int
    content: bytes


class QuarantineRow(NamedTuple):
    """A record in quarantine. ``state``: open, retried or dropped."""

    id: int
    node: bytes
    object: bytes
    code: str
    reason: str
    time: int
    state: str
    size: int
    content: bytes


_PEER = sa.select(*(peers.c[name] for name in PeerRow._fields))
_GET = ListQuery(PeerRow._make, lambda v: _PEER.where(peers.c.node.in_(v)))
_ALL = Query(PeerRow._make, _PEER.order_by(peers.c.added, peers.c.node))
_IN_STATE = Query(
    PeerRow._make, _PEER.where(peers.c.state == sa.bindparam("state")).order_by(peers.c.added, peers.c.node)
)
_PUT = upsert(peers, PeerRow._fields)
_DELETE = Statement(sa.delete(peers).where(peers.c.node == sa.bindparam("node")))
_SET_STATE = Statement(
    sa.update(peers).where(peers.c.node == sa.bindparam("which")).values(state=sa.bindparam("state"))
)
_TOUCH = Statement(
    sa.update(peers)
    .where(peers.c.node == sa.bindparam("which"), peers.c.last_contact < sa.bindparam("last_contact"))
    .values(last_contact=sa.bindparam("last_contact"))
)

_INVITATION = sa.select(*(invitations.c[name] for name in InvitationRow._fields))
_INVITATION_GET = Query(InvitationRow._make, _INVITATION.where(invitations.c.id == sa.bindparam("id")))
_INVITATIONS = Query(InvitationRow._make, _INVITATION.order_by(invitations.c.expires, invitations.c.id))
_INVITATION_PUT = upsert(invitations, InvitationRow._fields)
_INVITATION_DELETE = Statement(sa.delete(invitations).where(invitations.c.id == sa.bindparam("id")))
_EXPIRE = Statement(sa.delete(invitations).where(invitations.c.expires < sa.bindparam("now")))

_KNOWS_PUT = upsert(knows, ("node", "member", "control"))
_KNOWS = Query(
    plain,
    sa.select(knows.c.member, knows.c.control).where(knows.c.node == sa.bindparam("node")).order_by(knows.c.member),
)
_KNOWS_OF = ListQuery(
    plain,
    lambda v: sa.select(knows.c.member, knows.c.control).where(
        knows.c.node == sa.bindparam("node"), knows.c.member.in_(v)
    ),
)
_KNOWING = Query(first, sa.select(knows.c.node).where(knows.c.member == sa.bindparam("member")).order_by(knows.c.node))
_FORGET_MEMBER = Statement(
    sa.delete(knows).where(knows.c.node == sa.bindparam("node"), knows.c.member == sa.bindparam("member"))
)
_FORGET = Statement(sa.delete(knows).where(knows.c.node == sa.bindparam("node")))

_QUARANTINE = sa.select(*(quarantine.c[name] for name in QuarantineRow._fields))
_QUARANTINE_ADD = insert_rows(quarantine, QuarantineRow._fields)
_QUARANTINE_GET = Query(QuarantineRow._make, _QUARANTINE.where(quarantine.c.id == sa.bindparam("id")))
_QUARANTINE_OF = ListQuery(
    QuarantineRow._make, lambda v: _QUARANTINE.where(quarantine.c.object.in_(v)).order_by(quarantine.c.id)
)
_QUARANTINE_AFTER = Query(
    QuarantineRow._make,
    _QUARANTINE.where(quarantine.c.state == sa.bindparam("state"), quarantine.c.id > sa.bindparam("after"))
    .order_by(quarantine.c.id)
    .limit(sa.bindparam("limit")),
)
_QUARANTINE_STATE = Statement(
    sa.update(quarantine).where(quarantine.c.id == sa.bindparam("which")).values(state=sa.bindparam("state"))
)
_QUARANTINE_DELETE = Statement(sa.delete(quarantine).where(quarantine.c.id == sa.bindparam("id")))
_BYTES_OF = Query(
    first,
    sa.select(sa.cast(sa.func.coalesce(sa.func.sum(quarantine.c.size), sa.literal_column("0")), sa.BigInteger)).where(
        quarantine.c.node == sa.bindparam("node")
    ),
)
_QUARANTINE_COUNT = Query(
    first, sa.select(sa.func.count()).select_from(quarantine).where(quarantine.c.state == sa.bindparam("state"))
)


class Peers(Repository):
    """Other nodes and where we stand with them."""

    def put(self, row: PeerRow) -> None:
        """Add or replace a peer."""
        self._db.run_many(_PUT, [row])

    def get(self, node: bytes) -> PeerRow | None:
        """One peer, or None."""
        return self.get_many((node,)).get(node)

    def get_many(self, nodes: Iterable[bytes]) -> dict[bytes, PeerRow]:
        """Peers by node."""
        return {row.node: row for row in self._db.by_values(_GET, nodes)}

    def all(self, state: str | None = None) -> list[PeerRow]:
        """Every peer, oldest first; only those in ``state`` if given."""
        return self._db.all(_ALL) if state is None else self._db.all(_IN_STATE, state=state)

    def set_state(self, node: bytes, state: str) -> bool:
        """Change a peer's state; False if there is none."""
        return self._db.run(_SET_STATE, which=node, state=state) > 0

    def touch(self, node: bytes, time: int) -> None:
        """It was heard of at ``time``."""
        self._db.run(_TOUCH, which=node, last_contact=time)

    def delete(self, node: bytes) -> None:
        """Forget a peer."""
        self._db.run(_DELETE, node=node)


class Invitations(Repository):
    """Enrolments on their way."""

    def put(self, row: InvitationRow) -> None:
        """Add or replace one."""
        self._db.run_many(_INVITATION_PUT, [row])

    def get(self, invitation: bytes) -> InvitationRow | None:
        """One, or None."""
        return self._db.one(_INVITATION_GET, id=invitation)

    def all(self) -> list[InvitationRow]:
        """Every one, the first to expire first."""
        return self._db.all(_INVITATIONS)

    def delete(self, invitation: bytes) -> None:
        """Remove one."""
        self._db.run(_INVITATION_DELETE, id=invitation)

    def expire(self, now: int) -> int:
        """Remove those that expired before ``now``; how many."""
        return self._db.run(_EXPIRE, now=now)


class Knows(Repository):
    """How much of a member's control log each peer has: the hash of the last record it was given."""

    def put_many(self, rows: Iterable[tuple[bytes, bytes, bytes]]) -> None:
        """Set (node, member, control)."""
        self._db.run_many(_KNOWS_PUT, rows)

    def of(self, node: bytes) -> dict[bytes, bytes]:
        """Control hash by member, for one peer."""
        return dict(self._db.all(_KNOWS, node=node))

    def get_many(self, node: bytes, members: Iterable[bytes]) -> dict[bytes, bytes]:
        """Control hash by member, for one peer and some members."""
        return dict(self._db.by_values(_KNOWS_OF, members, node=node))

    def by_member(self, member: bytes) -> list[bytes]:
        """The peers that have something of a member's log."""
        return self._db.all(_KNOWING, member=member)

    def forget_member(self, node: bytes, member: bytes) -> None:
        """The peer says that it does not know this member."""
        self._db.run(_FORGET_MEMBER, node=node, member=member)

    def forget(self, node: bytes) -> None:
        """The peer lost what it had."""
        self._db.run(_FORGET, node=node)


class Quarantine(Repository):
    """Records that could not be taken, each alone."""

    def add(self, row: NewQuarantine) -> int:
        """Keep one; its number."""
        return self.add_many([row])[0]

    def add_many(self, rows: Sequence[NewQuarantine]) -> list[int]:
        """Keep many; their numbers."""
        numbers = self._session.reserve("quarantine", len(rows)) if rows else range(0)
        self._db.run_many(
            _QUARANTINE_ADD,
            [(at, *row[:5], "open", len(row.content), row.content) for at, row in zip(numbers, rows, strict=True)],
        )
        return list(numbers)

    def get(self, number: int) -> QuarantineRow | None:
        """One record, or None."""
        return self._db.one(_QUARANTINE_GET, id=number)

    def by_object(self, objects: Iterable[bytes]) -> list[QuarantineRow]:
        """Records by their objects' ids."""
        return self._db.by_values(_QUARANTINE_OF, objects)

    def all(self, state: str = "open", *, after: int = 0, limit: int = 100) -> list[QuarantineRow]:
        """Records in a state, oldest first, behind a number."""
        return self._db.all(_QUARANTINE_AFTER, state=state, after=after, limit=limit)

    def set_state(self, number: int, state: str) -> bool:
        """Change a record's state; False if there is none."""
        return self._db.run(_QUARANTINE_STATE, which=number, state=state) > 0

    def delete(self, number: int) -> None:
        """Drop a record with its bytes."""
        self._db.run(_QUARANTINE_DELETE, id=number)

    def bytes_of(self, node: bytes) -> int:
        """Bytes kept for one peer, for its quota."""
        return self._db.one(_BYTES_OF, node=node) or 0

    def count(self, state: str = "open") -> int:
        """Records in a state."""
        return self._db.one(_QUARANTINE_COUNT, state=state) or 0
