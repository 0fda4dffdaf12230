"""Bringing a member back: what a claimant reads, keeps, gives back and signs. One function, one transaction.

Owns the way from a fence to a record that may open a new epoch here, step by step, so that it goes on after an
interruption where it was. Nothing of the member works before :mod:`node.services.returning` has opened it. Asks nobody:
that is :mod:`node.homecoming`. Recovery words and the association's key are never here: drafts go out and come back
signed (:mod:`node.signing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from federation.guardians import Claimant
from node.services import members, warding
from node.services.house import House
from node.store import ReturnRow, Tx, WardFrameRow, WrappedKeyRow
from protocol import canon, keys, shape, vault
from protocol.errors import CallerFault, Malformed, NotAuthorised, NotFound, YuiError
from protocol.guardian import claim, frame, messages
from protocol.guardian.claim import Claim, Fence, Promise
from protocol.guardian.frame import Signed, Tip
from protocol.identity import control
from protocol.identity.control import HOME, Epoch, Guardians, Kind, Proof, Reason
from protocol.identity.genesis import Rank, Role
from protocol.identity.log import ControlLog
from protocol.journal import MAX_SEQ
from protocol.keys import Purpose, SigningKey
from protocol.limits import MAX_FRAMES_PER_REQUEST, MAX_GUARDIANS, MAX_RECORD_BYTES

VAULT_KEY = "vault"
_PROGRESS = "yui/return-progress/1"
_UNOPENED = "vault-unopened/"  # names of keys of a vault that nobody of the member could open
VERSION = "vault-version/"  # of that vault: the next one goes above it


class State(Enum):
    """How far a return has come."""

    COPYING = "copying"  # a move: the old home gives what it has (:mod:`node.services.moving`)
    BEGUN = "begun"  # waits for signatures
    READING = "reading"
    CLAIMING = "claiming"
    OPEN = "open"
    LOST = "lost"  # another successor was agreed on


class Progress(NamedTuple):
    """What of a return is not in the copies: promises, how far each guardian was read and written, its word."""

    promises: tuple[bytes, ...] = ()
    copied: tuple[bytes, ...] = ()
    written: tuple[bytes, ...] = ()
    words: tuple[bytes, ...] = ()
    proofs: tuple[Proof, ...] = ()
    accepted: tuple[bytes, ...] = ()  # records that promises showed


_Change = Callable[[Progress], Progress]

# --- beginning


def learn(house: House, tx: Tx, history: bytes) -> bytes:
    """Take the history of a member that is to come back; its id."""
    return members.learn_history(house, tx, history).member


def begin(house: House, tx: Tx, member: bytes, rank: Rank, *, undoes: bytes = b"") -> Fence:
    """The fence of a new try, to be signed elsewhere; its ballot is above the last one's. What was read stays.

    ``undoes``: the epoch that is to be undone, with all that follow it.
    CallerFault if the member is at home here or has no guardians.
    """
    house.require_signing()
    house.require_members()
    log = members.require_log(house, tx, member)
    chosen = log.standing.guardians
    known = tx.members.get(member)
    if known is not None and known.local:
        raise CallerFault("member", "is at home here", code="at-home")
    if chosen is None or not chosen.keys:
        raise CallerFault("member", "has no guardians: nothing of it is kept elsewhere")
    row = tx.returning.get(member)
    now = house.clock()
    ballot = row.ballot + 1 if row is not None else 1
    parent = log.epoch
    if undoes:
        undone = log.epoch_named(undoes)
        if undone is None:
            raise CallerFault("undoes", "is not an epoch that stands")
        before = log.epoch_named(undone.parent)
        if before is None:
            raise CallerFault("undoes", "the first epoch cannot be undone")
        parent, undoes = before, log.epoch.hash  # and whatever follows it, such as restarts of a thief's node
    base = row or ReturnRow(member, "", 0, 0, b"", b"", b"", b"", "", parent.home, now, now)
    changed = base._replace(
        state=State.BEGUN.value,
        rank=int(rank),
        ballot=ballot,
        fence=b"",
        record=b"",
        progress=_encode(Progress()),
        note="",
        updated=now,
    )
    tx.returning.put(changed)
    nonce = house.entropy(16)
    return claim.draft_fence(
        Fence(house.network, member, house.node.public, rank, ballot, parent.hash, undoes, now, nonce)
    )


def copying(member: bytes, home: bytes, wire: bytes, now: int) -> ReturnRow:
    """A row for what is read from a living home, whose vault is ``wire``; a return may go on with it."""
    progress = _encode(Progress())
    return ReturnRow(member, State.COPYING.value, int(Rank.WORDS), 0, b"", wire, b"", progress, "", home, now, now)


def fenced(house: House, tx: Tx, member: bytes, made: Fence, proofs: Sequence[Proof]) -> Claimant:
    """The fence came back signed. CallerFault if a key is not this member's."""
    log = members.require_log(house, tx, member)
    for proof in proofs:
        holder = log.standing.roles.get(Role(proof.role))
        if holder is None or proof.public not in holder.keys:
            raise CallerFault(proof.role, "this is not the key of this member", code="wrong-key")
    own = Proof(HOME, house.node.public, house.node.sign(Purpose.FENCE, made.hash))
    wire = claim.encode_fence(made, [*proofs, own])
    claim.parse_fence(wire)
    row = require_return(tx, member)
    tx.returning.put(row._replace(fence=wire, state=State.READING.value, updated=house.clock()))
    return claimant(house, tx, member)


