"""The desk over the API: items, prices, terms, catalogues, messages, price talks, advice, drafts.

Owns the shapes. What is allowed is the services' word; everything is the calling member's own.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from node.api.member.documents import read_paper
from node.api.member.shapes import Answer, Position, Shape, Submitted, SubmittedList
from node.api.operation import Call, Operation, Written
from node.i18n import translations
from node.services import addressing, advising, booking, items, sharing, talking, terms
from node.services.items import Kept, OwnItem, OwnPrice
from node.services.policy import Scope
from node.services.terms import PartnerTerms
from node.services.trade import Outcome
from node.services.transaction import Tx
from protocol.errors import CallerFault
from protocol.process.checks import is_date
from protocol.process.trade.papers import CatalogueItem, Period, Price

Limit = Annotated[int, Meta(ge=1, le=500)]
Language = Annotated[str, Meta(pattern="^(ja|en)$")]


def day_at(call: Call, given: str, field: str = "day") -> str:
    """The day given, or today in Japan."""
    if given and not is_date(given):
        raise CallerFault(field, "must be a day of the calendar as YYYY-MM-DD")
    return given or booking.day_of(call.context.house.clock())


def sent(call: Call, done: Outcome) -> Written:
    """What was sent, as every sending operation says it."""
    documents = [
        Submitted(id=one.id.hex(), thread=one.thread.hex(), verdict=one.verdict, reason=one.reason)
        for one in done.submitted
    ]
    return Written(SubmittedList(documents=documents, stored=call.context.house.clock()), 201, done.news)


# ---------------------------------------------------------------------- items


class ItemQuery(Shape, frozen=True):
    """``text``: in number, JAN, name or kana; ``after``: the number to go on behind."""

    text: Annotated[str, Meta(max_length=100)] = ""
    after: str = ""
    limit: Limit = 50


class ItemShown(Answer, frozen=True):
    """An item, its version, and when it was changed (µs)."""

    item: OwnItem
    version: int
    updated: int


class ItemList(Answer, frozen=True):
    """``next``: the number to go on behind; empty when nothing is left."""

    items: list[ItemShown]
    next: str


class ItemsGiven(Shape, frozen=True):
    """Items to add or replace by number; all or none."""

    items: Annotated[list[OwnItem], Meta(min_length=1, max_length=2_000)]


class PricesGiven(Shape, frozen=True):
    """Item number → price for the partner; an empty object takes the own price back."""

    prices: Annotated[dict[str, OwnPrice], Meta(max_length=2_000)]


class PricesShown(Answer, frozen=True):
    """The own prices of one partner."""

    prices: dict[str, OwnPrice]


class Done(Answer, frozen=True):
    """It is so now. ``version``: of what was changed, 0 where there is none."""

    version: int = 0


def _item(kept: Kept) -> ItemShown:
    return ItemShown(item=kept.item, version=kept.version, updated=kept.updated)


async def list_items(call: Call) -> object:
    """GET /v1/items."""
    asked: ItemQuery = call.query
    found = await call.read(lambda tx: items.search(tx, call.member, asked.text, asked.limit, asked.after))
    more = found[-1].item.number if len(found) == asked.limit else ""
    return ItemList(items=[_item(kept) for kept in found], next=more)


async def put_items(call: Call) -> object:
    """PUT /v1/items."""
    given: ItemsGiven = call.body
    member = call.member

    def work(tx: Tx) -> Written:
        found = items.put(call.context.house, tx, member, given.items)
        return Written(ItemList(items=[_item(kept) for kept in found], next=""), 200)

    return await call.write(work)


class ItemNamed(Shape, frozen=True):
    """``number``: which item."""

    number: Annotated[str, Meta(min_length=1, max_length=128)]


async def drop_item(call: Call) -> object:
    """DELETE /v1/items."""
    asked: ItemNamed = call.query
    member = call.member

    def work(tx: Tx) -> Written:
        items.drop(tx, member, asked.number)
        return Written(Done(), 200)

    return await call.write(work)


async def show_prices(call: Call) -> object:
    """GET /v1/partners/{partner}/prices."""
    member = call.member
    return await call.read(lambda tx: PricesShown(prices=items.prices(tx, member, _partner(tx, call))))


async def put_prices(call: Call) -> object:
    """PUT /v1/partners/{partner}/prices."""
    given: PricesGiven = call.body
    member = call.member

    def work(tx: Tx) -> Written:
        partner = _partner(tx, call)
        items.put_prices(call.context.house, tx, member, partner, given.prices)
        return Written(PricesShown(prices=items.prices(tx, member, partner)), 200)

    return await call.write(work)


def _partner(tx: Tx, call: Call) -> bytes:
    return addressing.resolve(tx, call.path("partner"), "partner")


# ---------------------------------------------------------------------- terms


class TermsShown(Answer, frozen=True):
    """The terms with a partner. ``version`` 0: none were set, these are the defaults."""

    terms: PartnerTerms
    version: int


class TermsGiven(Shape, frozen=True):
    """New terms. ``version``: the one that they were made from; left out: whatever it is."""

    terms: PartnerTerms
    version: int | None = None


async def show_terms(call: Call) -> object:
    """GET /v1/partners/{partner}/terms."""
    member = call.member

    def work(tx: Tx) -> TermsShown:
        partner = _partner(tx, call)
        row = tx.desk.terms_of(member, (partner,)).get(partner)
        return TermsShown(terms=terms.NONE if row is None else terms.read(row), version=row.version if row else 0)

    return await call.read(work)


async def put_terms(call: Call) -> object:
    """PUT /v1/partners/{partner}/terms."""
    given: TermsGiven = call.body
    member = call.member

    by = f"api:{call.principal.label}"

    def work(tx: Tx) -> Written:
        version = terms.put(call.context.house, tx, member, _partner(tx, call), given.terms, given.version, by)
        return Written(TermsShown(terms=given.terms, version=version), 200)

    return await call.write(work)


# ---------------------------------------------------------------------- catalogues


class CatalogueListed(Answer, frozen=True):
    """A catalogue's thread. ``asked``: a request waits for an answer; ``policy``: how requests are answered."""

    thread: str
    partner: str
    partner_name: str
    mine: bool
    state: str
    asked: bool
    policy: str
    updated: int


