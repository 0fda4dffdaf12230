"""Make a paper that was read fit the rules of papers, without changing what it says.

A message may say what ``protocol.process.trade.check`` refuses: sums that do not agree, a quantity of more than the
sum. Such a field is emptied, so that what the document says is kept beside the paper and comes out again, and nobody
computes with it. The emptying itself is that of UBL.
"""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec.structs import replace

from node.papers.ubl.reading import Finding
from node.papers.ubl.settle import emptied, field_tokens
from protocol.errors import CallerFault
from protocol.process.trade import check
from protocol.process.trade.papers import OrderResponse, Paper, ReceivingAdvice

_MOST = 300  # fields that may give way
P = TypeVar("P", bound=Paper)


def settle(paper: P, findings: list[Finding]) -> P:
    """``paper`` with every field emptied that breaks a rule and may be empty; each is told in ``findings``.

    Raises CallerFault when a field that must be there breaks a rule.
    """
    for _ in range(_MOST):
        try:
            check.check(paper)
            return paper
        except CallerFault as fault:
            smaller: P | None = _told_otherwise(paper, fault) or emptied(paper, field_tokens(fault.field))
            if smaller is None or smaller == paper:
                raise
            paper = smaller
            findings.append(Finding(fault.field, f"{fault.rule}: kept as it stands"))
    raise CallerFault("", f"breaks more than {_MOST} rules")


def _told_otherwise(paper: P, fault: CallerFault) -> P | None:
    """The paper with another answer, where its lines contradict the answer as a whole."""
    told: Any = None
    if isinstance(paper, OrderResponse) and paper.response == "accepted" and fault.field.endswith(".status"):
        told = replace(paper, response="changed")
    elif isinstance(paper, ReceivingAdvice) and fault.field == "result":
        told = replace(paper, result="partial")
    return told if told != paper else None
