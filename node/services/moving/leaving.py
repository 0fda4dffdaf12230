"""The old home's part of a move: a code, copies for who says it, one switch, and then telling where the member is.

Owns what a code is worth, when the record of the new home fits, and that this node stops acting for the member in the
same transaction in which that record stands. The member's words sign elsewhere (command line, page's process); nothing
here moves anybody without them. Source: ``docs/protocol.md`` §15.8.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final, NamedTuple

from node.i18n import N_
from node.services import access, members, recovery
from node.services.guarding import framing, sending, vaulting
from node.services.house import House
from node.services.moving.state import BEFORE, CODE_US, FORGET_US, FRESH_US, GONE, MAX_TRIES, State
from node.store import GuardedRow, MoveOutRow, Tx
from protocol import keys, move, sealing
from protocol.errors import CallerFault, Malformed, NotAuthorised, NotFound
from protocol.guardian.messages import TARGET_BODY_BYTES
from protocol.identity import control
from protocol.identity.control import HOME, Epoch, Proof, Reason
from protocol.identity.genesis import Role
from protocol.identity.log import ControlLog
from protocol.keys import Purpose
from protocol.limits import MAX_FRAMES_PER_REQUEST
from protocol.move import Asked, Offer, Pages, Read, Said, Switch, Word

DIGITS: Final = 8
_CODE: Final = "move-code"  # what the digest is wrapped for
_SALT_BYTES: Final = 16
_PAGE: Final = 500


class Given(NamedTuple):
    """A new code, to be shown once and read out; good until ``expires`` (µs)."""

    code: str
    expires: int


class Left(NamedTuple):
    """The switch: the record's hash, and peers with something new waiting."""

    record: bytes
    news: frozenset[bytes]


# --- the code


def ask(house: House, tx: Tx, member: bytes, target: bytes, by: str) -> Given:
    """A one-time code for the node ``target``, which has to say it; one that was given before is good no more."""
    house.require_signing()
    members.require_local(tx, member)
    peer = tx.peers.get(target)
    if peer is None or peer.state != "accepted":
        raise CallerFault("to", N_("This association is not connected."))
    before = tx.moving.leaving(member)
    if before is not None and before.state in (State.COPYING.value, State.READY.value):
        raise CallerFault("member", N_("A move is under way: cancel it first."), code="moving")
    drawn = int.from_bytes(house.entropy(8), "big") % 10**DIGITS
    code = f"{drawn:0{DIGITS}d}"
    now = house.clock()
    salt = house.entropy(_SALT_BYTES)
    wrapped = house.wrap.wrap(_CODE, member, salt + _digest(salt, member, target, code))
    tx.moving.put_leaving(
        MoveOutRow(
            member, b"", target, State.ASKED.value, wrapped, now + CODE_US, 0, 0, 0, b"", by[:64], "", 0, 0, now, now
        )
    )
    access.note(house, tx, "move-asked", member=member, name=by, detail=target.hex()[:12])
    return Given(f"{code[:4]}-{code[4:]}", now + CODE_US)


def _digest(salt: bytes, member: bytes, target: bytes, code: str) -> bytes:
    return hashlib.scrypt(code.encode(), salt=salt + member + target, n=2**12, r=8, p=1, dklen=32)


def take_code(house: House, tx: Tx, peer: bytes, asked: Asked) -> bytes:
    """The member whose move to ``peer`` this code begins; empty if it is nobody's, which is counted.

    The same move may say it again, so that an answer that was lost does no harm; another one may not.
    """
    if asked.network != house.network:
        raise NotAuthorised("of another network")
    code = "".join(str(int(digit)) for digit in asked.code if digit.isdecimal())
    now = house.clock()
    for row in tx.moving.all_leaving():
        if row.target != peer or row.state not in BEFORE or not row.code or row.expires <= now:
            continue
        stored = house.wrap.unwrap(_CODE, row.member, row.code)
        salt, digest = stored[:_SALT_BYTES], stored[_SALT_BYTES:]
        if hmac.compare_digest(digest, _digest(salt, row.member, peer, code)):
            if row.move and row.move != asked.move:
                break  # it was used
            _begin(house, tx, row, asked.move)
            return row.member
        _count(house, tx, row)
    return b""


def _begin(house: House, tx: Tx, row: MoveOutRow, named: bytes) -> None:
    if row.state == State.ASKED.value:
        access.note(house, tx, "move-begun", member=row.member, detail=row.target.hex()[:12])
    tx.moving.put_leaving(_changed(house, row, move=named, state=State.COPYING.value))


def _count(house: House, tx: Tx, row: MoveOutRow) -> None:
    """A wrong code: the last one permitted ends the one that was given out."""
    if row.state != State.ASKED.value:
        return
    tries = row.tries + 1
    if tries >= MAX_TRIES:
        row = row._replace(state=State.CANCELLED.value, code=b"", note="too many wrong codes")
        access.note(house, tx, "move-cancelled", member=row.member, detail="codes")
    tx.moving.put_leaving(_changed(house, row, tries=tries))


