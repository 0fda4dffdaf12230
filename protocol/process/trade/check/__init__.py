"""Is this paper right in itself? Owns the rules inside one paper; knows no other paper, no state, no law.

``check`` refuses: it is the same at the writer's node and at the reader's, so that neither can be made to store what
the other would refuse. What is merely unwise or incomplete in law is advice (``protocol.process.trade.advice``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from protocol.process.trade.check import agreeing, billing, catalogue, delivering, message, ordering, replenishing
from protocol.process.trade.check.rules import head
from protocol.process.trade.papers import (
    PAPERS,
    TYPE_OF,
    VERSIONS,
    Paper,
    decode,
    encode,
)

_RULES: Final[dict[str, Callable[[Any], None]]] = {
    "request_for_quotation": ordering.request_for_quotation,
    "quotation": ordering.quotation,
    "order": ordering.order,
    "order_response": ordering.order_response,
    "order_change": ordering.order_change,
    "order_cancellation": ordering.order_cancellation,
    "change_response": ordering.change_response,
    "despatch_advice": delivering.despatch_advice,
    "receiving_advice": delivering.receiving_advice,
    "invoice": billing.billing,
    "corrective_invoice": billing.corrective_invoice,
    "self_billed_statement": billing.billing,
    "self_billed_response": billing.self_billed_response,
    "payment_notice": billing.payment_notice,
    "message": message.message,
    "catalogue_request": catalogue.catalogue_request,
    "catalogue": catalogue.catalogue,
    "catalogue_withdrawal": catalogue.catalogue_withdrawal,
    "sales_report": replenishing.sales_report,
    "replenishment_proposal": replenishing.replenishment_proposal,
    "replenishment_answer": replenishing.replenishment_answer,
    "deed_proposal": agreeing.deed_proposal,
    "deed_answer": agreeing.deed_answer,
    "deed_report": agreeing.deed_report,
}
_BY_STRUCT: Final = {struct: _RULES[name] for name, struct in PAPERS.items()}


def check(paper: Paper) -> None:
    """Raise ``CallerFault`` naming the first field that breaks a rule, and the rule. Source: ``docs/process.md``.

    Expects what its types say (``decode`` and the API see to it); ``issue`` is for papers built by hand.
    """
    head(paper)
    _BY_STRUCT[type(paper)](paper)


def issue(paper: Paper) -> bytes:
    """The bytes of a paper about to be signed, after every check that the reader will make."""
    name = TYPE_OF[type(paper)]
    body = encode(paper)
    check(decode(name, VERSIONS[name][-1], body))
    return body


def admit(name: str, version: int, body: bytes) -> Paper:
    """The paper in the bytes of another member's document, decoded and checked."""
    paper = decode(name, version, body)
    check(paper)
    return paper
