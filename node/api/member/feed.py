"""The cursor feed: everything new for a member, in order, without polling at short intervals. Owns the long poll."""

from __future__ import annotations

import asyncio

from node.api.member import shown
from node.api.member.shapes import FeedPage, FeedQuery
from node.api.operation import Call, Operation
from node.services import reading
from node.services.policy import Scope
from node.services.transaction import Tx
from protocol.errors import CallerFault

LOOK_AGAIN_S = 5.0  # also without a notice: another process may have written


async def feed(call: Call) -> object:
    """GET /v1/feed."""
    asked: FeedQuery = call.query
    if asked.direction not in ("", "sent", "received", "adopted"):
        raise CallerFault("direction", "sent, received or adopted")
    loop, arrivals = asyncio.get_running_loop(), call.context.arrivals
    until = loop.time() + asked.wait
    after, member = asked.after, call.member
    while True:
        notice = arrivals.next_notice()
        page = await call.read(lambda tx, at=after: _page(tx, member, at, asked))  # type: ignore[misc]
        left = until - loop.time()
        if page.documents or left <= 0 or arrivals.closing:
            return page
        after = page.next
        await arrivals.wait(notice, min(left, LOOK_AGAIN_S))


def _page(tx: Tx, member: bytes, after: int, asked: FeedQuery) -> FeedPage:
    rows = tx.holdings.after(member, after, asked.limit)
    last = rows[-1].position if rows else after
    wanted = [row for row in rows if not asked.direction or row.direction == asked.direction]
    return FeedPage(documents=[shown.item(view) for view in reading.views(tx, member, wanted)], next=last)


OPERATIONS = (
    Operation(
        "GET",
        "/v1/feed",
        "read_feed",
        "What is new behind a cursor, oldest first; waits for it if asked to",
        feed,
        Scope.READ,
        query=FeedQuery,
        answer=FeedPage,
    ),
)
