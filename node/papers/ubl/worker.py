"""UBL in a process of its own: a node never parses a stranger's XML in the process that holds its keys.

:class:`Worker` hands that process one document at a time. Source: ``docs/threats.md`` row 14;
:mod:`node.papers.process`.
"""

from __future__ import annotations

from typing import Any

from node.papers.process import Confines, Process, answer_requests
from node.papers.ubl.reading import Finding, Reading
from protocol.errors import TooLarge
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
        """The paper in a UBL document; ``type`` (``order``, ``invoice``, …) refuses any other."""
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

    def validate(self, xml: bytes) -> list[Finding]:
        """What is not valid UBL 2.1."""
        if len(xml) > MAX_XML_BYTES:
            raise TooLarge(f"XML of {len(xml)} bytes, the limit is {MAX_XML_BYTES}")
        (findings,) = self.call("validate", xml)
        return [Finding(*one) for one in findings]


# ---- inside the process -------------------------------------------------------------------------------------------


def serve() -> None:
    """Load the schemas, then answer. Runs in the other process."""
    from node.papers.ubl import document, schema

    assert document.ORIGIN  # loaded now, while files may be opened
    schema.grammar()
    schema.compiled()
    answer_requests(_perform, Confines(MEMORY_BYTES, CPU_SECONDS, OPEN_FILES))


def _perform(operation: str, *arguments: Any) -> list[Any]:
    from node.papers.ubl import document

    if operation == "read":
        xml, kind = arguments
        reading = document.read(xml, kind)
        name = papers.TYPE_OF[type(reading.body)]
        return [name, papers.encode(reading.body), papers.encode(reading.personal), [*map(list, reading.warnings)]]
    if operation == "write":
        kind, body, personal, form = arguments
        paper: Any = papers.decode(kind, papers.VERSION, body)
        return [document.write(paper, papers.decode_personal(personal), form)]
    return [[list(finding) for finding in document.validate(arguments[0])]]
