"""An enquiry: one request for a quotation to several suppliers, their answers side by side, orders to one or several.

Every supplier gets a dealing of its own, with numbers of its own, signed by itself: nothing in what it sees tells that
others were asked. What binds them together is a row in the buyer's store. Owns the comparison and the splitting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from msgspec.structs import replace

from node.i18n import N_
from node.services import dealings, reading, talking, trade
from node.services.booking import day_of
from node.services.desk import dealing as desk
from node.services.desk import numbering, partners, sending, standing
from node.services.desk.parties import party_of
from node.services.drafting import Step
from node.services.house import House
from node.services.trade import Outcome, Submission
from node.store import EnquiredRow, EnquiryRow, Tx
from protocol.errors import CallerFault, NotFound
from protocol.process.fact import Fact
from protocol.process.thread import ThreadState
from protocol.process.trade import footing
from protocol.process.trade.papers import (
    Order,
    OrderLine,
    Quotation,
    RequestForQuotation,
    Scaled,
)
from protocol.process.trade.table import State

LEAST_PARTNERS: Final = 2
MOST_PARTNERS: Final = 20
MOST_LISTED: Final = 100
ID_BYTES: Final = 16
TITLE_LINES: Final = 2
HOW_MANY: Final = N_("Choose 2 to 20 partners.")
NOTHING_CHOSEN: Final = N_("Enter a quantity for at least one supplier.")
NO_ANSWER: Final = N_("This supplier has not answered.")
_ORDERED: Final = frozenset({State.ORDERED, State.COUNTERED, State.ACCEPTED})


class Cell(NamedTuple):
    """One supplier's word on one line. ``day``: of delivery, YYYY-MM-DD or empty; ``at``: place in its quotation."""

    at: int
    line: OrderLine
    day: str
    cheapest: bool = False
    fastest: bool = False


class Supplier(NamedTuple):
    """One supplier of an enquiry. ``answered``: µs, 0 not yet; ``late``: after the deadline; ``ordered``: to it."""

    row: EnquiredRow
    name: str
    guest: bool
    quotation: Quotation | None
    answered: int
    late: bool
    expired: bool
    ordered: bool
    seen: str


class Item(NamedTuple):
    """One line that was asked for; the suppliers' words by place in :attr:`Enquiry.suppliers`."""

    line: OrderLine
    cells: dict[int, Cell]


class Enquiry(NamedTuple):
    """An enquiry with its answers. ``over``: the deadline has passed."""

    row: EnquiryRow
    request: RequestForQuotation
    suppliers: tuple[Supplier, ...]
    items: tuple[Item, ...]
    over: bool

    @property
    def answers(self) -> int:
        """How many have answered."""
        return sum(one.quotation is not None for one in self.suppliers)


class Listed(NamedTuple):
    """An enquiry in the list."""

    row: EnquiryRow
    asked: int
    answered: int


# --- asking


def template(house: House, tx: Tx, member: bytes, chosen: Sequence[bytes], today: str) -> RequestForQuotation:
    """The request that all get, still without number. CallerFault for too few or too many; NotFound."""
    require_partners(house, tx, member, chosen)
    buyer, seller = party_of(tx, member), party_of(tx, chosen[0])
    return RequestForQuotation(number="-", issue_date=today, currency="JPY", buyer=buyer, seller=seller, lines=())


def require_partners(house: House, tx: Tx, member: bytes, chosen: Sequence[bytes]) -> list[str]:
    """Their names. CallerFault unless they are 2 to 20 different ones; NotFound for one that is not known."""
    if not LEAST_PARTNERS <= len(chosen) <= MOST_PARTNERS or len(set(chosen)) != len(chosen):
        raise CallerFault("partner", HOW_MANY)
    return [partners.look(house, tx, member, partner).name for partner in chosen]


def begin(
    house: House, tx: Tx, member: bytes, chosen: Sequence[bytes], paper: RequestForQuotation, today: str
) -> tuple[bytes, Outcome]:
    """Send ``paper`` to every one of ``chosen``, each in a dealing of its own; the enquiry's id. All or none."""
    require_partners(house, tx, member, chosen)
    done = []
    for partner in chosen:
        number = numbering.next_number(tx, member, "request_for_quotation", today, partner=partner)
        own = replace(paper, number=number, seller=party_of(tx, partner))
        done.append(trade.submit(house, tx, member, [Submission(partner, own)]))
    enquiry, now = house.entropy(ID_BYTES), house.clock()
    title = ", ".join(line.item.name for line in paper.lines[:TITLE_LINES])
    tx.enquiries.put(EnquiryRow(member, enquiry, title, paper.reply_by, now))
    for partner, outcome in zip(chosen, done, strict=True):
        tx.enquiries.put_asked(EnquiredRow(member, enquiry, outcome.submitted[0].thread, partner, None, None))
    return enquiry, _together(done)


