"""Members: enrolment, epochs, key operations, and what is known of members elsewhere.

Owns the way between control logs and the store. Authority is decided by :mod:`protocol.identity.log`; the serving
process holds epoch keys and the node's key only, never recovery words or the association's key.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from node.services.custody import Custody
from node.services.house import House, Safe
from node.services.moving.state import COMING
from node.store import ControlRow, MemberRow, Tx, WrappedKeyRow
from protocol.errors import CallerFault, NotFound
from protocol.identity import control, genesis, log, words
from protocol.identity.control import HOME, Epoch, Reason, Signed
from protocol.identity.genesis import DEFAULT_RULES, Genesis, Rank, Role, RoleKeys
from protocol.identity.log import ControlLog
from protocol.journal import Kind
from protocol.keys import MemberId, SigningKey
from protocol.limits import MAX_HISTORY_BYTES, MAX_NAME_CHARS

EPOCH_KEY = "epoch"


class Enrolled(NamedTuple):
    """A new member and its 24 recovery words, which are shown once and kept nowhere."""

    member: MemberId
    words: list[str]


def enrol(house: House, tx: Tx, name: str, factor: bytes = b"") -> Enrolled:
    """Make a member at home here. ``factor``: public key of an optional second factor.

    The association sees the words while they are printed: the member can replace them later without it.
    """
    house.require_signing()
    house.require_members()
    if not name.strip() or len(name) > MAX_NAME_CHARS:
        raise CallerFault("name", f"1 to {MAX_NAME_CHARS} characters")
    entropy = house.entropy(words.ENTROPY_BYTES)
    owner = words.key_of(entropy)
    roles = [RoleKeys(Role.WORDS, 1, (owner.public,))]
    if house.association:
        roles.append(RoleKeys(Role.ASSOCIATION, 1, (house.association,)))
    if factor:
        roles.append(RoleKeys(Role.FACTOR, 1, (factor,)))
    roles.sort(key=lambda item: item.role.value)
    data = genesis.encode(Genesis(house.network, house.entropy(16), DEFAULT_RULES, tuple(roles)))
    started = log.start(data)
    tx.members.put(MemberRow(started.member, data, name, True, house.id, None, 0, False, None, house.clock()))
    house.logs[started.member] = started
    _open(house, tx, started, Reason.ENROL, Rank.WORDS, [(Role.WORDS.value, owner)])
    return Enrolled(started.member, words.words_of(entropy))


def open_epochs(house: House, tx: Tx, reason: Reason) -> list[bytes]:
    """A new epoch for every local member: after a restore or a doubtful start no number is used twice."""
    opened = []
    for row in tx.members.all(local=True):
        open_epoch(house, tx, row.member, reason)
        opened.append(row.member)
    return opened


def open_epoch(house: House, tx: Tx, member: bytes, reason: Reason) -> bytes:
    """A new epoch of ``member`` at the same home, by the rank of its node; the epoch's hash."""
    house.require_signing()
    return _open(house, tx, require_log(house, tx, member), reason, Rank.NODE, [(Role.NODE.value, house.node)])


def bring_here(house: House, tx: Tx, member: bytes, words_key: SigningKey) -> bytes:
    """Make this node the home of a member whose words are held here and whose journal is not: it begins anew."""
    house.require_signing()
    return _open(house, tx, require_log(house, tx, member), Reason.MOVE, Rank.WORDS, [(Role.WORDS.value, words_key)])


def _open(
    house: House, tx: Tx, before: ControlLog, reason: Reason, rank: Rank, signers: list[tuple[str, SigningKey]]
) -> bytes:
    key = SigningKey(house.entropy(32))
    parent = before.standing.epoch
    custody = Custody(house, tx)
    at = custody.position(before.member) if parent and reason is not Reason.MOVE else None
    epoch = Epoch(
        number=parent.number + 1 if parent else 1,
        parent=parent.hash if parent else b"",
        parent_seq=at.seq if at else 0,
        parent_head=at.hash if at else b"",
        home=house.id,
        home_key=house.node.public,
        signing_key=key.public,
        reason=reason,
    )
    standing = before.standing
    record = control.draft(
        house.network, before.member, standing.number + 1, standing.hash, rank, epoch, house.clock(), house.entropy(16)
    )
    signed = control.sign(record, [*signers, (HOME, house.node)])
    tx.wrapped_keys.add(
        WrappedKeyRow(EPOCH_KEY, record.hash, house.wrap.wrap(EPOCH_KEY, record.hash, key.seed()), house.clock())
    )
    house.keyring[record.hash] = key
    admit(house, tx, before, [signed], opened=True)
    custody.begin(before.member, record.hash)
    custody.enter(before.member, Kind.CONTROL, record.hash)
    custody.close()
    _announce(house, tx, before.member)
    return record.hash


