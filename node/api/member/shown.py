"""From what services give to what the API shows. Owns the translation, decides nothing."""

from __future__ import annotations

from typing import Any

import msgspec

from node.api.member.shapes import (
    AttachmentShown,
    Decided,
    DocumentFull,
    DocumentItem,
    MarksShown,
    Received,
)
from node.papers.sme.types import SME_TYPES
from node.papers.ubl import TYPES
from node.services import searching
from node.services.reading import FullView, Marks, View
from protocol.process.trade import papers
from protocol.process.trade.papers import Personal


def marks(found: Marks) -> MarksShown:
    """The marks of one document."""
    received = (
        None if found.received is None else Received(verdict=found.received.verdict, time=found.received.time or None)
    )
    return MarksShown(
        stored=found.stored,
        safe=found.safe,
        received=received,
        processed=None if found.processed is None else found.processed.hex(),
        held=found.held,
    )


def item(view: View) -> DocumentItem:
    """A document in a list."""
    row = view.holding
    return DocumentItem(
        id=row.document.hex(),
        cursor=row.position,
        type=row.type,
        direction=row.direction,
        author=row.author.hex(),
        partner=row.partner.hex(),
        partner_name=view.partner_name,
        thread=row.thread.hex(),
        number=row.business_key,
        revision=row.revision,
        time=row.document_time,
        size=row.size,
        verdict=row.verdict,
        reason=row.reason,
        marks=marks(view.marks),
    )


def full(view: FullView) -> DocumentFull:
    """A document with its body."""
    header, name = view.header, view.stored.row.id.hex()
    held = {part.name for part in view.stored.parts}
    body, people = bodies(view)
    links = {"proof": f"/v1/documents/{name}/proof", "thread": f"/v1/threads/{view.stored.row.thread.hex()}"}
    if body is not None:
        links["pdf"] = f"/v1/documents/{name}/pdf"
    if header.type in TYPES:
        links["ubl"] = f"/v1/documents/{name}/ubl"
    if header.type in SME_TYPES:
        links["sme"] = f"/v1/documents/{name}/sme"
    return DocumentFull(
        document=item(view.view),
        network=header.network,
        version=header.version,
        epoch=header.epoch.hex(),
        follows=[parent.hex() for parent in header.follows],
        keep_until=header.keep_until,
        body=body,
        personal=people,
        erased=[ref.name for ref in header.parts if ref.name not in held],
        attachments=[
            AttachmentShown(
                root=ref.root.hex(),
                size=ref.size,
                media_type=ref.media_type,
                complete=ref.root in view.attachments and bool(view.attachments[ref.root].complete),
            )
            for ref in header.attachments
        ],
        waits_for=[missing.hex() for missing in view.missing],
        decisions=[
            Decided(decision=made.decision, by=made.by, time=made.time, note=made.note) for made in view.decisions
        ],
        links=links,
    )


def bodies(view: FullView) -> tuple[Any, Personal | None]:
    """The paper as JSON (None when this node cannot read its type) and its personal part."""
    paper = searching.paper_of(view.stored)
    personal = next((part.content for part in view.stored.parts if part.name == "personal"), None)
    body = None if paper is None else msgspec.Raw(msgspec.json.encode(paper))
    return body, None if personal is None else papers.decode_personal(personal)
