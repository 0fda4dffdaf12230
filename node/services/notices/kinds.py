"""The kinds of notices, in words, and which papers make which. Owns the one table of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from node.i18n import N_

MAIL: Final = "mail"
PUSH: Final = "push"
WAYS: Final = (MAIL, PUSH)


class Kind(NamedTuple):
    """``word``: on the settings page; ``said``: what the notice says; ``climbs``: the owner and staff hear of it too.

    ``usual``: sent by mail to owner and clerks unless they choose otherwise.
    """

    word: str
    said: str
    climbs: bool = True
    usual: bool = False


KINDS: Final[Mapping[str, Kind]] = {
    "orders": Kind(N_("Orders and enquiries"), N_("An order or enquiry waits for an answer."), usual=True),
    "answers": Kind(N_("Answers of partners"), N_("A partner answered.")),
    "goods": Kind(N_("Goods on the way"), N_("Goods are on the way and are to be inspected.")),
    "invoices": Kind(N_("Invoices"), N_("An invoice arrived.")),
    "payments": Kind(N_("Payments due"), N_("A payment is due soon.")),
    "late": Kind(N_("Late deliveries"), N_("A delivery is late.")),
    "messages": Kind(N_("Messages"), N_("A partner wrote a message."), usual=True),
    "held": Kind(N_("Held papers"), N_("A held paper needs a decision.")),
    "catalogues": Kind(N_("Catalogues"), N_("A catalogue was asked for or arrived."), climbs=False),
    "replenishment": Kind(N_("Replenishment"), N_("A supplier proposed to replenish.")),
    "deeds": Kind(N_("Terms and agreements"), N_("A partner proposed terms or answered them."), usual=True),
    "records": Kind(N_("Inspections and payment notices"), N_("A partner inspected goods or told of a payment.")),
    "groups": Kind(N_("Groups"), N_("A group invites you or announces something."), climbs=False),
    "drawings": Kind(N_("Drawings"), N_("A drawing came, has a new version, or was withdrawn."), climbs=False),
}
#: Type of an arrived paper → kind of notice. A type without a row needs nobody.
OF_TYPE: Final[Mapping[str, str]] = {
    "request_for_quotation": "orders",
    "order": "orders",
    "order_change": "orders",
    "order_cancellation": "orders",
    "quotation": "answers",
    "order_response": "answers",
    "change_response": "answers",
    "self_billed_response": "answers",
    "despatch_advice": "goods",
    "receiving_advice": "records",
    "invoice": "invoices",
    "corrective_invoice": "invoices",
    "self_billed_statement": "invoices",
    "payment_notice": "records",
    "message": "messages",
    "catalogue_request": "catalogues",
    "catalogue": "catalogues",
    "catalogue_withdrawal": "catalogues",
    "replenishment_proposal": "replenishment",
    "deed_proposal": "deeds",
    "deed_answer": "deeds",
    "deed_report": "deeds",
}
