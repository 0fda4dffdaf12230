"""A guardian at work: taking frames of wards, giving them to who may bring a member back, and deciding between claims.

Owns what a guardian checks before it keeps or gives anything, and the order promise → commit → signature: each function
here works inside a transaction, and what it returns is signed by the caller only after the commit. What a register may
say is decided by :mod:`federation.guardians`. Cannot read what it keeps. Source: ``docs/protocol.md`` §15.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from federation import guardians
from federation.guardians import Register
from node.services import members, setting_aside
from node.services.exchange import require_peer
from node.services.house import House
from node.store import ChainRow, ConsentRow, CustodyRow, RegisterRow, Tx, WardFrameRow, WardRow
from protocol import canon, keys, vault
from protocol.errors import Misdirected, NotAuthorised, NotFound, PeerFault, TooLarge
from protocol.guardian import agreement, claim, frame, messages
from protocol.guardian.agreement import Agreement
from protocol.guardian.claim import Countersigned, Fence, Promise
from protocol.guardian.frame import Signed, Tip
from protocol.guardian.messages import Audit, Chunks, Fenced, Find, Found, Frames, Pages, Read, ReadChunk, WriteBack
from protocol.identity import control, genesis
from protocol.identity.control import Epoch, Proof, Record
from protocol.identity.genesis import Rank, Role
from protocol.identity.log import ControlLog
from protocol.keys import Purpose
from protocol.limits import FENCES_PER_HOUR, MAX_BATCH_BYTES, MAX_FRAMES_PER_REQUEST, MAX_HISTORY_BYTES

HOME: Final = "home"
GUARDIAN: Final = "guardian"
CONSENT_US: Final = 7 * 24 * 3600 * 1_000_000
HOUR_US: Final = 3600 * 1_000_000


# --- agreements


def take_agreement(house: House, tx: Tx, peer: bytes, wire: bytes) -> bytes:
    """Note what the peer proposes or has signed; answers the agreement with the signatures that are here.

    A proposal waits for people. Malformed or NotAuthorised if it is between others, or older than what is here.
    """
    require_peer(tx, peer)
    found, home, guardian = agreement.parse(wire)
    part = _part(house, peer, found)
    here = tx.wards.agreement(peer, part)
    if here is not None:
        known, own_home, own_guardian = agreement.parse(here.wire)
        if known.hash == found.hash:
            home, guardian = home or own_home, guardian or own_guardian
        elif found.version <= known.version:
            raise NotAuthorised("custody: a later version is here", code="outdated")
    wire = agreement.encode(found, home, guardian)
    tx.wards.put_agreement(CustodyRow(peer, part, found.version, wire, house.clock()))
    return wire


def _part(house: House, peer: bytes, found: Agreement) -> str:
    """What this node is in an agreement with ``peer``."""
    home, guardian = keys.node_id(found.home_key), keys.node_id(found.guardian_key)
    if found.network != house.network or {home, guardian} != {house.id, peer}:
        raise Misdirected("custody: not between these two nodes")
    return HOME if home == house.id else GUARDIAN


def in_force(tx: Tx, peer: bytes, part: str, now: int) -> Agreement | None:
    """The agreement with ``peer`` in which this node is ``part``, if both have signed and it has not ended."""
    row = tx.wards.agreement(peer, part)
    if row is None:
        return None
    found, home, guardian = agreement.parse(row.wire)
    return found if agreement.is_in_force(found, home, guardian, now) else None


def _require_agreement(house: House, tx: Tx, peer: bytes) -> Agreement:
    require_peer(tx, peer)
    found = in_force(tx, peer, GUARDIAN, house.clock())
    if found is None:
        raise NotAuthorised("custody: no agreement is in force", code="no-agreement")
    return found


# --- copies come in


def take_frames(house: House, tx: Tx, peer: bytes, message: Frames) -> list[Tip]:
    """Keep what follows; the tips of every ward that was spoken of. A frame that does not fit ends its ward's row."""
    terms = _require_agreement(house, tx, peer).terms
    for history in message.histories:
        members.learn_history(house, tx, history)
    for wire in message.vaults:
        _take_vault(house, tx, peer, wire, terms.wards)
    spoken: dict[bytes, bool] = {}
    for wire in message.frames:
        signed = frame.parse(wire)
        member = signed.frame.place.member
        if spoken.get(member, True):
            spoken[member] = _take_frame(house, tx, peer, signed, terms.ward_bytes)
    named = [*spoken, *(vault.claimed_epoch(wire)[0] for wire in message.vaults)]
    return [tip for member in dict.fromkeys(named) for tip in _tips(tx, member)[:1]]