def require_return(tx: Tx, member: bytes) -> ReturnRow:
    """The return of a member; NotFound if there is none."""
    row = tx.returning.get(member)
    if row is None:
        raise NotFound("member", "nobody is bringing this member back here")
    return row


def claimant(house: House, tx: Tx, member: bytes) -> Claimant:
    """Where the return stands, put together from what is stored."""
    row = require_return(tx, member)
    made = claim.parse_fence(row.fence).fence
    chosen = guardians_of(house, tx, member)
    progress = _decode(row.progress)
    at = Claimant(made, chosen)
    for wire in progress.promises:
        at = at.promised(claim.verify_promise(wire, chosen.keys))
    for guardian in progress.copied:
        at = at.has_copied(guardian)
    for guardian in progress.written:
        at = at.has_written(guardian)
    if row.record:
        hashed = control.parse(row.record).record.hash
        for wire in progress.words:
            at = at.has_countersigned(claim.verify_countersigned(wire, chosen.keys), wire, hashed)
    return at


def guardians_of(house: House, tx: Tx, member: bytes) -> Guardians:
    """The guardian set of a member; NotFound without one."""
    chosen = members.require_log(house, tx, member).standing.guardians
    if chosen is None:
        raise NotFound("member", "has no guardians")
    return chosen


def note(house: House, tx: Tx, member: bytes, text: str) -> None:
    """What people see of a return that waits or failed."""
    row = require_return(tx, member)
    tx.returning.put(row._replace(note=text[:300], updated=house.clock()))


# --- reading


def take_promise(house: House, tx: Tx, member: bytes, answer: bytes) -> Promise:
    """Keep a guardian's promise, the member's newest history and its vault."""
    found = messages.parse_fenced(answer)
    log = members.learn_history(house, tx, found.history)
    if log.member != member:
        raise Malformed("history: of another member than the one that was asked for")
    row = require_return(tx, member)
    chosen = guardians_of(house, tx, member)
    promise = claim.verify_promise(found.promise, chosen.keys)
    at = claimant(house, tx, member).promised(promise)
    progress = _decode(row.progress)
    accepted = progress.accepted
    if promise.accepted:
        shown = control.parse(found.accepted)
        if shown.record.hash != promise.accepted:
            raise Malformed("accepted: another record than the promise shows")
        _require_possible(log, shown, at.fence)
        accepted = (*accepted, found.accepted)
    if promise.guardian not in {claim.verify_promise(w, chosen.keys).guardian for w in progress.promises}:
        progress = progress._replace(promises=(*progress.promises, found.promise))
    assert at.promises
    tx.returning.put(
        row._replace(
            progress=_encode(progress._replace(accepted=accepted)),
            vault=_newer_vault(log, row.vault, found.vault),
            updated=house.clock(),
        )
    )
    return promise


