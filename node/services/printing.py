"""What a member's document needs to be printed: the paper, who wrote it to whom, the order of its dealing, its proof.

Reads only. The bytes are made by :mod:`node.papers.pdf`; nothing is stored.
"""

from __future__ import annotations

from typing import NamedTuple

from node.papers.pdf import Context
from node.services import dealings, reading
from node.services.house import TEST_NETWORK, House
from node.store import Tx
from protocol.errors import NotFound
from protocol.process.thread import ThreadState
from protocol.process.trade import papers
from protocol.process.trade.papers import Order, Paper, Party, Personal


class Wish(NamedTuple):
    """How it shall be printed; see :class:`node.papers.pdf.Context`."""

    language: str = "ja"
    form: str = ""
    fax: bool = False
    link: str = ""


def prepare(house: House, tx: Tx, member: bytes, document: bytes, wish: Wish) -> tuple[Paper, Context]:
    """The paper of one of the member's documents and its context. NotFound as :func:`reading.require`, or when its
    body is erased or of a type that is not known here."""
    view = reading.full(tx, member, document)
    paper = dealings.paper_of(view.stored)
    if paper is None:
        raise NotFound("document", "its body is erased, or of a type that this node cannot read")
    row = view.stored.row
    state = _state(tx, row.thread, paper)
    order = paper if isinstance(paper, Order) else (state.order if state is not None else None)
    names = reading.names_of(tx, (row.author, row.audience))
    context = Context(
        language=wish.language,
        form=wish.form,
        fax=wish.fax,
        link=wish.link,
        sample=house.network == TEST_NETWORK,
        document=row.id.hex(),
        revision=view.header.business_key.revision,
        time=view.header.time,
        author=row.author.hex(),
        epoch=view.header.epoch.hex(),
        signature=row.signature.hex(),
        writer=_party(order, state, row.author, names.get(row.author, "")),
        writer_role=_role(state, row.author),
        recipient=_party(order, state, row.audience, names.get(row.audience, "")),
        order=order,
        personal=_personal(view),
    )
    return paper, context


def _state(tx: Tx, thread: bytes, paper: Paper) -> ThreadState | None:
    """The dealing that the document belongs to; None where there is none to speak of."""
    try:
        return dealings.fold(tx, thread).state
    except NotFound:
        return None


def _role(state: ThreadState | None, member: bytes) -> str:
    if state is None:
        return ""
    return {state.buyer: "buyer", state.seller: "seller"}.get(member, "")


def _party(order: Order | None, state: ThreadState | None, member: bytes, name: str) -> Party:
    """The firm as the order states it, else its name as it is known here."""
    role = _role(state, member)
    if order is not None and role:
        stated = order.buyer if role == "buyer" else order.seller
        if stated.name:
            return stated
    return Party(name=name)


def _personal(view: reading.FullView) -> Personal | None:
    content = next((part.content for part in view.stored.parts if part.name == "personal"), None)
    return None if content is None else papers.decode_personal(content)
