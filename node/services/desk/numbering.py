"""Business numbers of a member's papers: a prefix for the type, the month, a running number. Owns the counters.

A number is given once; a draft that is thrown away leaves a gap, which no rule forbids.
"""

from __future__ import annotations

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
}


def next_number(tx: Tx, member: bytes, kind: str, today: str) -> str:
    """The next number for a paper of ``kind``, such as PO-2610-0001; ``today``: YYYY-MM-DD. Each is given once."""
    month = today[2:4] + today[5:7]
    key = f"number/{member.hex()}/{kind}/{month}"
    number = tx.meta.get_int(key) + 1
    tx.meta.set_int(key, number)
    return f"{PREFIXES.get(kind, 'DC')}-{month}-{number:04d}"
