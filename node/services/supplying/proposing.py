"""Proposals to replenish: what a supplier would propose, the proposal, and a shop's order or refusal.

Owns these three steps. A proposal states no price: the shop's order is made of the supplier's catalogue in force, as an
order by hand is (:mod:`node.services.desk.ordering`), in the same transaction as the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from node.services import dealings, items, reading, trade
from node.services.desk import numbering, ordering, partners
from node.services.desk.parties import party_of
from node.services.house import House
from node.services.supplying import sold
from node.services.trade import Outcome, Submission
from node.store import ReplenishmentRow, Tx
from protocol.errors import CallerFault, NotFound
from protocol.limits import MAX_REPLENISHMENT_DOCUMENTS
from protocol.process.money import nano
from protocol.process.replenishment.fold import OPEN
from protocol.process.trade.papers import (
    Item,
    ProposedLine,
    Reference,
    ReplenishmentAnswer,
    ReplenishmentProposal,
    Scaled,
)
from protocol.process.trade.papers.replenishing import DECLINED, ORDERED

MEAN_WEEKS: Final = 4
REVIEW_DAYS: Final = 7  # until the next report
USUAL_LEAD_DAYS: Final = 7
MOST_THREADS: Final = 200
MOST_DEALINGS: Final = 20
MILLE: Final = 1_000
NANO: Final = 10**9
PIECES: Final = frozenset({"C62", "H87", "EA"})
UNDER_WAY: Final = frozenset({"ordered", "accepted", "partly_shipped"})


class Suggested(NamedTuple):
    """A line of a proposal as it would be. ``weekly``: mean of the last weeks, thousandths of the unit sold;
    ``under_way``: ordered and not yet delivered, nano of ``unit``."""

    number: str
    name: str
    gtin: str
    unit: str
    weekly: int
    under_way: int
    quantity: int


class Shown(NamedTuple):
    """A proposal with its sides. ``mine``: the member made it; ``state`` as in the fold; ``id``: its document."""

    thread: bytes
    id: bytes
    partner: bytes
    partner_name: str
    mine: bool
    state: str
    paper: ReplenishmentProposal
    order: str


# ---------------------------------------------------------------------- the supplier


def suggested(tx: Tx, member: bytes, partner: bytes, weeks: tuple[str, ...]) -> list[Suggested]:
    """What the member would propose to ``partner`` from its reports of ``weeks``: for the days until the goods of the
    next proposal come, at the mean of the weeks reported, without what is under way; the pieces of a pack together."""
    found = sold.seen(tx, member, weeks, partner)
    told = sum(1 for count in found.shops if count)
    under_way = _under_way(tx, member, partner)
    own = {item.number: item for item in items.all_on_sale(tx, member)}
    lines = []
    for one in found.items:
        item = own.get(one.number)
        if item is None or not told:
            continue
        weekly = max(0, one.total) // told
        pack = _pack(item, one.unit)
        if not pack:
            continue
        days = (USUAL_LEAD_DAYS if item.lead_days is None else item.lead_days) + REVIEW_DAYS
        coming = under_way.get(item.number, 0)
        missing = weekly * days * NANO // (7 * pack) - coming
        lines.append(Suggested(item.number, item.name, item.gtin, item.unit, weekly, coming, _whole(item, missing)))
    return lines


def _pack(item: items.OwnItem, unit: str) -> int:
    """Thousandths of the unit sold in one unit of the item; 0 where that is not known."""
    if unit == item.unit or {unit, item.unit} <= PIECES:
        return MILLE
    if unit in PIECES and item.pack_size is not None:
        return nano(item.pack_size.value, item.pack_size.scale) * MILLE // NANO
    return 0


def _whole(item: items.OwnItem, amount: int) -> int:
    """``amount`` (nano) rounded up to what can be ordered: whole units, steps, the minimum; 0 where none is missing."""
    if amount <= 0:
        return 0
    step = nano(item.step.value, item.step.scale) if item.step is not None else NANO
    least = nano(item.minimum.value, item.minimum.scale) if item.minimum is not None else 0
    steps = -(-max(amount, least) // step)
    return steps * step // NANO if (steps * step) % NANO == 0 else -(-steps * step // NANO)


def _under_way(tx: Tx, member: bytes, partner: bytes) -> dict[str, int]:
    """Number → nano of the item's unit that the partner ordered and that has not been delivered."""
    found: dict[str, int] = {}
    for row in tx.threads.latest(member, MOST_DEALINGS, partner=partner):
        if row.state not in UNDER_WAY:
            continue
        state = dealings.fold(tx, row.thread).state
        numbers = {} if state.order is None else {line.line_id: line.item.seller_id for line in state.order.lines}
        for line in state.lines if state.seller == member else ():
            number = numbers.get(line.line_id, "")
            wanted = line.accepted or (line.ordered if row.state == "ordered" else 0)
            found[number] = found.get(number, 0) + max(0, wanted - line.received)
    return found


def propose(
    house: House, tx: Tx, member: bytes, partner: bytes, lines: Sequence[ProposedLine], valid_until: str, today: str,
    *, note: str = "",
) -> Outcome:  # fmt: skip
    """Send the partner a proposal, in the thread of its last reports. NotFound where it does not report."""
    rows = [row for row in tx.grants.threads_with(member, partner) if row.mine]
    room = [row for row in rows if row.documents < MAX_REPLENISHMENT_DOCUMENTS - 1]
    if not room:
        raise NotFound("partner", "this partner reports no sales")
    if not lines:
        raise CallerFault("lines", "choose a quantity of at least one item")
    paper = ReplenishmentProposal(
        number=numbering.next_number(tx, member, "replenishment_proposal", today, partner=partner),
        issue_date=today,
        buyer=party_of(tx, partner),
        seller=party_of(tx, member),
        lines=tuple(lines),
        valid_until=valid_until,
        note=note,
    )
    return trade.submit(house, tx, member, [Submission(partner, paper, thread=room[0].thread)])