class CatalogueLists(Answer, frozen=True):
    """What the member offers, and what it is offered."""

    offered: list[CatalogueListed]
    received: list[CatalogueListed]


class CatalogueShown(Answer, frozen=True):
    """The catalogue of a partner on a day; ``documents``: its sheets."""

    thread: str
    partner: str
    partner_name: str
    edition: str
    name: str
    currency: str
    tax_included: bool
    start: str
    end: str
    documents: list[str]
    items: tuple[CatalogueItem, ...]


class DayQuery(Shape, frozen=True):
    """``day``: YYYY-MM-DD, by default today in Japan."""

    day: str = ""


class RequestGiven(Shape, frozen=True):
    """``words``: what of the catalogue is wanted."""

    words: Annotated[str, Meta(max_length=4_000)] = ""
    reply_by: str = ""


class OfferGiven(Shape, frozen=True):
    """``validity``: from when to when; ``name``: what it is called."""

    validity: Period | None = None
    name: Annotated[str, Meta(max_length=200)] = ""


class WithdrawalGiven(Shape, frozen=True):
    """Why."""

    reason: Annotated[str, Meta(max_length=4_000)] = ""


class PolicyGiven(Shape, frozen=True):
    """How this partner's requests are answered."""

    policy: Annotated[str, Meta(pattern="^(automatic|by_hand|never)$")]


def _listed(found: list[sharing.Listed]) -> list[CatalogueListed]:
    return [
        CatalogueListed(
            thread=one.row.thread.hex(),
            partner=one.row.partner.hex(),
            partner_name=one.partner_name,
            mine=one.row.mine,
            state=one.row.state,
            asked=bool(one.row.asked),
            policy=one.policy,
            updated=one.row.updated,
        )
        for one in found
    ]


async def list_catalogues(call: Call) -> object:
    """GET /v1/catalogues."""
    member = call.member
    return await call.read(
        lambda tx: CatalogueLists(
            offered=_listed(sharing.listed(tx, member, mine=True)),
            received=_listed(sharing.listed(tx, member, mine=False)),
        )
    )


async def read_catalogue(call: Call) -> object:
    """GET /v1/partners/{partner}/catalogue."""
    member, day = call.member, day_at(call, call.query.day)
    found = await call.read(lambda tx: sharing.offered_by(tx, member, _partner(tx, call), day))
    plain = found._asdict()
    for name in ("thread", "partner"):
        plain[name] = plain[name].hex()
    plain["documents"] = [one.hex() for one in found.documents]
    return CatalogueShown(**plain)