def _changed(house: House, row: MoveOutRow, **what: object) -> MoveOutRow:
    return row._replace(updated=house.clock(), **what)  # type: ignore[arg-type]


# --- copies


def offer(house: House, tx: Tx, peer: bytes, named: bytes) -> Offer:
    """Who moves, and what opens its copies: sealed to the peer's own key."""
    row = _require(tx, peer, named)
    log = members.require_log(house, tx, row.member)
    built, _ = framing.build_some(house, tx, log)
    known = tx.members.get(row.member)
    return Offer(
        named,
        row.member,
        known.name if known is not None else "",
        members.history(house, tx, row.member),
        built.vault,
        _sealed_keys(house, tx, log, row, built),
    )


def _sealed_keys(
    house: House, tx: Tx, log: ControlLog, row: MoveOutRow, built: GuardedRow
) -> tuple[tuple[bytes, bytes], ...]:
    peer = tx.peers.get(row.target)
    if peer is None or not peer.key:
        raise NotAuthorised("not an accepted peer of this node", code="not-a-peer")
    found = []
    for item in vaulting.current(log, built).keys:
        about = move.key_about(row.move, row.member, item.name)
        key = vaulting.open_key(house, tx, item.name)
        found.append((item.name, sealing.seal(key, about, peer.key, house.entropy(sealing.SEED_BYTES))))
    return tuple(found)


def pages(house: House, tx: Tx, peer: bytes, asked: Read) -> Pages:
    """The next frames; what is new is laid into frames first. A writing transaction."""
    gone = _of_peer(tx, peer, asked.move)
    if gone is not None and gone.state in GONE:
        return Pages((), asked.place, asked.place, b"", b"", ())  # all was read; what follows is in the switch
    row = _require(tx, peer, asked.move)
    log = members.require_log(house, tx, row.member)
    built, more = framing.build_some(house, tx, log)
    wires: list[bytes] = []
    size, place = 0, asked.place
    for made, sealed in tx.guarding.frames_after(row.member, asked.place, MAX_FRAMES_PER_REQUEST):
        wire = sending.wire_of(made, sealed)
        if wires and size + len(wire) > TARGET_BODY_BYTES:
            break
        wires.append(wire)
        size, place = size + len(wire), made.place
    tx.moving.put_leaving(_changed(house, row, place=asked.place, heard=house.clock()))
    news = log.standing.hash != asked.standing
    return Pages(
        tuple(wires),
        place,
        built.place + int(more),
        members.history(house, tx, row.member, asked.standing) if news else b"",
        built.vault if wires else b"",
        _sealed_keys(house, tx, log, row, built) if wires else (),
    )


# --- the switch


def hear(house: House, tx: Tx, peer: bytes, message: Switch) -> Said:
    """The new home says that it has everything and which record would make it the home."""
    row = _of_peer(tx, peer, message.move)
    if row is None or row.state in (State.CANCELLED.value, State.FORGOTTEN.value, State.ASKED.value):
        return Said(Word.CANCELLED, b"")
    if row.state in GONE:
        return Said(Word.SWITCHED, members.history(house, tx, row.member))
    members.require_local(tx, row.member)
    heard = _changed(house, row, place=message.place, heard=house.clock())
    if not _fits(house, tx, heard, message.record):
        tx.moving.put_leaving(heard._replace(state=State.COPYING.value, record=b""))
        return Said(Word.READ, b"")
    tx.moving.put_leaving(heard._replace(state=State.READY.value, record=message.record))
    return Said(Word.WAIT, b"")


def _fits(house: House, tx: Tx, row: MoveOutRow, wire: bytes) -> bool:
    """Does this record open the new home's epoch exactly where everything ends here, and has it read all of that?"""
    log = members.require_log(house, tx, row.member)
    built, more = framing.build_some(house, tx, log)
    if more or built.place != row.place:
        return False
    signed = control.parse(wire)
    record, payload = signed.record, signed.record.payload
    if record.member != row.member or not isinstance(payload, Epoch) or payload.home != row.target:
        raise Malformed("record: does not open an epoch of this member at the asking node")
    if payload.reason is not Reason.MOVE or keys.node_id(payload.home_key) != row.target:
        raise Malformed("record: is not a move to the asking node")
    if not any(proof.role == HOME and proof.public == payload.home_key for proof in signed.proofs):
        raise Malformed("record: the new home has not consented")
    for proof in signed.proofs:
        keys.verify(proof.public, Purpose.CONTROL, record.hash, proof.signature)
    head = tx.heads.get(row.member)
    ended = (head.seq, head.hash) if head is not None and head.epoch == log.epoch.hash else (0, b"")
    follows = (record.previous, payload.parent) == (log.standing.hash, log.epoch.hash)
    return follows and (payload.parent_seq, payload.parent_head) == ended


def wanted(house: House, tx: Tx, member: bytes) -> bytes:
    """The record that waits for the member's words, as it travels; empty while there is none."""
    row = tx.moving.leaving(member)
    if row is None or row.state != State.READY.value or house.clock() - row.heard > FRESH_US:
        return b""
    return row.record


