"""UBL 2.1 in and out: orders and responses (Peppol BIS Ordering 3), bills (JP PINT, Peppol BIS Billing 3) and others.

The functions here run in the calling process and load the schemas there (0.3 s and 50 MB at first use): for the command
line and tests. A node uses :class:`node.papers.ubl.worker.Worker`, which does the same in a process of its own with
limits; importing this package loads no XML library. See ``docs/papers-ubl.md`` and ADR 0002.
"""

from __future__ import annotations

from typing import Final

from node.papers.ubl.reading import Finding, Reading
from protocol.process.trade.papers import Paper, Personal

TYPES: Final = (
    "order",
    "order_response",
    "despatch_advice",
    "receiving_advice",
    "invoice",
    "corrective_invoice",
    "self_billed_statement",
    "catalogue",
)
"""Types of papers that have a form in UBL here."""

AS_IT_CAME: Final = "ubl"
"""``origin`` of a paper whose document was not valid UBL 2.1 (a later version, or faulty): comes out as it came in."""


def read(xml: bytes, type: str = "") -> Reading:
    """The paper in a UBL document; ``type`` refuses any other than that.

    Raises:
        Malformed: not well-formed, with a document type, or another kind of document.
        TooLarge: bytes, depth, elements or what is to be kept above their limits.
        CallerFault: what no paper may say (a negative or overflowing amount); names the element.
    """
    from node.papers.ubl import document

    return document.read(xml, type)


def read_order(xml: bytes) -> Reading:
    """The order in a UBL document. Errors as :func:`read`."""
    return read(xml, "order")


def read_order_response(xml: bytes) -> Reading:
    """The order response in a UBL document. Errors as :func:`read`."""
    return read(xml, "order_response")


def write(body: Paper, personal: Personal | None = None, form: str = "") -> bytes:
    """The UBL document of a paper of one of :data:`TYPES`, UTF-8.

    Strict: valid UBL 2.1, and a paper that was not read from UBL also has what Peppol wants. A paper whose source
    was not valid UBL 2.1 (a later version, or faulty) comes out as it came in. ``form``: ``jp-pint`` or
    ``bis-billing``, for a bill: written anew to that specification; empty: as it was read, or by the seller's country.
    Raises CallerFault naming the field.
    """
    from node.papers.ubl import document

    return document.write(body, personal, form)


def unsaid(body: Paper, personal: Personal | None = None) -> list[str]:
    """Paths of the fields that UBL has no place for: :func:`write` leaves them out."""
    from node.papers.ubl import document

    return document.unsaid(body, personal)


def validate(xml: bytes) -> list[Finding]:
    """What in a document is not valid UBL 2.1; empty when valid. Raises Malformed for a document not known here."""
    from node.papers.ubl import document

    return document.validate(xml)


__all__ = [
    "AS_IT_CAME",
    "TYPES",
    "Finding",
    "Reading",
    "read",
    "read_order",
    "read_order_response",
    "unsaid",
    "validate",
    "write",
]
