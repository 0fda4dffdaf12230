"""Sales of a supplier's goods on their way from the partitions to signed reports. Owns the order of these steps.

Reading (in the process that holds DuckDB) and signing (in the store's transaction) are apart: a grant that was revoked
between them is found when the report is about to be signed. Never in the event loop.
"""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

from node import selling
from node.pos.process import Warehouse
from node.services.booking import day_of
from node.services.house import House
from node.services.supplying import grants, reporting
from node.services.supplying.reporting import Asked, Report
from node.services.trade import Outcome
from node.services.transaction import Store
from protocol.errors import NotFound, YuiError

EVERY_S: Final = 3600.0


class Failed(NamedTuple):
    """A partner to whom nothing could be sent, and why."""

    member: bytes
    partner: bytes
    why: str


def today(house: House) -> date:
    """The day in Japan."""
    return date.fromisoformat(day_of(house.clock()))


def prepared(
    house: House, store: Store, warehouse: Warehouse, member: bytes, partner: bytes, *, now: bool
) -> list[Report]:
    """The closed weeks as they would go out to ``partner`` now. NotFound where nothing is granted."""
    day = today(house)

    asking: Asked = store.read(lambda tx: reporting.asked(tx, member, partner, day))
    seen = selling.ask(store, warehouse, reporting.SEEN, {"member": member.hex(), "first": asking.first.isoformat()})
    wanted = reporting.closed(seen, asking, day, now=now)
    rows = selling.ask(store, warehouse, reporting.SOLD, asking.values()) if wanted else []
    places = store.read(lambda tx: grants.areas(tx, member))
    return reporting.reports(asking, rows, wanted, places)


def report(
    house: House, store: Store, warehouse: Warehouse, member: bytes, partner: bytes, *, now: bool = False
) -> Outcome | None:
    """Send what has changed since it was told last; None if nothing has. ``now``: without days of grace."""
    found = prepared(house, store, warehouse, member, partner, now=now)
    day = today(house).isoformat()
    try:
        return store.submit(lambda tx: reporting.send(house, tx, member, partner, found, day)).result()
    except BaseException:
        house.forget_caches()
        raise


def report_all(house: House, store: Store, warehouse: Warehouse) -> tuple[list[Outcome], list[Failed]]:
    """Send what is due under every grant of every member: what was sent, and what could not be."""
    done, failed = [], []
    for member, partner in store.read(grants.active):
        try:
            sent = report(house, store, warehouse, member, partner)
        except NotFound:
            continue  # revoked meanwhile, or the member has moved
        except YuiError as error:
            failed.append(Failed(member, partner, str(error)))
            continue
        if sent is not None:
            done.append(sent)
    return done, failed
