"""What must hold when the faults have stopped and all is quiet: everything where it belongs, both sides agreeing.

Owns the full checks at the end of a run (continuity §9, 9 and 1–8 once more, over the whole of every store).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from node.services.exchange import FENCED
from node.sim.host import Host
from node.sim.invariants import Ledger, Violation, parsed, short, stands, unjustified
from node.store import HoldingRow, ThreadRow, Tx, WaitingRow
from protocol import canon
from protocol.link.receipt import Leaf

EVERYTHING = 100_000


class Books(NamedTuple):
    """One machine's books, read once."""

    host: Host
    holdings: dict[tuple[bytes, bytes], HoldingRow]
    threads: dict[tuple[bytes, bytes], ThreadRow]
    homes: tuple[bytes, ...]


def unrest(hosts: Sequence[Host]) -> str:
    """Why it is not quiet yet, or nothing."""
    everywhere: set[bytes] = set()
    for host in hosts:
        everywhere |= host.look(lambda tx: {stored.row.id for stored in tx.documents.after(0, EVERYTHING)})
    for host in hosts:
        if not host.up:
            return f"{host.name} is down"
        if host.house is not None and host.house.frozen:
            return f"{host.name} is frozen"
        why = host.look(partial(_unsettled, everywhere))
        if why:
            return f"{host.name}: {why}"
    return ""


def _unsettled(everywhere: set[bytes], tx: Tx) -> str:
    pending = tx.outgoing.count_pending()
    if pending:
        return f"{sum(count for count, _ in pending.values())} items without a receipt"
    in_vain = _orphans(tx, everywhere)
    for row in _waiting(tx):
        if row.document not in in_vain:
            return f"{short(row.document)} waits for {row.kind} {short(row.missing)}"
    held = tx.holdings.count_by_verdict().get("held", 0)
    return f"{held} documents are held" if held else ""


def _waiting(tx: Tx) -> list[WaitingRow]:
    return [row for kind in ("parent", "attachment", "history", "type") for row in tx.waiting.by_kind(kind, EVERYTHING)]


def _orphans(tx: Tx, everywhere: set[bytes]) -> set[bytes]:
    """Documents that wait, directly or not, for one that a disaster took everywhere."""
    rows = _waiting(tx)
    gone = {row.missing for row in rows} - everywhere
    found: set[bytes] = set()
    while fresh := {row.document for row in rows if row.missing in gone | found} - found:
        found |= fresh
    return found


def verify_quiet(hosts: Sequence[Host], ledger: Ledger) -> None:
    """Violation if anything is lost, doubled, unanswered or seen differently at the two ends."""
    books = [host.look(partial(read_books, host)) for host in hosts]
    everywhere = {document for book in books for _, document in book.holdings}
    orphans = set().union(*(host.look(partial(orphans_of, everywhere)) for host in hosts))
    at_home = {member: book for book in books for member in book.homes}
    _verify_nothing_lost(ledger, books)
    verify_books(hosts, ledger, books, at_home, orphans)


def verify_books(
    hosts: Sequence[Host], ledger: Ledger, books: Sequence[Books], at_home: dict[bytes, Books], orphans: set[bytes]
) -> None:
    """Both ends agree, no business key is in effect twice, every store is in order."""
    _verify_both_ends(at_home, orphans)
    _verify_business_keys(books, ledger.wanted)
    _verify_threads(
        at_home, {book.holdings[key].thread for book in books for key in book.holdings if key[1] in orphans}
    )
    for host in hosts:
        host.look(partial(_verify_store, host, ledger, {key[1] for book in books for key in book.holdings}))


def orphans_of(everywhere: set[bytes], tx: Tx) -> set[bytes]:
    """Documents here that wait for one that a disaster took everywhere."""
    return _orphans(tx, everywhere)


def read_books(host: Host, tx: Tx) -> Books:
    """One machine's books."""
    holdings: dict[tuple[bytes, bytes], HoldingRow] = {}
    threads: dict[tuple[bytes, bytes], ThreadRow] = {}
    homes = tuple(row.member for row in tx.members.all(local=True))
    for member in homes:
        for row in tx.holdings.after(member, 0, EVERYTHING):
            holdings[member, row.document] = row
        for thread in tx.threads.latest(member, EVERYTHING):
            threads[member, thread.thread] = thread
    return Books(host, holdings, threads, homes)


def _verify_nothing_lost(ledger: Ledger, books: Sequence[Books]) -> None:
    """No acknowledged document is lost, but by a disaster that took the only copy."""
    everywhere = {key for book in books for key in book.holdings}
    for paper in ledger.papers.values():
        if not paper.lost and (paper.author, paper.id) not in everywhere:
            raise Violation(f"an acknowledged document is lost: {short(paper.id)} of {paper.home}")


