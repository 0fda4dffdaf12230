"""What a paper on paper needs to know beside the paper itself. It travels to the other process."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from protocol.process.trade.papers import Order, Party, Personal

LANGUAGES: Final = ("ja", "en")
FORMS: Final = ("", "delivery_note")
"""Another paper from the same document: the delivery note (納品書) that lies in the box of a despatch advice."""


class Context(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything is optional: what is not known is not printed.

    ``document``, ``author``, ``epoch`` (ids) and ``signature`` in hex, ``time`` in µs UTC as in the signed header,
    shown ``zone_minutes`` east of UTC. ``writer`` (on the side ``writer_role``: buyer, seller) and
    ``recipient`` stand in for parties that the paper does not name;
    ``order`` is the order of the dealing, from which lines take the names of goods. ``fax``: larger, no grey. ``link``:
    a page for the recipient, as QR code. ``sample``: marked 見本 on every page.
    """

    language: str = "ja"
    form: str = ""
    fax: bool = False
    sample: bool = False
    link: str = ""
    document: str = ""
    revision: int = 0
    time: int = 0
    zone_minutes: int = 540
    author: str = ""
    epoch: str = ""
    signature: str = ""
    writer: Party | None = None
    writer_role: str = ""
    recipient: Party | None = None
    order: Order | None = None
    personal: Personal | None = None
