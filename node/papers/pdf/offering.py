"""Catalogues and messages as sheets: what a supplier offers one partner, and what the sides say beside a dealing."""

from __future__ import annotations

from collections.abc import Iterable

from node.i18n import N_
from node.papers.pdf.context import Context
from node.papers.pdf.frame import Frame
from node.papers.pdf.sheet import Column, Row, Sheet, Table, Words
from protocol.process.trade.papers import Catalogue, CatalogueRequest, CatalogueWithdrawal, Message
from protocol.process.trade.papers.catalogue import CatalogueItem

KINDS = {"price_talk": N_("Price talk"), "note": N_("Message")}


def catalogue_request(paper: CatalogueRequest, context: Context) -> Sheet:
    """品目表の依頼."""
    frame = Frame(paper, context, N_("Request for a Catalogue"), to=paper.seller, by=paper.buyer)
    frame.lead = frame.say("Please send us your catalogue.")
    frame.number(N_("Reply wanted by"), frame.words.day(paper.reply_by))
    frame.add(frame.facts("", (N_("What of it"), paper.words)))
    return frame.sheet()


def catalogue(paper: Catalogue, context: Context) -> Sheet:
    """品目表."""
    frame = Frame(paper, context, N_("Catalogue and Price List"), to=paper.buyer, by=paper.seller)
    frame.subtitle = paper.name
    frame.lead = frame.say("We offer you the following.")
    frame.number(N_("Edition"), paper.edition)
    if paper.sheets > 1:
        frame.number(N_("Sheet"), f"{paper.sheet} / {paper.sheets}")
    frame.number(N_("Valid"), frame.words.period(paper.validity))
    say = frame.say
    price = say("Unit price (with tax)") if paper.tax_included else say("Unit price (without tax)")
    columns = (
        Column(say("Item number"), 16),
        Column(say("Item"), 38),
        Column(say("Unit"), 9),
        Column(price, 17, "right"),
        Column(say("Tax"), 8, "right"),
        Column(say("Minimum, pack, days"), 18),
    )
    rows = tuple(_offer(frame, item) for item in paper.items)
    frame.add(Table(columns, rows, say("Items")))
    return frame.sheet()


def catalogue_withdrawal(paper: CatalogueWithdrawal, context: Context) -> Sheet:
    """品目表の取り下げ."""
    frame = Frame(paper, context, N_("Catalogue Withdrawn"), to=None, by=None)
    frame.lead = frame.say("We no longer offer what is named below.")
    edition = paper.edition or frame.say("every edition")
    frame.add(frame.facts("", (N_("Edition"), edition), (N_("Reason"), paper.reason)))
    return frame.sheet()


def message(paper: Message, context: Context) -> Sheet:
    """連絡: a signed note."""
    frame = Frame(paper, context, N_("Message"), to=None, by=None)
    kind = KINDS.get(paper.kind)
    frame.subtitle = frame.say(kind) if kind and paper.kind != "note" else ""
    frame.add(
        Words(paper.text),
        frame.facts("", (N_("Line"), paper.line_id), (N_("Unit price"), frame.words.price(paper.price))),
    )
    return frame.sheet()


def _offer(frame: Frame, one: CatalogueItem) -> Row:
    words = frame.words
    item = one.item
    name = "\n".join(filter(None, (item.name, item.description, f"JAN {item.gtin}" if item.gtin else "")))
    prices = [words.price(one.price, one.unit)] if one.price is not None else []
    prices += [f"{words.number(tier.minimum)}~ {words.price(tier.price, one.unit)}" for tier in one.tiers]
    cells = (
        item.seller_id,
        name,
        words.unit(one.unit),
        "\n".join(prices),
        words.tax(one.tax),
        "\n".join(_limits(frame, one)),
    )
    return Row(cells, "  ".join(filter(None, (words.period(one.validity), one.note))))


def _limits(frame: Frame, one: CatalogueItem) -> Iterable[str]:
    say, words = frame.say, frame.words
    if one.minimum is not None:
        yield say("from {quantity}").format(quantity=words.quantity(one.minimum, one.unit))
    if one.maximum is not None:
        yield say("up to {quantity}").format(quantity=words.quantity(one.maximum, one.unit))
    if one.step is not None:
        yield say("in steps of {quantity}").format(quantity=words.quantity(one.step, one.unit))
    if one.pack_size is not None:
        yield say("{quantity} to the pack").format(quantity=words.quantity(one.pack_size, one.unit))
    if one.lead_days is not None:
        yield say("ships in {days} days").format(days=one.lead_days)
