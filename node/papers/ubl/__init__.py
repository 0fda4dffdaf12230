"""UBL 2.1 / Peppol BIS Ordering 3: order and order response, in and out.

Everything here runs in the calling process and loads the schemas there: for the command line and tests. A node calls
:mod:`node.papers.ubl.worker`, which does the same in a process of its own. See ``docs/papers-ubl.md`` and ADR 0002.
"""

from __future__ import annotations

from node.papers.ubl.document import ORDER, ORDER_RESPONSE, Reading, read, validate, write
from node.papers.ubl.schema import Finding
from protocol.process.trade.papers import Order, OrderResponse, Personal


def read_order(xml: bytes) -> Reading:
    """The order in a UBL document. Errors as :func:`node.papers.ubl.document.read`."""
    return read(xml, ORDER)


def read_order_response(xml: bytes) -> Reading:
    """The order response in a UBL document. Errors as :func:`node.papers.ubl.document.read`."""
    return read(xml, ORDER_RESPONSE)


def write_order(body: Order, personal: Personal | None = None) -> bytes:
    """The UBL document of an order. Errors as :func:`node.papers.ubl.document.write`."""
    return write(body, personal)


def write_order_response(body: OrderResponse, personal: Personal | None = None) -> bytes:
    """The UBL document of an order response. Errors as :func:`node.papers.ubl.document.write`."""
    return write(body, personal)


__all__ = [
    "Finding",
    "Reading",
    "read",
    "read_order",
    "read_order_response",
    "validate",
    "write",
    "write_order",
    "write_order_response",
]
