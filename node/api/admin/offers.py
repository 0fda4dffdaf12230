"""Admin commands: offers and requests. Owns their plain shapes; what they mean is below."""

from __future__ import annotations

from typing import Any

from node.api.admin.command import Ask, Command, local_member
from node.api.context import Context
from node.services import peers
from node.services.offers import describing, finding, fits, publishing
from node.services.offers.finding import Wanted
from node.services.offers.publishing import Draft
from node.services.transaction import Tx
from protocol.errors import CallerFault


class Publish(Ask, frozen=True):
    """An offer or request; with ``series`` a later revision of one. ``nodes``: names or ids of peers."""

    member: str
    kind: str
    side: str
    title: str
    text: str = ""
    area: str = ""
    industry: str = ""
    starts: str = ""
    ends: str = ""
    days: int = publishing.DEFAULT_DAYS
    scope: str = "federation"
    nodes: tuple[str, ...] = ()
    details: dict[str, Any] = {}
    series: str = ""


class Mine(Ask, frozen=True):
    """What a member has out."""

    member: str


class One(Ask, frozen=True):
    """An offer by the first digits of its id; ``member``: who looks or withdraws."""

    offer: str
    member: str = ""


class Search(Ask, frozen=True):
    """As in :class:`node.services.offers.finding.Wanted`."""

    text: str = ""
    kind: str = ""
    side: str = ""
    area: str = ""
    industry: str = ""
    starts: str = ""
    ends: str = ""
    limit: int = 50


class Kinds(Ask, frozen=True):
    """The vocabulary."""


def publish(context: Context, ask: Publish) -> dict[str, Any]:
    """Publish, or publish anew."""

    def work(tx: Tx) -> dict[str, Any]:
        member = local_member(tx, ask.member)
        draft = Draft(
            kind=ask.kind,
            side=ask.side,
            title=ask.title,
            text=ask.text,
            area=ask.area,
            industry=ask.industry,
            starts=ask.starts,
            ends=ask.ends,
            days=ask.days,
            scope=ask.scope,
            nodes=tuple(_peer(tx, name) for name in ask.nodes),
            details=ask.details,
        )
        if ask.series:
            row = publishing.revise(context.house, tx, member, finding.resolve(tx, ask.series), draft)
        else:
            row = publishing.publish(context.house, tx, member, draft)
        return describing.shown(context.house, tx, row, with_fits=True)

    return context.commit(work)


def _peer(tx: Tx, name: str) -> bytes:
    node = peers.find(tx, name)
    peer = tx.peers.get(node)
    if peer is None or peer.state != "accepted":
        raise CallerFault("nodes", f"{name}: not an accepted peer")
    return node


def withdraw(context: Context, ask: One) -> dict[str, Any]:
    """End an offer."""

    def work(tx: Tx) -> dict[str, Any]:
        member, series = local_member(tx, ask.member), finding.resolve(tx, ask.offer)
        return describing.shown(context.house, tx, publishing.withdraw(context.house, tx, member, series))

    return context.commit(work)


def mine(context: Context, ask: Mine) -> list[dict[str, Any]]:
    """What a member has out."""

    def work(tx: Tx) -> list[dict[str, Any]]:
        rows = publishing.own(context.house, tx, local_member(tx, ask.member))
        return [describing.shown(context.house, tx, row) for row in rows]

    return context.store.read(work)


def show(context: Context, ask: One) -> dict[str, Any]:
    """One offer; of ours with what fits it."""

    def work(tx: Tx) -> dict[str, Any]:
        reader = local_member(tx, ask.member) if ask.member else None
        series = finding.resolve(tx, ask.offer)
        row = finding.one(context.house, tx, series, reader)
        ours = row.node == context.house.id
        return describing.shown(context.house, tx, row, with_fits=ours)

    return context.store.read(work)


def search(context: Context, ask: Search) -> dict[str, Any]:
    """Find."""

    def work(tx: Tx) -> dict[str, Any]:
        wanted = Wanted(**{name: getattr(ask, name) for name in ask.__struct_fields__})
        page = finding.search(context.house, tx, wanted)
        return {
            "offers": [describing.shown(context.house, tx, row) for row in page.rows],
            "next": page.next,
            "sources": [describing.source(one) for one in finding.sources(tx)],
        }

    return context.store.read(work)


def all_fits(context: Context, ask: Mine) -> list[dict[str, Any]]:
    """What fits a member's offers and requests."""

    def work(tx: Tx) -> list[dict[str, Any]]:
        member = local_member(tx, ask.member)
        return [
            describing.fit(context.house, tx, row, one)
            for row in publishing.own(context.house, tx, member)
            for one in fits.of_series(context.house, tx, row.series)
        ]

    return context.store.read(work)


def kinds(context: Context, ask: Kinds) -> list[dict[str, Any]]:
    """The vocabulary: every kind and its fields."""
    return describing.vocabulary()


COMMANDS = (
    Command("offer.publish", Publish, publish),
    Command("offer.withdraw", One, withdraw),
    Command("offer.list", Mine, mine, offline=True),
    Command("offer.show", One, show, offline=True),
    Command("offer.search", Search, search, offline=True),
    Command("offer.fits", Mine, all_fits, offline=True),
    Command("offer.kinds", Kinds, kinds, offline=True),
)