def _require_possible(log: ControlLog, shown: control.Signed, fence: Fence) -> None:
    """A record that binds a claimant was signed by the member's roles: else a guardian made it up."""
    warding.require_record(log, shown, agreed=True)
    payload = shown.record.payload
    if not isinstance(payload, Epoch) or payload.parent != fence.parent:
        raise Malformed("accepted: does not open the successor of the epoch that was fenced")


def _newer_vault(log: ControlLog, here: bytes, came: bytes) -> bytes:
    if not came:
        return here
    return here if here and _rank_of(log, here) >= _rank_of(log, came) else came


def _rank_of(log: ControlLog, wire: bytes) -> tuple[int, int]:
    found = verified_vault(log, wire)
    epoch = log.epoch_named(found.epoch)
    return (epoch.number if epoch is not None else 0, found.version)


def verified_vault(log: ControlLog, wire: bytes) -> vault.Vault:
    member, named = vault.claimed_epoch(wire)
    epoch = log.epoch_named(named)
    if epoch is None or member != log.member:
        raise NotAuthorised("vault: of another member, or of an epoch that does not stand")
    return vault.verify(wire, epoch)


def unlock(house: House, tx: Tx, member: bytes, found: Mapping[bytes, bytes]) -> int:
    """Keep the vault keys (by name) that a holder of words, factor or association has opened; how many. Wrapped."""
    require_return(tx, member)
    for name, key in found.items():
        if vault.name_of(key) != name:
            raise Malformed("vault: a key is not the one that it is named after")
        if tx.wrapped_keys.get(VAULT_KEY, name) is None:
            tx.wrapped_keys.add(WrappedKeyRow(VAULT_KEY, name, house.wrap.wrap(VAULT_KEY, name, key), house.clock()))
    return len(found)


def locked(house: House, tx: Tx, member: bytes) -> bytes:
    """The vault record that somebody has to open, or nothing if all its keys are here already."""
    row = require_return(tx, member)
    if not row.vault:
        raise NotFound("vault", "no guardian has given it yet")
    kept = verified_vault(members.require_log(house, tx, member), row.vault)
    missing = [item for item in kept.keys if tx.wrapped_keys.get(VAULT_KEY, item.name) is None]
    return row.vault if missing else b""


def vault_keys(house: House, tx: Tx) -> dict[bytes, bytes]:
    """Every vault key that this node can open, by name."""
    rows = tx.wrapped_keys.by_purpose(VAULT_KEY)
    return {row.subject: house.wrap.unwrap(VAULT_KEY, row.subject, row.wrapped) for row in rows}


class NextRead(NamedTuple):
    """What to ask a guardian for next: frames of ``epoch`` behind ``after``."""

    epoch: bytes
    after: int


def next_read(house: House, tx: Tx, member: bytes, guardian: bytes, done: Sequence[bytes]) -> NextRead | None:
    """The next piece of a guardian's copies, or None when all that it promised is here.

    ``done``: epochs of which it said that there is no more.
    """
    promise = claimant(house, tx, member).promises[guardian]
    ends = tx.returning.ends(member)
    wanted = {tip.epoch: tip.number for tip in promise.tips}
    for name in _epochs(house, tx, member):
        if name in done or name not in wanted or ends.get(name, 0) >= wanted[name]:
            continue
        return NextRead(name, ends.get(name, 0))
    return None


def _epochs(house: House, tx: Tx, member: bytes) -> list[bytes]:
    """Every epoch that the member ever had, undone ones too, in the order of their records."""
    log = members.require_log(house, tx, member)
    return [name for name, item in log.records.items() if item.signed.record.kind is Kind.EPOCH]


