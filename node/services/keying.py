"""Key operations of members: rotation by the node, and those that a person signs outside the serving process.

Owns drafting and taking such records. The serving process adds its own consent and never sees recovery words or the
association's key: a draft goes to the command line, is signed there, and comes back (:func:`take`). The words of
guests are the one exception: the node holds them until the guest becomes a member (:func:`replace_words`).
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from node.services import members
from node.services.house import House
from node.store import Tx, WrappedKeyRow
from protocol.errors import CallerFault, NotFound
from protocol.identity import control, log, words
from protocol.identity.control import HOME, Epoch, Guardians, Kind, Payload, Reason, Signed
from protocol.identity.genesis import Rank, Role, RoleKeys
from protocol.identity.log import Admitted, ControlLog, Standing
from protocol.journal import Position
from protocol.keys import SigningKey, require_valid_public

RANKS: Final = {"association": Rank.ASSOCIATION, "words": Rank.WORDS}
ROLES: Final = {"words": Role.WORDS, "association": Role.ASSOCIATION, "factor": Role.FACTOR}


class Line(NamedTuple):
    """One record of a control log, for people. Hashes are hex, times µs."""

    hash: str
    number: int
    kind: str
    rank: str
    what: str
    time: int
    first_seen: int
    undone: bool
    current: bool


def lines(tx: Tx, member: bytes) -> list[Line]:
    """The member's control log, oldest first."""
    found = read_log(tx, member)
    return [line(item, name in found.superseded, name == found.standing.hash) for name, item in found.records.items()]


def line(item: Admitted, undone: bool = False, current: bool = False) -> Line:
    """One admitted record for people."""
    record = item.signed.record
    return Line(
        record.hash.hex(),
        record.number,
        record.kind.value,
        record.rank.name.lower(),
        _what(record.payload),
        record.time,
        item.first_seen,
        undone,
        current,
    )


def _what(payload: Any) -> str:
    if isinstance(payload, Epoch):
        return f"epoch {payload.number} ({payload.reason.value}) at {payload.home.hex()[:12]}"
    if isinstance(payload, RoleKeys):
        return f"keys of {payload.role.value}: " + " ".join(key.hex()[:12] for key in payload.keys)
    return f"{len(payload.keys)} guardians"


def rotate(house: House, tx: Tx, member: bytes) -> bytes:
    """A new signing key for ``member``, by its home node; the new epoch's hash."""
    members.require_local(tx, member)
    return members.open_epoch(house, tx, member, Reason.ROTATE)


def draft_epoch(house: House, tx: Tx, member: bytes, by: str, undo: bytes = b"") -> Signed:
    """A new epoch with a new signing key, to be signed by ``by`` (association or words) elsewhere.

    ``undo``: hash of the record whose place it takes; that record and all behind it are undone (7 days, words only).
    """
    house.require_signing()
    members.require_local(tx, member)
    found = read_log(tx, member)
    return _draft_epoch(house, tx, found, _before(found, undo) if undo else found.standing, _rank(by))


def draft_behind(house: House, tx: Tx, member: bytes, before: Standing) -> Signed:
    """The same, in the place of all that follows ``before``, for the words: also while the node signs nothing else."""
    members.require_local(tx, member)
    return _draft_epoch(house, tx, read_log(tx, member), before, Rank.WORDS)


def _draft_epoch(house: House, tx: Tx, found: ControlLog, before: Standing, rank: Rank) -> Signed:
    if before.epoch is None:
        raise CallerFault("undo", "the first epoch cannot be undone")
    at = _end_of(tx, found.member, before.epoch)
    key = SigningKey(house.entropy(32))
    epoch = Epoch(
        number=before.epoch.number + 1,
        parent=before.epoch.hash,
        parent_seq=at.seq,
        parent_head=at.hash,
        home=house.id,
        home_key=house.node.public,
        signing_key=key.public,
        reason=Reason.ROTATE,
    )
    drafted = _draft(house, found, before, rank, epoch)
    wrapped = house.wrap.wrap(members.EPOCH_KEY, drafted.record.hash, key.seed())
    tx.wrapped_keys.add(WrappedKeyRow(members.EPOCH_KEY, drafted.record.hash, wrapped, house.clock()))
    return drafted


