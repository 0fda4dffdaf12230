"""What the two sides of a dealing say beside its papers."""

from __future__ import annotations

from protocol.process.trade.papers.base import Code, Paper, Text, Word
from protocol.process.trade.papers.goods import Price


class Message(Paper, frozen=True, kw_only=True):
    """A signed note beside a dealing, by either side, at any time. It changes nothing that is agreed.

    ``kind``: note, or price_talk (価格の協議: asking for another price, or the answer to that). ``line_id`` is the line
    it speaks of, ``price`` the unit price asked for or offered in a price talk. Files are attachments of the document.
    """

    kind: Code
    text: Text
    line_id: Word = ""
    price: Price | None = None


MESSAGE_KINDS = ("note", "price_talk")
