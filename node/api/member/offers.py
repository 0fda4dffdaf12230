"""Offers and requests over the API: search, what fits, publish, publish anew, withdraw, the vocabulary."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from node.api.member.shapes import Answer, Shape
from node.api.operation import Call, Operation, Written
from node.services.offers import describing, finding, fits, publishing
from node.services.offers.finding import Wanted
from node.services.offers.publishing import Draft
from node.services.policy import Scope
from node.services.transaction import Tx
from protocol.limits import MAX_OFFER_NODES, MAX_OFFER_TEXT_CHARS, MAX_OFFER_TITLE_CHARS, MAX_SEARCH_CHARS

Sides = Literal["offer", "request"]
Day = Annotated[str, Meta(max_length=10)]


class OfferGiven(Shape, frozen=True):
    """What is published. ``details``: the fields of the kind (``/v1/offer-kinds``). ``days``: how long it stands.
    ``nodes``: ids of associations, with the scope ``named``."""

    kind: Annotated[str, Meta(max_length=32)]
    side: Sides
    title: Annotated[str, Meta(max_length=MAX_OFFER_TITLE_CHARS)]
    details: dict[str, Any]
    text: Annotated[str, Meta(max_length=MAX_OFFER_TEXT_CHARS)] = ""
    area: Annotated[str, Meta(max_length=6)] = ""
    industry: Annotated[str, Meta(max_length=8)] = ""
    starts: Day = ""
    ends: Day = ""
    days: Annotated[int, Meta(ge=1, le=366)] = publishing.DEFAULT_DAYS
    scope: Literal["members", "named", "federation"] = "federation"
    nodes: Annotated[list[Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]], Meta(max_length=MAX_OFFER_NODES)] = []


class OfferQuery(Shape, frozen=True):
    """``q``: words, all of them; ``area``: 2 digits, or 5 or 6; ``before``: ``next`` of the page before."""

    q: Annotated[str, Meta(max_length=MAX_SEARCH_CHARS)] = ""
    kind: Annotated[str, Meta(max_length=32)] = ""
    side: Annotated[str, Meta(max_length=8)] = ""
    area: Annotated[str, Meta(max_length=6)] = ""
    industry: Annotated[str, Meta(max_length=8)] = ""
    starts: Day = ""
    ends: Day = ""
    before: Annotated[int, Meta(ge=1, le=2**53)] = 2**53
    limit: Annotated[int, Meta(ge=1, le=100)] = 50


class OfferShown(Answer, frozen=True):
    """An offer or request. Times in µs UTC; ``as_of``: when it was last certain that it is so."""

    offer: str
    id: str
    revision: int
    member: str
    name: str
    node: str
    kind: str
    side: str
    state: str
    expires: int
    as_of: int
    title: str = ""
    text: str = ""
    area: str = ""
    industry: str = ""
    starts: str = ""
    ends: str = ""
    scope: str = ""
    nodes: list[str] = []
    details: dict[str, Any] = {}


class SourceShown(Answer, frozen=True):
    """How fresh an association's part is (``told``: µs UTC, 0: never heard), and what of it was refused."""

    node: str
    told: int
    series: int
    bytes: int
    refused: int
    reason: str


class OfferList(Answer, frozen=True):
    """``next``: ``before`` of the next page, 0 at the end."""

    offers: list[OfferShown]
    next: int = 0
    sources: list[SourceShown] = []


class CriterionShown(Answer, frozen=True):
    """``outcome``: fits, not, or unknown where a side says nothing (null)."""

    name: str
    outcome: str
    ours: Any
    theirs: Any


class FitShown(Answer, frozen=True):
    """Another's offer beside ours (``of``). ``fits`` false: it nearly does."""

    of: str
    fits: bool
    score: int
    other: OfferShown
    criteria: list[CriterionShown]


class FitList(Answer, frozen=True):
    """The best first, for each of ours."""

    fits: list[FitShown]


class FieldShown(Answer, frozen=True):
    """A field of a kind: ``needed`` in an offer, a request, both or not; ``law``: for whose sake it is there."""

    name: str
    type: str
    needed: str
    low: int
    high: int
    unit: str
    choices: list[str]
    law: str


class KindShown(Answer, frozen=True):
    """A kind. ``dated``: days are needed; ``area``: it may have one; ``together``: fits among its own side too."""

    kind: str
    dated: bool
    area: bool
    together: bool
    fields: list[FieldShown]


class KindList(Answer, frozen=True):
    """The vocabulary."""

    kinds: list[KindShown]


def _offer(found: dict[str, Any]) -> OfferShown:
    return OfferShown(**found)


def _fit(found: dict[str, Any]) -> FitShown:
    criteria = [CriterionShown(**each) for each in found["criteria"]]
    return FitShown(**{**found, "other": _offer(found["other"]), "criteria": criteria})