def admit(house: House, tx: Tx, before: ControlLog, records: Sequence[Signed], *, opened: bool = False) -> ControlLog:
    """Admit control records and store what they change. Raises as :func:`protocol.identity.log.follow` does.

    ``opened``: this node opens the epoch with it, in this transaction. What others tell of opens nothing here.
    """
    after = log.follow(before, records, _next_moment(house, before))
    new = [item for hashed, item in after.records.items() if hashed not in before.records]
    if not new:
        if opened:
            _store_standing(house, tx, after, opened=True)
            _note_guardians(house, tx, before, after, opened=True)
        return before
    tx.controls.add_many([_row(item.signed, item.first_seen) for item in new])
    tx.controls.set_superseded(sorted(after.superseded - before.superseded), True)
    _store_standing(house, tx, after, opened=opened)
    house.logs[after.member] = after
    _note_guardians(house, tx, before, after, opened=opened)
    return after


def _note_guardians(house: House, tx: Tx, before: ControlLog, after: ControlLog, *, opened: bool) -> None:
    """From here on the member's copies go to its guardians; durable, whatever becomes of this run."""
    was, now = before.standing, after.standing
    if (now.guardians, now.epoch) == (was.guardians, was.epoch) and not opened:
        return
    row = tx.members.get(after.member)
    if now.guardians is not None and row is not None and row.local:
        tx.guarding.begin(after.member)
        house.uncopied.add(after.member)
        house.guarded.setdefault(after.member, Safe())  # what is written before the first frame is built counts too


def _next_moment(house: House, before: ControlLog) -> int:
    """A first-seen time behind all others of this log, so that the order of admission can be read back from it."""
    last = max((item.first_seen for item in before.records.values()), default=0)
    return max(house.clock(), last + 1)


def _row(signed: Signed, now: int) -> ControlRow:
    record = signed.record
    return ControlRow(
        record.hash,
        record.member,
        record.number,
        record.previous,
        record.kind.value,
        int(record.rank),
        now,
        False,
        control.encode(signed),
    )


def _works_here(house: House, tx: Tx, after: ControlLog, row: MemberRow | None) -> bool:
    """Is the member at home here, if others tell of the epoch that stands? Not before this node has opened it.

    A node that was put back from a backup older than the member's return hears that it is its home, and has neither
    its papers nor its key; a claimant hears of it first from who has completed its claim.
    """
    epoch = after.epoch.hash
    key = tx.wrapped_keys.get(EPOCH_KEY, epoch) is not None
    if row is not None and row.local:
        return key or bool(house.recovering)  # a new epoch is opened on top of it
    head = tx.heads.get(after.member)
    return key and head is not None and head.epoch == epoch


def _store_standing(house: House, tx: Tx, after: ControlLog, *, opened: bool) -> None:
    row = tx.members.get(after.member)
    epoch = after.standing.epoch
    home = epoch.home if epoch else None
    base = row or MemberRow(after.member, after.genesis_bytes, "", False, None, None, 0, False, None, house.clock())
    tx.members.put(
        base._replace(
            local=home == house.id and (opened or _works_here(house, tx, after, row)),
            home=home,
            epoch=epoch.hash if epoch else None,
            epoch_number=epoch.number if epoch else 0,
            head_control=after.standing.hash,
        )
    )


def find_log(house: House, tx: Tx, member: bytes) -> ControlLog | None:
    """The control log of ``member`` as this node knows it, from the cache or the store."""
    known = house.logs.get(member)
    if known is not None:
        return known
    row = tx.members.get(member)
    if row is None:
        return None
    found = log.start(row.genesis)
    for stored in sorted(tx.controls.by_member(member), key=lambda item: item.first_seen):
        found = log.admit(found, control.parse(stored.wire), stored.first_seen)
    return house.logs.setdefault(member, found)


