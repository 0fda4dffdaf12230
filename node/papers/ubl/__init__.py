"""UBL 2.1 / Peppol BIS Ordering 3: order and order response, in and out.

The functions here run in the calling process and load the schemas there (0.2 s and 50 MB at first use): for the command
line and tests. A node uses :class:`node.papers.ubl.worker.Worker`, which does the same in a process of its own with
limits; importing this package loads no XML library. See ``docs/papers-ubl.md`` and ADR 0002.
"""

from __future__ import annotations

from node.papers.ubl.reading import Finding, Reading
from protocol.process.trade.papers import Order, OrderResponse, Personal


def read(xml: bytes) -> Reading:
    """The order or order response in a UBL document.

    Raises:
        Malformed: not well-formed, with a document type, or another kind of document.
        TooLarge: bytes, depth, elements or what is to be kept above their limits.
        CallerFault: what no paper may say (a negative or overflowing amount); names the element.
    """
    from node.papers.ubl import document

    return document.read(xml)


def read_order(xml: bytes) -> Reading:
    """The order in a UBL document. Errors as :func:`read`."""
    from node.papers.ubl import document

    return document.read(xml, document.ORDER)


def read_order_response(xml: bytes) -> Reading:
    """The order response in a UBL document. Errors as :func:`read`."""
    from node.papers.ubl import document

    return document.read(xml, document.ORDER_RESPONSE)


def write(body: Order | OrderResponse, personal: Personal | None = None) -> bytes:
    """The UBL document of an order or order response, UTF-8.

    Strict: valid UBL 2.1, and a paper that was not read from UBL also has what Peppol BIS wants. A paper whose source
    was not valid UBL 2.1 (a later version, or faulty) comes out as it came in. Raises CallerFault naming the field.
    """
    from node.papers.ubl import document

    return document.write(body, personal)


def write_order(body: Order, personal: Personal | None = None) -> bytes:
    """The UBL document of an order. Errors as :func:`write`."""
    return write(body, personal)


def write_order_response(body: OrderResponse, personal: Personal | None = None) -> bytes:
    """The UBL document of an order response. Errors as :func:`write`."""
    return write(body, personal)


def unsaid(body: Order | OrderResponse, personal: Personal | None = None) -> list[str]:
    """Paths of the fields that UBL has no place for: :func:`write` leaves them out."""
    from node.papers.ubl import document

    return document.unsaid(body, personal)


def validate(xml: bytes) -> list[Finding]:
    """What in an order or order response is not valid UBL 2.1; empty when valid. Raises Malformed for anything else."""
    from node.papers.ubl import document

    return document.validate(xml)


__all__ = [
    "Finding",
    "Reading",
    "read",
    "read_order",
    "read_order_response",
    "unsaid",
    "validate",
    "write",
    "write_order",
    "write_order_response",
]
