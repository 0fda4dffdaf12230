"""A file that somebody brought, from bringing it to taking it over. Owns the file while it waits, and which kind does
what; each kind's own rules are in its module.

A file belongs to the user who brought it, for a day. What it says reaches nobody's records before :func:`take`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from collections.abc import Mapping as MappingOf
from typing import Final, NamedTuple

import msgspec

from node.i18n import N_
from node.papers.tabular import Mapping, Table, guess, preview, values, write_csv
from node.papers.tabular.mapping import Record, fields_of
from node.papers.tabular.worker import unpacked
from node.services.house import House
from node.services.importing import firms, goods, layouts, orders, roster
from node.services.importing.plan import NEW, SAME, Draft, Plan
from node.store import DoneRow, FileRow, Tx, UserRow
from protocol.errors import CallerFault, NotFound

KEEP_US: Final = 24 * 3600 * 1_000_000
MAX_WAITING: Final = 5  # files of one user; an older one gives way
Planner = Callable[[House, Tx, bytes, Draft, tuple[Record, ...], bytes], None]
PLANNERS: Final[MappingOf[str, Planner]] = {
    "items": goods.plan_items,
    "prices": goods.plan_prices,
    "partners": firms.plan_partners,
    "balances": firms.plan_balances,
    "orders": orders.plan_orders,
    "members": roster.plan_members,
}
TAKERS: Final[MappingOf[str, Callable[[House, Tx, bytes, Plan, str], None]]] = {
    "items": goods.take_items,
    "prices": goods.take_prices,
    "partners": firms.take_partners,
    "balances": firms.take_balances,
}
#: Kinds of a member's files, and of the association's.
MEMBER_KINDS: Final = ("items", "prices", "partners", "balances", "orders")
STAFF_KINDS: Final = ("members",)
SALES: Final = "sales"  # of a register: node.services.selling.uploads
PAPER: Final = "paper"  # an XML file of other software: UBL, SME Common EDI
NOTHING: Final = N_("The file has no line that can be taken over.")
REASON: Final = N_("What is wrong")


Kept = FileRow
"""A file as it is kept, for those who must not know the store."""


class Upload(NamedTuple):
    """A file that waits. ``mapping``: as chosen so far; ``remembered``: it was chosen for an earlier file."""

    row: FileRow
    table: Table
    mapping: Mapping
    remembered: bool


class Seen(NamedTuple):
    """What the page of a file shows. ``fault``: why no line can be read under this mapping; ``before``: the same file
    was taken over already."""

    upload: Upload
    plan: Plan
    fault: str
    before: DoneRow | None


def bring(
    house: House, tx: Tx, member: bytes, user: str, kind: str, name: str, packed: bytes, digest: bytes,
    partner: bytes = b"",
) -> FileRow:  # fmt: skip
    """Keep a file that was read in the side process; the layout is proposed. CallerFault for an unknown kind."""
    _require_kind(member, kind)
    table = unpacked(packed)
    if not any(any(row) for row in table.rows):
        raise CallerFault("file", N_("The file is empty."))
    mapping, _ = layouts.propose(tx, member, table, kind, partner)
    row = FileRow(
        house.entropy(32), member, user, kind, partner, name[:200], digest, house.clock(),
        msgspec.json.encode(mapping), packed,
    )  # fmt: skip
    return keep(tx, row)


def bring_paper(house: House, tx: Tx, member: bytes, user: str, name: str, xml: bytes) -> FileRow:
    """Keep an XML file that the side process could read."""
    digest = hashlib.sha256(xml).digest()
    row = FileRow(house.entropy(32), member, user, PAPER, b"", name[:200], digest, house.clock(), b"", xml)
    return keep(tx, row)


def keep(tx: Tx, row: FileRow) -> FileRow:
    """Put a file among those of its user; the oldest give way."""
    for old in tx.importing.files_of(row.member, row.user)[MAX_WAITING - 1 :]:
        tx.importing.drop_file(old)
    tx.importing.put_file(row)
    return row


def _require_kind(member: bytes, kind: str) -> None:
    allowed = MEMBER_KINDS if member else STAFF_KINDS
    if kind not in allowed:
        raise CallerFault("kind", f"one of {', '.join(allowed)}")


def row_of(tx: Tx, member: bytes, user: str, identity: bytes) -> FileRow:
    """A user's own file. NotFound for any other, of whomever."""
    row = tx.importing.file(identity)
    if row is None or row.member != member or row.user != user:
        raise NotFound("file", "no such file")
    return row


def opened(tx: Tx, member: bytes, user: str, identity: bytes) -> Upload:
    """A user's table with its mapping. NotFound as :func:`row_of`, and for what is no table."""
    row = row_of(tx, member, user, identity)
    if row.kind in (PAPER, SALES):
        raise NotFound("file", "no such file")
    table = unpacked(row.data)
    mapping = msgspec.json.decode(row.layout, type=Mapping)
    kept, remembered = layouts.propose(tx, member, table, row.kind, row.partner)
    return Upload(row, table, mapping, remembered and kept == mapping)


def choose(house: House, tx: Tx, upload: Upload, mapping: Mapping) -> Upload:
    """Read the file under another mapping. It is remembered when the file is taken over."""
    row = upload.row._replace(layout=msgspec.json.encode(mapping), updated=house.clock())
    tx.importing.put_file(row)
    return upload._replace(row=row, mapping=mapping)


