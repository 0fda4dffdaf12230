"""Offers, the search over them, what peers told, what fits ours. Owns the statements of these tables; decides nothing.

The search is an index of tokens as that of documents (:mod:`node.store.search`); what is filtered by (kind, side,
prefecture, industry) stands in it as tags, so that a filter costs no more than a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_offers import offer_fits, offer_peers, offers
from node.store.search import fts5_query, index_text, query_tokens, tsquery
from node.store.sql import ListQuery, Query, Statement, first, insert_rows, plain, upsert

_END = 2**62


class OfferRow(NamedTuple):
    """A series as it is known here: its latest revision, or its withdrawal. ``words``: what is searched."""

    position: int
    series: bytes
    id: bytes
    revision: int
    member: bytes
    node: bytes
    kind: str
    side: str
    prefecture: str
    starts: int
    ends: int
    expires: int
    until: int
    withdrawn: bool
    shown: bool
    scope: str
    nodes: bytes
    change: int
    arrived: int
    words: str
    wire: bytes


class PeerRow(NamedTuple):
    """What a peer told: up to which change, when (µs), how much of it is here, how many were refused and why last."""

    node: bytes
    cursor: int
    told: int
    series: int
    bytes: int
    refused: int
    reason: str


class FitRow(NamedTuple):
    """Something that fits (or nearly fits) a series of our ``member``."""

    own: bytes
    other: bytes
    member: bytes
    score: int
    fits: bool
    time: int
    seen: bool


_bind = sa.bindparam
_ROW = sa.select(*(offers.c[name] for name in OfferRow._fields))
_ADD = insert_rows(offers, OfferRow._fields)
_GET = ListQuery(OfferRow._make, lambda v: _ROW.where(offers.c.series.in_(v)))
_BEGINNING = Query(
    OfferRow._make,
    _ROW.where(offers.c.series >= _bind("low"), offers.c.series < _bind("high")).limit(2),
)
_DELETE = Statement(sa.delete(offers).where(offers.c.position == _bind("position")))
_CHANGED = Query(
    OfferRow._make,
    _ROW.where(offers.c.node == _bind("node"), offers.c.change > _bind("change"))
    .order_by(offers.c.change)
    .limit(_bind("limit")),
)
_LAST = Query(first, sa.select(sa.func.max(offers.c.change)).where(offers.c.node == _bind("node")))
_OF_MEMBER = Query(
    OfferRow._make,
    _ROW.where(offers.c.member == _bind("member"), offers.c.expires > _bind("now"))
    .order_by(offers.c.expires, offers.c.position)
    .limit(_bind("limit")),
)
_COUNT_OF_MEMBER = Query(
    first,
    sa.select(sa.func.count())
    .select_from(offers)
    .where(offers.c.member == _bind("member"), offers.c.until > _bind("now")),
)
_OVER = Query(
    OfferRow._make,
    _ROW.where(offers.c.until <= _bind("now")).order_by(offers.c.until, offers.c.position).limit(_bind("limit")),
)
_FIRST_TO_EXPIRE = Query(
    OfferRow._make,
    _ROW.where(offers.c.node == _bind("node")).order_by(offers.c.until, offers.c.position).limit(1),
)
_OWN_OPEN = Query(
    OfferRow._make,
    _ROW.where(
        offers.c.node == _bind("node"),
        offers.c.kind == _bind("kind"),
        offers.c.side == _bind("side"),
        offers.c.withdrawn == _bind("withdrawn"),
        offers.c.shown == _bind("shown"),
        offers.c.expires > _bind("now"),
    )
    .order_by(offers.c.position.desc())
    .limit(_bind("limit")),
)
_OPEN = (
    offers.c.withdrawn == _bind("withdrawn"),
    offers.c.shown == _bind("shown"),
    offers.c.expires > _bind("now"),
    offers.c.starts <= _bind("ends"),
    offers.c.ends >= _bind("starts"),
)
_LATEST = Query(
    OfferRow._make,
    _ROW.where(*_OPEN, offers.c.position < _bind("before")).order_by(offers.c.position.desc()).limit(_bind("limit")),
)
_BY_PLACE = Query(
    plain,
    sa.select(offers.c.prefecture, sa.func.count())
    .where(offers.c.withdrawn == _bind("withdrawn"), offers.c.shown == _bind("shown"), offers.c.expires > _bind("now"))
    .group_by(offers.c.prefecture),
)

_FTS = sa.table("search_offers", sa.column("rowid", sa.BigInteger), sa.column("tokens", sa.Text))
_TSV = sa.table("search_offers", sa.column("position", sa.BigInteger), sa.column("tokens"))
_MATCH = sa.literal_column("search_offers").op("MATCH")(_bind("query", type_=sa.Text()))
_CONTAINS = _TSV.c.tokens.op("@@")(
    sa.cast(_bind("query", type_=sa.Text()), sa.types.Text()).op("::")(sa.literal_column("tsquery"))
)
_INDEX = {
    "sqlite": Statement(sa.insert(_FTS).values(rowid=_bind("rowid"), tokens=_bind("tokens")), ("rowid", "tokens")),
    "postgresql": Statement(
        sa.insert(_TSV).values(
            position=_bind("position"),
            tokens=sa.func.array_to_tsvector(
                sa.func.regexp_split_to_array(
                    sa.func.btrim(_bind("tokens", type_=sa.Text())), sa.literal_column("' +'")
                )
            ),
        ),
        ("position", "tokens"),
    ),
}
_GONE = {
    "sqlite": Statement(
        sa.insert(
            sa.table(
                "search_offers",
                sa.column("search_offers"),
                sa.column("rowid", sa.BigInteger),
                sa.column("tokens", sa.Text),
            )
        ).values(search_offers=sa.literal_column("'delete'"), rowid=_bind("rowid"), tokens=_bind("tokens")),
        ("rowid", "tokens"),
    ),
    "postgresql": Statement(sa.delete(_TSV).where(_TSV.c.position == _bind("position")), ("position",)),
}


def _found(at: sa.ColumnClause[int], match: sa.ColumnElement[bool]) -> Query[OfferRow]:
    positions = sa.select(at).where(match).scalar_subquery()
    return Query(
        OfferRow._make,
        _ROW.where(offers.c.position.in_(positions), *_OPEN, offers.c.position < _bind("before"))
        .order_by(offers.c.position.desc())
        .limit(_bind("limit")),
    )


_FIND = {"sqlite": _found(_FTS.c.rowid, _MATCH), "postgresql": _found(_TSV.c.position, _CONTAINS)}

_PEER = Query(
    PeerRow._make,
    sa.select(*(offer_peers.c[name] for name in PeerRow._fields)).where(offer_peers.c.node == _bind("node")),
)
_PEERS = Query(
    PeerRow._make, sa.select(*(offer_peers.c[name] for name in PeerRow._fields)).order_by(offer_peers.c.node)
)
_PEER_PUT = upsert(offer_peers, PeerRow._fields)
_LARGEST = Query(
    PeerRow._make,
    sa.select(*(offer_peers.c[name] for name in PeerRow._fields))
    .order_by(offer_peers.c.bytes.desc(), offer_peers.c.node)
    .limit(1),
)
_ALL_BYTES = Query(first, sa.select(sa.func.coalesce(sa.func.sum(offer_peers.c.bytes), 0)))

_FIT = sa.select(*(offer_fits.c[name] for name in FitRow._fields))
_FIT_PUT = upsert(offer_fits, FitRow._fields, keep=("time", "seen"))
_FITS_OF = Query(
    FitRow._make,
    _FIT.where(offer_fits.c.own == _bind("own"))
    .order_by(offer_fits.c.fits.desc(), offer_fits.c.score.desc(), offer_fits.c.other)
    .limit(_bind("limit")),
)
_FITS_OF_MEMBER = Query(
    FitRow._make,
    _FIT.where(offer_fits.c.member == _bind("member"))
    .order_by(offer_fits.c.fits.desc(), offer_fits.c.score.desc(), offer_fits.c.other)
    .limit(_bind("limit")),
)
_NEW_FITS = Query(
    first,
    sa.select(sa.func.count())
    .select_from(offer_fits)
    .where(
        offer_fits.c.member == _bind("member"), offer_fits.c.fits == _bind("fits"), offer_fits.c.seen == _bind("seen")
    ),
)
_SEEN = Statement(sa.update(offer_fits).where(offer_fits.c.member == _bind("whose")).values(seen=_bind("seen")))
_FORGET_OWN = Statement(sa.delete(offer_fits).where(offer_fits.c.own == _bind("own")))
_FORGET_OTHER = Statement(sa.delete(offer_fits).where(offer_fits.c.other == _bind("other")))


class Asked(NamedTuple):
    """What is searched for: words (all of them), tags (all of them), alternatives (any of these words)."""

    words: str = ""
    tags: tuple[str, ...] = ()
    any_of: str = ""
    starts: int = 0
    ends: int = _END


class Offers(Repository):
    """What this node knows of offers and requests."""

    def put(self, row: OfferRow) -> OfferRow:
        """A new series or its newer state, as the latest change; with position and change as given here."""
        known = self.get(row.series)
        if known is not None:
            self.delete(known)
        at = self._session.reserve("offers", 1)[0]
        change = self._session.reserve("offer_changes", 1)[0]
        placed = row._replace(position=at, change=change)
        self._db.run_many(_ADD, [placed])
        if placed.words:
            self._db.run_many(_INDEX[self._db.engine], [(at, tokens_of(placed))])
        return placed

    def delete(self, row: OfferRow) -> None:
        """Forget a series."""
        if row.words:
            gone = (row.position, tokens_of(row)) if self._db.engine == "sqlite" else (row.position,)
            self._db.run_many(_GONE[self._db.engine], [gone])
        self._db.run(_DELETE, position=row.position)

    def get(self, series: bytes) -> OfferRow | None:
        """One series, open or not."""
        return self.get_many((series,)).get(series)

    def get_many(self, series: Iterable[bytes]) -> dict[bytes, OfferRow]:
        """Series by name."""
        return {row.series: row for row in self._db.by_values(_GET, series)}

    def beginning(self, low: bytes, high: bytes) -> list[OfferRow]:
        """At most two series whose name lies in ``low <= name < high``."""
        return self._db.all(_BEGINNING, low=low, high=high)

    def changed(self, node: bytes, change: int, limit: int) -> list[OfferRow]:
        """Series told by ``node`` that changed after ``change``, in that order."""
        return self._db.all(_CHANGED, node=node, change=change, limit=limit)

    def last_change(self, node: bytes) -> int:
        """The latest change of what ``node`` told."""
        return self._db.one(_LAST, node=node) or 0

    def of_member(self, member: bytes, now: int, limit: int) -> list[OfferRow]:
        """A member's series that have not expired, withdrawn ones too, the soonest to expire first."""
        return self._db.all(_OF_MEMBER, member=member, now=now, limit=limit)

    def count_of_member(self, member: bytes, now: int) -> int:
        """How many series of a member are remembered."""
        return self._db.one(_COUNT_OF_MEMBER, member=member, now=now) or 0

    def over(self, now: int, limit: int) -> list[OfferRow]:
        """Series that need not be remembered any more."""
        return self._db.all(_OVER, now=now, limit=limit)

    def first_to_expire(self, node: bytes) -> OfferRow | None:
        """Of what ``node`` told, the series that is over first."""
        return self._db.one(_FIRST_TO_EXPIRE, node=node)

    def open_here(self, node: bytes, kind: str, side: str, now: int, limit: int) -> list[OfferRow]:
        """Open series that ``node`` told, the latest first."""
        return self._db.all(
            _OWN_OPEN, node=node, kind=kind, side=side, withdrawn=False, shown=True, now=now, limit=limit
        )

    def find(self, asked: Asked, now: int, limit: int, before: int = _END) -> list[OfferRow]:
        """Open series that are asked for, the latest change first; none if the words hold nothing to look for."""
        wanted = [*query_tokens(asked.words), *((tag, False) for tag in asked.tags)]
        if asked.words and len(wanted) == len(asked.tags):
            return []
        bounds = {"withdrawn": False, "shown": True, "now": now, "starts": asked.starts, "ends": asked.ends}
        any_of = query_tokens(asked.any_of)
        if not wanted and not any_of:
            return self._db.all(_LATEST, before=before, limit=limit, **bounds)
        quoted = self._query(wanted, any_of)
        return self._db.all(_FIND[self._db.engine], query=quoted, before=before, limit=limit, **bounds)

    def _query(self, wanted: Sequence[tuple[str, bool]], any_of: Sequence[tuple[str, bool]]) -> str:
        quote, both, either = (fts5_query, " AND ", " OR ") if self._db.engine == "sqlite" else (tsquery, " & ", " | ")
        parts = [quote(wanted)] if wanted else []
        if any_of:
            parts.append("(" + either.join(quote([token]) for token in any_of) + ")")
        return both.join(parts)

    def by_prefecture(self, now: int) -> dict[str, int]:
        """How many series are open, by prefecture (empty: nowhere in particular)."""
        return dict(self._db.all(_BY_PLACE, withdrawn=False, shown=True, now=now))

    # --- peers

    def peer(self, node: bytes) -> PeerRow:
        """What a peer told; all zero if nothing."""
        return self._db.one(_PEER, node=node) or PeerRow(node, 0, 0, 0, 0, 0, "")

    def peers(self) -> list[PeerRow]:
        """All of them."""
        return self._db.all(_PEERS)

    def put_peer(self, row: PeerRow) -> None:
        """What a peer told."""
        self._db.run_many(_PEER_PUT, [row])

    def largest_peer(self) -> PeerRow | None:
        """Who holds most of the room."""
        return self._db.one(_LARGEST)

    def bytes_of_peers(self) -> int:
        """What all peers hold together."""
        return self._db.one(_ALL_BYTES) or 0

    # --- fits

    def put_fits(self, rows: Iterable[FitRow]) -> None:
        """What fits; a known pair keeps when it was found and whether it was seen."""
        self._db.run_many(_FIT_PUT, rows)

    def fits_of(self, own: bytes, limit: int) -> list[FitRow]:
        """What fits a series, the best first."""
        return self._db.all(_FITS_OF, own=own, limit=limit)

    def fits_of_member(self, member: bytes, limit: int) -> list[FitRow]:
        """What fits a member's series, the best first."""
        return self._db.all(_FITS_OF_MEMBER, member=member, limit=limit)

    def new_fits(self, member: bytes) -> int:
        """How many whole fits nobody of the member has seen."""
        return self._db.one(_NEW_FITS, member=member, fits=True, seen=False) or 0

    def set_seen(self, member: bytes) -> None:
        """Somebody of the member has seen its fits."""
        self._db.run(_SEEN, whose=member, seen=True)

    def forget_fits(self, series: bytes) -> None:
        """A series is over or has changed: nothing that was said of it holds."""
        self._db.run(_FORGET_OWN, own=series)
        self._db.run(_FORGET_OTHER, other=series)


def tokens_of(row: OfferRow) -> str:
    """What is indexed of a row: the tokens of its words, and its tags (the first line of ``words``) as they are."""
    tags, _, words = row.words.partition("\n")
    return f"{tags} {index_text(words)}"
