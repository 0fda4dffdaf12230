"""What every message says about itself: the context block, number, dates, revision. Owns the fillers that name us.

Source: 中小企業共通EDI ver.4.1, CIExchangedDocumentContext; domain JPSSMED.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from node.papers.sme.rows import Moment, Sme, at, counted, fixed
from node.papers.ubl import codecs
from node.papers.ubl.rows import Context, Missing, Row, Values, put, read_with, text_at
from node.papers.ubl.tree import Node

_VERSION: Final = "Ver.4.1.1"
_VERSION_DATE: Final = "2023-08-01T00:00:00"
_DOMAIN: Final = "JPSSMED"
_CONTEXT: Final = "CIExchangedDocumentContext"


def _transaction(paper: Any, context: Any) -> str:
    """A transaction id that is the same each time: of the message, its number and its day."""
    made = hashlib.sha256(f"{context.message}\n{paper.number}\n{paper.issue_date}".encode()).hexdigest().upper()
    return "-".join((made[:8], made[8:12], made[12:16], made[16:20], made[20:32]))


def _parameter(name: str, value: Any, note: str) -> tuple[Row, ...]:
    path = f"{_CONTEXT}/{name}SpecifiedCIDocumentContextParameter"
    return (
        counted(f"{path}/ID", value, note=note),
        fixed(f"{path}/SpecifiedCIDocumentVersion/ID", _VERSION),
        fixed(f"{path}/SpecifiedCIDocumentVersion/IssueDateTime/udt:DateTime", _VERSION_DATE),
    )


CONTEXT: tuple[Row, ...] = (
    counted(f"{_CONTEXT}/SpecifiedTransactionID", _transaction, note="a UUID of message, number and day"),
    counted(
        f"{_CONTEXT}/ProcessingTransactionDateTime/udt:DateTime",
        lambda paper, context: f"{paper.issue_date}T{paper.issue_time or '00:00:00'}",
        note="issue_date, issue_time",
    ),
    *_parameter("BusinessProcess", lambda paper, context: context.message, "the name of the message"),
    *_parameter("Subset", lambda paper, context: _DOMAIN, _DOMAIN),
)


class Number:
    """``number``. A document without one is told apart by its bytes: ``#`` and 16 digits of their SHA-256."""

    def __init__(self, path: str) -> None:
        self._path = at(path)

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        value = read_with(codecs.WORD, text_at(node, self._path), context, self._path)
        if not value:
            context.warn(self._path, "the document has no number: one was made from its content")
        values["number"] = value or f"#{context.digest[:16]}"

    def make(self, struct: Any, node: Node, context: Context) -> None:
        put(node.make(self._path), codecs.WORD, struct.number, optional=struct.number.startswith("#"))

    def describe(self) -> list[tuple[str, str]]:
        return [("number", self._path)]


class Issued:
    """``issue_date`` and ``issue_time``; a document that does not say was issued when it was processed."""

    _processed = Moment("issue_date", f"{_CONTEXT}/ProcessingTransactionDateTime", "issue_time", required=True)

    def __init__(self, path: str) -> None:
        self._path = at(path)
        self._row = Moment("issue_date", path, "issue_time")

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        self._row.fill(node, values, context, path)
        if "issue_date" not in values:
            try:
                self._processed.fill(node, values, context, path)
            except Missing:
                raise Missing(self._path) from None
            context.warn(self._path, "is missing: the day on which the document was processed is taken")

    def make(self, struct: Any, node: Node, context: Context) -> None:
        self._row.make(struct, node, context)
        node.make(f"{self._path}/udt:DateTime").optional = True

    def describe(self) -> list[tuple[str, str]]:
        return self._row.describe()


class LineId:
    """``line_id``: as stated; where a document states none or one twice, its position after a ``#`` tells it apart."""

    def __init__(self, path: str) -> None:
        self._path = at(path)

    def fill(self, node: Node, values: Values, context: Context, path: str) -> None:
        stated = read_with(codecs.WORD, text_at(node, self._path), context, f"{path}/{self._path}") or ""
        taken = context.line_ids
        if not stated or stated in taken:
            context.warn(f"{path}/{self._path}", "is missing" if not stated else f"line {stated} stands twice")
            stated = f"{stated[:100]}#{len(taken) + 1}"
        taken[stated] = None
        values["line_id"] = stated

    def make(self, struct: Any, node: Node, context: Context) -> None:
        assert isinstance(context, Sme)
        taken = context.line_ids
        taken[struct.line_id] = None
        codec = codecs.Position(len(taken))
        put(node.make(self._path), codec, struct.line_id, optional=codec.placeholder(struct.line_id))

    def describe(self) -> list[tuple[str, str]]:
        return [("line_id", self._path)]


def document(name: str, kind: str, subtype: str, *, purpose: bool = True) -> tuple[Row, ...]:
    """Number, type and dates of a document whose class is ``name``; ``kind`` UNCL1001 and its ``subtype``."""
    rows: list[Row] = [
        *CONTEXT,
        Number(f"{name}/ID"),
        Issued(f"{name}/IssueDateTime"),
    ]
    if kind:
        rows.append(fixed(f"{name}/TypeCode", kind))
    if subtype:
        rows.append(fixed(f"{name}/SubtypeCode", subtype))
    if purpose:
        rows.append(fixed(f"{name}/PurposeCode", "9", note="9 (original)"))
    return tuple(rows)