def _take_vault(house: House, tx: Tx, peer: bytes, wire: bytes, limit: int) -> None:
    member, named = vault.claimed_epoch(wire)
    log = _require_ward(house, tx, peer, member)
    epoch = log.epoch_named(named)
    if epoch is None:
        raise NotAuthorised("vault: of an epoch that does not stand")
    found = vault.verify(wire, epoch)
    row = tx.wards.get(member)
    now = house.clock()
    if row is None:
        if tx.wards.count_of(peer) >= limit:
            raise TooLarge(f"wards: the agreement is for {limit}")
        row = WardRow(member, peer, b"", 0, 0, now, now)
    newer = (epoch.number, found.version) > _rank_of(log, row)
    if newer or row.home != peer:
        if newer:
            setting_aside.replace(tx, row, found, now)
        row = row._replace(home=peer, updated=now)
        tx.wards.put(row._replace(vault=wire, vault_version=found.version) if newer else row)


def _rank_of(log: ControlLog, row: WardRow) -> tuple[int, int]:
    """Number of the epoch that signed the ward's vault, and its version; below all others if that was undone."""
    epoch = log.epoch_named(vault.claimed_epoch(row.vault)[1]) if row.vault else None
    return (epoch.number, row.vault_version) if epoch is not None else (0, 0)


def _require_ward(house: House, tx: Tx, peer: bytes, member: bytes) -> ControlLog:
    """The log of a member at home at ``peer`` that chose this node as a guardian."""
    log = members.find_log(house, tx, member)
    if log is None:
        raise PeerFault("the ward's history is not known here", code="missing-predecessor")
    if log.standing.epoch is None or log.epoch.home != peer:
        raise guardians.Fenced("this member is at home elsewhere: read its history")
    chosen = log.standing.guardians
    if chosen is None or house.node.public not in chosen.keys:
        raise NotAuthorised("this node is not a guardian of that member", code="not-a-guardian")
    return log


def _take_frame(house: House, tx: Tx, peer: bytes, signed: Signed, room: int) -> bool:
    """Whether the frame is here now."""
    place = signed.frame.place
    log = _require_ward(house, tx, peer, place.member)
    ward = tx.wards.get(place.member)
    if ward is None:
        raise NotAuthorised("the ward's vault has to come before its frames", code="no-vault")
    if _is_here(tx, signed):
        return True
    undone = log.superseded  # what was copied of an epoch that was undone stays here, and is in nobody's way
    newest = next((row.epoch for row in tx.wards.chains(place.member) if row.epoch not in undone), b"")
    if not guardians.takes_frames(log, map(_register, tx.registers.of(place.member)), place.epoch, newest):
        raise guardians.Fenced("this epoch has ended, or a claimant was promised its end")
    frame.verify(signed, log.epoch_named(place.epoch) or log.epoch)
    if ward.size + len(signed.sealed) > room:
        raise TooLarge(f"ward: the agreement gives {room} bytes", code="quota")
    return _append(tx, ward, signed, house.clock())


def _is_here(tx: Tx, signed: Signed) -> bool:
    """A frame that came again; if what is kept of it has gone bad, it is mended."""
    row = tx.wards.frame_hashed(signed.frame.place.member, signed.frame.hash)
    if row is None:
        return False
    if row.sealed != signed.sealed:
        tx.wards.mend_frame(row._replace(sealed=signed.sealed))
    return True


