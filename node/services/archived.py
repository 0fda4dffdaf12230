"""A member of another node whose export archive was taken in here: its past, read-only, and the way back to work.

Owns what an archive may bring (documents by their authors' signatures, linked journal entries, own records) and when it
may be read: once all of it is in. Every step is done again without harm. Nothing of the member works here before
:func:`open_here`; then this is its home. Knows no file: what is inside an archive comes as items of belongings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from node.services import dealings, intake, items, members, returning
from node.services.belongings import rebuilding
from node.services.belongings.items import Item, What
from node.services.belongings.rebuilding import Rebuilt
from node.services.house import House
from node.services.intake import Arrival, Restored
from node.services.items import OwnItem, OwnPrice
from node.services.returning import Returned
from node.services.terms import PartnerTerms
from node.store import PriceRow, TermsRow, Tx, WrappedKeyRow
from protocol import canon, shape
from protocol.errors import CallerFault, NotFound
from protocol.identity import control
from protocol.identity.control import HOME, Epoch, Proof, Reason, Signed
from protocol.identity.genesis import Rank
from protocol.journal import Kind
from protocol.keys import SigningKey
from protocol.limits import MAX_INT
from protocol.link.receipt import WAITING

ALLOWED = frozenset({What.MEMBER, What.HISTORY, What.DOCUMENT, What.HOLDING, What.GIVEN, What.ENTRIES, What.HEAD})
_NAMES = frozenset(kind.value for kind in ALLOWED)


class State(NamedTuple):
    """``expected``: documents that the archive has; ``whole``: everything is in, it may be read."""

    expected: int
    whole: bool


class Found(NamedTuple):
    """Expected against found; ``missing``: of the documents that the journal names."""

    expected: int
    documents: int
    entries: int
    missing: int


def begin(house: House, tx: Tx, member: bytes, network: str, expected: int) -> State:
    """An archive is coming. CallerFault for a member that is at home here, or of another network."""
    if network != house.network:
        raise CallerFault("network", f"the archive is of {network[:8]}, this node of {house.network}")
    row = tx.members.get(member)
    if row is not None and row.local:
        raise CallerFault("member", "is at home here: there is nothing to take in", code="at-home")
    before = find(tx, member)
    state = State(max(expected, before.expected if before else 0), False)
    _put(tx, member, state)
    return state


def find(tx: Tx, member: bytes) -> State | None:
    """How far a member's archive has come, or None."""
    stored = tx.meta.get(_key(member))
    if stored is None:
        return None
    raw = shape.exactly(canon.decode(stored), "archived", 2)
    return State(shape.integer(raw[0], "expected", 0, MAX_INT), shape.flag(raw[1], "whole"))


def require_readable(tx: Tx, member: bytes) -> None:
    """NotFound unless an archive of the member is here, whole."""
    state = find(tx, member)
    if state is None or not state.whole:
        raise NotFound("member", "no such member at this node")


def take(house: House, tx: Tx, member: bytes, found: Sequence[Item]) -> Rebuilt:
    """Enter what comes; a bad item is named and left out. NotFound before :func:`begin`."""
    begun(tx, member)
    other = sorted({item.kind for item in found} - _NAMES)
    if other:
        raise CallerFault("items", f"{other[0][:16]} does not come in an archive")
    return rebuilding.rebuild(house, tx, member, found)


def keep(house: House, tx: Tx, member: bytes, name: str, rows: Sequence[Mapping[str, Any]]) -> int:
    """Own records by the name of their table: items, prices or terms; what is here already stays. How many are new."""
    begun(tx, member)
    now, new = house.clock(), 0
    for row in rows:
        if name == "items":
            item = msgspec.convert(row["data"], OwnItem)
            if not tx.desk.items_numbered(member, (item.number,)):
                items.put(house, tx, member, [item])
                new += 1
        elif name == "terms":
            partner = bytes.fromhex(row["partner"])
            said = msgspec.convert(row["data"], PartnerTerms)
            if not tx.desk.terms_of(member, (partner,)):
                tx.desk.put_terms(TermsRow(member, partner, said.closing_day, 1, now, msgspec.msgpack.encode(said)))
                new += 1
        elif name == "prices":
            partner, number = bytes.fromhex(row["partner"]), str(row["number"])
            price = msgspec.convert(row["data"], OwnPrice)
            if number not in items.prices(tx, member, partner):
                tx.desk.put_prices([PriceRow(member, partner, number, now, msgspec.msgpack.encode(price))])
                new += 1
        else:
            raise CallerFault("name", "items, prices or terms")
    return new


