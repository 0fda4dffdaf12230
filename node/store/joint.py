"""Joint rounds, words, receipts, results. Owns the statements of these tables; decides nothing."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_joint import (
    joint_arrivals,
    joint_closed,
    joint_own,
    joint_receipts,
    joint_rounds,
    joint_settled,
    joint_told,
    joint_words,
)
from node.store.sql import Query, Statement, insert_new, plain, upsert


class RoundRow(NamedTuple):
    """A round as signed, when it was first seen (µs UTC), this conductor's register; ``ordered``: the order's id."""

    round: bytes
    data: bytes
    time: int
    attempt: int = 0
    promised: int = 0
    accepted_ballot: int = 0
    accepted: bytes = b""
    ordered: bytes = b""


class WordRow(NamedTuple):
    """A verified word at a conductor; ``taken``: it came here in time."""

    round: bytes
    word: bytes
    data: bytes
    taken: bool


class ClosedRow(NamedTuple):
    """How an attempt ended, with the statement of its set."""

    round: bytes
    attempt: int
    record: bytes
    statement: bytes


class OwnRow(NamedTuple):
    """A word of a member of this node; ``time``: µs UTC."""

    round: bytes
    member: bytes
    revision: int
    word: bytes
    data: bytes
    time: int


class ArrivalRow(NamedTuple):
    """A firm's last word about what came to it; ``open``: said here, and conductors lack it."""

    round: bytes
    member: bytes
    revision: int
    word: bytes
    data: bytes
    time: int
    open: bool


_bind = sa.bindparam
_ROUND = sa.select(*(joint_rounds.c[name] for name in RoundRow._fields))
_GET = Query(RoundRow._make, _ROUND.where(joint_rounds.c.round == _bind("round")))
_ALL = Query(RoundRow._make, _ROUND.order_by(joint_rounds.c.time.desc(), joint_rounds.c.round).limit(_bind("limit")))
_ROUND_PUT = upsert(joint_rounds, RoundRow._fields)
_WORDS = Query(
    WordRow._make,
    sa.select(*(joint_words.c[name] for name in WordRow._fields)).where(joint_words.c.round == _bind("round")),
)
_WORD_PUT = upsert(joint_words, WordRow._fields)
_CLOSED = Query(
    ClosedRow._make,
    sa.select(*(joint_closed.c[name] for name in ClosedRow._fields))
    .where(joint_closed.c.round == _bind("round"))
    .order_by(joint_closed.c.attempt),
)
_CLOSED_PUT = insert_new(joint_closed, ClosedRow._fields)
_PLEDGED = Query(
    RoundRow._make,
    _ROUND.where(
        joint_rounds.c.round.in_(sa.select(joint_own.c.round).where(joint_own.c.member == _bind("member")))
    ).order_by(joint_rounds.c.round),
)
_OWN = Query(
    OwnRow._make,
    sa.select(*(joint_own.c[name] for name in OwnRow._fields))
    .where(joint_own.c.round == _bind("round"))
    .order_by(joint_own.c.member, joint_own.c.revision),
)
_OWN_PUT = insert_new(joint_own, OwnRow._fields)
_RECEIPTS = Query(
    plain,
    sa.select(joint_receipts.c.word, joint_receipts.c.conductor, joint_receipts.c.wire).where(
        joint_receipts.c.round == _bind("round")
    ),
)
_RECEIPT_PUT = insert_new(joint_receipts, ("round", "word", "conductor", "wire"))
_TOLD = Query(
    plain,
    sa.select(joint_told.c.attempt, joint_told.c.member, joint_told.c.wire).where(joint_told.c.round == _bind("round")),
)
_TOLD_PUT = insert_new(joint_told, ("round", "attempt", "member", "wire"))
_ORDERED = Statement(
    sa.update(joint_rounds).where(joint_rounds.c.round == _bind("name")).values(ordered=_bind("document"))
)

