"""A member's catalogue (品目表) for one partner at a time: offering, asking, reading what is offered.

Owns who is offered what: policy per partner, cutting into sheets, in which thread. A catalogue is made from the
items and from that one partner's terms and prices alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from node.services import dealings, items, reading, terms, trade
from node.services.desk import numbering
from node.services.desk.parties import party_of
from node.services.house import House
from node.services.trade import Outcome, Submission
from node.store import CatalogueRow, ShareRow, Tx
from protocol.errors import CallerFault, NotFound
from protocol.limits import (
    MAX_CATALOGUE_DOCUMENTS,
    MAX_CATALOGUE_ITEMS,
    MAX_CATALOGUE_SHEETS,
    MAX_DOCUMENT_BYTES,
    MAX_HEADER_BYTES,
)
from protocol.process.catalogue.state import Edition
from protocol.process.trade import papers
from protocol.process.trade.papers import Catalogue, CatalogueItem, CatalogueRequest, CatalogueWithdrawal, Period

AUTOMATIC: Final = "automatic"
BY_HAND: Final = "by_hand"
NEVER: Final = "never"
POLICIES: Final = (AUTOMATIC, BY_HAND, NEVER)
SHEET_BYTES: Final = MAX_DOCUMENT_BYTES - MAX_HEADER_BYTES - 16 * 1024  # of items on one sheet


class Offered(NamedTuple):
    """The catalogue that a partner offers on a day. ``documents``: ids of its sheets."""

    thread: bytes
    partner: bytes
    partner_name: str
    edition: str
    name: str
    currency: str
    tax_included: bool
    start: str
    end: str
    documents: tuple[bytes, ...]
    items: tuple[CatalogueItem, ...]


class Listed(NamedTuple):
    """A catalogue's thread in a list."""

    row: CatalogueRow
    partner_name: str
    policy: str


def set_policy(house: House, tx: Tx, member: bytes, partner: bytes, policy: str) -> None:
    """What becomes of a partner's requests: answered ``automatic``, ``by_hand``, or ``never`` (declined at once)."""
    if policy not in POLICIES:
        raise CallerFault("policy", f"one of {', '.join(POLICIES)}")
    known = tx.desk.share(member, partner) or _unshared(member, partner)
    tx.desk.put_share(known._replace(policy=policy, updated=house.clock()))


def _unshared(member: bytes, partner: bytes) -> ShareRow:
    return ShareRow(member, partner, BY_HAND, b"", "", 0)


def policies(tx: Tx, member: bytes) -> list[ShareRow]:
    """With whom the catalogue is shared, and how."""
    return tx.desk.shares(member)


def listed(tx: Tx, member: bytes, *, mine: bool) -> list[Listed]:
    """Catalogues' threads in which the member sells (``mine``) or buys, latest first."""
    rows = tx.desk.catalogues(member, mine=mine)
    names = reading.names_of(tx, {row.partner for row in rows})
    policy = {row.partner: row.policy for row in tx.desk.shares(member)} if mine else {}
    return [Listed(row, names.get(row.partner, ""), policy.get(row.partner, BY_HAND)) for row in rows]


# ---------------------------------------------------------------------- offering


def priced(tx: Tx, member: bytes, partner: bytes) -> list[CatalogueItem]:
    """The member's items on sale at the prices of one partner, by number."""
    agreed, own = terms.of(tx, member, partner), items.prices(tx, member, partner)
    return [
        items.offer(items.for_partner(item, agreed, own.get(item.number))) for item in items.all_on_sale(tx, member)
    ]


def sheets_of(offered: Iterable[CatalogueItem]) -> list[tuple[CatalogueItem, ...]]:
    """The items cut into sheets that each fit into a document. CallerFault if that are too many."""
    found: list[list[CatalogueItem]] = []
    room = 0
    for item in offered:
        size = len(papers.encode(item))
        if not found or size > room or len(found[-1]) == MAX_CATALOGUE_ITEMS:
            found.append([])
            room = SHEET_BYTES
        found[-1].append(item)
        room -= size
    if len(found) > MAX_CATALOGUE_SHEETS:
        raise CallerFault("items", f"a catalogue has at most {MAX_CATALOGUE_SHEETS} sheets: shorten descriptions")
    return [tuple(sheet) for sheet in found]


