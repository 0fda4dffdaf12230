"""One dealing from the request for quotation to the payment notice, with a correction and a cancellation on it.

Owns the papers as the member API takes them, in their order. 一寸法師精密 (豊田) cannot make all that it was ordered;
打出小槌プレス (四国) presses 480 brackets, corrected to 500; the trial pieces are cancelled; two brackets fail
inspection and are replaced; the invoice names an old price and is replaced by a right one. Knows no HTTP.
"""

from __future__ import annotations

from typing import Any, NamedTuple

BUYER, SELLER = "F01", "F10"
NUMBER = "I-1013"
PRICE, TRIAL_PRICE, OLD_PRICE = 185, 900, 180
FIRST, CORRECTED, TRIALS = 480, 500, 20
TAX_PERCENT = 10

Json = dict[str, Any]


class Step(NamedTuple):
    """``writer`` sends ``body`` as a paper of ``type`` to the other one."""

    writer: str
    type: str
    body: Json


def steps(buyer: Json, seller: Json, mark: str) -> list[Step]:
    """The dealing. ``buyer`` and ``seller``: parties as papers name them; ``mark`` makes the numbers this run's own."""
    order = f"{NUMBER}-{mark}"
    parties = {"buyer": buyer, "seller": seller}
    return [
        *_agreeing(order, parties),
        *_correcting(order),
        *_delivering(order),
        *_billing(order, parties),
    ]


def _agreeing(order: str, parties: Json) -> list[Step]:
    asked = [_line("1", FIRST), _line("2", TRIALS)]
    offered = [_line("1", FIRST, PRICE), _line("2", TRIALS, TRIAL_PRICE)]
    money = {"currency": "JPY", "lines": offered, **_sums(FIRST * PRICE + TRIALS * TRIAL_PRICE)}
    promises = [
        {"split_id": "1", "quantity": _count(300), "delivery": _until("2026-10-22")},
        {"split_id": "2", "quantity": _count(180), "delivery": _until("2026-10-27")},
    ]
    return [
        Step(
            BUYER,
            "request_for_quotation",
            _paper(f"Q-{order}", "2026-10-13", **parties, lines=asked, reply_by="2026-10-14"),
        ),
        Step(
            SELLER,
            "quotation",
            _paper(f"M-{order}", "2026-10-13", **parties, **money, validity={"end": "2026-10-31"}),
        ),
        Step(BUYER, "order", _paper(order, "2026-10-14", **parties, **money, **_conditions())),
        Step(
            SELLER,
            "order_response",
            _paper(
                f"R-{order}",
                "2026-10-14",
                **parties,
                order=order,
                response="accepted",
                lines=[{"line_id": "1", "order_line_id": "1", "status": "accepted", "promises": promises}],
            ),
        ),
    ]


def _conditions() -> Json:
    return {
        "inspection": {"days_after_receipt": 5, "method": "受入検査: 寸法と外観"},
        "terms": {"due_date": "2026-11-30", "description": "月末締め翌月末払い", "means": [{"method": "transfer"}]},
        "delivery": {"location": {"name": "第一工場 受入口"}, "period": {"end": "2026-10-27"}},
    }


def _correcting(order: str) -> list[Step]:
    changed = [{"action": "changed", "line": _line("1", CORRECTED, PRICE)}]
    return [
        Step(
            BUYER,
            "order_change",
            _paper(
                f"C-{order}", "2026-10-15", currency="JPY", order=order, lines=changed, reason="数量の訂正: 480を500に"
            ),
        ),
        _answer(SELLER, f"CR-{order}", "2026-10-15", order, f"C-{order}"),
        Step(
            BUYER,
            "order_cancellation",
            _paper(f"X-{order}", "2026-10-16", order=order, lines=["2"], reason="試し抜きが不要になったため"),
        ),
        _answer(SELLER, f"XR-{order}", "2026-10-16", order, f"X-{order}"),
    ]


def _answer(writer: str, number: str, day: str, order: str, answers: str) -> Step:
    return Step(writer, "change_response", _paper(number, day, response="accepted", answers=answers, order=order))


