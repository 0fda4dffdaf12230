"""Rules on messages."""

from __future__ import annotations

from protocol.process.trade.check.rules import currency, fail, one_of, stated
from protocol.process.trade.check.sums import price
from protocol.process.trade.papers import Message
from protocol.process.trade.papers.message import MESSAGE_KINDS


def message(paper: Message) -> None:
    """A note says something; only a price talk names a price."""
    one_of(paper.kind, MESSAGE_KINDS, "kind")
    stated(paper.text.strip(), "text")
    if paper.price is not None:
        if paper.kind != "price_talk":
            fail("price", "stands in a price talk only")
        currency(paper)
        price(paper.price, "price")
