"""Does a guardian still have what it says that it keeps? Random pieces of random frames, compared with our own copy.

Owns the choice of a piece and what its answer means. A guardian that fails counts no more for what is safe until the
same frame, sent again, is found whole. Source: ``docs/protocol.md`` §15.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from node.services.guarding import framing, sending
from node.services.house import House, Safe
from node.store import GuardFrameRow, Tx
from protocol import canon
from protocol.guardian import messages
from protocol.guardian.messages import AUDIT_NONCE_BYTES, Audit

MAX_PIECE_BYTES: Final = 64 * 1024


class Question(NamedTuple):
    """``expected``: the only right answer; ``place``: of the frame that is asked about."""

    member: bytes
    place: int
    body: bytes
    expected: bytes


def question(house: House, tx: Tx, guardian: bytes, wards: Sequence[bytes]) -> Question | None:
    """A question about one of ``wards``, those first whose last answer was wrong; None if it keeps nothing of them."""
    acks = [tx.guarding.ack(member, guardian) for member in sorted(wards)]
    doubted = [ack for ack in acks if ack.finding.startswith(sending.AUDIT)]
    if doubted:
        place = int(doubted[0].finding.removeprefix(sending.AUDIT))
        return _about(house, tx, tx.guarding.frame_at(doubted[0].member, place))
    kept = [ack for ack in acks if ack.place]
    if not kept:
        return None
    ack = kept[_below(house, len(kept))]
    return _about(house, tx, tx.guarding.frame_at(ack.member, 1 + _below(house, ack.place)))


def _about(house: House, tx: Tx, row: GuardFrameRow | None) -> Question | None:
    sealed = tx.guarding.sealed(row.member, row.place) if row is not None else None
    if row is None or not sealed:
        return None
    start = _below(house, len(sealed))
    length = 1 + _below(house, min(MAX_PIECE_BYTES, len(sealed) - start))
    nonce = house.entropy(AUDIT_NONCE_BYTES)
    body = messages.encode_audit(Audit(row.member, row.epoch, row.number, b"", start, length, nonce))
    return Question(row.member, row.place, body, canon.digest(nonce + sealed[start : start + length]))


def _below(house: House, limit: int) -> int:
    return int.from_bytes(house.entropy(8), "big") % limit


def judge(house: House, tx: Tx, guardian: bytes, asked: Question, answer: bytes) -> tuple[bool, Safe | None]:
    """Write down whether the guardian passed (an empty answer: it has nothing); how safe the member is then."""
    log = framing.guarded_log(house, tx, asked.member)
    row = tx.guarding.get(asked.member)
    passed = answer == asked.expected
    if log is None or row is None:
        return passed, None
    ack = tx.guarding.ack(asked.member, guardian)
    doubted = f"{sending.AUDIT}{asked.place}"
    if not passed:
        ack = ack._replace(finding=doubted, place=min(ack.place, asked.place - 1))
    elif ack.finding == doubted:
        ack = ack._replace(finding="")
    tx.guarding.put_acks([ack._replace(audited=house.clock())])
    return passed, framing.safe_of(sending.settle(house, tx, log, row))
