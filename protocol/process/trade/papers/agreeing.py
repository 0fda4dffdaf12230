"""From an offer to a deed: terms that one firm proposes to another, the answer to them, and what came of it."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from protocol.limits import MAX_INT
from protocol.process.trade.papers.base import Code, Count, Date, DocumentId, Paper, Text, Word
from protocol.process.trade.papers.parties import Party

Moment = Annotated[int, Meta(ge=0, le=MAX_INT)]
"""µs UTC."""

ACCEPTED: Final = "accepted"
DECLINED: Final = "declined"
CONFIRMED: Final = "confirmed"
LAPSED: Final = "lapsed"
ANSWERS: Final = (ACCEPTED, DECLINED, CONFIRMED, LAPSED)
FULFILLED: Final = "fulfilled"
CANCELLED: Final = "cancelled"
REPORTS: Final = (FULFILLED, CANCELLED)


class DeedProposal(Paper, frozen=True, kw_only=True):
    """条件の提示: terms on an offer or request. ``seller`` is the firm that provides (the line, the goods, the lorry),
    whoever of the two published; ``buyer`` the one that takes. ``provides``: the author is the seller.

    ``offer``: the series of what is answered; ``kind``: its kind. ``answers``: the document id of the proposal that
    this one counters, empty in the first. ``amount``: the whole price in minor units, without tax unless
    ``tax_included``; absent: no money. ``starts``, ``ends`` (not part of it): the time that is wanted, both 0 where
    there is none. ``thing``: the provider's own word for what is booked, empty: the offer itself. ``until``: the
    proposal binds whoever signed it until then (民法523条).
    """

    buyer: Party
    seller: Party
    provides: bool = False
    offer: DocumentId
    kind: Code
    answers: DocumentId = ""
    subject: Text
    terms: Text = ""
    amount: Count | None = None
    tax_included: bool = False
    starts: Moment = 0
    ends: Moment = 0
    thing: Word = ""
    until: Moment


class DeedAnswer(Paper, frozen=True, kw_only=True):
    """条件への回答. ``proposal``: the document id of what it answers, so its every byte. ``answer``: ``accepted``,
    ``declined``, ``confirmed`` (the provider, on an acceptance of its own proposal), ``lapsed`` (who proposed, once its
    time is over)."""

    proposal: DocumentId
    answer: Code
    reason: Text = ""


class DeedReport(Paper, frozen=True, kw_only=True):
    """履行の記録: what came of an agreement. ``proposal``: the terms that were agreed. ``word``: ``fulfilled`` (said by
    who takes) or ``cancelled`` (in force once both have said it). ``on_time``, ``passed``: delivered on time, accepted
    at the inspection; only with ``fulfilled``. ``day``: when it was delivered."""

    proposal: DocumentId
    word: Code
    day: Date = ""
    on_time: bool = False
    passed: bool = False
    reason: Text = ""
