"""What a guardian keeps for others, and what it has promised. Owns the statements of these tables; decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_warding import consents, custody, registers, ward_chains, ward_chunks, ward_frames, wards
from node.store.sql import ListQuery, Query, Statement, first, insert_new, insert_rows, upsert


class CustodyRow(NamedTuple):
    """The agreement with ``node``. ``part``: what this node is in it, home or guardian; ``wire``: with signatures."""

    node: bytes
    part: str
    version: int
    wire: bytes
    updated: int


class WardRow(NamedTuple):
    """A member of another association. ``size``: bytes of its frames and chunks; times µs UTC."""

    member: bytes
    home: bytes
    vault: bytes
    vault_version: int
    size: int
    created: int
    updated: int


class WardFrameRow(NamedTuple):
    """A frame as it came."""

    member: bytes
    epoch: bytes
    number: int
    hash: bytes
    record: bytes
    signature: bytes
    sealed: bytes


class ChainRow(NamedTuple):
    """The end of the frames of one epoch. ``place`` grows with each epoch that came."""

    member: bytes
    epoch: bytes
    place: int
    number: int
    hash: bytes


class RegisterRow(NamedTuple):
    """What was promised and accepted for the successor of ``parent``; ``record``: the accepted one as it came."""

    member: bytes
    parent: bytes
    promised: int
    fence: bytes
    claimant: bytes
    accepted_ballot: int
    accepted: bytes
    accepted_rank: int
    accepted_at: int
    record: bytes


class ConsentRow(NamedTuple):
    """Somebody here agreed that ``claimant`` brings ``member`` back; times µs UTC."""

    member: bytes
    claimant: bytes
    by: str
    time: int
    until: int


_bind = sa.bindparam
_CUSTODY = sa.select(*(custody.c[name] for name in CustodyRow._fields))
_CUSTODY_GET = Query(CustodyRow._make, _CUSTODY.where(custody.c.node == _bind("node"), custody.c.part == _bind("part")))
_CUSTODY_ALL = Query(CustodyRow._make, _CUSTODY.order_by(custody.c.part, custody.c.node))
_CUSTODY_PUT = upsert(custody, CustodyRow._fields)
_WARD = sa.select(*(wards.c[name] for name in WardRow._fields))
_WARD_GET = ListQuery(WardRow._make, lambda v: _WARD.where(wards.c.member.in_(v)))
_WARDS = Query(WardRow._make, _WARD.order_by(wards.c.home, wards.c.member))
_WARDS_OF = Query(first, sa.select(sa.func.count()).select_from(wards).where(wards.c.home == _bind("home")))
_WARD_PUT = upsert(wards, WardRow._fields)
_FRAME = sa.select(*(ward_frames.c[name] for name in WardFrameRow._fields))
_FRAMES_AFTER = Query(
    WardFrameRow._make,
    _FRAME.where(
        ward_frames.c.member == _bind("member"),
        ward_frames.c.epoch == _bind("epoch"),
        ward_frames.c.number > _bind("after"),
    )
    .order_by(ward_frames.c.number)
    .limit(_bind("limit")),
)
_FRAME_HASHED = Query(
    WardFrameRow._make, _FRAME.where(ward_frames.c.member == _bind("member"), ward_frames.c.hash == _bind("hash"))
)
_FRAMES_ADD = insert_rows(ward_frames, WardFrameRow._fields)
_FRAME_MEND = upsert(ward_frames, WardFrameRow._fields)
_CHAINS = Query(
    ChainRow._make,
    sa.select(*(ward_chains.c[name] for name in ChainRow._fields))
    .where(ward_chains.c.member == _bind("member"))
    .order_by(ward_chains.c.place.desc()),
)
_CHAIN_PUT = upsert(ward_chains, ChainRow._fields)
_CHUNK = Query(
    first,
    sa.select(ward_chunks.c.sealed).where(ward_chunks.c.member == _bind("member"), ward_chunks.c.name == _bind("name")),
)
_CHUNKS_HERE = ListQuery(
    first,
    lambda v: sa.select(ward_chunks.c.name).where(ward_chunks.c.member == _bind("member"), ward_chunks.c.name.in_(v)),
)
_CHUNKS_ADD = insert_new(ward_chunks, ("member", "name", "size", "sealed"))
_REGISTERS = Query(
    RegisterRow._make,
    sa.select(*(registers.c[name] for name in RegisterRow._fields)).where(registers.c.member == _bind("member")),
)
_REGISTER_PUT = upsert(registers, RegisterRow._fields)
_CONSENT = sa.select(*(consents.c[name] for name in ConsentRow._fields))
_CONSENT_GET = Query(
    ConsentRow._make, _CONSENT.where(consents.c.member == _bind("member"), consents.c.claimant == _bind("claimant"))
)
_CONSENTS = Query(ConsentRow._make, _CONSENT.order_by(consents.c.time))
_CONSENT_PUT = upsert(consents, ConsentRow._fields)
_FORGET = tuple(
    Statement(sa.delete(table).where(table.c.member == _bind("member")))
    for table in (ward_frames, ward_chains, ward_chunks, wards)
)


class Wards(Repository):
    """Agreements, wards and their copies."""

    def agreement(self, node: bytes, part: str) -> CustodyRow | None:
        """The agreement in which this node is ``part``, or None."""
        return self._db.one(_CUSTODY_GET, node=node, part=part)

    def agreements(self) -> list[CustodyRow]:
        """Every agreement."""
        return self._db.all(_CUSTODY_ALL)

    def put_agreement(self, row: CustodyRow) -> None:
        """Set one."""
        self._db.run_many(_CUSTODY_PUT, [row])

    def get(self, member: bytes) -> WardRow | None:
        """One ward, or None."""
        return next(iter(self._db.by_values(_WARD_GET, (member,))), None)

    def all(self) -> list[WardRow]:
        """Every ward."""
        return self._db.all(_WARDS)

    def count_of(self, home: bytes) -> int:
        """How many wards of ``home`` there are."""
        return self._db.one(_WARDS_OF, home=home) or 0

    def put(self, row: WardRow) -> None:
        """Set one."""
        self._db.run_many(_WARD_PUT, [row])

    def forget(self, member: bytes) -> None:
        """Remove a ward and everything that is kept for it; promises stay."""
        for statement in _FORGET:
            self._db.run(statement, member=member)

    def frames_after(self, member: bytes, epoch: bytes, after: int, limit: int) -> list[WardFrameRow]:
        """At most ``limit`` frames of an epoch behind ``after``, in order."""
        return self._db.all(_FRAMES_AFTER, member=member, epoch=epoch, after=after, limit=limit)

    def frame_hashed(self, member: bytes, hashed: bytes) -> WardFrameRow | None:
        """The frame of that hash, or None."""
        return self._db.one(_FRAME_HASHED, member=member, hash=hashed)

    def add_frames(self, rows: Iterable[WardFrameRow]) -> None:
        """Append frames."""
        self._db.run_many(_FRAMES_ADD, rows)

    def mend_frame(self, row: WardFrameRow) -> None:
        """Replace the bytes of a frame that is here."""
        self._db.run_many(_FRAME_MEND, [row])

    def chains(self, member: bytes) -> list[ChainRow]:
        """The end of each epoch's frames, the last epoch that came first."""
        return self._db.all(_CHAINS, member=member)

    def put_chain(self, row: ChainRow) -> None:
        """Set one."""
        self._db.run_many(_CHAIN_PUT, [row])

    def chunk(self, member: bytes, name: bytes) -> bytes | None:
        """A sealed chunk, or None."""
        return self._db.one(_CHUNK, member=member, name=name)

    def chunks_here(self, member: bytes, names: Iterable[bytes]) -> set[bytes]:
        """Which of ``names`` are kept."""
        return set(self._db.by_values(_CHUNKS_HERE, names, member=member))

    def add_chunks(self, member: bytes, chunks: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep sealed chunks by name; what is there stays."""
        self._db.run_many(_CHUNKS_ADD, [(member, name, len(sealed), sealed) for name, sealed in chunks])


class Registers(Repository):
    """What this guardian promised and accepted, and to what its people agreed."""

    def of(self, member: bytes) -> list[RegisterRow]:
        """All registers of a member."""
        return self._db.all(_REGISTERS, member=member)

    def put(self, row: RegisterRow) -> None:
        """Set one."""
        self._db.run_many(_REGISTER_PUT, [row])

    def consent(self, member: bytes, claimant: bytes) -> ConsentRow | None:
        """The consent to one claimant, or None."""
        return self._db.one(_CONSENT_GET, member=member, claimant=claimant)

    def consents(self) -> list[ConsentRow]:
        """Every consent, oldest first."""
        return self._db.all(_CONSENTS)

    def put_consents(self, rows: Iterable[ConsentRow]) -> None:
        """Set consents."""
        self._db.run_many(_CONSENT_PUT, rows)