_ARRIVAL = sa.select(*(joint_arrivals.c[name] for name in ArrivalRow._fields))
_ARRIVALS = Query(
    ArrivalRow._make, _ARRIVAL.where(joint_arrivals.c.round == _bind("round")).order_by(joint_arrivals.c.member)
)
_ARRIVALS_OPEN = Query(
    ArrivalRow._make, _ARRIVAL.where(joint_arrivals.c.open == _bind("open")).order_by(joint_arrivals.c.time)
)
_ARRIVAL_PUT = upsert(joint_arrivals, ArrivalRow._fields)
_SETTLED = Query(
    plain, sa.select(joint_settled.c.member, joint_settled.c.document).where(joint_settled.c.round == _bind("round"))
)
_SETTLED_PUT = insert_new(joint_settled, ("round", "member", "document"))


class Joint(Repository):
    """What this node knows of joint rounds."""

    def get(self, round: bytes) -> RoundRow | None:
        """One round."""
        return self._db.one(_GET, round=round)

    def all(self, limit: int) -> list[RoundRow]:
        """The latest first."""
        return self._db.all(_ALL, limit=limit)

    def pledged_by(self, member: bytes) -> list[RoundRow]:
        """Rounds to which a member of this node has said anything, by hash."""
        return self._db.all(_PLEDGED, member=member)

    def put(self, row: RoundRow) -> None:
        """A new round, or its register."""
        self._db.run_many(_ROUND_PUT, [row])

    def set_ordered(self, round: bytes, document: bytes) -> None:
        """The order was sent from here."""
        self._db.run(_ORDERED, name=round, document=document)

    def words(self, round: bytes) -> list[WordRow]:
        """All words that this conductor holds."""
        return self._db.all(_WORDS, round=round)

    def put_words(self, rows: list[WordRow]) -> None:
        """Words, new or taken now."""
        self._db.run_many(_WORD_PUT, rows)

    def closed(self, round: bytes) -> list[ClosedRow]:
        """Ended attempts, in order."""
        return self._db.all(_CLOSED, round=round)

    def put_closed(self, row: ClosedRow) -> None:
        """An attempt has ended."""
        self._db.run_many(_CLOSED_PUT, [row])

    def own(self, round: bytes) -> list[OwnRow]:
        """Words of our members, by member, the oldest first."""
        return self._db.all(_OWN, round=round)

    def put_own(self, row: OwnRow) -> None:
        """A member's word."""
        self._db.run_many(_OWN_PUT, [row])

    def receipts(self, round: bytes) -> dict[tuple[bytes, int], bytes]:
        """(word, number of the conductor) → receipt."""
        return {(word, conductor): wire for word, conductor, wire in self._db.all(_RECEIPTS, round=round)}

    def put_receipt(self, round: bytes, word: bytes, conductor: int, wire: bytes) -> None:
        """A conductor's receipt for a member's word."""
        self._db.run_many(_RECEIPT_PUT, [(round, word, conductor, wire)])

    def told(self, round: bytes) -> dict[tuple[int, bytes], bytes]:
        """(attempt, member) → what it was told."""
        return {(attempt, member): wire for attempt, member, wire in self._db.all(_TOLD, round=round)}

    def put_told(self, round: bytes, attempt: int, member: bytes, wire: bytes) -> None:
        """What a conductor told a member of ours."""
        self._db.run_many(_TOLD_PUT, [(round, attempt, member, wire)])

    def arrivals(self, round: bytes) -> list[ArrivalRow]:
        """What firms have said came to them, by member: our own firms' words, and at a conductor everybody's."""
        return self._db.all(_ARRIVALS, round=round)

    def open_arrivals(self) -> list[ArrivalRow]:
        """Words of our firms that some conductor lacks, oldest first."""
        return self._db.all(_ARRIVALS_OPEN, open=True)

    def put_arrival(self, row: ArrivalRow) -> None:
        """A firm's word, new or later."""
        self._db.run_many(_ARRIVAL_PUT, [row])

    def settled(self, round: bytes) -> dict[bytes, bytes]:
        """Member → the settlement that was sent to it from here."""
        return dict(self._db.all(_SETTLED, round=round))

    def put_settled(self, round: bytes, member: bytes, document: bytes) -> None:
        """A settlement was sent."""
        self._db.run_many(_SETTLED_PUT, [(round, member, document)])
