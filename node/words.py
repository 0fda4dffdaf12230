"""The word for each thing a person sees: papers, states of a dealing, marks, verdicts, peers. Owns the tables.

Keys are the names that travel and are stored; values are messages of the catalogue. Every function takes ``say``, the
translation of the reader's language, because a page serves readers of both at once; the command line leaves it out.
A name that no table knows is given back as it is: a newer node's word is better than none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from node.i18n import N_, _

Say = Callable[[str], str]

PAPERS: Final[Mapping[str, str]] = {
    "request_for_quotation": N_("request for quotation"),
    "quotation": N_("quotation"),
    "order": N_("order"),
    "order_response": N_("order response"),
    "order_change": N_("change request"),
    "order_cancellation": N_("cancellation"),
    "change_response": N_("answer to a change"),
    "despatch_advice": N_("despatch advice"),
    "receiving_advice": N_("inspection"),
    "invoice": N_("invoice"),
    "corrective_invoice": N_("corrective invoice"),
    "self_billed_statement": N_("self-billed statement"),
    "self_billed_response": N_("answer to a statement"),
    "payment_notice": N_("payment notice"),
    "message": N_("message"),
    "catalogue_request": N_("request for a catalogue"),
    "catalogue": N_("catalogue"),
    "catalogue_withdrawal": N_("withdrawal of a catalogue"),
    "sales_report": N_("report of sales"),
    "replenishment_proposal": N_("replenishment proposal"),
    "replenishment_answer": N_("answer to a replenishment proposal"),
    "deed_proposal": N_("proposal of terms"),
    "deed_answer": N_("answer to terms"),
    "deed_report": N_("record of an agreement"),
}
#: What is owed without a paper of ours: brought from the books of before.
NO_PAPERS: Final[Mapping[str, str]] = {"opening_balance": N_("opening balance")}
#: Codes of terms of delivery that are ours, no rule of Incoterms (``services.desk.conditions``).
FREIGHT: Final[Mapping[str, str]] = {
    "freight_seller": N_("The seller bears the freight"),
    "freight_buyer": N_("The buyer bears the freight"),
}
STATES: Final[Mapping[str, str]] = {
    "new": N_("not begun"),
    "enquired": N_("quotation asked for"),
    "quoted": N_("quoted"),
    "ordered": N_("awaiting answer"),
    "countered": N_("changes proposed"),
    "accepted": N_("accepted"),
    "refused": N_("declined"),
    "cancelled": N_("cancelled"),
    "without_order": N_("without an order"),
    "held": N_("held for a person"),
    "partly_shipped": N_("shipped in part"),
    "shipped": N_("shipped"),
    "received": N_("inspected"),
    "billed": N_("billed"),
    "paid": N_("paid"),
}
VERDICTS: Final[Mapping[str, str]] = {
    "applied": N_("in effect"),
    "held": N_("held for a person"),
    "waiting": N_("waiting for another document"),
    "refused": N_("without effect"),
    "quarantined": N_("set aside"),
}
DIRECTIONS: Final[Mapping[str, str]] = {"sent": N_("sent"), "received": N_("came in")}
ROLES: Final[Mapping[str, str]] = {"buyer": N_("buyer"), "seller": N_("seller")}
PEERS: Final[Mapping[str, str]] = {
    "unknown": N_("unknown"),
    "invited": N_("invited"),
    "pending": N_("waits for us"),
    "confirmed": N_("accepted here, not connected yet"),
    "accepted": N_("connected"),
    "refused": N_("refused by us or them"),
    "blocked": N_("blocked"),
}
CURRENCIES: Final[Mapping[str, str]] = {
    "JPY": N_("Japanese yen"),
    "USD": N_("US dollar"),
    "EUR": N_("euro"),
    "GBP": N_("pound sterling"),
    "CNY": N_("renminbi"),
    "KRW": N_("won"),
    "TWD": N_("Taiwan dollar"),
    "HKD": N_("Hong Kong dollar"),
    "SGD": N_("Singapore dollar"),
    "THB": N_("baht"),
    "VND": N_("dong"),
    "AUD": N_("Australian dollar"),
}
QUARANTINE: Final[Mapping[str, str]] = {"open": N_("open"), "retried": N_("tried again"), "dropped": N_("dropped")}

#: Why a paper stays, by the rule that a home names (``protocol.process.trade.retention``).
RULES: Final[Mapping[str, str]] = {
    "books": N_(
        "The tax laws keep this paper (電子帳簿保存法): ten years from the day by which the return of its year is due."
    ),
    "price-talks": N_("What was said about prices is kept for two years (取適法)."),
    "author": N_("Who wrote this paper asked for it to be kept until then."),
    "unknown": N_("The partner has no such document."),
}
#: How guardians' copies stand to what was erased (``node.services.guarding.renewing.Copies``).
COPIES: Final[Mapping[str, str]] = {
    "waiting": N_("still hold it, sealed; within a month they are made anew without it"),
    "laying": N_("are being made anew without it"),
    "aside": N_(
        "are made anew without it; guardians set the key of the old ones aside for seven days, against thieves"
    ),
    "forgotten": N_("hold it no more: the key of the old ones is forgotten everywhere, confirmed by signature"),
}


def _word(table: Mapping[str, str], name: str, say: Say) -> str:
    return say(table[name]) if name in table else name


def paper(name: str, say: Say = _) -> str:
    """The word for a type of document."""
    return _word(PAPERS, name, say) if name in PAPERS else _word(NO_PAPERS, name, say)


def rule(name: str, say: Say = _) -> str:
    """Why a paper stays."""
    return _word(RULES, name, say)


def copies(name: str, say: Say = _) -> str:
    """How guardians' copies stand to what was erased."""
    return _word(COPIES, name, say)