async def ask_catalogue(call: Call) -> object:
    """POST /v1/partners/{partner}/catalogue/request."""
    given: RequestGiven = call.body
    member, today = call.member, day_at(call, "")

    def work(tx: Tx) -> Written:
        partner = _partner(tx, call)
        return sent(
            call,
            sharing.ask(call.context.house, tx, member, partner, today, words=given.words, reply_by=given.reply_by),
        )

    return await call.write(work)


async def offer_catalogue(call: Call) -> object:
    """POST /v1/partners/{partner}/catalogue."""
    given: OfferGiven = call.body
    member, today = call.member, day_at(call, "")

    def work(tx: Tx) -> Written:
        partner = _partner(tx, call)
        return sent(
            call,
            sharing.publish(call.context.house, tx, member, partner, today, validity=given.validity, name=given.name),
        )

    return await call.write(work)


async def withdraw_catalogue(call: Call) -> object:
    """POST /v1/partners/{partner}/catalogue/withdrawal."""
    given: WithdrawalGiven = call.body
    member, today = call.member, day_at(call, "")

    def work(tx: Tx) -> Written:
        partner = _partner(tx, call)
        return sent(call, sharing.withdraw(call.context.house, tx, member, partner, today, reason=given.reason))

    return await call.write(work)


async def put_policy(call: Call) -> object:
    """PUT /v1/partners/{partner}/catalogue/policy."""
    given: PolicyGiven = call.body
    member = call.member

    def work(tx: Tx) -> Written:
        sharing.set_policy(call.context.house, tx, member, _partner(tx, call), given.policy)
        return Written(Done(), 200)

    return await call.write(work)


# ---------------------------------------------------------------------- messages, talks, advice


class MessageGiven(Shape, frozen=True):
    """A message beside a dealing. ``kind``: note or price_talk."""

    text: Annotated[str, Meta(min_length=1, max_length=4_000)]
    kind: Annotated[str, Meta(pattern="^(note|price_talk)$")] = "note"
    line_id: Annotated[str, Meta(max_length=128)] = ""
    price: Price | None = None


class TalkShown(Answer, frozen=True):
    """One word of a price talk. ``answered``: the other side has spoken since."""

    document: str
    thread: str
    partner: str
    partner_name: str
    mine: bool
    line: str
    day: str
    text: str
    price: Price | None
    currency: str
    answered: bool
    cursor: int


class TalkList(Answer, frozen=True):
    """``next`` goes on (as ``before``); 0: nothing is left."""

    talks: list[TalkShown]
    next: int


class TalkQuery(Shape, frozen=True):
    """The log of one partner, or of all."""

    partner: str = ""
    before: Position = 0
    limit: Limit = 50


async def say(call: Call) -> object:
    """POST /v1/threads/{thread}/messages."""
    given: MessageGiven = call.body
    thread, member, today = call.path_hash("thread"), call.member, day_at(call, "")

    def work(tx: Tx) -> Written:
        done = talking.say(
            call.context.house, tx, member, thread, given.text, today, kind=given.kind, line_id=given.line_id,
            price=given.price,
        )  # fmt: skip
        return sent(call, done)

    return await call.write(work)


async def list_talks(call: Call) -> object:
    """GET /v1/price-talks."""
    asked: TalkQuery = call.query
    member = call.member

    def work(tx: Tx) -> TalkList:
        partner = addressing.resolve(tx, asked.partner, "partner") if asked.partner else b""
        found = talking.log(tx, member, partner=partner, limit=asked.limit, before=asked.before)
        more = found[-1].cursor if len(found) == asked.limit else 0
        return TalkList(talks=[_talk(one) for one in found], next=more)

    return await call.read(work)


def _talk(one: talking.Talk) -> TalkShown:
    plain = one._asdict()
    for name in ("document", "thread", "partner"):
        plain[name] = plain[name].hex()
    return TalkShown(**plain)


class PaperGiven(Shape, frozen=True):
    """A paper that is not sent yet."""

    type: str
    body: msgspec.Raw


class LanguageQuery(Shape, frozen=True):
    """``lang``: of the sentences."""

    lang: Language = "ja"


class NoteShown(Answer, frozen=True):
    """Advice: law and article, the sentence, the fields that it is about."""

    rule: str
    text: str
    fields: list[str]


class NoteList(Answer, frozen=True):
    """Help, not judgement: nothing here keeps a paper from being sent."""

    advice: list[NoteShown]