def _append(tx: Tx, ward: WardRow, signed: Signed, now: int) -> bool:
    """Keep a verified frame if it follows; False for a gap."""
    found = signed.frame
    member, epoch, number = found.place
    chains = tx.wards.chains(member)
    own = next((row for row in chains if row.epoch == epoch), None)
    if own is not None:
        if (number, found.previous) != (own.number + 1, own.hash):
            return False
    elif number != 1 or not _links(tx, member, found.previous):
        return False
    here = own.place if own is not None else (chains[0].place + 1 if chains else 1)
    row = WardFrameRow(member, epoch, number, found.hash, signed.record, signed.signature, signed.sealed)
    tx.wards.add_frames([row])
    tx.wards.put_chain(ChainRow(member, epoch, here, number, found.hash))
    latest = tx.wards.get(member) or ward
    tx.wards.put(latest._replace(size=latest.size + len(signed.sealed), updated=now))
    return True


def _links(tx: Tx, member: bytes, previous: bytes) -> bool:
    """Whether the first frame of an epoch hangs on something that is kept: what lies behind it was cut off.

    A home whose backup is older than its first frame has nothing to hang one on, and begins anew.
    """
    if not previous:
        return True
    return tx.wards.frame_hashed(member, previous) is not None


def take_chunks(house: House, tx: Tx, peer: bytes, message: Chunks) -> list[bytes]:
    """Keep sealed chunks of a ward; their names."""
    room = _require_agreement(house, tx, peer).terms.ward_bytes
    _require_ward(house, tx, peer, message.member)
    ward = tx.wards.get(message.member)
    if ward is None:
        raise NotAuthorised("the ward's vault has to come before its chunks", code="no-vault")
    here = tx.wards.chunks_here(message.member, [name for name, _ in message.chunks])
    fresh = {name: sealed for name, sealed in message.chunks if name not in here}
    size = ward.size + sum(map(len, fresh.values()))
    if size > room:
        raise TooLarge(f"ward: the agreement gives {room} bytes", code="quota")
    tx.wards.add_chunks(message.member, fresh.items())
    tx.wards.put(ward._replace(size=size, updated=house.clock()))
    return [name for name, _ in message.chunks]


def tell_tips(house: House, tx: Tx, peer: bytes, asked: Sequence[bytes]) -> list[Tip]:
    """How far the copies of the caller's members reach here; nothing of a member that is not its."""
    require_peer(tx, peer)
    found = []
    for member in asked:
        ward = tx.wards.get(member)
        if ward is not None and ward.home == peer:
            found += _tips(tx, member)[:1]
    return found


def _tips(tx: Tx, member: bytes) -> list[Tip]:
    return [Tip(row.member, row.epoch, row.number, row.hash) for row in tx.wards.chains(member)][: claim.MAX_TIPS]


def answer_audit(tx: Tx, peer: bytes, message: Audit) -> bytes:
    """The hash that only somebody who still has the bytes can give. NotFound if they are not here."""
    ward = tx.wards.get(message.member)
    if ward is None or ward.home != peer:
        raise NotFound("member", "no such ward")
    if message.epoch:
        rows = tx.wards.frames_after(message.member, message.epoch, message.number - 1, 1)
        kept = rows[0].sealed if rows and rows[0].number == message.number else None
    else:
        kept = tx.wards.chunk(message.member, message.name)
    if kept is None:
        raise NotFound("number", "not kept here")
    return canon.digest(message.nonce + kept[message.start : message.start + message.length])


def erase_ended(house: House, tx: Tx) -> int:
    """Erase what is kept for homes whose agreement ended longer ago than it allows; how many wards."""
    now = house.clock()
    over: dict[bytes, bool] = {}
    erased = 0
    for ward in tx.wards.all():
        if ward.home not in over:
            over[ward.home] = _is_over(tx, ward.home, now)
        if over[ward.home]:
            tx.wards.forget(ward.member)
            tx.mail.forget_ward(ward.member)
            tx.renewing.forget_ward(ward.member)
            erased += 1
    return erased