async def search(call: Call) -> object:
    """GET /v1/offers."""
    asked: OfferQuery = call.query
    house = call.context.house

    def work(tx: Tx) -> OfferList:
        wanted = Wanted(
            text=asked.q, kind=asked.kind, side=asked.side, area=asked.area, industry=asked.industry,
            starts=asked.starts, ends=asked.ends, before=asked.before, limit=asked.limit,
        )  # fmt: skip
        page = finding.search(house, tx, wanted)
        rows = [_offer(describing.shown(house, tx, row)) for row in page.rows]
        return OfferList(
            offers=rows,
            next=page.next,
            sources=[SourceShown(**describing.source(one)) for one in finding.sources(tx)],
        )

    return await call.read(work)


async def own(call: Call) -> object:
    """GET /v1/own-offers."""
    house, member = call.context.house, call.member

    def work(tx: Tx) -> OfferList:
        rows = publishing.own(house, tx, member)
        return OfferList(offers=[_offer(describing.shown(house, tx, row)) for row in rows])

    return await call.read(work)


async def show(call: Call) -> object:
    """GET /v1/offers/{offer}."""
    series, house, member = call.path_hash("offer"), call.context.house, call.member

    def work(tx: Tx) -> OfferShown:
        return _offer(describing.shown(house, tx, finding.one(house, tx, series, member)))

    return await call.read(work)


async def matching(call: Call) -> object:
    """GET /v1/offer-fits."""
    house, member = call.context.house, call.member

    def work(tx: Tx) -> FitList:
        found = [
            _fit(describing.fit(house, tx, row, one))
            for row in publishing.own(house, tx, member)
            for one in fits.of_series(house, tx, row.series)
        ]
        return FitList(fits=found)

    return await call.read(work)


async def kinds(call: Call) -> object:
    """GET /v1/offer-kinds."""
    found = describing.vocabulary()
    return KindList(
        kinds=[KindShown(**{**kind, "fields": [FieldShown(**one) for one in kind["fields"]]}) for kind in found]
    )


def _draft(given: OfferGiven) -> Draft:
    return Draft(
        kind=given.kind, side=given.side, title=given.title, text=given.text, area=given.area,
        industry=given.industry, starts=given.starts, ends=given.ends, days=given.days, scope=given.scope,
        nodes=tuple(bytes.fromhex(node) for node in given.nodes), details=given.details,
    )  # fmt: skip


async def publish(call: Call) -> object:
    """POST /v1/offers."""
    draft, house, member = _draft(call.body), call.context.house, call.member

    def work(tx: Tx) -> Written:
        return Written(_offer(describing.shown(house, tx, publishing.publish(house, tx, member, draft))), 201)

    return await call.write(work)


async def revise(call: Call) -> object:
    """PUT /v1/offers/{offer}."""
    series, draft, house, member = call.path_hash("offer"), _draft(call.body), call.context.house, call.member

    def work(tx: Tx) -> Written:
        return Written(_offer(describing.shown(house, tx, publishing.revise(house, tx, member, series, draft))), 200)

    return await call.write(work)


async def withdraw(call: Call) -> object:
    """POST /v1/offers/{offer}/withdrawal."""
    series, house, member = call.path_hash("offer"), call.context.house, call.member

    def work(tx: Tx) -> Written:
        return Written(_offer(describing.shown(house, tx, publishing.withdraw(house, tx, member, series))), 200)

    return await call.write(work)


OPERATIONS = (
    Operation("GET", "/v1/offers", "search_offers", "Open offers and requests of every association, as copied here",
              search, Scope.DIRECTORY, query=OfferQuery, answer=OfferList),
    Operation("POST", "/v1/offers", "publish_offer", "Publish an offer or request", publish, Scope.WRITE,
              body=OfferGiven, answer=OfferShown, status=201, idempotent_key=True),
    Operation("GET", "/v1/own-offers", "list_own_offers", "This member's offers and requests", own, Scope.READ,
              answer=OfferList),
    Operation("GET", "/v1/offer-fits", "list_offer_fits", "What fits this member's offers and requests, with reasons",
              matching, Scope.READ, answer=FitList),
    Operation("GET", "/v1/offer-kinds", "list_offer_kinds", "The kinds of offers and their fields", kinds,
              Scope.DIRECTORY, answer=KindList),
    Operation("GET", "/v1/offers/{offer}", "read_offer", "One offer or request", show, Scope.DIRECTORY,
              answer=OfferShown, errors=(401, 403, 404, 422, 429)),
    Operation("PUT", "/v1/offers/{offer}", "revise_offer", "Say it anew; kind, side and scope stay", revise,
              Scope.WRITE, body=OfferGiven, answer=OfferShown, idempotent_key=True, errors=(401, 403, 404, 422, 429)),
    Operation("POST", "/v1/offers/{offer}/withdrawal", "withdraw_offer", "End it; other nodes are told", withdraw,
              Scope.WRITE, answer=OfferShown, idempotent_key=True, errors=(401, 403, 404, 422, 429)),
)  # fmt: skip
