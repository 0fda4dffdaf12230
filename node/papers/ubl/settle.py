"""Make a paper that was read fit the rules of papers, without changing what it says.

UBL lets a document say what ``protocol.process.trade.check`` refuses: sums that do not agree, a period that ends before
it starts. Such a field is emptied, so that what the document says is kept beside the paper and comes out again, and
nobody computes with it. Owns only which field gives way.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec.structs import replace

from node.papers.ubl.reading import Finding
from protocol.errors import CallerFault
from protocol.process.trade import check
from protocol.process.trade.check.ordering import order_line
from protocol.process.trade.papers import Order, OrderLine, OrderResponse

_TOKEN = re.compile(r"([a-z_]+)|\[(\d+)\]")
_MOST = 100  # fields that may give way besides those of lines


def settle(paper: Order | OrderResponse, findings: list[Finding]) -> Order | OrderResponse:
    """``paper`` with every field emptied that breaks a rule and may be empty; each is told in ``findings``.

    Raises CallerFault when a field that must be there breaks a rule.
    """
    if isinstance(paper, Order):
        lines = tuple(_settle_line(line, paper.currency, i, findings) for i, line in enumerate(paper.lines))
        paper = replace(paper, lines=lines)
    for _ in range(_MOST):
        try:
            check.check(paper)
            return paper
        except CallerFault as fault:
            paper = _give_way(paper, fault)
            findings.append(Finding(fault.field, f"{fault.rule}: kept as it stands"))
    raise CallerFault("", f"breaks more than {_MOST} rules")


def _settle_line(line: OrderLine, currency: str, index: int, findings: list[Finding]) -> OrderLine:
    at = f"lines[{index}]"
    while True:
        try:
            order_line(line, currency, at)
            return line
        except CallerFault as fault:
            smaller = _emptied(line, _tokens(fault.field.removeprefix(f"{at}.")))
            if smaller is None or smaller == line:
                raise
            line = smaller
            findings.append(Finding(fault.field, f"{fault.rule}: kept as it stands"))


def _give_way(paper: Any, fault: CallerFault) -> Any:
    if isinstance(paper, OrderResponse) and (other := _answered(paper, fault)) is not None:
        return other
    smaller = _emptied(paper, _tokens(fault.field))
    if smaller is None or smaller == paper:
        raise fault
    return smaller


def _answered(paper: OrderResponse, fault: CallerFault) -> OrderResponse | None:
    """A response that contradicts itself is taken as one with changes: nothing follows before a person has looked."""
    tokens = _tokens(fault.field)
    if not tokens or tokens[0] != "lines" or len(tokens) < 2 or not isinstance(tokens[1], int):
        return None
    line = paper.lines[tokens[1]]
    if tokens[2:] == ["status"] and paper.response == "accepted":
        return replace(paper, response="changed")
    if line.status == "added" and tokens[2:] in ([], ["item"], ["quantity"], ["status"]):
        line = replace(line, status="changed", order_line_id=line.order_line_id or line.line_id)
        return replace(paper, lines=(*paper.lines[: tokens[1]], line, *paper.lines[tokens[1] + 1 :]))
    return None


def _tokens(field: str) -> list[str | int]:
    return [name or int(index) for name, index in _TOKEN.findall(field)]


def _emptied(struct: Any, tokens: list[str | int]) -> Any:
    """``struct`` without the field: the innermost that may be empty. None when none may.

    Of a list all items go: what follows an emptied item would stand in its place.
    """
    if not tokens or not isinstance(tokens[0], str):
        return None
    name, rest = tokens[0], tokens[1:]
    value = getattr(struct, name)
    inner = None
    if isinstance(value, msgspec.Struct) and rest:
        inner = _emptied(value, rest)
    elif isinstance(value, tuple) and len(rest) > 1 and isinstance(rest[0], int):
        item = _emptied(value[rest[0]], rest[1:])
        inner = None if item is None else (*value[: rest[0]], item, *value[rest[0] + 1 :])
    if inner is not None and inner != value:
        return replace(struct, **{name: inner})
    if name == "lines":
        return None
    default = _default(type(struct), name)
    return None if default is msgspec.NODEFAULT or default == value else replace(struct, **{name: default})


def _default(kind: type[Any], name: str) -> Any:
    return next(field.default for field in msgspec.structs.fields(kind) if field.name == name)