def take_pages(house: House, tx: Tx, member: bytes, wires: Sequence[bytes]) -> int:
    """Keep frames that their epochs' keys signed and that follow what is here; how many. Malformed for any other.

    A guardian that leaves one out would hide what lies before the gap from the next one that is asked.
    """
    log = members.require_log(house, tx, member)
    ends = tx.returning.ends(member)
    rows = []
    for wire in wires:
        signed = verified_frame(log, wire)
        place = signed.frame.place
        if place.number > ends.get(place.epoch, 0) + 1:
            raise Malformed(f"number: {ends.get(place.epoch, 0) + 1} comes next", code="gap")
        ends[place.epoch] = max(place.number, ends.get(place.epoch, 0))
        rows.append(WardFrameRow(*place, signed.frame.hash, signed.record, signed.signature, signed.sealed))
    tx.returning.add_frames(rows)
    return len(rows)


def verified_frame(log: ControlLog, wire: bytes) -> Signed:
    """A frame that the key of its epoch signed; Malformed or BadSignature for any other."""
    signed = frame.parse(wire)
    place = signed.frame.place
    admitted = log.records.get(place.epoch)
    payload = admitted.signed.record.payload if admitted is not None else None
    if place.member != log.member or not isinstance(payload, Epoch):
        raise Malformed("frame: of another member, or of an unknown epoch")
    frame.verify(signed, payload._replace(hash=place.epoch))
    return signed


def has_copied(house: House, tx: Tx, member: bytes, guardian: bytes) -> Claimant:
    """All that ``guardian`` promised is here: it may be more than what was given back to others before."""

    def more(at: Progress) -> Progress:
        return at if guardian in at.copied else at._replace(copied=(*at.copied, guardian), written=())

    return _advance(house, tx, member, more)


# --- what was read


def chain(house: House, tx: Tx, member: bytes) -> Iterator[Signed]:
    """The frames on which a new home stands, from the first to the last.

    Found from its end: the newest epoch that stands and hangs, over one frame after another, on the very first. A home
    that was put back from an old backup goes on behind an earlier frame than the last: what lies between was read
    (:func:`places`), but nothing hangs on it.
    """
    found = _sequences(house, tx, member)
    for name, last in _path(found):
        for row in _rows(tx, member, name, last):
            yield Signed(frame.parse_header(row.record), row.record, row.signature, row.sealed)


def _sequences(house: House, tx: Tx, member: bytes) -> dict[bytes, list[frame.Frame]]:
    """By epoch that is gone on from, oldest first: the frames that follow each other from its first one on."""
    standing = _followed(house, tx, member)
    found: dict[bytes, list[frame.Frame]] = {}
    for name in _epochs(house, tx, member):
        if name not in standing:
            continue
        headers: list[frame.Frame] = []
        for row in _rows(tx, member, name, MAX_SEQ):
            header = frame.parse_header(row.record)
            if header.place.number != len(headers) + 1 or (headers and header.previous != headers[-1].hash):
                break
            headers.append(header)
        if headers:
            found[name] = headers
    return found


def _followed(house: House, tx: Tx, member: bytes) -> set[bytes]:
    """The epochs on which the new one will stand: without one that is to be undone, though it stands still."""
    log = members.require_log(house, tx, member)
    row = tx.returning.get(member)
    at = claim.parse_fence(row.fence).fence.parent if row is not None and row.fence else log.epoch.hash
    found: set[bytes] = set()
    while (epoch := log.epoch_named(at)) is not None:
        found.add(at)
        at = epoch.parent
    return found


def _path(found: dict[bytes, list[frame.Frame]]) -> list[tuple[bytes, int]]:
    """(epoch, number of its last frame) of the chain with the newest end, oldest first; empty if none reaches back."""
    places = {header.hash: header.place for headers in found.values() for header in headers}
    for name, headers in reversed(found.items()):
        path = [(name, len(headers))]
        before = headers[0].previous
        while before in places:
            place = places[before]
            path.append((place.epoch, place.number))
            before = found[place.epoch][0].previous
        if not before:
            return path[::-1]
    return []