def _together(done: Sequence[Outcome]) -> Outcome:
    news: frozenset[bytes] = frozenset().union(*(one.news for one in done))
    return Outcome([item for one in done for item in one.submitted], news)


# --- comparing


def listed(tx: Tx, member: bytes) -> list[Listed]:
    """The member's enquiries, latest first."""
    found = []
    for row in tx.enquiries.latest(member, MOST_LISTED):
        asked = tx.enquiries.asked(member, row.id)
        threads = [tx.threads.get(member, one.thread) for one in asked]
        answered = sum(one is not None and one.state != State.ENQUIRED.value for one in threads)
        found.append(Listed(row, len(asked), answered))
    return found


def of_thread(tx: Tx, member: bytes, thread: bytes) -> bytes | None:
    """The enquiry that a dealing of the buyer belongs to."""
    row = tx.enquiries.of_thread(member, thread)
    return None if row is None else row.enquiry


def look(tx: Tx, member: bytes, enquiry: bytes, today: str) -> Enquiry:
    """The enquiry with everything that was answered. NotFound for another's."""
    row = tx.enquiries.get(member, enquiry)
    if row is None:
        raise NotFound("enquiry", "no such enquiry")
    asked = tx.enquiries.asked(member, enquiry)
    names = reading.names_of(tx, {one.partner for one in asked})
    suppliers, request = [], None
    for one in asked:
        folded = dealings.fold(tx, one.thread)
        request = request or next(fact.body for fact in folded.facts if isinstance(fact.body, RequestForQuotation))
        suppliers.append(_supplier(tx, row, one, names.get(one.partner, ""), folded.state, folded.facts, today))
    assert request is not None  # an enquiry has at least two dealings
    suppliers.sort(key=lambda one: (one.quotation is None, one.answered, one.name))
    items = tuple(_item(at, line, suppliers) for at, line in enumerate(request.lines))
    return Enquiry(row, request, tuple(suppliers), items, bool(row.deadline) and today > row.deadline)


def _supplier(
    tx: Tx, row: EnquiryRow, asked: EnquiredRow, name: str, state: ThreadState, facts: Sequence[Fact], today: str
) -> Supplier:
    quoted = [fact for fact in facts if isinstance(fact.body, Quotation) and _stands(state, fact)]
    last = max(quoted, key=lambda fact: fact.time, default=None)
    quotation = last.body if last is not None and isinstance(last.body, Quotation) else None
    first = min((_arrived(tx, asked.member, fact.id) for fact in quoted), default=0)
    guest = tx.guests.get(asked.partner)
    thread = tx.threads.get(asked.member, asked.thread)
    until = "" if quotation is None or quotation.validity is None else quotation.validity.end
    return Supplier(
        asked,
        name,
        guest is not None and guest.enrolled is None,
        quotation,
        first,
        bool(first and row.deadline) and day_of(first) > row.deadline,
        bool(until) and until < today,
        state.agreement in _ORDERED,
        "" if thread is None else sending.seen(thread),
    )


def _stands(state: ThreadState, fact: Fact) -> bool:
    outcome = state.outcomes.get(fact.id)
    return outcome is None or outcome.verdict.value == "effective"


def _arrived(tx: Tx, member: bytes, document: bytes) -> int:
    holding = tx.holdings.get(member, document)
    return 0 if holding is None else holding.time


def _item(at: int, line: OrderLine, suppliers: Sequence[Supplier]) -> Item:
    cells: dict[int, Cell] = {}
    for place, supplier in enumerate(suppliers):
        if supplier.quotation is None:
            continue
        found = _answer_to(line, at, supplier.quotation)
        if found is not None:
            answer = supplier.quotation.lines[found]
            cells[place] = Cell(
                found, answer, standing.day_of(answer.delivery) or standing.day_of(supplier.quotation.delivery)
            )
    return Item(line, _marked(cells, suppliers))


def _answer_to(line: OrderLine, at: int, quotation: Quotation) -> int | None:
    """The place of the line that answers: the same goods by number or name, else the same place in a list as long."""
    for place, answer in enumerate(quotation.lines):
        same_number = bool(line.item.gtin) and line.item.gtin == answer.item.gtin
        if same_number or answer.item.name == line.item.name:
            return place
    own = quotation.lines[at] if at < len(quotation.lines) else None
    return at if own is not None and own.line_id == line.line_id else None


