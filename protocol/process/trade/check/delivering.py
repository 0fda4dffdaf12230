"""Rules on the papers that move goods."""

from __future__ import annotations

from protocol.process.checks import is_sscc
from protocol.process.money import nano
from protocol.process.trade.check.parties import delivery, involved, item, party
from protocol.process.trade.check.rules import amount, day, day_or_none, fail, one_of, scaled, stated, time_or_none
from protocol.process.trade.papers import DespatchAdvice, ReceivingAdvice, ReceivingLine, Scaled, Shipment

RESULTS = ("accepted", "partial", "refused")
DISPOSITIONS = ("returned", "rework", "kept", "scrapped")


def despatch_advice(paper: DespatchAdvice) -> None:
    """出荷案内."""
    stated(paper.order, "order")
    party(paper.buyer, "buyer")
    party(paper.seller, "seller")
    involved(paper.involved)
    delivery(paper.delivery, "delivery")
    if paper.shipment is not None:
        _shipment(paper.shipment)
    if not paper.lines:
        fail("lines", "must hold at least one line")
    seen: dict[str, None] = {}
    for index, line in enumerate(paper.lines):
        at = f"lines[{index}]"
        _once(line.line_id, seen, at)
        stated(line.order_line_id, f"{at}.order_line_id")
        scaled(line.quantity, f"{at}.quantity")
        scaled(line.outstanding, f"{at}.outstanding")
        item(line.item, f"{at}.item")


def receiving_advice(paper: ReceivingAdvice) -> None:
    """出荷回答 (受領, 検収)."""
    stated(paper.order, "order")
    one_of(paper.result, RESULTS, "result")
    day(paper.received_date, "received_date")
    time_or_none(paper.received_time, "received_time")
    day_or_none(paper.inspection_date, "inspection_date")
    if paper.inspection_date and paper.inspection_date < paper.received_date:
        fail("inspection_date", "must not be before the day of receipt")
    party(paper.buyer, "buyer")
    party(paper.seller, "seller")
    involved(paper.involved)
    if not paper.lines:
        fail("lines", "must hold at least one line")
    seen: dict[str, None] = {}
    for index, line in enumerate(paper.lines):
        at = f"lines[{index}]"
        _once(line.line_id, seen, at)
        _receiving_line(line, paper, at)


def _receiving_line(line: ReceivingLine, paper: ReceivingAdvice, at: str) -> None:
    stated(line.order_line_id, f"{at}.order_line_id")
    for name in ("received", "passed", "failed", "short", "returned"):
        scaled(getattr(line, name), f"{at}.{name}")
    amount(line.discount, f"{at}.discount")
    if line.discount is not None and not paper.currency:
        fail("currency", "must be stated where money is stated")
    if line.disposition:
        one_of(line.disposition, DISPOSITIONS, f"{at}.disposition")
    if all(value is None for value in (line.received, line.passed, line.failed, line.short, line.returned)):
        fail(at, "must state what was received, passed, failed, short or returned")
    failed = _nano(line.failed)
    inspected = line.passed is not None or line.failed is not None
    if line.received is not None and inspected and _nano(line.passed) + failed != _nano(line.received):
        fail(f"{at}.received", "must be passed + failed")
    if paper.result == "accepted" and (failed or _nano(line.short)):
        fail("result", f"cannot be accepted: line {line.line_id} has failed or short goods")
    if paper.result == "refused" and _nano(line.passed):
        fail("result", f"cannot be refused: line {line.line_id} has goods that passed")


def _nano(value: Scaled | None) -> int:
    return 0 if value is None else nano(value.value, value.scale)


def _once(line_id: str, seen: dict[str, None], at: str) -> None:
    stated(line_id, f"{at}.line_id")
    if line_id in seen:
        fail(f"{at}.line_id", f"line {line_id} stands twice")
    seen[line_id] = None


def _shipment(value: Shipment) -> None:
    day_or_none(value.despatch_date, "shipment.despatch_date")
    time_or_none(value.despatch_time, "shipment.despatch_time")
    day_or_none(value.arrival_date, "shipment.arrival_date")
    time_or_none(value.arrival_time, "shipment.arrival_time")
    if value.despatch_date and value.arrival_date and value.arrival_date < value.despatch_date:
        fail("shipment.arrival_date", "must not be before the day of despatch")
    for index, package in enumerate(value.packages):
        at = f"shipment.packages[{index}]"
        if package.sscc and not is_sscc(package.sscc):
            fail(f"{at}.sscc", "must be 18 digits with a valid check digit (SSCC)")
        scaled(package.weight, f"{at}.weight")
