"""Which function makes the sheet of which paper. Owns the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from node.papers.pdf import agreeing, answering, billing, delivering, offering, ordering, replenishing
from node.papers.pdf.context import Context
from node.papers.pdf.sheet import Sheet
from protocol.errors import CallerFault
from protocol.process.trade.papers import TYPE_OF, Paper

SHEETS: Final[Mapping[str, Callable[[Any, Context], Sheet]]] = {
    "request_for_quotation": ordering.request_for_quotation,
    "quotation": ordering.quotation,
    "order": ordering.order,
    "order_response": answering.order_response,
    "order_change": answering.order_change,
    "order_cancellation": answering.order_cancellation,
    "change_response": answering.change_response,
    "despatch_advice": delivering.despatch_advice,
    "receiving_advice": delivering.receiving_advice,
    "invoice": billing.invoice,
    "corrective_invoice": billing.corrective_invoice,
    "self_billed_statement": billing.self_billed_statement,
    "self_billed_response": answering.self_billed_response,
    "payment_notice": billing.payment_notice,
    "message": offering.message,
    "catalogue_request": offering.catalogue_request,
    "catalogue": offering.catalogue,
    "catalogue_withdrawal": offering.catalogue_withdrawal,
    "sales_report": replenishing.sales_report,
    "replenishment_proposal": replenishing.replenishment_proposal,
    "replenishment_answer": replenishing.replenishment_answer,
    "deed_proposal": agreeing.deed_proposal,
    "deed_answer": agreeing.deed_answer,
    "deed_report": agreeing.deed_report,
}


def compose(paper: Paper, context: Context) -> Sheet:
    """The sheet of a paper. CallerFault for a type, or a form of it, that is not printed."""
    name = TYPE_OF[type(paper)]
    if name not in SHEETS:
        raise CallerFault("document", f"a {name} has no form on paper")
    if context.form and name != "despatch_advice":
        raise CallerFault("form", "only a despatch advice has a delivery note")
    return SHEETS[name](paper, context)
