"""The list of the pages. Owns nothing else: a new area is a module in ``pages/`` and a word here."""

from __future__ import annotations

from node.api.context import Context
from node.web.pages import (
    association,
    books,
    catalogue,
    closing,
    consent,
    copies,
    dealings,
    drafts,
    enquiries,
    files,
    guestpage,
    guests,
    held,
    helping,
    home,
    imports,
    joining,
    leaving,
    ledger,
    letters,
    live,
    login,
    members,
    moves,
    notices,
    partners,
    payments,
    peers,
    people,
    proofs,
    quarantine,
    search,
    settings,
    terms,
)
from node.web.site import Site

AREAS = (
    association,
    books,
    catalogue,
    closing,
    consent,
    copies,
    dealings,
    enquiries,
    files,
    guestpage,
    guests,
    helping,
    drafts,
    held,
    home,
    imports,
    joining,
    leaving,
    ledger,
    letters,
    live,
    login,
    members,
    moves,
    notices,
    partners,
    payments,
    peers,
    people,
    proofs,
    quarantine,
    search,
    settings,
    terms,
)


def build(context: Context) -> Site:
    """The pages of a node."""
    return Site(context, tuple(page for area in AREAS for page in area.PAGES))
