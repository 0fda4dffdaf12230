"""中小企業共通EDI (SME Common EDI) ver.4.1: quotations, orders, despatch, receipt, invoices, remittance, in and out.

The functions here run in the calling process: for the command line and tests. A node uses
:class:`node.papers.ubl.worker.Worker`, which tells the formats apart by the root element and does the same in a process
of its own; importing this package loads no XML library. See ``docs/papers-sme.md`` and ADR 0004.
"""

from __future__ import annotations

from node.papers.ubl.reading import Finding, Reading
from protocol.process.trade.papers import Paper, Personal


def read(xml: bytes) -> Reading:
    """The paper in a message of the SME Common EDI.

    Raises:
        Malformed: not well-formed, with a document type, or another kind of document.
        TooLarge: bytes, depth, elements or what is to be kept above their limits.
        CallerFault: what no paper may say (a negative or overflowing amount, an invoice whose sums contradict each
            other); names the element or field.
    """
    from node.papers.sme import document

    return document.read(xml)


def write(body: Paper, personal: Personal | None = None, past: Paper | None = None) -> bytes:
    """The message of a paper, UTF-8, always valid ver.4.1.

    ``past``: the order that the paper answers, ships or receives, or the statement that it answers, where it is known:
    ver.4.1 wants its quantities and prices repeated. Raises CallerFault for a paper that has no message.
    """
    from node.papers.sme import document

    return document.write(body, personal, past)


def unsaid(body: Paper, personal: Personal | None = None) -> list[str]:
    """Paths of the fields that the message has no place for: :func:`write` leaves them out."""
    from node.papers.sme import document

    return document.unsaid(body, personal)


def validate(xml: bytes) -> list[Finding]:
    """What in a message is not valid ver.4.1; empty when valid. Raises Malformed for anything else."""
    from node.papers.sme import document

    return document.validate(xml)


__all__ = ["Finding", "Reading", "read", "unsaid", "validate", "write"]
