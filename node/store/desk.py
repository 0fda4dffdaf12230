"""What a member keeps for itself, and views of what it exchanged: items, terms, drafts, shares, talks, catalogues."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_desk import ASKED, UNANSWERED, catalogues, drafts, item_prices, items, shares, talks, terms
from node.store.sql import ListQuery, Query, Statement, first, upsert


class ItemRow(NamedTuple):
    """An item of a member. ``words``: what it is found by, normalised; ``data``: the service's record."""

    member: bytes
    number: str
    gtin: str
    words: str
    version: int
    updated: int
    data: bytes


class PriceRow(NamedTuple):
    """The price of an item for one partner."""

    member: bytes
    partner: bytes
    number: str
    updated: int
    data: bytes


class TermsRow(NamedTuple):
    """What a member agreed with, or noted of, one partner. ``closing_day`` 0: none, 31: the last of the month."""

    member: bytes
    partner: bytes
    closing_day: int
    version: int
    updated: int
    data: bytes


class DraftRow(NamedTuple):
    """A form half filled in. ``partner`` and ``thread`` may be empty."""

    id: bytes
    member: bytes
    user: str
    form: str
    partner: bytes
    thread: bytes
    title: str
    version: int
    updated: int
    data: bytes


class ShareRow(NamedTuple):
    """How a member offers its catalogue to one partner, in which thread, and the last version it sent."""

    member: bytes
    partner: bytes
    policy: str
    thread: bytes
    edition: str
    updated: int


class TalkRow(NamedTuple):
    """A price talk. ``document`` and ``answered`` are positions, ``answered`` 0 while the other side owes a word."""

    member: bytes
    document: int
    thread: bytes
    partner: bytes
    mine: bool
    line: str
    day: str
    time: int
    answered: int


class CatalogueRow(NamedTuple):
    """A thread of a catalogue. ``mine``: the member is the seller; ``asked``: 1 while it owes an answer, 2 where a
    person has to give it."""

    member: bytes
    thread: bytes
    partner: bytes
    mine: bool
    state: str
    asked: int
    documents: int
    updated: int


def _bind(name: str) -> sa.BindParameter[object]:
    return sa.bindparam(name)


_ITEM = sa.select(*(items.c[name] for name in ItemRow._fields))
_OWN_ITEMS = items.c.member == _bind("member")
_ITEM_PUT = upsert(items, ItemRow._fields)
_ITEM_GET = ListQuery(ItemRow._make, lambda v: _ITEM.where(_OWN_ITEMS, items.c.number.in_(v)))
_ITEM_GTIN = ListQuery(ItemRow._make, lambda v: _ITEM.where(_OWN_ITEMS, items.c.gtin.in_(v)))
_AFTER = _ITEM.where(_OWN_ITEMS, items.c.number > _bind("after")).order_by(items.c.number).limit(_bind("limit"))
_ITEMS = Query(ItemRow._make, _AFTER)
_ITEMS_NAMED = Query(ItemRow._make, _AFTER.where(items.c.words.like(_bind("pattern"), escape="\\")))
_ITEM_COUNT = Query(first, sa.select(sa.func.count()).select_from(items).where(_OWN_ITEMS))
_ITEM_DROP = Statement(sa.delete(items).where(_OWN_ITEMS, items.c.number == _bind("number")))

_PRICE = sa.select(*(item_prices.c[name] for name in PriceRow._fields))
_PRICE_PUT = upsert(item_prices, PriceRow._fields)
_OWN_PRICES = sa.and_(item_prices.c.member == _bind("member"), item_prices.c.partner == _bind("partner"))
_PRICES = Query(PriceRow._make, _PRICE.where(_OWN_PRICES).order_by(item_prices.c.number))
_PRICE_DROP = Statement(sa.delete(item_prices).where(_OWN_PRICES, item_prices.c.number == _bind("number")))

_TERM = sa.select(*(terms.c[name] for name in TermsRow._fields))
_TERMS_PUT = upsert(terms, TermsRow._fields)
_TERMS_GET = ListQuery(TermsRow._make, lambda v: _TERM.where(terms.c.member == _bind("member"), terms.c.partner.in_(v)))
_TERMS = Query(TermsRow._make, _TERM.where(terms.c.member == _bind("member")).order_by(terms.c.partner))

_DRAFT = sa.select(*(drafts.c[name] for name in DraftRow._fields))
_DRAFT_PUT = upsert(drafts, DraftRow._fields)
_DRAFT_GET = Query(DraftRow._make, _DRAFT.where(drafts.c.id == _bind("id")))
_DRAFTS = Query(
    DraftRow._make,
    _DRAFT.where(drafts.c.member == _bind("member"), drafts.c.user == _bind("user"))
    .order_by(drafts.c.updated.desc(), drafts.c.id)
    .limit(_bind("limit")),
)
_DRAFT_DROP = Statement(sa.delete(drafts).where(drafts.c.id == _bind("id")))
_DRAFTS_FORGET = Statement(sa.delete(drafts).where(drafts.c.updated < _bind("before")))

