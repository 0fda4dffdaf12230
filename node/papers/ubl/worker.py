"""UBL in a process of its own: a node never parses a stranger's XML in the process that holds its keys.

:class:`Worker` hands that process one document at a time. Source: ``docs/threats.md`` row 14;
:mod:`node.papers.process`.
"""

from __future__ import annotations

from typing import Any

from node.papers.process import Confines, Process, answer_requests
from node.papers.sme import grammar
from node.papers.ubl.reading import Finding, Reading
from protocol.errors import Malformed, TooLarge
from protocol.limits import MAX_XML_BYTES, MIB
from protocol.process.trade import papers
from protocol.process.trade.papers import Paper, Personal

MEMORY_BYTES = 512 * MIB  # address space of the process
CPU_SECONDS = 5  # of one document
TIMEOUT_SECONDS = 20.0  # of one document, on the clock
OPEN_FILES = 16


class Worker(Process):
    """Reads and writes UBL in another process. Same errors as :mod:`node.papers.ubl`; Malformed when a document takes
    too long or too much memory, WorldFault when no process can be started."""

    def __init__(self, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        super().__init__("node.papers.ubl.worker", "UBL", timeout_seconds=timeout_seconds)

    def read(self, xml: bytes, type: str = "") -> Reading:
        """The paper in a document of UBL, or of the SME Common EDI, as its root element tells.

        ``type`` (``order``, ``invoice``, …) refuses any other paper.
        """
        if len(xml) > MAX_XML_BYTES:
            raise TooLarge(f"XML of {len(xml)} bytes, the limit is {MAX_XML_BYTES}")
        kind, body, personal, warnings = self.call("read", xml, type)
        paper: Any = papers.decode(kind, papers.VERSION, body)
        return Reading(paper, papers.decode_personal(personal), tuple(Finding(*one) for one in warnings))

    def write(self, body: Paper, personal: Personal | None = None, form: str = "") -> bytes:
        """The UBL document of a paper; ``form``: see :func:`node.papers.ubl.write`."""
        kind = papers.TYPE_OF[type(body)]
        (xml,) = self.call("write", kind, papers.encode(body), papers.encode(personal or Personal()), form)
        return bytes(xml)

    def write_sme(self, body: Paper, personal: Personal | None = None, past: Paper | None = None) -> bytes:
        """The message of the SME Common EDI of a paper. ``past``: see :func:`node.papers.sme.write`."""
        request = [papers.TYPE_OF[type(body)], papers.encode(body), papers.encode(personal or Personal())]
        request += ["", b""] if past is None else [papers.TYPE_OF[type(past)], papers.encode(past)]
        (xml,) = self.call("write_sme", *request)
        return bytes(xml)

    def unsaid(self, body: Paper, personal: Personal | None = None, *, sme: bool = False) -> list[str]:
        """Paths of the fields that the format has no place for: writing leaves them out."""
        kind = papers.TYPE_OF[type(body)]
        (paths,) = self.call("unsaid", kind, papers.encode(body), papers.encode(personal or Personal()), sme)
        return [str(path) for path in paths]

    def validate(self, xml: bytes) -> list[Finding]:
        """What is not valid UBL 2.1, or ver.4.1 of the SME Common EDI."""
        if len(xml) > MAX_XML_BYTES:
            raise TooLarge(f"XML of {len(xml)} bytes, the limit is {MAX_XML_BYTES}")
        (findings,) = self.call("validate", xml)
        return [Finding(*one) for one in findings]


# ---- inside the process -------------------------------------------------------------------------------------------


def serve() -> None:
    """Load the schemas, then answer. Runs in the other process."""
    from node.papers.sme import document as sme_document
    from node.papers.ubl import document, schema

    assert document.ORIGIN  # loaded now, while files may be opened
    schema.grammar()
    schema.compiled()
    sme_document.load()
    answer_requests(_perform, Confines(MEMORY_BYTES, CPU_SECONDS, OPEN_FILES))


def _perform(operation: str, *arguments: Any) -> list[Any]:
    from node.papers.ubl import document

    if operation == "read":
        xml, kind = arguments
        reading = _read_sme(xml, kind) or document.read(xml, kind)
        name = papers.TYPE_OF[type(reading.body)]
        return [name, papers.encode(reading.body), papers.encode(reading.personal), [*map(list, reading.warnings)]]
    if operation == "write":
        kind, body, personal, form = arguments
        paper: Any = papers.decode(kind, papers.VERSION, body)
        return [document.write(paper, papers.decode_personal(personal), form)]
    if operation == "write_sme":
        return [_write_sme(*arguments)]
    if operation == "unsaid":
        return [_unsaid(*arguments)]
    found = _validate_sme(arguments[0])
    return [[list(finding) for finding in (document.validate(arguments[0]) if found is None else found)]]


_MARKS = tuple(grammar.NAMESPACE.encode(name) for name in ("ascii", "utf-16-le", "utf-16-be"))


def _sme_root(xml: bytes) -> Any:
    """What the parser gives for a message of the SME Common EDI; None for anything else."""
    from node.papers.ubl import xml as reader

    if not any(mark in xml for mark in _MARKS):
        return None
    parsed = reader.parse(xml)
    return parsed if grammar.message_of(str(parsed.root.tag)) is not None else None


def _read_sme(xml: bytes, kind: str) -> Reading | None:
    from node.papers.sme import document

    parsed = _sme_root(xml)
    if parsed is None:
        return None
    reading = document.read_root(parsed.root, xml, parsed.oddities)
    found = papers.TYPE_OF[type(reading.body)]
    if kind and kind != found:
        raise Malformed(f"the document is a {found.replace('_', ' ')}, not a {kind.replace('_', ' ')}")
    return reading


def _validate_sme(xml: bytes) -> list[Finding] | None:
    from node.papers.sme import document

    return None if _sme_root(xml) is None else document.validate(xml)


def _unsaid(kind: str, body: bytes, personal: bytes, sme: bool) -> list[str]:
    from node.papers.sme import document as sme_document
    from node.papers.ubl import document

    paper: Any = papers.decode(kind, papers.VERSION, body)
    people = papers.decode_personal(personal)
    return sme_document.unsaid(paper, people) if sme else document.unsaid(paper, people)


def _write_sme(kind: str, body: bytes, personal: bytes, past_kind: str, past: bytes) -> bytes:
    from node.papers.sme import document

    paper: Any = papers.decode(kind, papers.VERSION, body)
    before: Any = papers.decode(past_kind, papers.VERSION, past) if past_kind else None
    return document.write(paper, papers.decode_personal(personal), before)