def publish(
    house: House, tx: Tx, member: bytes, partner: bytes, today: str, *, validity: Period | None = None, name: str = ""
) -> Outcome:
    """Send the partner the catalogue as it is now, in the thread of its request or of the last version.

    CallerFault when there is nothing on sale, or when items are priced in several currencies.
    """
    offered = priced(tx, member, partner)
    if not offered:
        raise CallerFault("items", "there is no item on sale")
    currencies = {item.currency for item in items.all_on_sale(tx, member) if item.price is not None}
    if len(currencies) > 1:
        raise CallerFault(
            "items", f"a catalogue is in one currency; items are priced in {', '.join(sorted(currencies))}"
        )
    sheets = sheets_of(offered)
    share = tx.desk.share(member, partner) or _unshared(member, partner)
    thread, before = _place(house, tx, member, partner, share, len(sheets), today)
    edition = numbering.next_number(tx, member, "catalogue", today, partner=partner)
    written = [
        Catalogue(
            number=edition if len(sheets) == 1 else f"{edition}/{at}",
            issue_date=today,
            currency=next(iter(currencies), ""),
            buyer=party_of(tx, partner),
            seller=party_of(tx, member),
            edition=edition,
            name=name,
            validity=validity,
            sheet=at,
            sheets=len(sheets),
            items=sheet,
        )
        for at, sheet in enumerate(sheets, 1)
    ]
    done = before
    for at, sheet_paper in enumerate(written):
        sent = trade.submit(house, tx, member, [Submission(partner, sheet_paper, thread=thread)])
        thread = sent.submitted[0].thread
        done = sent if at == 0 and done is None else Outcome([*_submitted(done), *sent.submitted], sent.news)
    assert done is not None  # there is at least one sheet
    tx.desk.put_share(share._replace(thread=thread, edition=edition, updated=house.clock()))
    return done


def _submitted(done: Outcome | None) -> list[trade.Submitted]:
    return [] if done is None else done.submitted


def _place(
    house: House, tx: Tx, member: bytes, partner: bytes, share: ShareRow, sheets: int, today: str
) -> tuple[bytes, Outcome | None]:
    """The thread to publish in: that of an open request, else the last one while it has room, else a new one (empty).

    A full thread is withdrawn, so that nobody finds its last version in force beside the new one.
    """
    rows = [row for row in tx.desk.catalogues_with(member, partner) if row.mine]
    asked = [row for row in rows if row.asked]
    last = [row for row in rows if row.thread == share.thread]
    for row in (*asked, *last):
        if row.documents + sheets < MAX_CATALOGUE_DOCUMENTS:
            return row.thread, None
    full = [row for row in (*asked, *last) if _withdrawable(row)]
    return b"", withdraw(house, tx, member, partner, today, thread=full[0].thread) if full else None


def withdraw(
    house: House, tx: Tx, member: bytes, partner: bytes, today: str, *, reason: str = "", thread: bytes = b""
) -> Outcome:
    """Take back what is offered to a partner, and decline its open requests. NotFound if there is nothing."""
    rows = [
        row
        for row in tx.desk.catalogues_with(member, partner)
        if row.mine and _withdrawable(row) and thread in (b"", row.thread)
    ]
    if not rows:
        raise NotFound("partner", "nothing is offered to this partner")
    submissions = []
    for row in rows:
        number = numbering.next_number(tx, member, "catalogue_withdrawal", today, partner=partner)
        paper = CatalogueWithdrawal(number=number, issue_date=today, reason=reason)
        submissions.append(Submission(partner, paper, thread=row.thread))
    return trade.submit(house, tx, member, submissions)


def _withdrawable(row: CatalogueRow) -> bool:
    return row.state in ("asked", "arriving", "offered", "held")


def left_to_the_node(tx: Tx, limit: int = 20) -> list[CatalogueRow]:
    """Requests of partners for whom the node answers by itself, longest waiting first."""
    shares = ((row, tx.desk.share(row.member, row.partner)) for row in tx.desk.asked(limit))
    return [row for row, share in shares if share is not None and share.policy != BY_HAND]