_SHARE = sa.select(*(shares.c[name] for name in ShareRow._fields))
_SHARE_PUT = upsert(shares, ShareRow._fields)
_SHARE_GET = Query(
    ShareRow._make, _SHARE.where(shares.c.member == _bind("member"), shares.c.partner == _bind("partner"))
)
_SHARES = Query(ShareRow._make, _SHARE.where(shares.c.member == _bind("member")).order_by(shares.c.partner))

_TALK = sa.select(*(talks.c[name] for name in TalkRow._fields))
_TALK_PUT = upsert(talks, TalkRow._fields)
_OWN_TALKS = talks.c.member == _bind("member")
_TALK_ANSWER = Statement(
    sa.update(talks)
    .where(talks.c.member == _bind("of"), talks.c.document == _bind("asked"))
    .values(answered=_bind("answered"))
)
_TALKS_IN = Query(TalkRow._make, _TALK.where(_OWN_TALKS, talks.c.thread == _bind("thread")).order_by(talks.c.document))
_TALKS_WITH = Query(
    TalkRow._make,
    _TALK.where(_OWN_TALKS, talks.c.partner == _bind("partner"), talks.c.document < _bind("before"))
    .order_by(talks.c.document.desc())
    .limit(_bind("limit")),
)
_TALKS = Query(
    TalkRow._make,
    _TALK.where(_OWN_TALKS, talks.c.document < _bind("before")).order_by(talks.c.document.desc()).limit(_bind("limit")),
)
_UNANSWERED = Query(
    TalkRow._make,
    _TALK.where(UNANSWERED, _OWN_TALKS, talks.c.mine == _bind("mine")).order_by(talks.c.time).limit(_bind("limit")),
)

_CATALOGUE = sa.select(*(catalogues.c[name] for name in CatalogueRow._fields))
_CATALOGUE_PUT = upsert(catalogues, CatalogueRow._fields)
_OWN_CATALOGUES = catalogues.c.member == _bind("member")
_CATALOGUE_GET = Query(CatalogueRow._make, _CATALOGUE.where(_OWN_CATALOGUES, catalogues.c.thread == _bind("thread")))
_CATALOGUES = Query(
    CatalogueRow._make,
    _CATALOGUE.where(_OWN_CATALOGUES, catalogues.c.mine == _bind("mine"))
    .order_by(catalogues.c.updated.desc(), catalogues.c.thread)
    .limit(_bind("limit")),
)
_CATALOGUES_WITH = Query(
    CatalogueRow._make,
    _CATALOGUE.where(_OWN_CATALOGUES, catalogues.c.partner == _bind("partner"))
    .order_by(catalogues.c.updated.desc(), catalogues.c.thread)
    .limit(_bind("limit")),
)
_ASKED = Query(CatalogueRow._make, _CATALOGUE.where(ASKED).order_by(catalogues.c.updated).limit(_bind("limit")))
MOST = 1_000