def _marked(cells: Mapping[int, Cell], suppliers: Sequence[Supplier]) -> dict[int, Cell]:
    """The cheapest and the soonest of each line, where there is more than one answer in the same money and unit."""
    prices = {place: price for place, cell in cells.items() if (price := _net(cell, suppliers[place])) is not None}
    days = {place: cell.day for place, cell in cells.items() if cell.day}
    alike = len({(suppliers[place].quotation.currency, cells[place].line.unit) for place in prices}) == 1  # type: ignore[union-attr]
    low = min(prices.values(), default=None) if alike and len(prices) > 1 else None
    soon = min(days.values(), default=None) if len(days) > 1 else None
    return {
        place: cell._replace(
            cheapest=low is not None and prices.get(place) == low, fastest=soon is not None and cell.day == soon
        )
        for place, cell in cells.items()
    }


def _net(cell: Cell, supplier: Supplier) -> Fraction | None:
    """The unit price without tax."""
    price, quotation = cell.line.price, supplier.quotation
    if price is None or quotation is None:
        return None
    net = Fraction(price.value.value, 10**price.value.scale)
    if price.base_quantity is not None and price.base_quantity.value:
        net /= Fraction(price.base_quantity.value, 10**price.base_quantity.scale)
    rate = cell.line.tax.rate if cell.line.tax is not None else None
    if quotation.tax_included and rate is not None:
        net /= 1 + Fraction(rate.value, 10**rate.scale) / 100
    return net


# --- ordering


def drafts(
    tx: Tx, member: bytes, found: Enquiry, chosen: Mapping[int, Mapping[int, Scaled]], today: str
) -> list[tuple[Supplier, Order]]:
    """An order to each supplier that was chosen. ``chosen``: place of the supplier → line of its quotation → quantity.

    CallerFault for nothing, or for a supplier that has not answered. Numbers are drawn.
    """
    orders = []
    for place, quantities in sorted(chosen.items()):
        wanted = {at: quantity for at, quantity in quantities.items() if quantity.value}
        if not wanted:
            continue
        supplier = found.suppliers[place]
        if supplier.quotation is None:
            raise CallerFault("", NO_ANSWER)
        draft = desk.write_draft(tx, member, supplier.row.thread, Step.ORDER, today)
        assert isinstance(draft, Order)
        lines = tuple(
            replace(line, quantity=wanted[at], amount=None) for at, line in enumerate(draft.lines) if at in wanted
        )
        orders.append((supplier, footing.offer(replace(draft, lines=lines))))
    if not orders:
        raise CallerFault("", NOTHING_CHOSEN)
    return orders


def order(house: House, tx: Tx, member: bytes, enquiry: bytes, orders: Sequence[tuple[bytes, Order, str]]) -> Outcome:
    """Send the orders (dealing, paper, what was seen of it), all or none. NotFound for another enquiry's dealing.

    SomebodyWasFaster where a dealing went on since it was looked at.
    """
    own = {row.thread for row in tx.enquiries.asked(member, enquiry)}
    if not orders or any(thread not in own for thread, _, _ in orders):
        raise NotFound("thread", "no such dealing")
    return _together([sending.send(house, tx, member, thread, paper, seen) for thread, paper, seen in orders])


# --- words to those who wait


def remind(house: House, tx: Tx, member: bytes, enquiry: bytes, text: str, today: str) -> Outcome:
    """A message to every supplier that has not answered. CallerFault where all have."""
    found = look(tx, member, enquiry, today)
    silent = [one.row for one in found.suppliers if one.quotation is None and one.row.declined is None]
    if not silent:
        raise CallerFault("", N_("All have answered."))
    now, done = house.clock(), []
    for row in silent:
        done.append(talking.say(house, tx, member, row.thread, text, today))
        tx.enquiries.put_asked(row._replace(reminded=now))
    return _together(done)


def decline(
    house: House, tx: Tx, member: bytes, enquiry: bytes, threads: Sequence[bytes], text: str, today: str
) -> Outcome:
    """A message to suppliers that get no order: they need not wait. CallerFault for one that was ordered from."""
    found = look(tx, member, enquiry, today)
    by_thread = {one.row.thread: one for one in found.suppliers}
    if not threads or any(thread not in by_thread for thread in threads):
        raise CallerFault("thread", N_("Choose at least one supplier."))
    now, done = house.clock(), []
    for thread in threads:
        one = by_thread[thread]
        if one.ordered or one.row.declined is not None:
            raise CallerFault("thread", N_("This supplier has an order or knows already."))
        done.append(talking.say(house, tx, member, thread, text, today))
        tx.enquiries.put_asked(one.row._replace(declined=now))
    return _together(done)