def _rows(tx: Tx, member: bytes, epoch: bytes, last: int) -> Iterator[WardFrameRow]:
    after = 0
    while rows := tx.returning.frames_after(member, epoch, after, MAX_FRAMES_PER_REQUEST):
        for row in rows:
            if row.number > last:
                return
            yield row
        after = rows[-1].number


def places(house: House, tx: Tx, member: bytes) -> list[frame.Place]:
    """Where everything stands that was read and belongs to epochs that stand, in order: more than the chain, maybe.

    Left out is what is sealed under keys that were retired: no vault names them, and everything was laid again behind.
    """
    found = [header for headers in _sequences(house, tx, member).values() for header in headers]
    known = _named(house, tx, member) | {row.subject for row in tx.wrapped_keys.by_purpose(VAULT_KEY)}
    first = next((at for at, header in enumerate(found) if header.key in known), 0)
    bad = _unopened(tx, member)
    return [header.place for header in found[first:] if header.key not in bad]


def sealed_away(house: House, tx: Tx, member: bytes) -> bool:
    """Is anything of what was read under a key that is not here: one that was retired, perhaps a moment ago?"""
    here = {row.subject for row in tx.wrapped_keys.by_purpose(VAULT_KEY)}
    return any(header.key not in here for headers in _sequences(house, tx, member).values() for header in headers)


def take_aside(house: House, tx: Tx, member: bytes, wires: Sequence[bytes]) -> list[bytes]:
    """Vaults that a guardian has set aside: those that are this member's and name a key that is not here."""
    log = members.require_log(house, tx, member)
    found = []
    for wire in wires:
        try:
            kept = verified_vault(log, wire)
        except YuiError:
            continue
        if any(tx.wrapped_keys.get(VAULT_KEY, item.name) is None for item in kept.keys):
            found.append(wire)
    return found


def _named(house: House, tx: Tx, member: bytes) -> set[bytes]:
    row = require_return(tx, member)
    return {item.name for item in vault.read(row.vault).keys} if row.vault else set()


def _unopened(tx: Tx, member: bytes) -> set[bytes]:
    found = tx.meta.get(_UNOPENED + member.hex()) or b""
    here = {row.subject for row in tx.wrapped_keys.by_purpose(VAULT_KEY)}
    return {found[at : at + 32] for at in range(0, len(found), 32)} - here


def give_up_vault(house: House, tx: Tx, member: bytes, wire: bytes) -> None:
    """The newest vault cannot be opened by the member's own keys: whoever made it was not the member's home.

    ``wire``: an earlier one that could be opened, which stands in its place. What the other's keys seal is left out.
    """
    row = require_return(tx, member)
    spoilt = vault.read(row.vault)
    if any(tx.wrapped_keys.get(VAULT_KEY, item.name) is not None for item in spoilt.keys):
        return
    names = b"".join(item.name for item in spoilt.keys)
    tx.meta.set(_UNOPENED + member.hex(), names)
    tx.meta.set_int(VERSION + member.hex(), spoilt.version)
    tx.returning.put(row._replace(vault=wire, updated=house.clock()))


def content(house: House, tx: Tx, place: frame.Place) -> bytes:
    """What is in one frame, decrypted. NotFound if it is not here."""
    rows = tx.returning.frames_after(place.member, place.epoch, place.number - 1, 1)
    if not rows or rows[0].number != place.number:
        raise NotFound("number", "no such frame was read")
    row = rows[0]
    signed = Signed(frame.parse_header(row.record), row.record, row.signature, row.sealed)
    return frame.unseal(signed, vault_keys(house, tx))


def tip_of(house: House, tx: Tx, member: bytes) -> frame.Frame | None:
    """The last frame of the chain, or None if nothing was ever copied."""
    last = None
    for signed in chain(house, tx, member):
        last = signed.frame
    return last


