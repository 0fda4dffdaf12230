"""What is kept of a paper that was read and checked, so that the paper itself can be let go at once.

A paper is some hundred objects. One worked through from its bytes to its gist stays in the processor's cache and costs
two thirds of what it does in a list of 250 that are walked again and again. Owns the choice of what later steps need;
decides nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from node.services import booking, dealings, indexing
from node.services.booking import Said
from node.services.dealings import Opening
from protocol.document.envelope import Document, Draft
from protocol.process.trade.papers import Paper


class Gist(NamedTuple):
    """``text``: for the search index; ``said``: for the books; ``paper``: only where the dealing has to be folded.

    ``opening``: what the list of dealings says of a paper that opens one, if that takes no fold. Both are None for a
    body that is not there or of a type that is not known here.
    """

    text: str
    said: Said
    opening: Opening | None
    paper: Paper | None


def gist_of(document: Document | Draft, paper: Paper | None) -> Gist:
    """The gist of a document's paper; None if there is none that can be read."""
    header = document.header
    opening = dealings.opening_of(document, paper) if paper is not None else None
    return Gist(
        indexing.text_of(header.business_key.key, paper),
        booking.said_of(paper, header.time),
        opening,
        paper if opening is None else None,
    )