def _notes(found: list[advising.Note], language: str) -> NoteList:
    sentence: Any = translations(language).gettext
    return NoteList(
        advice=[NoteShown(rule=one.rule, text=one.sentence(sentence), fields=list(one.fields)) for one in found]
    )


async def advise(call: Call) -> object:
    """POST /v1/advice."""
    given: PaperGiven = call.body
    asked: LanguageQuery = call.query
    return _notes(advising.of_paper(read_paper(given.type, given.body, "body")), asked.lang)


async def advise_dealing(call: Call) -> object:
    """GET /v1/threads/{thread}/advice."""
    thread, member = call.path_hash("thread"), call.member
    return _notes(await call.read(lambda tx: advising.of_dealing(tx, member, thread)), call.query.lang)


OPERATIONS = (
    Operation("GET", "/v1/items", "list_items", "Own items, by number", list_items, Scope.READ,
              query=ItemQuery, answer=ItemList),
    Operation("PUT", "/v1/items", "put_items", "Add or replace own items by number", put_items, Scope.WRITE,
              body=ItemsGiven, answer=ItemList, idempotent_key=True),
    Operation("DELETE", "/v1/items", "drop_item", "Forget an own item", drop_item, Scope.WRITE,
              query=ItemNamed, answer=Done, idempotent_key=True),
    Operation("GET", "/v1/partners/{partner}/prices", "read_prices", "Prices of a partner of its own",
              show_prices, Scope.READ, answer=PricesShown),
    Operation("PUT", "/v1/partners/{partner}/prices", "put_prices", "Set prices of items for one partner",
              put_prices, Scope.WRITE, body=PricesGiven, answer=PricesShown, idempotent_key=True),
    Operation("GET", "/v1/partners/{partner}/terms", "read_terms", "Terms with one partner; private to the member",
              show_terms, Scope.READ, answer=TermsShown),
    Operation("PUT", "/v1/partners/{partner}/terms", "put_terms", "Set the terms with one partner", put_terms,
              Scope.WRITE, body=TermsGiven, answer=TermsShown, idempotent_key=True),
    Operation("GET", "/v1/catalogues", "list_catalogues", "Catalogues offered to partners and received from them",
              list_catalogues, Scope.READ, answer=CatalogueLists),
    Operation("GET", "/v1/partners/{partner}/catalogue", "read_catalogue",
              "The catalogue that a partner offers on a day", read_catalogue, Scope.READ,
              query=DayQuery, answer=CatalogueShown),
    Operation("POST", "/v1/partners/{partner}/catalogue", "offer_catalogue",
              "Send a partner the own items at its prices", offer_catalogue, Scope.WRITE,
              body=OfferGiven, answer=SubmittedList, status=201, idempotent_key=True),
    Operation("POST", "/v1/partners/{partner}/catalogue/request", "ask_catalogue",
              "Ask a supplier for its catalogue", ask_catalogue, Scope.WRITE,
              body=RequestGiven, answer=SubmittedList, status=201, idempotent_key=True),
    Operation("POST", "/v1/partners/{partner}/catalogue/withdrawal", "withdraw_catalogue",
              "Take back what is offered to a partner, decline its requests", withdraw_catalogue, Scope.WRITE,
              body=WithdrawalGiven, answer=SubmittedList, status=201, idempotent_key=True),
    Operation("PUT", "/v1/partners/{partner}/catalogue/policy", "put_catalogue_policy",
              "How a partner's requests are answered", put_policy, Scope.WRITE,
              body=PolicyGiven, answer=Done, idempotent_key=True),
    Operation("POST", "/v1/threads/{thread}/messages", "send_message", "Write a message beside a dealing", say,
              Scope.WRITE, body=MessageGiven, answer=SubmittedList, status=201, idempotent_key=True),
    Operation("GET", "/v1/price-talks", "list_price_talks", "The log of price talks, latest first", list_talks,
              Scope.READ, query=TalkQuery, answer=TalkList),
    Operation("POST", "/v1/advice", "advise", "What the law asks of a paper, as help", advise, Scope.READ,
              query=LanguageQuery, body=PaperGiven, answer=NoteList),
    Operation("GET", "/v1/threads/{thread}/advice", "advise_dealing",
              "Advice on a dealing: price talks without an answer", advise_dealing, Scope.READ,
              query=LanguageQuery, answer=NoteList),
)  # fmt: skip