def require_log(house: House, tx: Tx, member: bytes) -> ControlLog:
    """As :func:`find_log`; NotFound for a member that is not known here."""
    found = find_log(house, tx, member)
    if found is None:
        raise NotFound("member", "no such member is known here")
    return found


def require_local(tx: Tx, member: bytes) -> MemberRow:
    """The row of a member at home here and not suspended; NotFound or CallerFault otherwise."""
    row = tx.members.get(member)
    if row is not None and not row.local and tx.heads.get(member) is not None:
        raise NotFound("member", "is not, or no more, at home at this node", code="elsewhere")
    if row is None or not row.local:
        raise NotFound("member", "no such member at this node")
    if row.suspended:
        raise CallerFault("member", "this member is suspended", code="suspended")
    return row


def learn_history(house: House, tx: Tx, data: bytes) -> ControlLog:
    """Take a member's control log from a peer's history item; verified alone, whoever brought it."""
    genesis_bytes, records = log.parse_history(data, MAX_HISTORY_BYTES)
    before = find_log(house, tx, genesis.identify(genesis_bytes)) or log.start(genesis_bytes)
    return admit(house, tx, before, _until_opened(house, tx, before, records))


def _until_opened(house: House, tx: Tx, before: ControlLog, records: list[Signed]) -> list[Signed]:
    """While a member moves here: only what comes before the record that makes this node its home.

    Others may tell of that record first. It is taken in the transaction that puts everything else in order too.
    """
    for at, signed in enumerate(records):
        payload = signed.record.payload
        if isinstance(payload, Epoch) and payload.home == house.id and signed.record.hash not in before.records:
            row = tx.moving.coming(before.member)
            if row is not None and row.state in COMING:
                return records[:at]
    return records


def identify_history(data: bytes) -> MemberId:
    """Whose control log a history item is."""
    return genesis.identify(log.parse_history(data, MAX_HISTORY_BYTES)[0])


def history(house: House, tx: Tx, member: bytes, known: bytes = b"") -> bytes:
    """A member's control log as one item, from behind the record ``known`` on."""
    return log.encode_history(require_log(house, tx, member), known)


def _announce(house: House, tx: Tx, member: bytes) -> None:
    """Every peer that knows this member hears of its new record."""
    for node in tx.knows.by_member(member):
        tell_history(house, tx, node, member)


def tell_history(house: House, tx: Tx, node: bytes, member: bytes) -> bool:
    """Put what ``node`` does not know of this member's log into its stream; whether there was anything."""
    tip = require_log(house, tx, member).standing.hash
    if tx.knows.get_many(node, (member,)).get(member) == tip:
        return False
    tx.knows.put_many([(node, member, tip)])
    tx.outgoing.add_many(node, "history", [member])
    return True


def load_keyring(house: House, tx: Tx) -> None:
    """Unwrap the epoch keys of local members into the keyring."""
    for row in tx.wrapped_keys.by_purpose(EPOCH_KEY):
        house.keyring[row.subject] = SigningKey(house.wrap.unwrap(EPOCH_KEY, row.subject, row.wrapped))


def suspend(tx: Tx, member: bytes, suspended: bool = True) -> None:
    """Stop (or resume) a local member: its documents are refused in both directions, nothing is deleted."""
    row = tx.members.get(member)
    if row is None or not row.local:
        raise NotFound("member", "no such member at this node")
    tx.members.put(row._replace(suspended=suspended))


def replace_keys(house: House, tx: Tx, member: bytes, signed: bytes) -> ControlLog:
    """Admit a key operation (or undo) that was signed outside the serving process, and tell every peer."""
    before = require_log(house, tx, member)
    record = control.parse(signed)
    after = admit(house, tx, before, [record])
    row = tx.members.get(member)
    if row is not None and row.local and after is not before:
        custody = Custody(house, tx)
        custody.enter(member, Kind.CONTROL, record.record.hash)
        custody.close()
    _announce(house, tx, member)
    return after