def _is_over(tx: Tx, home: bytes, now: int) -> bool:
    row = tx.wards.agreement(home, GUARDIAN)
    if row is None:
        return False
    terms = agreement.parse(row.wire)[0].terms
    return bool(terms.until) and now >= terms.until + terms.erase_days * 24 * HOUR_US


# --- somebody wants to bring a member back: a peer, or this node itself


def _require_caller(house: House, tx: Tx, peer: bytes) -> None:
    if peer != house.id:
        require_peer(tx, peer)


class FencedNow(NamedTuple):
    """A stored promise, to be signed, and what a claimant needs beside it."""

    promise: Promise
    vault: bytes
    history: bytes
    accepted: bytes


def fence(house: House, tx: Tx, peer: bytes, wire: bytes) -> FencedNow:
    """Promise the caller that nothing more is taken of the old epoch. Signed by the caller after the commit.

    Raises NotAuthorised in its kinds: ``fenced``, ``promised``, ``consent``, ``missing-predecessor``.
    """
    _require_caller(house, tx, peer)
    house.require_signing()
    signed = claim.parse_fence(wire)
    made = signed.fence
    if made.network != house.network or keys.node_id(made.claimant) != peer:
        raise Misdirected("fence: of another claimant or network")
    log = _require_known(house, tx, made.member)
    now = house.clock()
    rows = {row.parent: row for row in tx.registers.of(made.member)}
    before = rows.get(made.parent)
    _limit_rate(tx, made, before, now)
    guardians.require_fence(log, signed, now, consent=_has_consent(tx, made, now))
    register = guardians.on_fence(_register(before) if before else None, made)
    _store(tx, made.member, register, peer, before.record if before else b"")
    ward = tx.wards.get(made.member)
    promise = guardians.promise_of(register, house.network, house.id, made, _tips(tx, made.member), now)
    shown = before.record if before is not None and promise.accepted else b""
    return FencedNow(promise, ward.vault if ward else b"", members.history(house, tx, made.member), shown)


def prove_fenced(house: House, now: FencedNow) -> bytes:
    """The signed answer to a fence. Only after the transaction of :func:`fence` was committed."""
    return messages.encode_fenced(
        Fenced(claim.sign_promise(house.node, now.promise), now.vault, now.history, now.accepted)
    )


def _require_known(house: House, tx: Tx, member: bytes) -> ControlLog:
    log = members.find_log(house, tx, member)
    chosen = log.standing.guardians if log is not None else None
    if log is None or chosen is None or house.node.public not in chosen.keys:
        raise NotFound("member", "no such ward")
    return log


def _limit_rate(tx: Tx, made: Fence, before: RegisterRow | None, now: int) -> None:
    """A flood of fences would keep a home from working: so many an hour, for one member."""
    if before is not None and before.fence == made.hash:
        return
    key = f"fences/{made.member.hex()}"
    since, count = canon.decode(tx.meta.get(key) or canon.encode((now, 0)))
    if now - since > HOUR_US:
        since, count = now, 0
    if count >= FENCES_PER_HOUR:
        raise TooLarge("fences: too many for this member within an hour", code="too-many-requests")
    tx.meta.set(key, canon.encode((since, count + 1)))


def _has_consent(tx: Tx, made: Fence, now: int) -> bool:
    row = tx.registers.consent(made.member, keys.node_id(made.claimant))
    return row is not None and row.time <= now < row.until


def consent(house: House, tx: Tx, wards: Iterable[bytes], claimant: bytes, by: str) -> int:
    """People here agree that ``claimant`` (an accepted peer) brings these members back, for 7 days; how many."""
    _require_caller(house, tx, claimant)
    now = house.clock()
    rows = [ConsentRow(member, claimant, by, now, now + CONSENT_US) for member in wards if tx.wards.get(member)]
    tx.registers.put_consents(rows)
    return len(rows)


