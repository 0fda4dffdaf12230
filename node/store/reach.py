"""Enquiries to several suppliers, guests and their links. Owns the statements of these tables; decides nothing."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_reach import enquired, enquiries, guest_links, guests
from node.store.sql import Query, Statement, upsert


class EnquiryRow(NamedTuple):
    """``deadline``: YYYY-MM-DD; ``created``: µs UTC."""

    member: bytes
    id: bytes
    title: str
    deadline: str
    created: int


class EnquiredRow(NamedTuple):
    """One supplier's dealing of an enquiry. ``reminded``, ``declined``: µs UTC of the message, None for none."""

    member: bytes
    enquiry: bytes
    thread: bytes
    partner: bytes
    reminded: int | None
    declined: int | None


class GuestRow(NamedTuple):
    """A partner without a node, of ``owner`` alone. ``data``: its addresses, a record of the service; times µs UTC."""

    guest: bytes
    owner: bytes
    name: str
    created: int
    updated: int
    asked: int | None
    enrolled: int | None
    data: bytes


class GuestLinkRow(NamedTuple):
    """``hash``: SHA-256 of the secret; ``thread``: the one dealing that it opens; times µs UTC."""

    hash: bytes
    guest: bytes
    thread: bytes
    created: int
    expires: int
    revoked: int | None
    created_by: bytes | None


_bind = sa.bindparam
_ENQUIRY = sa.select(*(enquiries.c[name] for name in EnquiryRow._fields)).where(enquiries.c.member == _bind("member"))
_ENQUIRED = sa.select(*(enquired.c[name] for name in EnquiredRow._fields)).where(enquired.c.member == _bind("member"))
_GUEST = sa.select(*(guests.c[name] for name in GuestRow._fields))
_LINK = sa.select(*(guest_links.c[name] for name in GuestLinkRow._fields))

_ENQUIRY_PUT = upsert(enquiries, EnquiryRow._fields)
_ENQUIRED_PUT = upsert(enquired, EnquiredRow._fields)
_GUEST_PUT = upsert(guests, GuestRow._fields)
_LINK_PUT = upsert(guest_links, GuestLinkRow._fields)
_ENQUIRY_GET = Query(EnquiryRow._make, _ENQUIRY.where(enquiries.c.id == _bind("id")))
_ENQUIRIES = Query(
    EnquiryRow._make, _ENQUIRY.order_by(enquiries.c.created.desc()).limit(_bind("limit", type_=sa.Integer()))
)
_ENQUIRED_OF = Query(
    EnquiredRow._make, _ENQUIRED.where(enquired.c.enquiry == _bind("enquiry")).order_by(enquired.c.thread)
)
_ENQUIRED_IN = Query(EnquiredRow._make, _ENQUIRED.where(enquired.c.thread == _bind("thread")))
_GUEST_GET = Query(GuestRow._make, _GUEST.where(guests.c.guest == _bind("guest")))
_GUESTS_OF = Query(GuestRow._make, _GUEST.where(guests.c.owner == _bind("owner")).order_by(guests.c.name))
_GUESTS = Query(GuestRow._make, _GUEST.order_by(guests.c.created))
_LINK_GET = Query(GuestLinkRow._make, _LINK.where(guest_links.c.hash == _bind("hash")))
_LINKS_IN = Query(
    GuestLinkRow._make,
    _LINK.where(guest_links.c.thread == _bind("thread")).order_by(guest_links.c.created.desc()),
)
_REVOKE = Statement(
    sa.update(guest_links)
    .where(guest_links.c.guest == _bind("of"), guest_links.c.revoked.is_(None))
    .values(revoked=_bind("now"))
)


class Enquiries(Repository):
    """Enquiries, each by its buyer."""

    def put(self, row: EnquiryRow) -> None:
        """Add or replace an enquiry."""
        self._db.run_many(_ENQUIRY_PUT, [row])

    def get(self, member: bytes, id: bytes) -> EnquiryRow | None:
        """One enquiry of a member."""
        return self._db.one(_ENQUIRY_GET, member=member, id=id)

    def latest(self, member: bytes, limit: int) -> list[EnquiryRow]:
        """A member's enquiries, latest first."""
        return self._db.all(_ENQUIRIES, member=member, limit=limit)

    def put_asked(self, row: EnquiredRow) -> None:
        """Add or replace a supplier's dealing of an enquiry."""
        self._db.run_many(_ENQUIRED_PUT, [row])

    def asked(self, member: bytes, enquiry: bytes) -> list[EnquiredRow]:
        """The dealings of an enquiry."""
        return self._db.all(_ENQUIRED_OF, member=member, enquiry=enquiry)

    def of_thread(self, member: bytes, thread: bytes) -> EnquiredRow | None:
        """The enquiry that a dealing of the buyer belongs to."""
        return self._db.one(_ENQUIRED_IN, member=member, thread=thread)


class Guests(Repository):
    """Partners without a node, and the links by which they read and answer."""

    def put(self, row: GuestRow) -> None:
        """Add or replace a guest."""
        self._db.run_many(_GUEST_PUT, [row])

    def get(self, guest: bytes) -> GuestRow | None:
        """One guest, enrolled by now or not."""
        return self._db.one(_GUEST_GET, guest=guest)

    def of(self, owner: bytes) -> list[GuestRow]:
        """The guests that a member added, by name."""
        return self._db.all(_GUESTS_OF, owner=owner)

    def all(self) -> list[GuestRow]:
        """Every guest of the node, oldest first."""
        return self._db.all(_GUESTS)

    def put_link(self, row: GuestLinkRow) -> None:
        """Add or replace a link."""
        self._db.run_many(_LINK_PUT, [row])

    def link(self, hashed: bytes) -> GuestLinkRow | None:
        """The link with that hash."""
        return self._db.one(_LINK_GET, hash=hashed)

    def links_in(self, thread: bytes) -> list[GuestLinkRow]:
        """Every link of a dealing, latest first."""
        return self._db.all(_LINKS_IN, thread=thread)

    def revoke_links(self, guest: bytes, now: int) -> None:
        """Make every link of a guest useless."""
        self._db.run(_REVOKE, of=guest, now=now)