def finish(house: House, tx: Tx, member: bytes, *, damaged: bool = False) -> Found:
    """Everything has come. CallerFault if documents are missing, unless ``damaged``: somebody knows and wants it so."""
    state = begun(tx, member)
    held = {document for _, document in tx.holdings.dealings_of(member)}
    named, entries = _named(house, tx, member)
    found = Found(state.expected, len(held), entries, len(named - held))
    if (found.missing or found.documents < found.expected) and not damaged:
        raise CallerFault(
            "archive",
            f"{found.documents} of {found.expected} documents are here, {found.missing} that the journal names are not",
            code="incomplete",
        )
    _put(tx, member, state._replace(whole=True))
    return found


def _named(house: House, tx: Tx, member: bytes) -> tuple[set[bytes], int]:
    """Documents that what stands of the journal names, and how many entries are here."""
    log = members.require_log(house, tx, member)
    kinds = {Kind.SENT.value, Kind.RECEIVED.value, Kind.ADOPTED.value, Kind.DECIDED.value}
    found: set[bytes] = set()
    entries = 0
    for epoch, last in tx.journal.epochs(member):
        entries += last
        at = 0
        while rows := tx.journal.after(member, epoch, at, 1_000):
            found |= {row.object for row in rows if row.kind in kinds and log.covers(epoch, row.seq)}
            at = rows[-1].seq
    return found, entries


# --- the way back to work: the record of a new epoch, signed by the holder of the words


def draft(house: House, tx: Tx, member: bytes, rank: Rank) -> Signed:
    """The record that makes this node the member's home, signed by this node; its holders sign :attr:`record.hash`.

    CallerFault for a member with guardians: their copies may be newer, and they decide between claimants
    (:mod:`node.services.claiming`). NotFound without a whole archive.
    """
    house.require_signing()
    require_readable(tx, member)
    log = members.require_log(house, tx, member)
    if log.standing.guardians is not None and log.standing.guardians.keys:
        raise CallerFault("member", "has guardians: it comes back from their copies", code="guarded")
    parent, head = log.epoch, tx.heads.get(member)
    ended = head if head is not None and head.epoch == parent.hash and head.seq else None
    key = SigningKey(house.entropy(32))
    reason = Reason.MOVE if parent.home != house.id else Reason.RESTORE
    opened = Epoch(
        number=parent.number + 1,
        parent=parent.hash,
        parent_seq=ended.seq if ended else 0,
        parent_head=ended.hash if ended else b"",
        home=house.id,
        home_key=house.node.public,
        signing_key=key.public,
        reason=reason,
    )
    standing = log.standing
    nonce = house.entropy(16)
    record = control.draft(
        house.network, member, standing.number + 1, standing.hash, rank, opened, house.clock(), nonce
    )
    wrapped = house.wrap.wrap(members.EPOCH_KEY, record.hash, key.seed())
    tx.wrapped_keys.add(WrappedKeyRow(members.EPOCH_KEY, record.hash, wrapped, house.clock()))
    return control.sign(record, [(HOME, house.node)])


def open_here(house: House, tx: Tx, member: bytes, drafted: Signed, proofs: Sequence[Proof]) -> Returned:
    """The record came back signed: from now on the member works here. NotAuthorised if its signers may not."""
    require_readable(tx, member)
    signed = Signed(drafted.record, tuple(sorted({*drafted.proofs, *proofs})))
    returned = returning.open_here(house, tx, member, signed)
    _wait_again(tx, member)
    tx.meta.delete(_key(member))
    return returned


def _wait_again(tx: Tx, member: bytes) -> None:
    """What waited for something waits again."""
    rows = tx.holdings.after(member, 0, 2**31, verdict=WAITING)
    stored = tx.documents.full_many([row.document for row in rows])
    back = []
    for row in rows:
        arrival = Arrival(dealings.document_of(stored[row.document]), member, row.direction, row.partner)
        back.append(Restored(arrival, row.verdict, row.reason, row.time, row.read))
    intake.restore(tx, back)


def begun(tx: Tx, member: bytes) -> State:
    """The state of an import that has begun; NotFound otherwise."""
    state = find(tx, member)
    if state is None:
        raise NotFound("member", "no archive of this member is being taken in")
    return state


def _put(tx: Tx, member: bytes, state: State) -> None:
    tx.meta.set(_key(member), canon.encode((state.expected, state.whole)))


def _key(member: bytes) -> str:
    return f"archived/{member.hex()}"
