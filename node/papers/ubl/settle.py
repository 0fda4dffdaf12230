"""Make a paper that was read fit the rules of papers, without changing what it says.

UBL lets a document say what ``protocol.process.trade.check`` refuses: sums that do not agree, a period that ends before
it starts. Such a field is emptied, so that what the document says is kept beside the paper and comes out again, and
nobody computes with it. Owns only which field gives way.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from node.papers.ubl.reading import Finding
from protocol.errors import CallerFault
from protocol.process.trade import check
from protocol.process.trade.papers import Billing, Order, OrderResponse, Party, ResponseLine

_TOKEN = re.compile(r"([a-z_]+)|\[(\d+)\]")
_MOST = 100  # fields of the head that may give way
_DAY = "2026-01-01"
_SOMEBODY = Party(name="?")
P = TypeVar("P", Order, OrderResponse)


def settle(paper: Any, findings: list[Finding], *, lenient: bool = False) -> Any:
    """``paper`` with every field emptied that breaks a rule and may be empty; each is told in ``findings``.

    Raises CallerFault when a field that must be there breaks a rule; if ``lenient``, the paper stays as it is and
    ``findings`` tell that nobody will take it so.
    """
    if isinstance(paper, Order | OrderResponse):
        paper = _settle_lines(paper, findings)
    for _ in range(_MOST):
        try:
            check.check(paper)
            return paper
        except CallerFault as fault:
            smaller = _smaller(paper, fault)
            if smaller is None and lenient:
                findings.append(Finding(fault.field, f"{fault.rule}: it cannot be sent like this"))
                return paper
            if smaller is None:
                raise
            paper = smaller
            findings.append(Finding(fault.field, f"{fault.rule}: kept as it stands"))
    if lenient:
        findings.append(Finding("", f"breaks more than {_MOST} rules: it cannot be sent like this"))
        return paper
    raise CallerFault("", f"breaks more than {_MOST} rules")


def _settle_lines(paper: Any, findings: list[Finding]) -> Any:
    lines: list[Any] = []
    for index, line in enumerate(paper.lines):
        settled, answer = _settle_line(paper, line, index, findings)
        lines.append(settled)
        paper = paper if answer is None else answer
    return replace(paper, lines=tuple(lines))


def _settle_line(paper: P, line: Any, index: int, findings: list[Finding]) -> tuple[Any, P | None]:
    """The line with what breaks a rule emptied; and the paper with another answer if the line contradicts it.

    Each line is looked at alone, so that many faulty lines cost no more than many good ones.
    """
    answer: P | None = None
    while True:
        try:
            check.check(_alone(paper if answer is None else answer, line))
            return line, answer
        except CallerFault as fault:
            at, rest = f"lines[{index}]", fault.field.removeprefix("lines[0]")
            if answer is None and rest == ".status" and _accepts(paper):
                answer = replace(paper, response="changed")  # it says accepted, and changes a line
            else:
                line = _smaller_line(line, rest, CallerFault(at + rest, fault.rule, code=fault.code))
            findings.append(Finding(at + rest, f"{fault.rule}: kept as it stands"))


def _accepts(paper: Order | OrderResponse) -> bool:
    return isinstance(paper, OrderResponse) and paper.response == "accepted"


def _alone(paper: Order | OrderResponse, line: Any) -> Order | OrderResponse:
    """A paper of one line and nothing else."""
    if isinstance(paper, Order):
        return Order(
            number="1", issue_date=_DAY, currency=paper.currency, buyer=_SOMEBODY, seller=_SOMEBODY, lines=(line,)
        )
    return OrderResponse(
        number="1",
        issue_date=_DAY,
        currency=paper.currency,
        response=paper.response,
        order="1",
        buyer=_SOMEBODY,
        seller=_SOMEBODY,
        lines=(line,),
    )


def _smaller_line(line: Any, rest: str, fault: CallerFault) -> Any:
    if isinstance(line, ResponseLine) and line.status == "added" and rest in ("", ".item", ".quantity", ".status"):
        return replace(line, status="changed", order_line_id=line.order_line_id or line.line_id)
    smaller = emptied(line, field_tokens(rest))
    if smaller is None or smaller == line:
        raise fault
    return smaller


def _smaller(paper: Any, fault: CallerFault) -> Any:
    """The paper without what breaks the rule; None when it cannot be without."""
    tokens = field_tokens(fault.field)
    if isinstance(paper, Billing) and len(tokens) == 3 and tokens[0] == "lines" and tokens[2] == "amount":
        tokens = [*tokens[:2], "price"]  # the amount counts; the price that does not give it is kept
    smaller = emptied(paper, tokens)
    return None if smaller == paper else smaller


def field_tokens(field: str) -> list[str | int]:
    return [name or int(index) for name, index in _TOKEN.findall(field)]


def emptied(struct: Any, tokens: list[str | int]) -> Any:
    """``struct`` without the field: the innermost that may be empty. None when none may.

    Of a list all items go: what follows an emptied item would stand in its place.
    """
    if not tokens or not isinstance(tokens[0], str):
        return None
    name, rest = tokens[0], tokens[1:]
    value = getattr(struct, name)
    inner = None
    if isinstance(value, msgspec.Struct) and rest:
        inner = emptied(value, rest)
    elif isinstance(value, tuple) and len(rest) > 1 and isinstance(rest[0], int):
        item = emptied(value[rest[0]], rest[1:])
        inner = None if item is None else (*value[: rest[0]], item, *value[rest[0] + 1 :])
    if inner is not None and inner != value:
        return replace(struct, **{name: inner})
    if name == "lines":
        return None
    default = _default(type(struct), name)
    return None if default is msgspec.NODEFAULT or default == value else replace(struct, **{name: default})


def _default(kind: type[Any], name: str) -> Any:
    return next(field.default for field in msgspec.structs.fields(kind) if field.name == name)