def _verify_both_ends(at_home: dict[bytes, Books], orphans: set[bytes]) -> None:
    """Who has a document that took effect, has a partner who has it with the same verdict."""
    for member, book in at_home.items():
        for (whose, document), mine in book.holdings.items():
            if whose != member:
                continue
            theirs = at_home[mine.partner].holdings.get((mine.partner, document))
            if theirs is None:
                if mine.verdict == "applied" or mine.direction == "received":
                    raise Violation(f"{short(document)} is {mine.verdict} at {book.host.name}, unknown at its partner")
            elif mine.verdict != theirs.verdict and document not in orphans:
                raise Violation(
                    f"{short(document)} is {mine.verdict} at {book.host.name} ({mine.direction}),"
                    f" {theirs.verdict} at {at_home[mine.partner].host.name}"
                )


def _verify_business_keys(books: Sequence[Books], wanted: set[bytes]) -> None:
    """A business key is in effect at most once, but for what people ``wanted`` beside it [6]."""
    for book in books:
        in_effect: dict[tuple[bytes, bytes, bytes, str, str, int], bytes] = {}
        for (member, document), row in book.holdings.items():
            if row.verdict == "applied" and document not in wanted:
                key = (member, row.author, row.audience, row.type, row.business_key, row.revision)
                if in_effect.setdefault(key, document) != document:
                    raise Violation(f"business key {row.business_key} is in effect twice at {book.host.name}")


def _verify_threads(at_home: dict[bytes, Books], torn: set[bytes]) -> None:
    """Both sides fold every dealing to the same state; in ``torn`` ones a disaster took a document everywhere."""
    for member, book in at_home.items():
        for (whose, thread), mine in book.threads.items():
            if whose != member or thread in torn:
                continue
            theirs = at_home[mine.partner].threads.get((mine.partner, thread)) if mine.partner in at_home else None
            if theirs is None:
                if mine.documents:
                    _require_never_sent(book, member, thread)
            elif (mine.state, mine.heads, mine.documents, mine.next_actor) != (
                theirs.state,
                theirs.heads,
                theirs.documents,
                theirs.next_actor,
            ):
                raise Violation(f"dealing {short(thread)}: {mine.state} at {book.host.name}, {theirs.state} elsewhere")


def _require_never_sent(book: Books, member: bytes, thread: bytes) -> None:
    for (whose, document), row in book.holdings.items():
        if whose == member and row.thread == thread and row.verdict == "applied":
            raise Violation(f"dealing {short(thread)} with {short(document)} is unknown to its other side")


def _verify_store(host: Host, ledger: Ledger, held: set[bytes], tx: Tx) -> None:
    """``held``: documents that members have at their homes. What a home that was left delivered, and a partner set
    aside, is answered once the author's home of today has it, wherever it went from there [9].
    """
    for stored in tx.documents.after(0, EVERYTHING):
        if canon.digest(stored.row.header) != stored.row.id:
            raise Violation(f"{short(stored.row.id)} at {host.name} is stored with other bytes than were signed")
    for item in tx.quarantine.all(limit=EVERYTHING):
        answered = tx.documents.get(item.object) is not None or (item.code == FENCED and item.object in held)
        if item.object not in ledger.damaged and not answered:
            raise Violation(f"something is left in quarantine at {host.name}: {item.code} {item.reason}")
    for member in tx.members.all():
        rows = tx.controls.by_member(member.member)
        bad = unjustified([parsed(row.wire) for row in rows], {row.hash for row in rows if row.superseded})
        if bad:
            raise Violation(f"{host.name}: a control record was undone by an equal rank: {short(bad[0])}")
    _verify_receipts(host, tx)


def _verify_receipts(host: Host, tx: Tx) -> None:
    """Every verdict that counts here rests on a receipt that still stands [7].

    At a home that the author has left no verdict counts. Where the recipient is at home at this very node, its own
    journal says it, and no receipt has to. What a home said that the recipient has left matters only as long as its
    home of today has said nothing.
    """
    homes = {row.member: row.home for row in tx.members.all()}
    rows = {stored.row.id: stored.row for stored in tx.documents.after(0, EVERYTHING)}
    ids = [row.id for row in rows.values() if homes.get(row.author) == host.node != homes.get(row.audience)]
    for document, marks in tx.outgoing.marks(ids).items():
        today = [mark for mark in marks if mark.node == homes.get(rows[document].audience)]
        for mark in today or marks:
            row = tx.receipts.get(mark.receipt) if mark.receipt is not None else None
            if row is None or mark.verdict == "requeued":
                continue
            for raw in canon.decode(row.wire, max_bytes=1 << 20)[3]:
                leaf = Leaf(*raw)
                if leaf.document == document and leaf.seq and leaf.recipient != row.node and not stands(tx, leaf):
                    raise Violation(f"{short(document)} at {host.name} rests on a receipt of a stale epoch")
