"""When a run with guardians is at rest, and what must hold then.

Owns the checks at the end: one home for each member, everything that was called safe or was told to clerks is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from node.sim.clerks import Firm
from node.sim.guarded.ledger import EVERYTHING, GuardedLedger
from node.sim.host import Host
from node.sim.invariants import Violation, short
from node.sim.quiet import Books, orphans_of, read_books, verify_books
from node.store import Tx
from protocol.keys import NodeId


def unrest(hosts: Sequence[Host], firms: Sequence[Firm], gone: set[NodeId]) -> str:
    """Why it is not quiet yet, or nothing. ``hosts`` exist; ``gone``: nodes that will never answer again."""
    everywhere: set[bytes] = set()
    for host in hosts:
        if not host.up:
            return f"{host.name} is down"
        if host.house is not None and (host.house.frozen or host.house.recovering):
            return f"{host.name} is frozen or asks its peers: {host.house.frozen}"
        everywhere |= host.look(lambda tx: {stored.row.id for stored in tx.documents.after(0, EVERYTHING)})
    for host in hosts:
        why = host.look(partial(_unsettled, gone, everywhere))
        if why:
            return f"{host.name}: {why}"
    for firm in firms:
        why = _unguarded(firm)
        if why:
            return f"{firm.name} at {firm.home.name}: {why}"
    return ""


def _unsettled(gone: set[NodeId], everywhere: set[bytes], tx: Tx) -> str:
    pending = {node: count for node, (count, _) in tx.outgoing.count_pending().items() if node not in gone}
    if pending:
        return f"{sum(pending.values())} items without a receipt"
    local = {row.member for row in tx.members.all(local=True)}
    in_vain = orphans_of(everywhere, tx)
    for kind in ("parent", "history", "type"):
        for row in tx.waiting.by_kind(kind, EVERYTHING):
            holders = {held.member for held in tx.holdings.by_document(row.document)}
            if row.document not in in_vain and holders & local:
                return f"{short(row.document)} waits for {row.kind} {short(row.missing)}"
    held = [row for row in tx.holdings.after(None, 0, EVERYTHING, verdict="held") if row.member in local]
    return f"{len(held)} documents are held" if held else ""


def _unguarded(firm: Firm) -> str:
    """Everything of a member is safe when all faults are over."""
    local = firm.home.look(lambda tx: tx.members.get(firm.member))
    if local is None or not local.local:
        return "is not at home where its clerks are"
    row = firm.home.look(lambda tx: tx.guarding.get(firm.member))
    if row is None:
        return "has no guardians"
    return "" if row.safe_place == row.place else f"safe up to {row.safe_place} of {row.place}"


def verify_quiet(hosts: Sequence[Host], firms: Sequence[Firm], ledger: GuardedLedger) -> None:
    """Violation if a member has two homes or none, or anything is lost, doubled or seen differently at two ends."""
    books = [host.look(partial(read_books, host)) for host in hosts]
    at_home: dict[bytes, Books] = {}
    for book in books:
        for member in book.homes:
            if member in at_home:
                raise Violation(f"{short(member)} is at home at {at_home[member].host.name} and at {book.host.name}")
            at_home[member] = book
    for firm in firms:
        _verify_firm(firm, at_home, ledger)
    everywhere = {document for book in books for _, document in book.holdings}
    orphans = set().union(*(host.look(partial(orphans_of, everywhere)) for host in hosts))
    homes = [book for book in books if book.homes]
    verify_books(hosts, ledger, homes, at_home, orphans)


def _verify_firm(firm: Firm, at_home: dict[bytes, Books], ledger: GuardedLedger) -> None:
    book = at_home.get(firm.member)
    if book is None:
        raise Violation(f"{firm.name} has no home")
    held = {document for whose, document in book.holdings if whose == firm.member}
    missing = sorted(ledger.safe.get(firm.member, set()) - held)
    if missing:
        raise Violation(f"safe, and lost at the end: {short(missing[0])} of {firm.name} at {book.host.name}")
    for paper in ledger.papers.values():
        if paper.author == firm.member and not paper.lost and paper.id not in held:
            raise Violation(f"an acknowledged document is lost: {short(paper.id)} of {paper.home}")