def to_write_back(house: House, tx: Tx, member: bytes, guardian: bytes, known: Sequence[Tip]) -> list[bytes]:
    """Frames that ``guardian`` lacks, oldest first, as many as one message takes. Nothing: it has the whole chain."""
    has = {tip.epoch: tip.number for tip in known}
    found: list[bytes] = []
    size = 0
    for signed in chain(house, tx, member):
        _, epoch, number = signed.frame.place
        if number <= has.get(epoch, 0):
            continue
        wire = frame.encode(signed)
        size += len(wire) + 8
        if len(found) == MAX_FRAMES_PER_REQUEST or (found and size > messages.TARGET_BODY_BYTES):
            break
        found.append(wire)
    return found


def has_written(house: House, tx: Tx, member: bytes, guardian: bytes) -> Claimant:
    """``guardian`` has acknowledged the end of the chain."""
    return _advance(house, tx, member, lambda at: at._replace(written=tuple({*at.written, guardian})))


# --- claiming


def draft(house: House, tx: Tx, member: bytes) -> control.Signed | None:
    """The record that opens the new epoch here, with the home's own signature: to be signed elsewhere too.

    None if it was signed before, or if an accepted one of somebody else has to be completed: that one is taken then.
    The journal goes on behind the entry up to which everything was copied.
    """
    house.require_signing()
    row = require_return(tx, member)
    at = claimant(house, tx, member)
    if at.bound:
        record = next(w for w in _decode(row.progress).accepted if control.parse(w).record.hash == at.bound)
        tx.returning.put(row._replace(record=record, state=State.CLAIMING.value, updated=house.clock()))
        return None
    return None if row.record else _draft(house, tx, member, at)


def recorded(house: House, tx: Tx, member: bytes, drafted: control.Signed, proofs: Sequence[Proof]) -> None:
    """The record came back signed."""
    for proof in proofs:
        keys.verify(proof.public, Purpose.CONTROL, drafted.record.hash, proof.signature)
    signed = control.Signed(drafted.record, tuple(sorted({*drafted.proofs, *proofs})))
    row = require_return(tx, member)
    changed = row._replace(record=control.encode(signed), state=State.CLAIMING.value, updated=house.clock())
    tx.returning.put(changed)


def _draft(house: House, tx: Tx, member: bytes, at: Claimant) -> control.Signed:
    log = members.require_log(house, tx, member)
    parent = log.epoch_named(at.fence.parent)
    if parent is None:
        raise CallerFault("member", "its history has changed meanwhile: begin again", code="moved-on")
    before = _standing_at(log, parent.hash)
    tip = tip_of(house, tx, member)
    ended = tip if tip is not None and tip.place.epoch == parent.hash else None
    key = SigningKey(house.entropy(32))
    opened = Epoch(
        number=parent.number + 1,
        parent=parent.hash,
        parent_seq=ended.entries if ended else 0,
        parent_head=ended.entries_head if ended else b"",
        home=house.id,
        home_key=house.node.public,
        signing_key=key.public,
        reason=Reason.MOVE if parent.home != house.id else Reason.RESTORE,
    )
    rank = at.fence.rank
    record = control.draft(
        house.network, member, before[0] + 1, before[1], rank, opened, house.clock(), house.entropy(16)
    )
    wrapped = house.wrap.wrap(members.EPOCH_KEY, record.hash, key.seed())
    tx.wrapped_keys.add(WrappedKeyRow(members.EPOCH_KEY, record.hash, wrapped, house.clock()))
    return control.sign(record, [(HOME, house.node)])


def _standing_at(log: ControlLog, parent: bytes) -> tuple[int, bytes]:
    """(number, hash) of the record behind which a successor of ``parent`` stands."""
    at = log.standing.hash
    while at in log.records:
        standing = log.records[at].standing
        if standing.epoch is not None and standing.epoch.hash == parent:
            return standing.number, at
        at = log.records[at].signed.record.previous
    raise CallerFault("member", "its history has changed meanwhile: begin again", code="moved-on")


def agreed(house: House, tx: Tx, member: bytes) -> bool:
    """Is the record of our own claim the one that stands, because another claimant has completed it?"""
    row, known = tx.returning.get(member), tx.members.get(member)
    if row is None or known is None or known.local or row.state != State.CLAIMING.value or not row.record:
        return False
    return known.home == house.id and known.epoch == control.parse(row.record).record.hash


