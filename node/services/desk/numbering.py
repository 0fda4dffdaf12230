"""Business numbers of a member's papers: a prefix for the type, the month, a running number. Owns the counters.

A number is given once; a draft that is thrown away leaves a gap, which no rule forbids.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Final

from node.store import Tx

PREFIXES: Final[Mapping[str, str]] = {
    "request_for_quotation": "RQ",
    "quotation": "QT",
    "order": "PO",
    "order_response": "OR",
    "order_change": "CH",
    "order_cancellation": "CX",
    "change_response": "CR",
    "despatch_advice": "DA",
    "receiving_advice": "RA",
    "invoice": "IN",
    "corrective_invoice": "CN",
    "self_billed_statement": "SB",
    "self_billed_response": "SR",
    "payment_notice": "PN",
    "message": "MS",
    "catalogue_request": "CQ",
    "catalogue": "CT",
    "catalogue_withdrawal": "CW",
    "sales_report": "SL",
    "replenishment_proposal": "RP",
    "replenishment_answer": "RR",
    "deed_proposal": "DP",
    "deed_answer": "DR",
    "deed_report": "DF",
}


def next_number(tx: Tx, member: bytes, kind: str, today: str, *, partner: bytes = b"") -> str:
    """The next number for a paper of ``kind``, such as PO-2610-0001; ``today``: YYYY-MM-DD. Each is given once.

    With ``partner`` numbers run for that partner alone (PO-2610-K7QA-001): from numbers that run over all partners,
    each could count what the member writes to the others.
    """
    key = _key(member, kind, today, partner)
    number = tx.meta.get_int(key) + 1
    tx.meta.set_int(key, number)
    return _text(member, kind, today, partner, number)


def peek(tx: Tx, member: bytes, kind: str, today: str, *, partner: bytes = b"") -> str:
    """The number that :func:`next_number` would give; it is not taken."""
    number = tx.meta.get_int(_key(member, kind, today, partner)) + 1
    return _text(member, kind, today, partner, number)


def _key(member: bytes, kind: str, today: str, partner: bytes) -> str:
    return f"number/{member.hex()}/{kind}/{today[2:4] + today[5:7]}" + (f"/{partner.hex()}" if partner else "")


def _text(member: bytes, kind: str, today: str, partner: bytes, number: int) -> str:
    running = f"{_code(member, partner)}-{number:03d}" if partner else f"{number:04d}"
    return f"{PREFIXES.get(kind, 'DC')}-{today[2:4] + today[5:7]}-{running}"


def _code(member: bytes, partner: bytes) -> str:
    """Four letters for a pair of firms, which both know already."""
    return base64.b32encode(hashlib.sha256(b"yui/number/" + member + partner).digest())[:4].decode()
