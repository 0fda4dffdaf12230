"""控えの状況: where a member's papers are kept, for its own people; and for staff, how every member is kept."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from node.i18n import N_
from node.services import status
from node.services.drilling import report as drills
from node.services.guarding import agreeing, overview
from node.services.transaction import Tx
from node.web.page import Page
from node.web.visit import Visit

LAST_BACKUP: Final = "backup/last"  # as node.jobs notes it
MINUTE_S: Final = 60
LIGHTS: Final = {
    "green": N_("complete"),
    "yellow": N_("not enough yet"),
    "red": N_("delayed"),
    "grey": N_("here only"),
}
#: One sentence for the whole state, by its light.
SENTENCES: Final = {
    "green": N_("All your papers are kept at other associations too."),
    "yellow": N_("Your papers are kept elsewhere, but not at enough places or not all of them yet."),
    "red": N_("Copies of your papers are delayed. Your association sees this too."),
    "grey": N_("Your papers are kept at your association only."),
}

#: What the last drill found, in a word.
DRILLS: Final = {
    "good": N_("everything came back"),
    "weak": N_("everything came back, not from every place"),
    "failed": N_("something did not come back"),
}


async def index(visit: Visit) -> web.StreamResponse:
    """One sentence, where the copies are, and what is missing."""
    member, house = visit.member, visit.context.house

    def work(tx: Tx) -> dict[str, Any]:
        row = tx.members.get(member)
        return {
            "backup": tx.meta.get_int(LAST_BACKUP),
            "papers": bool(tx.holdings.before(member, 1)),
            "drill": drills.last(tx),
            "kept": overview.member(house, tx, row) if row is not None else None,
        }

    found = await visit.read(work)
    return visit.render("copies.html", sentences=SENTENCES, drills=DRILLS, minutes=_minutes, **found)


async def everybody(visit: Visit) -> web.StreamResponse:
    """Every member with its copies, agreements, and whom this association keeps."""
    house = visit.context.house

    def work(tx: Tx) -> dict[str, Any]:
        agreements = agreeing.shown(house, tx)
        names = {peer["node"]: peer["name"] or peer["node"][:12] for peer in status.peers(house, tx)}
        return {
            "drill": drills.last(tx),
            "kept": overview.members(house, tx),
            "agreements": [(names.get(item.node.hex(), item.node.hex()[:12]), item) for item in agreements],
            "wards": overview.wards(tx),
        }

    return visit.render(
        "association/copies.html", lights=LIGHTS, drills=DRILLS, minutes=_minutes, **await visit.read(work)
    )


def _minutes(seconds: int) -> int:
    """Whole minutes, at least one."""
    return max(1, -(-seconds // MINUTE_S))


PAGES = (
    Page("GET", "/copies", "today.read", index),
    Page("GET", "/association/copies", "association.safety", everybody),
)
