"""A firm asks for a part of a document to be erased: refused by rule and date, or carried out here at once.

Owns what keeps a paper, what is written down of an erasure, and that a part which comes back (with an old backup, from
a copy) goes again. Asking the partner and answering it is :mod:`node.services.erasing.errands`. The header keeps the
part's hash, so everything else still proves. Source: ``docs/protocol.md`` §5.6, ``docs/adr/0045-erasure.md``.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from node.i18n import N_
from node.services import access, dealings, members, reading
from node.services.custody import Custody
from node.services.guarding import renewing
from node.services.guarding.renewing import Copies
from node.services.house import House
from node.store import DocumentRow, ErasureRow, HoldingRow, Tx, UserRow
from protocol import erasure
from protocol.document import header
from protocol.errors import CallerFault
from protocol.journal import Kind
from protocol.process.trade import retention
from protocol.process.trade.retention import Kept

Erasure = ErasureRow  # as those who call this module name it


class State(Enum):
    """What has become of a part here, and (``ASKED``, ``NONE``) what is known of it at the partner."""

    NONE = ""  # nobody has been asked
    ASKED = "asked"
    ERASED = "erased"
    REFUSED = "refused"


class Errand(Enum):
    """What the node still has to do for a row."""

    NOTHING = ""
    JUDGE = "judge"  # the partner asks: decide once its message counts
    ASK = "ask"  # send our request
    ANSWER = "answer"  # send our answer


class Look(NamedTuple):
    """A document before a person asks. ``named``: it was made with such a part; ``here``: that is still there.

    ``kept``: what keeps it, no rule where nothing does; ``row``: what was asked before; ``copies``: at guardians.
    """

    holding: HoldingRow
    named: bool
    here: bool
    kept: Kept
    row: ErasureRow | None
    copies: Copies


def look(house: House, tx: Tx, member: bytes, document: bytes) -> Look:
    """What would become of the personal part of a document that ``member`` holds. NotFound for any other document."""
    holding = reading.require(tx, member, document)
    stored = tx.documents.full(document)
    assert stored is not None
    named = _hash_of(stored.row, erasure.PERSONAL) != b""
    here = any(part.name == erasure.PERSONAL for part in stored.parts)
    row = tx.erasing.get(member, document, erasure.PERSONAL)
    copies = copies_of(house, tx, row or blank(member, document, b"", 0))
    return Look(holding, named, here, what_keeps(house, tx, document), row, copies)


def what_keeps(house: House, tx: Tx, document: bytes) -> Kept:
    """The rule that keeps a document for whichever member of this node has to keep it longest; none: ("", 0)."""
    stored = tx.documents.full(document)
    if stored is None:
        return Kept("", 0)
    paper, row, now = dealings.paper_of(stored), stored.row, house.clock()
    found = [
        retention.kept(row.type, paper, held.time, row.keep_until, now)
        for held in tx.holdings.by_document(document)
        if _is_local(tx, held.member)
    ]
    return max(found, key=lambda one: one.until, default=Kept("", 0))


def _is_local(tx: Tx, member: bytes) -> bool:
    row = tx.members.get(member)
    return row is not None and row.local


def _hash_of(row: DocumentRow, part: str) -> bytes:
    return next((ref.hash for ref in header.parse(row.header).parts if ref.name == part), b"")


def ask(
    house: House, tx: Tx, member: bytes, document: bytes, *, by: str, user: UserRow | None = None, address: str = ""
) -> ErasureRow:
    """A person of the member (or staff for it) wants the personal part gone; what became of it, a refusal too.

    Where nothing keeps the paper the part is gone with this commit, and the partner is asked. CallerFault if the
    document was made without such a part; NotFound for a document that the member does not hold.
    """
    house.require_signing()
    members.require_local(tx, member)
    seen = look(house, tx, member, document)
    if not seen.named:
        raise CallerFault("document", N_("This document has no part with personal data."), code="no-such-part")
    now = house.clock()
    row = seen.row or blank(member, document, seen.holding.partner, now)
    row = row._replace(by=by[:64], asked=now, updated=now, note="", partner=seen.holding.partner)
    detail = document.hex()[:12]
    if row.state != State.ERASED.value and seen.kept.rule:
        row = row._replace(state=State.REFUSED.value, rule=seen.kept.rule, until=seen.kept.until)
        access.note(house, tx, "erasure-refused", member=member, user=user, name=by, detail=detail, address=address)
        tx.erasing.put(row)
        return row
    row = erase(house, tx, row)
    if row.partner_state != State.ERASED.value and seen.holding.partner:
        row = row._replace(errand=Errand.ASK.value, retry_at=now)
    tx.erasing.put(row)
    access.note(house, tx, "part-erased", member=member, user=user, name=by, detail=detail, address=address)
    return row


def blank(member: bytes, document: bytes, partner: bytes, now: int) -> ErasureRow:
    """A row of which nothing has happened yet."""
    return ErasureRow(
        member, document, erasure.PERSONAL, "", "", 0, "", now, 0, b"", b"", partner, "", "", 0, "", 0, "", now
    )


def erase(house: House, tx: Tx, row: ErasureRow) -> ErasureRow:
    """Destroy the part here and enter that in the member's journal; ``row`` as it has to be put."""
    tx.documents.erase_part(row.document, row.part)
    if row.state == State.ERASED.value:
        return row
    custody = Custody(house, tx, [row.member])
    custody.enter(row.member, Kind.ERASED, row.document, row.part)
    custody.close()
    now = house.clock()
    renewing.want(tx, row.member, now)
    return row._replace(state=State.ERASED.value, rule="", until=0, erased=now, updated=now)


def learn(tx: Tx, member: bytes, document: bytes, part: str, time: int) -> None:
    """An entry of the member's journal says that a part was erased: it goes here too, whatever copy it came with."""
    known = tx.erasing.get(member, document, part)
    if known is None or known.state != State.ERASED.value:
        row = known or blank(member, document, b"", time)._replace(part=part)
        tx.erasing.put(row._replace(state=State.ERASED.value, rule="", until=0, erased=time))
    tx.documents.erase_part(document, part)


def carry_out_again(tx: Tx) -> list[bytes]:
    """Erase what came back although it was erased; of which documents. For a start, a return, and now and then."""
    found = tx.erasing.remaining()
    for one in found:
        tx.documents.erase_part(one.document, one.part)
    return [one.document for one in found]


def settle(house: House, tx: Tx, member: bytes) -> None:
    """The member came here from elsewhere: what was erased goes again, also from the copies that it came from."""
    carry_out_again(tx)
    if any(row.state == State.ERASED.value for row in tx.erasing.of(member)):
        renewing.want(tx, member, house.clock())


def copies_of(house: House, tx: Tx, row: ErasureRow) -> Copies:
    """How guardians' copies of the member stand to what was erased; nothing to say where nothing was."""
    return renewing.copies(house, tx, row.member, row.erased) if row.erased else Copies("")


def is_guarded(tx: Tx, member: bytes) -> bool:
    """Are there sealed copies of the member's papers elsewhere?"""
    return tx.guarding.get(member) is not None


def listed(tx: Tx, member: bytes) -> list[ErasureRow]:
    """What the member or its partners asked for, the latest first."""
    return tx.erasing.of(member)