def draft_keys(house: House, tx: Tx, member: bytes, role: str, public: bytes, undo: bytes = b"") -> Signed:
    """New keys for a role (words, association, factor), to be signed with the recovery words elsewhere."""
    house.require_signing()
    members.require_local(tx, member)
    if role not in ROLES:
        raise CallerFault("role", f"one of {', '.join(ROLES)}")
    found = read_log(tx, member)
    before = _before(found, undo) if undo else found.standing
    payload = RoleKeys(ROLES[role], 1, (require_valid_public(public),))
    return _draft(house, found, before, Rank.WORDS, payload)


def draft_guardians(house: House, tx: Tx, member: bytes, chosen: Guardians) -> Signed:
    """The member's guardians, to be signed with the recovery words elsewhere."""
    found = read_log(tx, member)
    return _draft(house, found, found.standing, Rank.WORDS, chosen)


def replace_words(house: House, tx: Tx, member: bytes, held: SigningKey) -> list[str]:
    """New recovery words in place of those whose key this node ``held`` for a guest; they are kept nowhere."""
    entropy = house.entropy(words.ENTROPY_BYTES)
    drafted = draft_keys(house, tx, member, "words", words.key_of(entropy).public)
    signed = control.sign(drafted.record, [(Role.WORDS.value, held)])
    members.replace_keys(house, tx, member, control.encode(signed))
    return words.words_of(entropy)


def take(house: House, tx: Tx, member: bytes, wire: bytes) -> Line:
    """Admit a draft that came back signed, and tell every peer. What happened meanwhile must not be cut off by it."""
    signed = control.parse(wire)
    record = signed.record
    if record.member != member:
        raise CallerFault("record", "is another member's")
    if record.kind is Kind.EPOCH:
        _take_epoch(house, tx, member, signed)
    members.replace_keys(house, tx, member, wire)
    return next(line for line in lines(tx, member) if line.hash == record.hash.hex())


def _take_epoch(house: House, tx: Tx, member: bytes, signed: Signed) -> None:
    payload = signed.record.payload
    assert isinstance(payload, Epoch)
    at = _end_of(tx, member, payload)
    parent = read_log(tx, member).epoch_named(payload.parent)
    if parent is not None:
        at = _end_of(tx, member, parent)
    if (payload.parent_seq, payload.parent_head) != (at.seq, at.hash):
        raise CallerFault("record", "the member's journal went on meanwhile: begin again", code="moved-on")
    row = tx.wrapped_keys.get(members.EPOCH_KEY, signed.record.hash)
    if row is None:
        raise CallerFault("record", "was not drafted by this node", code="unknown-draft")
    house.keyring[signed.record.hash] = SigningKey(
        house.wrap.unwrap(members.EPOCH_KEY, signed.record.hash, row.wrapped)
    )


def read_log(tx: Tx, member: bytes) -> ControlLog:
    """Read afresh: a read-only transaction must not touch the house's cache from its thread."""
    row = tx.members.get(member)
    if row is None:
        raise NotFound("member", "no such member is known here")
    found = log.start(row.genesis)
    for stored in sorted(tx.controls.by_member(member), key=lambda item: item.first_seen):
        found = log.admit(found, control.parse(stored.wire), stored.first_seen)
    return found


def _before(found: ControlLog, undo: bytes) -> Standing:
    victim = found.records.get(undo)
    if victim is None or undo in found.superseded:
        raise NotFound("record", "no such record stands")
    previous = victim.signed.record.previous
    return found.records[previous].standing if previous in found.records else log.start(found.genesis_bytes).standing


def _end_of(tx: Tx, member: bytes, epoch: Epoch) -> Position:
    last = tx.journal.last(member, epoch.hash)
    return Position(member, epoch.hash, last.seq, last.hash) if last else Position(member, epoch.hash, 0, b"")


def _rank(by: str) -> Rank:
    if by not in RANKS:
        raise CallerFault("by", f"one of {', '.join(RANKS)}")
    return RANKS[by]


def _draft(house: House, found: ControlLog, before: Standing, rank: Rank, payload: Payload) -> Signed:
    record = control.draft(
        house.network, found.member, before.number + 1, before.hash, rank, payload, house.clock(), house.entropy(16)
    )
    signers = [(Role.NODE.value, house.node)] if rank is Rank.ASSOCIATION else []
    if isinstance(payload, Epoch):
        signers.append((HOME, house.node))
    return control.sign(record, signers)