def read(house: House, tx: Tx, peer: bytes, message: Read) -> Pages:
    """Frames of an epoch, for the claimant that was promised, or for the home, which may have lost its own."""
    if not _is_home(house, tx, peer, message.member):
        _require_claimant(tx, peer, message.member, message.fence)
    rows = tx.wards.frames_after(message.member, message.epoch, message.after, MAX_FRAMES_PER_REQUEST + 1)
    wires: list[bytes] = []
    size = 0
    for row in rows[:MAX_FRAMES_PER_REQUEST]:
        wire = _wire(row)
        size += len(wire) + 8
        if wires and size > messages.TARGET_BODY_BYTES:
            break
        wires.append(wire)
    return Pages(tuple(wires), len(wires) < len(rows))


def _is_home(house: House, tx: Tx, peer: bytes, member: bytes) -> bool:
    ward = tx.wards.get(member)
    log = members.find_log(house, tx, member) if ward is not None and ward.home == peer else None
    return log is not None and log.standing.epoch is not None and log.epoch.home == peer


def _wire(row: WardFrameRow) -> bytes:
    return frame.encode(Signed(frame.parse_header(row.record), row.record, row.signature, row.sealed))


def read_chunk(tx: Tx, peer: bytes, message: ReadChunk) -> bytes:
    """A sealed chunk, for the claimant that was promised, or for the home. NotFound if it is not here."""
    ward = tx.wards.get(message.member)
    if ward is None or ward.home != peer:
        _require_claimant(tx, peer, message.member, message.fence)
    found = tx.wards.chunk(message.member, message.name)
    if found is None:
        raise NotFound("name", "no such chunk is kept here")
    return found


def _require_claimant(tx: Tx, peer: bytes, member: bytes, fenced: bytes) -> RegisterRow:
    for row in tx.registers.of(member):
        if row.fence == fenced and row.claimant == peer:
            return row
    raise NotAuthorised("fence: not promised to you, or another claimant was promised since", code="promised")


def write_back(house: House, tx: Tx, peer: bytes, message: WriteBack) -> list[Tip]:
    """Keep frames of former epochs that a claimant read elsewhere: only what their own epoch's key signed."""
    _require_caller(house, tx, peer)
    touched: list[bytes] = []
    for wire in message.frames:
        signed = frame.parse(wire)
        member = signed.frame.place.member
        _require_claimant(tx, peer, member, message.fence)
        touched.append(member)
        if _is_here(tx, signed):
            continue
        log = _require_known(house, tx, member)
        admitted = log.records.get(signed.frame.place.epoch)
        payload = admitted.signed.record.payload if admitted is not None else None
        if not isinstance(payload, Epoch):
            raise NotAuthorised("frame: of an epoch that is not known here")
        frame.verify(signed, payload)
        now = house.clock()
        ward = tx.wards.get(member) or WardRow(member, log.epoch.home, b"", 0, 0, now, now)
        if not _append(tx, ward, signed, now):
            break
    return [tip for member in dict.fromkeys(touched) for tip in _tips(tx, member)]


class Accepted(NamedTuple):
    """A stored acceptance, to be signed after the commit: with a proof in the record itself for rank *guardians*."""

    word: Countersigned
    record: bytes
    proves: bool


def accept_claim(house: House, tx: Tx, peer: bytes, wire: bytes) -> Accepted:
    """Stand for a new home. Raises NotAuthorised for a claim that does not rest on what it has to."""
    _require_caller(house, tx, peer)
    house.require_signing()
    found = claim.parse_claim(wire)
    signed = claim.parse_fence(found.fence)
    made = signed.fence
    if made.network != house.network or keys.node_id(made.claimant) != peer:
        raise Misdirected("claim: of another claimant or network")
    log = _require_known(house, tx, made.member)
    chosen = log.standing.guardians
    assert chosen is not None
    now = house.clock()
    agreed = _has_consent(tx, made, now)
    guardians.require_fence(log, signed, now, consent=agreed)
    promises = [claim.verify_promise(item, chosen.keys) for item in found.promises]
    record = control.parse(found.record)
    require_record(log, record, agreed)
    row = next((row for row in tx.registers.of(made.member) if row.parent == made.parent), None)
    register = guardians.on_claim(_register(row) if row else None, made, record.record, promises, chosen.q, now)
    _store(tx, made.member, register, peer, found.record)
    word = Countersigned(house.network, house.id, made.member, made.parent, made.ballot, record.record.hash)
    return Accepted(word, record.record.hash, record.record.rank is Rank.GUARDIANS)


