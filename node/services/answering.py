"""Answers made from what they answer: an order response with the order's parties, number and lines filled in.

Owns what follows from the order itself. Whether the step is possible is the fold's word, at submission.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec

from node.store import Tx
from node.zones import JAPAN
from protocol.errors import CallerFault
from protocol.process.trade.papers import Order, OrderResponse, Reference, ResponseLine

RESPONSES: Final = ("accepted", "changed", "refused")
_LINES: Final = msgspec.json.Decoder(tuple[ResponseLine, ...])


def response(order: Order, answer: str, number: str, reason: str, lines: bytes, now_us: int) -> OrderResponse:
    """The response to ``order``. ``lines``: JSON array of response lines, needed for ``changed``.

    CallerFault names the field that is wrong.
    """
    if answer not in RESPONSES:
        raise CallerFault("response", f"one of {', '.join(RESPONSES)}")
    try:
        answered = _LINES.decode(lines)
    except msgspec.MsgspecError as error:
        raise CallerFault("lines", str(error)) from None
    if answer == "changed" and not answered:
        raise CallerFault("lines", "say which lines change, and how")
    moment = datetime.fromtimestamp(now_us / 1e6, UTC).astimezone(JAPAN)
    return OrderResponse(
        number=number,
        issue_date=moment.date().isoformat(),
        currency=order.currency,
        response=answer,
        order=order.number,
        buyer=order.buyer,
        seller=order.seller,
        reason=reason,
        lines=answered,
        references=(Reference(kind="order", number=order.number),),
    )


def next_number(tx: Tx, member: bytes, order: Order) -> str:
    """A number for the response that the member has not used: the order's with ``-R`` and a count."""
    used = {row.business_key for row in tx.holdings.before(member, 500, kind="order_response")}
    count = 1
    while f"{order.number[:100]}-R{count}" in used:
        count += 1
    return f"{order.number[:100]}-R{count}"