def line_of(tx: Tx, member: bytes, number: str, quantity: Scaled, reason: str = "") -> ProposedLine:
    """A line for one of the member's items. NotFound if it has none of that number."""
    item = items.get(tx, member, number).item
    named = Item(name=item.name, gtin=item.gtin, seller_id=item.number)
    return ProposedLine(item=named, quantity=quantity, unit=item.unit, reason=reason)


# ---------------------------------------------------------------------- both sides


def listed(tx: Tx, member: bytes, *, mine: bool, open_only: bool = False) -> list[Shown]:
    """Proposals that the member made (``mine``) or got, the latest thread first, the latest of a thread first."""
    rows = [row for row in tx.grants.threads(member, MOST_THREADS, mine=mine) if row.proposals]
    names = reading.names_of(tx, {row.partner for row in rows})
    return [
        shown
        for row in rows
        for shown in _of_thread(tx, row, names.get(row.partner, row.partner.hex()[:12]))
        if not open_only or shown.state == OPEN
    ]


def _of_thread(tx: Tx, row: ReplenishmentRow, name: str) -> Iterable[Shown]:
    folded = dealings.fold_replenishment(tx, row.thread)
    bodies = {fact.id: fact.body for fact in folded.facts}
    for proposal in reversed(folded.state.proposals):
        paper = bodies[proposal.id]
        answer = bodies.get(proposal.answer)
        order = answer.order if isinstance(answer, ReplenishmentAnswer) else ""
        if isinstance(paper, ReplenishmentProposal):
            yield Shown(row.thread, proposal.id, row.partner, name, row.mine, proposal.state, paper, order)


# ---------------------------------------------------------------------- the shop


class Ordered(NamedTuple):
    """The dealing that a proposal became, and what was sent."""

    thread: bytes
    number: str
    outcome: Outcome


def find(tx: Tx, member: bytes, document: bytes) -> Shown:
    """A proposal that the member made or got. NotFound if it has none of that id."""
    row = tx.documents.get(document)
    thread = b"" if row is None or row.type != "replenishment_proposal" else row.thread
    for one in tx.grants.threads_with(member, b"" if row is None else _other(row.author, row.audience, member)):
        if one.thread == thread:
            name = reading.names_of(tx, {one.partner}).get(one.partner, one.partner.hex()[:12])
            for shown in _of_thread(tx, one, name):
                if shown.id == document:
                    return shown
    raise NotFound("proposal", "no such proposal")


def _other(author: bytes, audience: bytes, member: bytes) -> bytes:
    return audience if author == member else author


def order(house: House, tx: Tx, member: bytes, document: bytes, today: str) -> Ordered:
    """Order what a proposal proposes, at the prices of the supplier's catalogue in force, and answer it.

    CallerFault where it is not open any more, its time is over, or an item is not in the catalogue in that unit;
    otherwise as :func:`node.services.desk.ordering.order_from`.
    """
    shown = _open(tx, member, document)
    if shown.paper.valid_until < today:
        raise CallerFault("proposal", f"was valid until {shown.paper.valid_until}")
    cart = ordering.cart_of(tx, member, shown.partner, today)
    places = {(one.item.seller_id, one.unit): at for at, (_, one) in reversed(list(enumerate(cart.items)))}
    wanted = {}
    for line in shown.paper.lines:
        at = places.get((line.item.seller_id, line.unit))
        if at is None:
            raise CallerFault("lines", f"{line.item.name}: is not in the supplier's catalogue in this unit")
        wanted[at] = line.quantity
    made = ordering.order_from(house, tx, member, shown.partner, wanted, today)
    named = Reference(kind="replenishment_proposal", number=shown.paper.number, document=document.hex())
    paper = replace(made, references=(*made.references, named))
    begun = partners.begin(house, tx, member, shown.partner, paper)
    answered = _answer(house, tx, member, shown, today, ORDERED, order=paper.number)
    both = Outcome([*begun.submitted, *answered.submitted], begun.news | answered.news)
    return Ordered(begun.submitted[0].thread, paper.number, both)


def decline(house: House, tx: Tx, member: bytes, document: bytes, today: str, *, reason: str = "") -> Outcome:
    """Say no to a proposal. CallerFault where it is not open any more."""
    return _answer(house, tx, member, _open(tx, member, document), today, DECLINED, reason=reason)


def _open(tx: Tx, member: bytes, document: bytes) -> Shown:
    shown = find(tx, member, document)
    if shown.mine or shown.state != OPEN:
        raise CallerFault("proposal", "does not wait for an answer of yours")
    return shown


def _answer(
    house: House, tx: Tx, member: bytes, shown: Shown, today: str, word: str, *, order: str = "", reason: str = ""
) -> Outcome:
    paper = ReplenishmentAnswer(
        number=numbering.next_number(tx, member, "replenishment_answer", today, partner=shown.partner),
        issue_date=today,
        proposal=shown.id.hex(),
        answer=word,
        order=order,
        reason=reason,
    )
    return trade.submit(house, tx, member, [Submission(shown.partner, paper, thread=shown.thread)])


__all__ = [
    "Ordered", "Shown", "Suggested", "decline", "find", "line_of", "listed", "order", "propose", "suggested",
]  # fmt: skip
