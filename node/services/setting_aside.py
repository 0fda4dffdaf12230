"""A guardian forgets vaults that a ward's home has replaced: not at once, but when nobody can undo that any more.

Owns what is set aside, for how long, and what is said of it. A thief of the home could otherwise make every copy
unreadable with one message. Source: ``docs/protocol.md`` §15.9.
"""

from __future__ import annotations

from typing import Final

from node.services import members
from node.services.exchange import require_peer
from node.services.house import House
from node.store import AsideRow, RegisterRow, Tx, WardRow
from protocol import vault
from protocol.errors import NotAuthorised, NotFound, TooLarge
from protocol.guardian import forgetting
from protocol.guardian.forgetting import Forget, SetAside
from protocol.vault import Vault

ASIDE_US: Final = 7 * 24 * 3600 * 1_000_000


def replace(tx: Tx, ward: WardRow, found: Vault, now: int) -> None:
    """The ward's vault is about to be replaced by ``found``: what only the one before opens is set aside."""
    names = {item.name for item in found.keys}
    kept = tx.renewing.aside(ward.member)
    for row in kept:
        if {item.name for item in vault.read(row.wire).keys} <= names:
            tx.renewing.drop_aside(row.member, row.version)
    if not ward.vault or {item.name for item in vault.read(ward.vault).keys} <= names:
        return
    if len(kept) >= forgetting.MAX_ASIDE:
        raise TooLarge(
            f"vaults: {forgetting.MAX_ASIDE} are set aside for this member already", code="too-many-requests"
        )
    tx.renewing.put_aside(AsideRow(ward.member, ward.vault_version, ward.vault, now + ASIDE_US))


def forget_over(house: House, tx: Tx) -> int:
    """Destroy what has been set aside for long enough; how many."""
    return tx.renewing.forget_over(house.clock())


def until(house: House, tx: Tx, peer: bytes, asked: Forget) -> int:
    """Until when (µs) a vault before the one that is named is set aside; 0: there is none. NotFound if it has not come.

    What is over is destroyed first: the answer that follows is true.
    """
    require_peer(tx, peer)
    ward = tx.wards.get(asked.member)
    if ward is None or ward.home != peer or ward.vault_version < asked.version:
        raise NotFound("version", "no such vault of a ward of yours is kept here")
    forget_over(house, tx)
    return max((row.until for row in tx.renewing.aside(asked.member) if row.version < asked.version), default=0)


def show(house: House, tx: Tx, peer: bytes, asked: SetAside) -> list[bytes]:
    """What is set aside, for the claimant to whom the fence was promised.

    Without a fence: for the ward's home, which may have lost its own, with the vault in force before them; nothing if
    the member is no ward here.
    """
    if peer != house.id:
        require_peer(tx, peer)
    aside = [row.wire for row in tx.renewing.aside(asked.member)]
    if any(asked.fence):
        _require_claimant(tx, peer, asked)
        return aside
    ward, log = tx.wards.get(asked.member), members.find_log(house, tx, asked.member)
    if log is not None and log.standing.epoch is not None and log.epoch.home != peer:
        raise NotAuthorised("member: its home is another node", code="not-home")
    return [wire for wire in (ward.vault if ward is not None else b"", *aside) if wire]


def _require_claimant(tx: Tx, peer: bytes, asked: SetAside) -> RegisterRow:
    for row in tx.registers.of(asked.member):
        if row.fence == asked.fence and row.claimant == peer:
            return row
    raise NotAuthorised("fence: not promised to you, or another claimant was promised since", code="promised")