def require_record(log: ControlLog, signed: control.Signed, agreed: bool) -> None:
    """Everything of the record that can be judged before the guardians' own signatures are in it."""
    record: Record = signed.record
    if record.member != log.member or record.network != log.genesis.network:
        raise NotAuthorised("record: of another member or network")
    needed = {rule.rank: rule.roles for rule in log.genesis.rules}.get(record.rank)
    if needed is None:
        raise NotAuthorised("record: of a rank that this member has no rule for")
    before = log.records.get(record.previous)
    if before is None:
        raise NotAuthorised("record: its predecessor is not known here", code="missing-predecessor")
    for proof in signed.proofs:
        keys.verify(proof.public, Purpose.CONTROL, record.hash, proof.signature)
    for role in needed:
        if role is Role.GUARDIAN:
            if not agreed:
                raise NotAuthorised("the people of this guardian have not agreed yet", code="consent")
            continue
        holder = before.standing.roles.get(role)
        if role is Role.NODE and before.standing.epoch is not None:
            holder = genesis.RoleKeys(Role.NODE, 1, (before.standing.epoch.home_key,))
        signers = {proof.public for proof in signed.proofs if proof.role == role.value}
        if holder is None or len(signers & set(holder.keys)) < holder.threshold:
            raise NotAuthorised(f"record: rank {record.rank.name.lower()} needs the signature of: {role.value}")


def prove_accepted(house: House, accepted: Accepted) -> bytes:
    """The signed answer to a claim. Only after the transaction of :func:`accept_claim` was committed."""
    signed = claim.sign_countersigned(house.node, accepted.word)
    proof = None
    if accepted.proves:
        signature = house.node.sign(Purpose.CONTROL, accepted.record)
        proof = Proof(Role.GUARDIAN.value, house.node.public, signature)
    return claim.encode_claimed(signed, proof)


def take_history(house: House, tx: Tx, peer: bytes, history: bytes) -> None:
    """Take what a claimant knows of a ward: its last epoch, maybe, of which its home could not tell this guardian."""
    _require_caller(house, tx, peer)
    if len(history) > MAX_HISTORY_BYTES:
        raise TooLarge(f"history: at most {MAX_HISTORY_BYTES} bytes")
    _require_known(house, tx, members.identify_history(history))
    members.learn_history(house, tx, history)


def find(house: House, tx: Tx, peer: bytes, question: Find) -> Found:
    """Histories of members for whom the asking key stands in its role: whoever holds it may know where they are."""
    require_peer(tx, peer)
    if question.network != house.network or question.claimant != peer:
        raise Misdirected("find: of another claimant or network")
    found: list[bytes] = []
    size = 0
    for row in sorted(tx.members.all(local=False), key=lambda row: row.member):
        if row.member <= question.after:
            continue
        log = members.find_log(house, tx, row.member)
        holders = log.standing.roles if log is not None else {}
        if not any(r.value == question.role and question.public in k.keys for r, k in holders.items()):
            continue
        history = members.history(house, tx, row.member)
        size += len(history) + 8
        if len(found) == MAX_FRAMES_PER_REQUEST or (found and size > MAX_BATCH_BYTES):
            return Found(tuple(found), True)
        found.append(history)
    return Found(tuple(found), False)


def _register(row: RegisterRow) -> Register:
    return Register(
        row.parent, row.promised, row.fence, row.accepted_ballot, row.accepted, row.accepted_rank, row.accepted_at
    )


def _store(tx: Tx, member: bytes, register: Register, claimant: bytes, record: bytes) -> None:
    tx.registers.put(
        RegisterRow(
            member,
            register.parent,
            register.promised,
            register.fence,
            claimant,
            register.accepted_ballot,
            register.accepted,
            register.accepted_rank,
            register.accepted_at,
            record,
        )
    )