def _delivering(order: str) -> list[Step]:
    faulty = {"failed": _count(2), "disposition": "returned", "reason": "端面にバリ"}
    return [
        _despatch(order, 1, "2026-10-21", 300, outstanding=_count(200)),
        _receiving(order, 1, "2026-10-22", "partial", 300, passed=298, **faulty),
        _despatch(order, 2, "2026-10-27", 200),
        _receiving(order, 2, "2026-10-28", "accepted", 200, passed=200),
        _despatch(order, 3, "2026-10-28", 2, replacement=True),
        _receiving(order, 3, "2026-10-29", "accepted", 2, passed=2),
    ]


def _despatch(order: str, part: int, day: str, quantity: int, *, replacement: bool = False, **more: Any) -> Step:
    line = {"line_id": "1", "order_line_id": "1", "quantity": _count(quantity), "unit": "C62", **more}
    body = _paper(f"D{part}-{order}", day, order=order, lines=[line], shipment={"despatch_date": day})
    return Step(SELLER, "despatch_advice", body | ({"replacement": True} if replacement else {}))


def _receiving(order: str, part: int, day: str, result: str, received: int, *, passed: int, **more: Any) -> Step:
    line = {
        "line_id": "1",
        "order_line_id": "1",
        "despatch_line_id": "1",
        "unit": "C62",
        "received": _count(received),
        "passed": _count(passed),
        **more,
    }
    body = {"order": order, "despatch": f"D{part}-{order}", "result": result, "lines": [line]}
    return Step(
        BUYER, "receiving_advice", _paper(f"K{part}-{order}", day, **body, received_date=day, inspection_date=day)
    )


def _billing(order: str, parties: Json) -> list[Step]:
    wrong, right = _bill(order, OLD_PRICE), _bill(order, PRICE)
    due = right["totals"]["payable"]
    item = {"number": f"S2-{order}", "kind": "corrective_invoice", "amount": due, "billed": due, "date": "2026-11-02"}
    return [
        Step(SELLER, "invoice", _paper(f"S1-{order}", "2026-10-31", **parties, **wrong, kind="380")),
        Step(
            SELLER,
            "corrective_invoice",
            _paper(
                f"S2-{order}",
                "2026-11-02",
                **parties,
                **right,
                corrects=f"S1-{order}",
                corrects_date="2026-10-31",
                effect="replaced",
                reason="単価の誤り: 180円を185円に",
            ),
        ),
        Step(
            BUYER,
            "payment_notice",
            _paper(
                f"P-{order}",
                "2026-11-27",
                **parties,
                currency="JPY",
                payment_date="2026-11-30",
                items=[item],
                total=due,
                means=[{"method": "transfer"}],
            ),
        ),
    ]


def _bill(order: str, price: int) -> Json:
    line = _line("1", CORRECTED, price) | {"order": order, "order_line_id": "1", "transaction_date": "2026-10-28"}
    return {
        "currency": "JPY",
        "order": order,
        "rounding": "down",
        "lines": [line],
        "terms": {"due_date": "2026-11-30"},
        **_sums(CORRECTED * price),
    }


def _line(line_id: str, quantity: int, price: int | None = None) -> Json:
    name = "ブラケット B-1 プレス加工" if line_id == "1" else "ブラケット B-1 試し抜き"
    line: Json = {
        "line_id": line_id,
        "item": {"name": name, "buyer_id": "B-1"},
        "quantity": _count(quantity),
        "unit": "C62",
    }
    if price is not None:
        line |= {"price": {"value": _count(price)}, "amount": quantity * price, "tax": _rate()}
    return line


def _sums(net: int) -> Json:
    tax = net * TAX_PERCENT // 100
    return {
        "taxes": [_rate() | {"basis": net, "tax": tax}],
        "totals": {"lines": net, "net": net, "tax": tax, "gross": net + tax, "payable": net + tax},
    }


def _rate() -> Json:
    return {"category": "S", "rate": _count(TAX_PERCENT)}


def _count(value: int) -> Json:
    return {"value": value}


def _until(day: str) -> Json:
    return {"period": {"end": day}}


def _paper(number: str, day: str, **body: Any) -> Json:
    return {"number": number, "issue_date": day, **body}
