"""Sheets of the goods: what is shipped, what was found when it arrived."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from node.i18n import N_
from node.services.drafting import Step
from node.web.forms import Form
from node.web.sheets.contract import NAME, NOTE
from node.web.sheets.sheet import Column, Field, Sheet, as_day, dated, day_text
from protocol.process.money import denano, nano
from protocol.process.trade.papers import (
    DespatchAdvice,
    DespatchLine,
    ReceivingAdvice,
    ReceivingLine,
    Scaled,
    Shipment,
)

SHIPPED, LEAVES, ARRIVES = N_("Shipped"), N_("Leaves on"), N_("Arrives on")
CARRIER, TRACKING = N_("Carrier"), N_("Tracking number")
CAME, GOOD, BAD = N_("Arrived"), N_("Passed"), N_("Failed")
NOTHING: Final = N_("Enter how much is shipped in at least one line.")
TOO_MANY: Final = N_("{label}: passed and failed together are more than what was sent ({sent}).")
DISPOSITIONS: Final = (
    ("returned", N_("send back")),
    ("rework", N_("to be mended")),
    ("scrapped", N_("thrown away")),
    ("kept", N_("kept all the same")),
)

SHIP_COLUMNS: Final = (
    Column("item", NAME, "show"),
    Column("open", N_("Still to ship"), "show"),
    Column("quantity", SHIPPED, "number", required=True, size="s"),
    Column("reason", N_("Remark"), size="m"),
)
INSPECT_COLUMNS: Final = (
    Column("item", NAME, "show"),
    Column("sent", N_("Sent"), "show"),
    Column("passed", GOOD, "number", required=True, size="s"),
    Column("failed", BAD, "number", size="s"),
    Column("disposition", N_("What happens with it"), "select", choices=DISPOSITIONS),
    Column("reason", N_("Reason"), size="m"),
)


def _nano(value: Scaled | None) -> int:
    return 0 if value is None else nano(value.value, value.scale)


def _ship_values(paper: DespatchAdvice) -> dict[str, Any]:
    shipment = paper.shipment or Shipment()
    days = dated(leaves=shipment.despatch_date or paper.issue_date, arrives=shipment.arrival_date)
    return {
        "note": paper.note,
        "carrier": shipment.carrier,
        "tracking": shipment.tracking,
        "lines": [
            {
                "id": line.order_line_id,
                "item": line.item.name if line.item is not None else "",
                "open": line.quantity,
                "quantity": line.quantity,
                "reason": line.reason,
            }
            for line in paper.lines
        ],
    } | days


def _ship_read(form: Form, draft: DespatchAdvice) -> DespatchAdvice:
    say, known = form.say, {line.order_line_id: line for line in draft.lines}
    lines: list[DespatchLine] = []
    for row in form.rows("lines"):
        before = known.get(form.value(f"lines.{row}.id"))
        if before is None:
            continue
        most = _nano(before.quantity)
        amount = form.scaled(f"lines.{row}.quantity", say(SHIPPED), places=3)
        reason = form.text(f"lines.{row}.reason", say(N_("Remark")), required=False)
        left = most - _nano(amount)
        if amount is not None and amount.value:
            outstanding = Scaled(*denano(left)) if left > 0 else None
            lines.append(replace(before, quantity=amount, outstanding=outstanding, reason=reason))
    if not lines and form.ok:
        form.wrong("lines", NOTHING)
    shipment = Shipment(
        despatch_date=day_text(form, "leaves", say(LEAVES)),
        arrival_date=day_text(form, "arrives", say(ARRIVES), required=False),
        carrier=form.text("carrier", say(CARRIER), required=False),
        tracking=form.text("tracking", say(TRACKING), required=False, most=100),
    )
    note = form.text("note", say(N_("Note to the partner")), required=False, most=2_000)
    return replace(draft, lines=tuple(lines), shipment=shipment, note=note)


def _inspect_values(paper: ReceivingAdvice) -> dict[str, Any]:
    return {
        "note": paper.note,
        "received": as_day(paper.received_date),
        "lines": [
            {
                "id": line.order_line_id,
                "sent": line.received,
                "passed": line.passed,
                "failed": line.failed or "",
                "disposition": line.disposition or "returned",
                "reason": line.reason,
            }
            for line in paper.lines
        ],
    }


def _inspect_read(form: Form, draft: ReceivingAdvice) -> ReceivingAdvice:
    known = {line.order_line_id: line for line in draft.lines}
    lines = []
    for row in form.rows("lines"):
        before = known.get(form.value(f"lines.{row}.id"))
        if before is not None:
            lines.append(_inspected(form, f"lines.{row}", before))
    received = day_text(form, "received", form.say(N_("Arrived on")))
    note = form.text("note", form.say(N_("Note to the partner")), required=False, most=2_000)
    return replace(
        draft,
        lines=tuple(lines),
        received_date=received,
        inspection_date=max(draft.issue_date, received),
        result=_result(lines),
        note=note,
    )


def _inspected(form: Form, at: str, before: ReceivingLine) -> ReceivingLine:
    """What passed and failed as typed; the rest of what was sent did not arrive."""
    say = form.say
    passed = form.scaled(f"{at}.passed", say(GOOD), places=3)
    failed = form.scaled(f"{at}.failed", say(BAD), required=False, places=3)
    bad = failed is not None and failed.value > 0
    chosen = form.choice(
        f"{at}.disposition", say(N_("What happens with it")), (code for code, _ in DISPOSITIONS), required=bad
    )
    reason = form.text(f"{at}.reason", say(N_("Reason")), required=bad)
    came, sent = _nano(passed) + _nano(failed), _nano(before.received)
    if came > sent and form.ok:
        value, scale = denano(sent)
        form.wrong(f"{at}.passed", TOO_MANY, label=say(GOOD), sent=f"{value / 10**scale:g}")
    missing = max(sent - came, 0)
    return replace(
        before,
        received=Scaled(*denano(came)),
        passed=Scaled(*denano(_nano(passed))),
        failed=failed if bad else None,
        returned=failed if bad and chosen == "returned" else None,
        short=Scaled(*denano(missing)) if missing else None,
        disposition=chosen if bad else "",
        reason=reason,
    )


def _result(lines: list[ReceivingLine]) -> str:
    if all(not _nano(line.failed) and not _nano(line.short) for line in lines):
        return "accepted"
    return "partial" if any(_nano(line.passed) for line in lines) else "refused"


SHEETS: Final[Mapping[Step, Sheet]] = {
    Step.SHIP: Sheet(
        N_("Announce the shipment"),
        N_("Send the despatch advice"),
        _ship_values,
        _ship_read,
        (
            Field("leaves", LEAVES, "date"),
            Field("arrives", ARRIVES, "date", required=False),
            Field("carrier", CARRIER, required=False),
            Field("tracking", TRACKING, required=False, most=100),
            NOTE,
        ),
        SHIP_COLUMNS,
        N_("What is shipped"),
    ),
    Step.INSPECT: Sheet(
        N_("Inspect the goods"),
        N_("Send the inspection"),
        _inspect_values,
        _inspect_read,
        (Field("received", N_("Arrived on"), "date"), NOTE),
        INSPECT_COLUMNS,
        N_("What arrived"),
        files=True,
    ),
}
