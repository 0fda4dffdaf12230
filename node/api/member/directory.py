"""Looking members up, over the API."""

from __future__ import annotations

from node.api.member.shapes import CardList, CardShown, DirectoryQuery
from node.api.operation import Call, Operation
from node.services.policy import Scope
from node.services.transaction import Tx
from protocol.identity import card


async def look_up(call: Call) -> object:
    """GET /v1/directory."""
    asked: DirectoryQuery = call.query
    home = call.context.house.id

    def work(tx: Tx) -> CardList:
        rows = tx.cards.find(
            asked.q,
            corporate_number=asked.corporate_number,
            industry=asked.industry,
            area=asked.area,
            limit=asked.limit + 1,
            offset=asked.offset,
        )
        more = asked.offset + asked.limit if len(rows) > asked.limit else 0
        return CardList(members=[shown(row.wire, row.node == home) for row in rows[: asked.limit]], next=more)

    return await call.read(work)


def shown(wire: bytes, local: bool) -> CardShown:
    """A card as the API shows it."""
    found = card.parse(wire)
    return CardShown(
        member=found.member.hex(),
        name=found.name,
        kana=found.kana,
        corporate_number=found.corporate_number,
        industry=found.industry,
        area=found.area,
        description=found.description,
        words=list(found.words),
        endpoint=found.endpoint,
        local=local,
    )


OPERATIONS = (
    Operation(
        "GET",
        "/v1/directory",
        "look_up_members",
        "Members of this node and of its peers, by name, corporate number, industry, area",
        look_up,
        Scope.DIRECTORY,
        query=DirectoryQuery,
        answer=CardList,
    ),
)
