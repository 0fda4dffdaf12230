"""One round of notices: note what is new, let climb what nobody opened, carry what is due. Owns that order only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

import structlog

from node.services.notices import climbing, noting, sending
from node.services.notices.kinds import MAIL
from node.services.notices.sending import Bundle, Result

if TYPE_CHECKING:
    from node.api.context import Context
    from node.notices.mail import Mailer
    from node.notices.push import Pusher

IDLE_S: Final = 5.0
log = structlog.get_logger("notices")


class Round:
    """What ``yui serve`` does about notices, again and again. ``ways``: made when the first one is to be carried."""

    def __init__(self, context: Context, ways: Callable[[], tuple[Mailer, Pusher]]) -> None:
        self._context = context
        self._ways = cache(ways)

    async def step(self) -> float:
        """One round; how long to wait before the next, 0 while there is more."""
        store, house = self._context.store, self._context.house
        more = False
        if await asyncio.to_thread(store.read, noting.lag):
            more = await self._write(partial(noting.follow, house)) == noting.STEP
        day = await asyncio.to_thread(store.read, lambda tx: noting.day_to_look(tx, house.clock()))
        if day:
            await self._look_at(day)
        now = house.clock()
        if await asyncio.to_thread(store.read, lambda tx: bool(tx.notices.to_climb(now, 1))):
            more |= await self._write(partial(climbing.climb, house)) == climbing.STEP
        if await asyncio.to_thread(store.read, lambda tx: bool(tx.notices.waiting(now, 1))):
            for bundle in await self._write(partial(sending.claim, house)):
                result = await self._carry(bundle)
                await self._write(partial(sending.carried, house, bundle=bundle, result=result))
                log.info("notice", way=bundle.way, sent=result.sent, final=result.final, error=result.error[:100])
        return 0.0 if more else IDLE_S

    async def _look_at(self, day: str) -> None:
        store, house = self._context.store, self._context.house
        staffed = await asyncio.to_thread(
            store.read, lambda tx: sorted({user.member for user in tx.users.all() if user.member and not user.disabled})
        )
        for member in staffed:
            await self._write(partial(noting.look_at_day, house, member=member, day=day))
        await self._write(partial(noting.looked, day=day))

    async def _carry(self, bundle: Bundle) -> Result:
        now = self._context.house.clock()
        mailer, pusher = self._ways()
        if bundle.way == MAIL:
            if not mailer.is_on:
                return Result(False, error="no mail server is configured ([smtp] in yui.toml)")
            return await asyncio.to_thread(mailer.carry, bundle, now)
        from node.services.notices import browsers

        key = await self._write(partial(browsers.vapid_key, self._context.house))
        return await pusher.carry(bundle, key, now)

    async def _write(self, work: Any) -> Any:
        return await asyncio.wrap_future(self._context.submit(work))