def currency(name: str, say: Say = _) -> str:
    """The word for a currency (ISO 4217) with its code; of those that are not in the list the code alone."""
    return f"{say(CURRENCIES[name])} ({name})" if name in CURRENCIES else name


def state(name: str, say: Say = _) -> str:
    """The word for the state of a dealing (``protocol.process.trade.table.State``)."""
    return _word(STATES, name, say)


def verdict(name: str, say: Say = _) -> str:
    """The word for what became of a document (``protocol.link.receipt.Verdict``)."""
    return _word(VERDICTS, name, say)


def direction(name: str, say: Say = _) -> str:
    """The word for where a document went."""
    return _word(DIRECTIONS, name, say)


def role(name: str, say: Say = _) -> str:
    """The word for a side of a dealing."""
    return _word(ROLES, name, say)


def peer(name: str, say: Say = _) -> str:
    """The word for the state of another association's node (``federation.peers.PeerState``)."""
    return _word(PEERS, name, say)


def quarantine(name: str, say: Say = _) -> str:
    """The word for the state of something set aside."""
    return _word(QUARANTINE, name, say)


STEPS: Final[Mapping[str, str]] = {
    "quote": N_("Quote"),
    "order": N_("Order"),
    "answer": N_("Answer the order"),
    "agree": N_("Answer the changes"),
    "decide": N_("Answer the request"),
    "ship": N_("Announce shipment"),
    "inspect": N_("Inspect"),
    "bill": N_("Bill"),
    "credit": N_("Credit note"),
    "state": N_("Self-billed statement"),
    "confirm": N_("Answer the statement"),
    "pay": N_("Announce payment"),
    "change": N_("Ask for a change"),
    "cancel": N_("Ask to cancel"),
}
ANSWERS: Final[Mapping[str, str]] = {
    "accepted": N_("accepted"),
    "changed": N_("accepted with changes"),
    "refused": N_("declined"),
    "received": N_("arrived at partner"),
    "confirmed": N_("confirmed"),
    "partial": N_("passed in part"),
    "added": N_("added"),
    "removed": N_("removed"),
    "credited": N_("credited"),
    "replaced": N_("replaced"),
}


#: What an inspection came to: it is the goods that pass, nothing is agreed to.
INSPECTED: Final[Mapping[str, str]] = {
    "accepted": N_("passed"),
    "partial": N_("passed in part"),
    "refused": N_("did not pass"),
}


def step(name: str, say: Say = _) -> str:
    """The word on the button of a step (``node.services.drafting.Step``)."""
    return _word(STEPS, name, say)


def answer(name: str, say: Say = _) -> str:
    """What a paper says: accepted, declined, with changes."""
    return _word(ANSWERS, name, say)


def inspected(name: str, say: Say = _) -> str:
    """What an inspection came to."""
    return _word(INSPECTED, name, say)


#: Why a start was doubtful (``protocol.identity.control.Reason``), while peers are asked.
ASKING: Final[Mapping[str, str]] = {
    "restart": N_("not yet: after a stop without warning it asks its peers what they know of it"),
    "restore": N_("not yet: after a backup was put back it asks its peers what they know of it"),
}
_COPY: Final = "another copy of this node has been seen"
_FORK: Final = re.compile("member ([0-9a-f]{12}) has two successors of one record")


def frozen(reason: str, say: Say = _) -> str:
    """Why a node signs nothing (``house.frozen``) and what ends it. Empty for none."""
    if reason.startswith(_COPY):
        return say(N_("another copy of this server has been seen: make sure that only one runs, then `yui resolve`"))
    if (fork := _FORK.match(reason)) is not None:
        text = N_("member {member} has two histories: its recovery words decide, with `yui key decide {member}`")
        return say(text).format(member=fork[1])
    return reason


def signing(stopped: str, recovering: str, say: Say = _) -> str:
    """Whether a node signs (``house.frozen``, ``house.recovering``): yes, or why not."""
    return frozen(stopped, say) or _word(ASKING, recovering, say) or say(N_("yes"))


def finding(item: Mapping[str, Any], say: Say = _) -> tuple[str, str]:
    """A finding of the doctor: what was looked at, and what was seen."""
    given = {**item["given"], "reason": frozen(str(item["given"].get("reason", "")), say)}
    name, text = item["name"], item["text"]
    return say(name).format(**given), say(text).format(**given)