class Desk(Repository):
    """Items, prices, terms, drafts, shares, price talks and catalogues, each by its member."""

    # ------------------------------------------------------------------ items and prices

    def put_items(self, rows: Iterable[ItemRow]) -> None:
        """Add or replace items."""
        self._db.run_many(_ITEM_PUT, rows)

    def items(self, member: bytes, limit: int, *, after: str = "", pattern: str = "") -> list[ItemRow]:
        """At most ``limit`` items by number, behind ``after``; ``pattern``: LIKE, with a backslash before its signs."""
        if pattern:
            return self._db.all(_ITEMS_NAMED, member=member, after=after, limit=limit, pattern=pattern)
        return self._db.all(_ITEMS, member=member, after=after, limit=limit)

    def items_numbered(self, member: bytes, numbers: Iterable[str]) -> dict[str, ItemRow]:
        """Items by number."""
        return {row.number: row for row in self._db.by_values(_ITEM_GET, numbers, member=member)}

    def items_with_gtin(self, member: bytes, gtins: Iterable[str]) -> list[ItemRow]:
        """Items by JAN."""
        return self._db.by_values(_ITEM_GTIN, gtins, member=member)

    def count_items(self, member: bytes) -> int:
        """How many items a member has."""
        return self._db.one(_ITEM_COUNT, member=member) or 0

    def drop_item(self, member: bytes, number: str) -> bool:
        """Forget an item; whether there was one."""
        return self._db.run(_ITEM_DROP, member=member, number=number) > 0

    def put_prices(self, rows: Iterable[PriceRow]) -> None:
        """Add or replace prices for partners."""
        self._db.run_many(_PRICE_PUT, rows)

    def prices(self, member: bytes, partner: bytes) -> list[PriceRow]:
        """The prices that one partner has of its own, by item number."""
        return self._db.all(_PRICES, member=member, partner=partner)

    def drop_price(self, member: bytes, partner: bytes, number: str) -> bool:
        """Forget a price; whether there was one."""
        return self._db.run(_PRICE_DROP, member=member, partner=partner, number=number) > 0

    # ------------------------------------------------------------------ terms

    def put_terms(self, row: TermsRow) -> None:
        """Add or replace what is kept of a partner."""
        self._db.run_many(_TERMS_PUT, [row])

    def terms_of(self, member: bytes, partners: Iterable[bytes]) -> dict[bytes, TermsRow]:
        """Terms by partner."""
        return {row.partner: row for row in self._db.by_values(_TERMS_GET, partners, member=member)}

    def all_terms(self, member: bytes) -> list[TermsRow]:
        """The terms with every partner."""
        return self._db.all(_TERMS, member=member)

    # ------------------------------------------------------------------ drafts

    def put_draft(self, row: DraftRow) -> None:
        """Add or replace a draft."""
        self._db.run_many(_DRAFT_PUT, [row])

    def draft(self, identity: bytes) -> DraftRow | None:
        """One draft, whosoever it is."""
        return self._db.one(_DRAFT_GET, id=identity)

    def drafts(self, member: bytes, user: str, limit: int = MOST) -> list[DraftRow]:
        """The drafts of a user, latest first."""
        return self._db.all(_DRAFTS, member=member, user=user, limit=limit)

    def drop_draft(self, identity: bytes) -> None:
        """Forget a draft."""
        self._db.run(_DRAFT_DROP, id=identity)

    def forget_drafts(self, before: int) -> int:
        """Forget drafts that nobody touched since; how many there were."""
        return self._db.run(_DRAFTS_FORGET, before=before)

    # ------------------------------------------------------------------ sharing a catalogue

    def put_share(self, row: ShareRow) -> None:
        """Add or replace how the catalogue is offered to a partner."""
        self._db.run_many(_SHARE_PUT, [row])

    def share(self, member: bytes, partner: bytes) -> ShareRow | None:
        """How the catalogue is offered to a partner, or None."""
        return self._db.one(_SHARE_GET, member=member, partner=partner)

    def shares(self, member: bytes) -> list[ShareRow]:
        """With whom the catalogue is shared."""
        return self._db.all(_SHARES, member=member)

    # ------------------------------------------------------------------ price talks

    def add_talks(self, rows: Iterable[TalkRow]) -> None:
        """Add or replace talks."""
        self._db.run_many(_TALK_PUT, rows)

    def answer_talk(self, member: bytes, asked: int, answered: int) -> None:
        """The other side has spoken."""
        self._db.run(_TALK_ANSWER, of=member, asked=asked, answered=answered)

    def talks_in(self, member: bytes, thread: bytes) -> list[TalkRow]:
        """The talks of a dealing, oldest first."""
        return self._db.all(_TALKS_IN, member=member, thread=thread)

    def talks(self, member: bytes, limit: int, *, partner: bytes = b"", before: int = 2**62) -> list[TalkRow]:
        """Talks, latest first, of one partner or all, behind the position ``before``."""
        if partner:
            return self._db.all(_TALKS_WITH, member=member, partner=partner, before=before, limit=limit)
        return self._db.all(_TALKS, member=member, before=before, limit=limit)

    def unanswered(self, member: bytes, *, mine: bool, limit: int = MOST) -> list[TalkRow]:
        """Talks without an answer, oldest first; ``mine``: asked by the member."""
        return self._db.all(_UNANSWERED, member=member, mine=mine, limit=limit)

    # ------------------------------------------------------------------ catalogues

    def put_catalogues(self, rows: Iterable[CatalogueRow]) -> None:
        """Add or replace catalogues' threads."""
        self._db.run_many(_CATALOGUE_PUT, rows)

    def catalogue(self, member: bytes, thread: bytes) -> CatalogueRow | None:
        """One thread, or None."""
        return self._db.one(_CATALOGUE_GET, member=member, thread=thread)

    def catalogues(self, member: bytes, *, mine: bool, limit: int = MOST) -> list[CatalogueRow]:
        """Catalogues that the member offers (``mine``) or is offered, latest first."""
        return self._db.all(_CATALOGUES, member=member, mine=mine, limit=limit)

    def asked(self, limit: int) -> list[CatalogueRow]:
        """Threads in which a local seller owes an answer, longest waiting first, of all members."""
        return self._db.all(_ASKED, limit=limit)

    def catalogues_with(self, member: bytes, partner: bytes, limit: int = MOST) -> list[CatalogueRow]:
        """Catalogues' threads with one partner, in both directions, latest first."""
        return self._db.all(_CATALOGUES_WITH, member=member, partner=partner, limit=limit)


__all__ = ["CatalogueRow", "Desk", "DraftRow", "ItemRow", "PriceRow", "ShareRow", "TalkRow", "TermsRow"]