def forget_drafts(house: House, tx: Tx) -> None:
    """This node was put back from a backup: what it had drafted may have been opened, and used, since."""
    for row in tx.returning.all():
        if row.state == State.CLAIMING.value and row.record:
            drafted = control.parse(row.record).record.hash
            tx.wrapped_keys.destroy(members.EPOCH_KEY, drafted)
            house.keyring.pop(drafted, None)
            tx.returning.put(row._replace(record=b"", state=State.BEGUN.value, updated=house.clock()))


def has_key(tx: Tx, record: control.Signed) -> bool:
    """Is the key of the epoch that it opens here?"""
    return tx.wrapped_keys.get(members.EPOCH_KEY, record.record.hash) is not None


def claim_of(house: House, tx: Tx, member: bytes) -> bytes:
    """The claim, as it travels."""
    row = require_return(tx, member)
    return claim.encode_claim(Claim(row.fence, row.record, _decode(row.progress).promises))


def take_word(house: House, tx: Tx, member: bytes, answer: bytes) -> Claimant:
    """Keep a guardian's countersignature, and its proof in the record."""
    row = require_return(tx, member)
    wire, proof = claim.parse_claimed(answer)
    chosen = guardians_of(house, tx, member)
    word = claim.verify_countersigned(wire, chosen.keys)
    hashed = control.parse(row.record).record.hash
    claimant(house, tx, member).has_countersigned(word, wire, hashed)
    if proof is not None:
        if proof.role != Role.GUARDIAN.value or proof.public not in chosen.keys:
            raise Malformed("proof: not a guardian's")
        keys.verify(proof.public, Purpose.CONTROL, hashed, proof.signature)

    def add(at: Progress) -> Progress:
        others = [
            item for item in at.words if claim.verify_countersigned(item, chosen.keys).guardian != word.guardian
        ]  # fmt: skip
        proofs = {*at.proofs, *([proof] if proof is not None else [])}
        return at._replace(words=(*others, wire), proofs=tuple(sorted(proofs)))

    return _advance(house, tx, member, add)


def finished(house: House, tx: Tx, member: bytes) -> control.Signed:
    """The record with every proof that came: what everybody may admit now."""
    row = require_return(tx, member)
    signed = control.parse(row.record)
    proofs = tuple(sorted({*signed.proofs, *_decode(row.progress).proofs}))
    return control.Signed(signed.record, proofs)


def close(house: House, tx: Tx, member: bytes, state: State, text: str = "") -> None:
    """The return is over."""
    row = require_return(tx, member)
    tx.returning.put(row._replace(state=state.value, note=text[:300], updated=house.clock()))


def complete(house: House, tx: Tx, member: bytes, record: control.Signed) -> None:
    """Another home's record was agreed on with our help: take it, tell everybody, and end our return."""
    before = members.require_log(house, tx, member)
    members.admit(house, tx, before, [record])
    for peer in tx.peers.all("accepted"):
        members.tell_history(house, tx, peer.node, member)
    close(house, tx, member, State.LOST, "another home was agreed on before")


# --- what is stored of it


def _advance(house: House, tx: Tx, member: bytes, change: _Change) -> Claimant:
    row = require_return(tx, member)
    progress = change(_decode(row.progress))
    tx.returning.put(row._replace(progress=_encode(progress), updated=house.clock()))
    return claimant(house, tx, member)


def _encode(progress: Progress) -> bytes:
    return canon.encode((_PROGRESS, *progress))


def _decode(data: bytes) -> Progress:
    raw = shape.record(canon.decode(data, max_bytes=64 * MAX_RECORD_BYTES), _PROGRESS, 7)
    lists = [tuple(shape.array(item, "progress", 4 * MAX_GUARDIANS)) for item in raw[1:]]
    proofs = tuple(Proof(*item) for item in lists[4])
    return Progress(lists[0], lists[1], lists[2], lists[3], proofs, lists[5])
