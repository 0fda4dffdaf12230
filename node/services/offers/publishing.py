"""What a member does with its offers: publish, publish anew, withdraw, look at its own. One step, one transaction."""

from __future__ import annotations

import unicodedata
from typing import Any, Final

import msgspec

from node.services import members
from node.services.house import House
from node.services.offers import fits, holding
from node.store import Tx
from node.store.offers import OfferRow
from protocol.errors import CallerFault, Malformed, NotFound, TooLarge
from protocol.identity.control import Epoch
from protocol.limits import MAX_OFFER_LIFETIME_US, MAX_OFFER_REVISION, MAX_OFFERS_PER_MEMBER
from protocol.offer import kinds, signed
from protocol.offer.signed import NONCE_BYTES, Offer, Scope, Withdrawal

DAY_US: Final = 24 * 3600 * 1_000_000
DEFAULT_DAYS: Final = 30


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What a member says. ``days``: how long it stands from now on. ``nodes``: ids, with the scope named."""

    kind: str
    side: str
    title: str
    text: str = ""
    area: str = ""
    industry: str = ""
    starts: str = ""
    ends: str = ""
    days: int = DEFAULT_DAYS
    scope: str = Scope.FEDERATION.value
    nodes: tuple[bytes, ...] = ()
    details: dict[str, Any] = {}


def publish(house: House, tx: Tx, member: bytes, draft: Draft) -> OfferRow:
    """Sign and keep a new offer or request. CallerFault names the field and the rule."""
    _require_member(house, tx, member)
    if not holding.room_for_member(tx, member, house.clock()):
        raise CallerFault("offer", f"a member has at most {MAX_OFFERS_PER_MEMBER} open at a time")
    return _keep(house, tx, member, draft, b"", 0)


def check(house: House, tx: Tx, member: bytes, draft: Draft) -> None:
    """Whether it could be signed as it is, without doing so. CallerFault names the field and the rule."""
    epoch = _epoch(house, tx, member)
    try:
        signed.check(_said(house, member, epoch.hash, draft, b"", 0))
    except (Malformed, TooLarge) as fault:
        raise named(fault) from None


def revise(house: House, tx: Tx, member: bytes, series: bytes, draft: Draft) -> OfferRow:
    """Say it anew: kind, side and scope stay, everything else is replaced."""
    _require_member(house, tx, member)
    row = require_own(tx, member, series)
    if row.withdrawn:
        raise CallerFault("offer", "is withdrawn: publish a new one")
    before = holding.said(row)
    if (draft.kind, draft.side) != (before.kind, before.side):
        raise CallerFault("kind", "stays as it was: withdraw and publish a new one")
    if (draft.scope, tuple(sorted(draft.nodes))) != (before.scope.value, before.nodes):
        raise CallerFault("scope", "stays as it was: withdraw and publish a new one")
    if row.revision >= MAX_OFFER_REVISION:
        raise CallerFault("offer", f"at most {MAX_OFFER_REVISION} changes: withdraw and publish a new one")
    return _keep(house, tx, member, draft, series, row.revision + 1)


def withdraw(house: House, tx: Tx, member: bytes, series: bytes) -> OfferRow:
    """End it for good; peers that know it are told."""
    _require_member(house, tx, member)
    row = require_own(tx, member, series)
    if row.withdrawn:
        return row
    epoch = _epoch(house, tx, member)
    said = Withdrawal(house.network, member, epoch.hash, series, row.until, house.clock())
    wire = signed.sign(house.keyring[epoch.hash], said)
    tx.offers.forget_fits(series)
    holding.release(house, tx, row)  # it may have been published at a home before this one
    return tx.offers.put(row._replace(node=house.id, withdrawn=True, shown=False, words="", wire=wire))


def own(house: House, tx: Tx, member: bytes) -> list[OfferRow]:
    """A member's series that have not expired, withdrawn ones too."""
    return tx.offers.of_member(member, house.clock(), MAX_OFFERS_PER_MEMBER)


def require_own(tx: Tx, member: bytes, series: bytes) -> OfferRow:
    """A series of this member; NotFound otherwise."""
    row = tx.offers.get(series)
    if row is None or row.member != member:
        raise NotFound("offer", "no such offer of this member")
    return row


def _require_member(house: House, tx: Tx, member: bytes) -> None:
    house.require_signing()
    members.require_local(tx, member)


def _epoch(house: House, tx: Tx, member: bytes) -> Epoch:
    return members.require_log(house, tx, member).epoch


def _keep(house: House, tx: Tx, member: bytes, draft: Draft, first: bytes, revision: int) -> OfferRow:
    epoch = _epoch(house, tx, member)
    said = _said(house, member, epoch.hash, draft, first, revision)
    try:
        wire = signed.sign(house.keyring[epoch.hash], said)
    except (Malformed, TooLarge) as fault:
        raise named(fault) from None
    known = tx.offers.get(first) if first else None
    if known is not None:
        holding.release(house, tx, known)
    row = tx.offers.put(holding.row_of(house, tx, house.id, signed.parse(wire), wire))
    fits.renew(house, tx, row)
    return row


def _said(house: House, member: bytes, epoch: bytes, draft: Draft, first: bytes, revision: int) -> Offer:
    now = house.clock()
    if not 1 <= draft.days <= MAX_OFFER_LIFETIME_US // DAY_US:
        raise CallerFault("days", f"1 to {MAX_OFFER_LIFETIME_US // DAY_US}")
    try:
        scope = Scope(draft.scope)
    except ValueError:
        raise CallerFault("scope", "members, named or federation") from None
    try:
        details = kinds.read(draft.kind, draft.side, {name: _clean(value) for name, value in draft.details.items()})
    except Malformed as fault:
        raise named(fault) from None
    return Offer(
        house.network,
        member,
        epoch,
        first,
        revision,
        draft.kind,
        draft.side,
        scope,
        tuple(sorted(draft.nodes)),
        _clean(draft.title),
        _clean(draft.text),
        draft.area,
        draft.industry,
        draft.starts,
        draft.ends,
        now + draft.days * DAY_US,
        details,
        house.entropy(NONCE_BYTES),
        now,
    )


def _clean(value: Any) -> Any:
    """Text as it is signed: normal form C, lines that end in one character."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value.replace("\r\n", "\n")).strip()
    if isinstance(value, list | tuple):
        return tuple(_clean(item) for item in value)
    return value


def named(fault: Malformed | TooLarge) -> CallerFault:
    """The caller's fault in what ``protocol`` refused: its message is the field, a colon and the rule."""
    field, colon, rule = str(fault).partition(": ")
    return CallerFault(field, rule) if colon else CallerFault("offer", str(fault))
