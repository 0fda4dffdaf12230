"""Papers that move goods: despatch advice, receiving advice (inspection)."""

from __future__ import annotations

from typing import Annotated

from protocol.process.trade.papers.base import (
    Amount,
    Code,
    Count,
    Date,
    Lines,
    Paper,
    Part,
    Scaled,
    Text,
    TimeOfDay,
    Word,
)
from protocol.process.trade.papers.goods import Item
from protocol.process.trade.papers.parties import Delivery, InvolvedParty, Party


class Package(Part, frozen=True, kw_only=True):
    """A package. ``sscc`` (18 digits) is strict."""

    id: Word = ""
    sscc: Code = ""
    kind: Code = ""
    count: Count | None = None
    weight: Scaled | None = None
    weight_unit: Code = ""
    lines: tuple[Word, ...] = ()


class Shipment(Part, frozen=True, kw_only=True):
    """How it travels."""

    despatch_date: Date = ""
    despatch_time: TimeOfDay = ""
    arrival_date: Date = ""
    arrival_time: TimeOfDay = ""
    carrier: Text = ""
    tracking: Word = ""
    vehicle: Word = ""
    temperature: Code = ""
    packages: tuple[Package, ...] = ()


class DespatchLine(Part, frozen=True, kw_only=True):
    """``quantity`` shipped of order line ``order_line_id``; ``outstanding`` is what will follow, with its reason."""

    line_id: Word
    order_line_id: Word
    quantity: Scaled
    unit: Code
    item: Item | None = None
    outstanding: Scaled | None = None
    reason: Text = ""
    note: Text = ""


class DespatchAdvice(Paper, frozen=True, kw_only=True):
    """出荷案内 for the order numbered ``order``. ``replacement`` marks goods in place of some that failed inspection.

    A later revision of the same number replaces the earlier advice.
    """

    order: Word
    lines: Annotated[tuple[DespatchLine, ...], Lines]
    buyer: Party | None = None
    seller: Party | None = None
    involved: tuple[InvolvedParty, ...] = ()
    delivery: Delivery | None = None
    shipment: Shipment | None = None
    replacement: bool = False


class ReceivingLine(Part, frozen=True, kw_only=True):
    """What was found for one order line: passed + failed = received; ``short`` was advised and not there.

    ``disposition`` of the failed: returned, rework, kept, scrapped. ``discount`` is agreed for goods kept all the same
    (特別採用).
    """

    line_id: Word
    order_line_id: Word
    unit: Code
    despatch_line_id: Word = ""
    received: Scaled | None = None
    passed: Scaled | None = None
    failed: Scaled | None = None
    short: Scaled | None = None
    returned: Scaled | None = None
    disposition: Code = ""
    discount: Amount | None = None
    reason_code: Code = ""
    reason: Text = ""


class ReceivingAdvice(Paper, frozen=True, kw_only=True):
    """出荷回答 (受領, 検収). ``result``: accepted (all), partial, refused. ``despatch``: number of the despatch advice.

    A later revision of the same number replaces the earlier advice.
    ``received_date`` counts as day 1 of the 60 days of 取適法 3条; ``inspection_date`` is the day inspection ended.
    """

    order: Word
    result: Code
    received_date: Date
    lines: Annotated[tuple[ReceivingLine, ...], Lines]
    despatch: Word = ""
    received_time: TimeOfDay = ""
    inspection_date: Date = ""
    buyer: Party | None = None
    seller: Party | None = None
    involved: tuple[InvolvedParty, ...] = ()
