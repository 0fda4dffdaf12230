"""Who may see what of a member's sales: grants to suppliers, one by one, revoked at once; areas of its stores.

Owns the grants and the list of what went out. What a supplier's goods are is said by :mod:`.goods`, what is sent by
:mod:`.reporting`. Source: docs/adr/0057-reports-to-suppliers.md.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from node.services import members, reading, sharing
from node.services.desk import partners
from node.services.house import House
from node.store import GrantRow, ToldRow, Tx
from protocol.errors import CallerFault, NotFound
from protocol.identity import card as cards
from protocol.process import checks
from protocol.process.trade.check.replenishing import is_area

MOST_TOLD: Final = 200
MOST_STORE_CHARS: Final = 100
AREA_DIGITS: Final = 5


class Given(NamedTuple):
    """A grant with its partner's name."""

    row: GrantRow
    partner_name: str


class Told(NamedTuple):
    """A report that went out, with its partner's name."""

    row: ToldRow
    partner_name: str


def grant(
    house: House, tx: Tx, member: bytes, partner: bytes, since: str, by: str, *, prices: bool, stores: bool
) -> GrantRow:
    """Let ``partner`` see the sales of its goods from the day ``since`` on; replaces what was granted before.

    ``prices``: with what customers paid; ``stores``: by store. CallerFault for a day that is none; NotFound for a
    partner that is not known here.
    """
    members.require_local(tx, member)
    if partner == member or members.find_log(house, tx, partner) is None:
        raise NotFound("partner", "no such firm is known here")
    if not checks.is_date(since):
        raise CallerFault("since", "must be a day of the calendar as YYYY-MM-DD")
    row = GrantRow(member, partner, since, prices, stores, True, house.clock(), by)
    tx.grants.put(row)
    return row


def revoke(house: House, tx: Tx, member: bytes, partner: bytes, by: str) -> GrantRow:
    """Nothing goes out to ``partner`` any more, from this moment on. NotFound where nothing is granted."""
    row = in_force(tx, member, partner)._replace(active=False, changed=house.clock(), by=by)
    tx.grants.put(row)
    return row


def in_force(tx: Tx, member: bytes, partner: bytes) -> GrantRow:
    """The grant to ``partner``. NotFound where there is none, or it was revoked."""
    row = tx.grants.get(member, partner)
    if row is None or not row.active:
        raise NotFound("partner", "nothing is granted to this partner")
    return row


def listed(tx: Tx, member: bytes) -> list[Given]:
    """All grants of a member, also those that were revoked."""
    rows = tx.grants.of(member)
    names = reading.names_of(tx, {row.partner for row in rows})
    return [Given(row, names.get(row.partner, row.partner.hex()[:12])) for row in rows]


def candidates(tx: Tx, member: bytes) -> dict[bytes, str]:
    """Partner → name of everybody to whom a grant could be given: partners of dealings, and who offers a catalogue."""
    found = {one.member: one.name for one in partners.mine(tx, member)}
    found |= {one.row.partner: one.partner_name for one in sharing.listed(tx, member, mine=False)}
    return found


def active(tx: Tx) -> list[tuple[bytes, bytes]]:
    """(member, partner) of every grant in force."""
    return [(row.member, row.partner) for row in tx.grants.all() if row.active]


def told(tx: Tx, member: bytes, limit: int = MOST_TOLD) -> list[Told]:
    """What went out, the latest first."""
    rows = tx.grants.told(member, limit)
    names = reading.names_of(tx, {row.partner for row in rows})
    return [Told(row, names.get(row.partner, row.partner.hex()[:12])) for row in rows]


# ---------------------------------------------------------------------- where stores are


def set_area(tx: Tx, member: bytes, store: str, area: str) -> None:
    """Say in which municipality (or prefecture) a store is. CallerFault for a code that is none."""
    members.require_local(tx, member)
    if len(store) > MOST_STORE_CHARS:
        raise CallerFault("store", f"at most {MOST_STORE_CHARS} characters")
    if not is_area(area):
        raise CallerFault("area", "must be the code of a prefecture (2 digits) or of a municipality (5 digits)")
    tx.grants.set_area(member, store, area)


def areas(tx: Tx, member: bytes) -> dict[str, str]:
    """Store → area, as it was said; under the empty name that of all other stores: as the member's card says."""
    found = tx.grants.areas(member)
    if "" not in found:
        row = tx.cards.get(member)
        said = "" if row is None else cards.parse(row.wire).area[:AREA_DIGITS]
        if is_area(said):
            found[""] = said
    return found