def guessed(upload: Upload, header: int) -> Mapping:
    """The likeliest mapping with the titles in a row that a person names."""
    below = Table(upload.table.rows[header : header + 1], upload.table.encoding, upload.table.delimiter)
    return msgspec.structs.replace(guess(below, upload.row.kind), header=header)


def look(house: House, tx: Tx, upload: Upload) -> Seen:
    """What taking it over would do. Writes nothing."""
    row = upload.row
    before = tx.importing.done(row.member, row.kind, row.digest)
    try:
        return Seen(upload, plan_of(house, tx, row.member, upload.table, upload.mapping, row.partner), "", before)
    except CallerFault as fault:
        return Seen(upload, Plan(), fault.field, before)


def plan_of(house: House, tx: Tx, member: bytes, table: Table, mapping: Mapping, partner: bytes = b"") -> Plan:
    """What a table would do under a mapping. CallerFault names the field that has no column."""
    seen = preview(table, mapping)
    wrong = {problem.line for problem in seen.problems}
    draft = Draft(mapping, frozenset(_numbers(table, mapping, wrong)) if mapping.kind == "orders" else frozenset())
    PLANNERS[mapping.kind](house, tx, member, draft, seen.records, partner)
    return draft.done(seen.problems, seen.skipped)


def _numbers(table: Table, mapping: Mapping, lines: set[int]) -> Iterator[str]:
    """The numbers of orders that wrong lines name."""
    place = table.rows[mapping.header].index(mapping.columns["number"])
    for line in lines:
        row = table.rows[line - 1]
        if place < len(row):
            yield values.plain(row[place])


def take(house: House, tx: Tx, upload: Upload, user: str) -> Plan:
    """Take over the good lines of items, prices, partners or balances; all in this transaction.

    The file is looked at anew: what changed meanwhile counts. CallerFault if no line is good.
    """
    row = upload.row
    plan = plan_of(house, tx, row.member, upload.table, upload.mapping, row.partner)
    if not plan.lines:
        raise CallerFault("file", NOTHING)
    TAKERS[row.kind](house, tx, row.member, plan, user)
    finish(house, tx, upload, user, plan)
    return plan


def take_orders(house: House, tx: Tx, upload: Upload, user: str, *, send: bool) -> orders.Taken:
    """The good orders become drafts of the user, or are signed and sent; all of them or none."""
    row = upload.row
    plan = plan_of(house, tx, row.member, upload.table, upload.mapping, row.partner)
    if not plan.count(NEW):
        raise CallerFault("file", NOTHING)
    taken = orders.take(house, tx, row.member, plan, user, send=send)
    finish(house, tx, upload, user, plan)
    return taken


def take_members(house: House, tx: Tx, upload: Upload, by: UserRow, address: str) -> tuple[list[roster.Welcomed], Plan]:
    """Enrol the new firms of a roster; their words and links."""
    plan = plan_of(house, tx, b"", upload.table, upload.mapping)
    if not plan.lines:
        raise CallerFault("file", NOTHING)
    made = roster.take_members(house, tx, plan, by, address)
    finish(house, tx, upload, by.name, plan)
    return made, plan


def sent_before(tx: Tx, row: FileRow) -> DoneRow | None:
    """When this very XML file was sent, if it was."""
    return tx.importing.done(row.member, PAPER, row.digest)


def paper_sent(house: House, tx: Tx, row: FileRow) -> None:
    """An XML file was sent: it is recognised when it comes again, and not kept."""
    tx.importing.put_done(DoneRow(row.member, PAPER, row.digest, row.user, row.name, house.clock(), 1))
    tx.importing.drop_file(row.id)


def finish(house: House, tx: Tx, upload: Upload, user: str, plan: Plan) -> None:
    """Remember the layout and that this file was taken over."""
    row = upload.row
    layouts.remember(house, tx, row.member, upload.table, upload.mapping, row.partner)
    stored = len(plan.lines) - plan.count(SAME)
    tx.importing.put_done(DoneRow(row.member, row.kind, row.digest, user, row.name, house.clock(), stored))


def rejected(upload: Upload, plan: Plan, say: Callable[[str], str]) -> bytes:
    """The wrong lines as a CSV file with the titles of the original and the reasons: to mend and choose again."""
    header = upload.mapping.header
    width = max(len(row) for row in upload.table.rows)
    titles = [*_padded(upload.table.rows[header], width), say(REASON)]
    reasons: dict[int, list[str]] = {}
    for problem in plan.problems:
        reasons.setdefault(problem.line, []).append(f"{problem.column}: {problem.text(say)}")
    rows = [
        [*_padded(upload.table.rows[line - 1], width), " / ".join(found)] for line, found in sorted(reasons.items())
    ]
    return write_csv(titles, rows)


def _padded(row: tuple[str, ...], width: int) -> list[str]:
    return [*row, *[""] * (width - len(row))]


def sample(kind: str) -> bytes:
    """An empty list of a kind, with the titles that are understood by themselves."""
    return write_csv([field.names[0] for field in fields_of(kind)], [])


def drop(tx: Tx, member: bytes, user: str, identity: bytes) -> None:
    """Forget a file of this user."""
    row_of(tx, member, user, identity)
    tx.importing.drop_file(identity)


def forget_old(house: House, tx: Tx) -> int:
    """Forget files that nobody finished within a day; how many."""
    return tx.importing.forget_files(house.clock() - KEEP_US)
