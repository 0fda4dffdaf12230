"""Which papers have a message of the SME Common EDI. Light: a node imports this without the XML library."""

from __future__ import annotations

from typing import Final

SME_TYPES: Final = frozenset(
    {
        "request_for_quotation",
        "quotation",
        "order",
        "order_response",
        "despatch_advice",
        "receiving_advice",
        "invoice",
        "corrective_invoice",
        "self_billed_statement",
        "self_billed_response",
        "payment_notice",
    }
)
"""Types of papers."""