def owed(tx: Tx, member: bytes, partner: bytes = b"") -> list[Listed]:
    """Requests (of one partner) that a person has to answer: with the catalogue, or not."""
    found = [row for row in tx.desk.catalogues(member, mine=True) if row.asked and partner in (b"", row.partner)]
    shares = {row.partner: row.policy for row in tx.desk.shares(member)} if found else {}
    names = reading.names_of(tx, {row.partner for row in found})
    rows = [Listed(row, names.get(row.partner, ""), shares.get(row.partner, BY_HAND)) for row in found]
    return [one for one in rows if one.policy == BY_HAND or one.row.asked > 1]


def asked_for(tx: Tx, member: bytes, partner: bytes) -> int:
    """When the member last asked a supplier that has not answered yet, µs; 0: it has not."""
    rows = [row for row in tx.desk.catalogues_with(member, partner) if not row.mine and row.state == "asked"]
    return max((row.updated for row in rows), default=0)


def answer(house: House, tx: Tx, row: CatalogueRow, today: str) -> Outcome:
    """Answer one such request: with the catalogue, or by declining it. Errors as :func:`publish`."""
    share = tx.desk.share(row.member, row.partner)
    if share is not None and share.policy == AUTOMATIC:
        return publish(house, tx, row.member, row.partner, today)
    return withdraw(house, tx, row.member, row.partner, today, thread=row.thread)


def leave_to_people(tx: Tx, row: CatalogueRow) -> None:
    """It could not be answered (nothing on sale, no room): not to be tried again until something changes in it."""
    tx.desk.put_catalogues([row._replace(asked=2)])


# ---------------------------------------------------------------------- buying


def ask(
    house: House, tx: Tx, member: bytes, partner: bytes, today: str, *, words: str = "", reply_by: str = ""
) -> Outcome:
    """Ask a supplier for its catalogue, in the thread that there is, else in a new one."""
    rows = [row for row in tx.desk.catalogues_with(member, partner) if not row.mine]
    usable = [row for row in rows if row.documents < MAX_CATALOGUE_DOCUMENTS // 2]
    request = CatalogueRequest(
        number=numbering.next_number(tx, member, "catalogue_request", today, partner=partner),
        issue_date=today,
        buyer=party_of(tx, member),
        seller=party_of(tx, partner),
        words=words,
        reply_by=reply_by,
    )
    thread = usable[0].thread if usable else b""
    return trade.submit(house, tx, member, [Submission(partner, request, thread=thread)])


def offered_by(tx: Tx, member: bytes, partner: bytes, day: str) -> Offered:
    """The catalogue that ``partner`` offers the member on ``day``. NotFound if there is none in force.

    Of several threads (the partner began anew) the one that was last written in counts.
    """
    for row in tx.desk.catalogues_with(member, partner):
        if row.mine:
            continue
        found = _in_force(tx, row, day)
        if found is not None:
            return _offered(tx, row, found)
    raise NotFound("partner", "no catalogue of this partner is in force")


def all_offered_by(tx: Tx, member: bytes, partner: bytes, day: str) -> list[Offered]:
    """Every catalogue that ``partner`` offers the member on ``day``, by name; of one name the last that was written.

    A supplier may have several (spare parts, consumables); one that it began anew under the same name replaces it.
    """
    found: dict[str, Offered] = {}
    for row in tx.desk.catalogues_with(member, partner):
        edition = None if row.mine else _in_force(tx, row, day)
        if edition is not None:
            offered = _offered(tx, row, edition)
            found.setdefault(offered.name, offered)
    return [found[name] for name in sorted(found)]


def _in_force(tx: Tx, row: CatalogueRow, day: str) -> Edition | None:
    try:
        return dealings.fold_catalogue(tx, row.thread).state.in_force(day)
    except NotFound:
        return None


def _offered(tx: Tx, row: CatalogueRow, edition: Edition) -> Offered:
    sheets = []
    for identity in edition.ids:
        stored = tx.documents.full(identity)
        paper = None if stored is None else dealings.paper_of(stored)
        if not isinstance(paper, Catalogue):
            raise NotFound("partner", "a sheet of this catalogue can no longer be read")
        sheets.append(paper)
    first = sheets[0]
    return Offered(
        row.thread,
        row.partner,
        reading.names_of(tx, (row.partner,)).get(row.partner, ""),
        edition.name,
        first.name,
        first.currency,
        first.tax_included,
        edition.start,
        edition.end,
        edition.ids,
        tuple(item for sheet in sheets for item in sheet.items),
    )