def switch(house: House, tx: Tx, member: bytes, hashed: bytes, proofs: Sequence[Proof], by: str) -> Left | None:
    """The member's words have signed: from this commit on the new home is the home, and nothing is signed here.

    None if something was written meanwhile: then the new home reads it, and there is another record to sign.
    CallerFault if there is nothing to sign, or the new home has not asked within a minute.
    """
    house.require_signing()
    row = tx.moving.leaving(member)
    if row is None or row.state != State.READY.value:
        raise CallerFault("member", "there is nothing to sign (yet)", code="not-ready")
    signed = control.parse(row.record)
    if signed.record.hash != hashed:
        return None
    if house.clock() - row.heard > FRESH_US:
        raise CallerFault("to", "the new home does not answer: nothing was changed", code="not-heard")
    if not any(proof.role == Role.WORDS.value for proof in proofs):
        raise CallerFault("proofs", "the member's words have to sign")
    if not _fits(house, tx, row, row.record):
        tx.moving.put_leaving(_changed(house, row, state=State.COPYING.value, record=b""))
        return None
    made = control.Signed(signed.record, tuple(sorted({*signed.proofs, *proofs})))
    members.admit(house, tx, members.require_log(house, tx, member), [made])
    now = house.clock()
    tx.moving.put_leaving(
        row._replace(
            state=State.SWITCHED.value, code=b"", record=control.encode(made), switched=now, updated=now, note=""
        )
    )
    access.note(house, tx, "move-switched", member=member, name=by, detail=row.target.hex()[:12])
    return Left(hashed, _depart(house, tx, member))


def _depart(house: House, tx: Tx, member: bytes) -> frozenset[bytes]:
    """Keys, sessions and papers that were on their way: the new home signs and delivers from here on."""
    log = members.require_log(house, tx, member)
    for name in log.records:
        tx.wrapped_keys.delete(members.EPOCH_KEY, name)
    for user in tx.users.all():
        if user.member == member:
            tx.sessions.revoke_of(user.id, house.clock())
    for peer in tx.peers.all("accepted"):
        _let_go(tx, member, peer.node)
    return frozenset(recovery.epoch_changed(house, tx, log))


def _let_go(tx: Tx, member: bytes, node: bytes) -> None:
    after = 0
    while rows := tx.outgoing.pending(node, after, _PAGE):
        documents = [row.object for row in rows if row.kind == recovery.DOCUMENT]
        held = tx.holdings.get_many(member, documents) if documents else {}
        own = [document for document, holding in held.items() if holding.author == member]
        tx.outgoing.mark(node, [(document, recovery.MOVED, None) for document in own])
        after = rows[-1].position


# --- before and after


def cancel(house: House, tx: Tx, member: bytes, by: str) -> None:
    """Nothing has happened: the member stays. CallerFault once it has moved."""
    row = tx.moving.leaving(member)
    if row is None:
        raise NotFound("member", "nobody moves it")
    if row.state in GONE or row.state == State.FORGOTTEN.value:
        raise CallerFault("member", N_("It has moved already: its new home can move it back."), code="moved")
    if row.state == State.CANCELLED.value:
        return
    tx.moving.put_leaving(_changed(house, row, state=State.CANCELLED.value, code=b"", record=b"", note="cancelled"))
    if not framing.guardians_of(members.require_log(house, tx, member)):
        tx.guarding.drop(member)  # frames that were made for the move only
    access.note(house, tx, "move-cancelled", member=member, name=by, detail=row.target.hex()[:12])


def cancelled_there(house: House, tx: Tx, peer: bytes, named: bytes) -> Said:
    """The new home does not want it any more; too late once the record stands."""
    row = _of_peer(tx, peer, named)
    if row is not None and row.state in GONE:
        return Said(Word.SWITCHED, members.history(house, tx, row.member))
    if row is not None and row.state in BEFORE:
        cancel(house, tx, row.member, "")
    return Said(Word.CANCELLED, b"")


def done(house: House, tx: Tx, peer: bytes, named: bytes) -> Said:
    """The member works at its new home: from now on this node only tells, and forgets after its time."""
    row = _of_peer(tx, peer, named)
    if row is None or row.state not in GONE:
        return Said(Word.CANCELLED, b"")
    if row.state == State.SWITCHED.value:
        forget_at = house.clock() + FORGET_US
        tx.moving.put_leaving(_changed(house, row, state=State.FORWARDING.value, forget_at=forget_at))
        for other in tx.peers.all("accepted"):  # not before it works there: nobody is sent to a closed door
            members.tell_history(house, tx, other.node, row.member)
    return Said(Word.SWITCHED, b"")


def _of_peer(tx: Tx, peer: bytes, named: bytes) -> MoveOutRow | None:
    rows = tx.moving.all_leaving()
    return next((row for row in rows if row.target == peer and row.move == named), None)


def _require(tx: Tx, peer: bytes, named: bytes) -> MoveOutRow:
    row = _of_peer(tx, peer, named)
    if row is None or row.state not in BEFORE:
        raise NotFound("move", "there is no such move (any more)", code="no-move")
    members.require_local(tx, row.member)  # it may have come back elsewhere meanwhile
    return row
