"""What a running node does beside answering: indexing, the drop folder, scheduled backups, tidying up.

Owns when, not what. Every job goes round on its own; one that fails is logged and tried again later, and never stops
another or the node.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from email.utils import parseaddr
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from node import backup, opening, selling, supplying
from node.api.admin.backups import target_of
from node.api.context import Context
from node.config import Config
from node.dropfolder import DropFolder
from node.notices.round import Round
from node.salesfolder import SalesFolder
from node.services import booking, bookkeeping, drafts, idempotency, indexing, sessions, setting_aside, sharing, warding
from node.services.erasing import errands
from node.services.importing import uploads
from node.services.mailing import keeping
from node.services.moving import forgetting
from node.services.offers import holding
from node.services.supplying import grants
from node.services.transaction import Tx
from protocol.errors import InvariantBroken, YuiError

if TYPE_CHECKING:
    from node.notices.mail import Mailer
    from node.notices.push import Pusher

log = structlog.get_logger("jobs")
INDEX_PAUSE_S: Final = 0.2  # how long new documents gather before they are indexed together
IDLE_S: Final = 5.0
BACKUP_LOOK_S: Final = 60.0
SALES_LOOK_S: Final = 10.0
TIDY_S: Final = 3600.0
DAY_S: Final = 24 * 3600.0
STALE_UPLOAD_S: Final = 7 * 24 * 3600.0
AFTER_FAILURE_S: Final = 30.0
HOUR_US: Final = 3600 * 1_000_000
SWEEPS: Final = 3
LAST_BACKUP: Final = "backup/last"
SETTLING_US: Final = HOUR_US // 4  # whoever sets up a node enrols several members: one backup after them


def backup_due(tx: Tx, now: int, every_hours: int) -> bool:
    """Whether a scheduled backup is due: after its hours, and soon after the first member came to an empty node."""
    if not every_hours:
        return False
    last = tx.meta.get_int(LAST_BACKUP)
    if now - last >= every_hours * HOUR_US:
        return True
    first = min((row.created for row in tx.members.all(local=True)), default=now)
    return last < first <= now - SETTLING_US


class Jobs:
    """The background jobs of one node, from :meth:`start` to :meth:`stop`."""

    def __init__(self, context: Context, config: Config) -> None:
        self._context = context
        self._config = config
        self._drop = DropFolder(context.store, context.folder / "out", context.ubl)
        folder, now = context.folder / "in", context.house.clock
        self._sales = SalesFolder(context.store, context.warehouse, folder, now)
        self._tasks: list[asyncio.Task[None]] = []
        self._notices: Round | None = None
        self._books_begun = False
        self._sweeps = 0
        self._looked = 0

    async def start(self) -> None:
        """Let them run."""
        rounds: dict[str, Callable[[], Awaitable[float]]] = {
            "index": self._index,
            "drop": self._drop_new,
            "sales": self._take_sales,
            "backup": self._back_up,
            "tidy": self._tidy,
            "books": self._books,
            "catalogues": self._catalogues,
            "reports": self._report_sales,
            "erasures": self._erase,
            "notices": self._notify,
            "joint": self._joint,
            "drawings": self._carry_drawings,
            "groups": self._tell_groups,
        }
        self._tasks = [asyncio.create_task(self._go_round(name, job), name=name) for name, job in rounds.items()]

    async def stop(self) -> None:
        """End them; what is being written is finished by the store."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._context.close)

    async def _go_round(self, name: str, job: Callable[[], Awaitable[float]]) -> None:
        arrivals = self._context.arrivals
        while not arrivals.closing:
            notice = arrivals.next_notice()
            try:
                pause = await job()
            except (asyncio.CancelledError, InvariantBroken):
                raise
            except Exception as error:  # noqa: BLE001 - a job must not end the node; the log says what happened
                log.warning("job_failed", job=name, error=str(error)[:300])
                await asyncio.sleep(AFTER_FAILURE_S)
                continue
            if pause:
                await arrivals.wait(notice, pause)
                if name == "index":
                    await asyncio.sleep(INDEX_PAUSE_S)

    async def _index(self) -> float:
        """One step of indexing; 0 while there is more to do."""
        lag = await asyncio.to_thread(self._context.store.read, lambda tx: tx.index_lag())
        if not lag:
            return IDLE_S
        done = await asyncio.wrap_future(self._context.store.submit(indexing.catch_up))
        return 0.0 if done == indexing.STEP else IDLE_S

    async def _books(self) -> float:
        """One step of entering what was stored before there were books; 0 while there is more to do."""
        store, house = self._context.store, self._context.house
        if not await asyncio.to_thread(store.read, bookkeeping.lag) and self._books_begun:
            await asyncio.sleep(TIDY_S)
            return TIDY_S
        self._books_begun = True
        done = await asyncio.wrap_future(store.submit(lambda tx: bookkeeping.catch_up(house, tx)))
        return 0.0 if done else IDLE_S

    async def _catalogues(self) -> float:
        """Answer requests for catalogues of partners for whom the node does so."""
        store, house = self._context.store, self._context.house
        for row in await asyncio.to_thread(store.read, sharing.left_to_the_node):
            today = booking.day_of(house.clock())
            try:
                done = await asyncio.wrap_future(store.submit(partial(sharing.answer, house, row=row, today=today)))
            except YuiError as error:
                house.forget_caches()
                log.info("catalogue_left_to_people", error=str(error)[:300])
                await asyncio.wrap_future(store.submit(partial(sharing.leave_to_people, row=row)))
                continue
            self._context.news(done.news)
        return IDLE_S

    async def _report_sales(self) -> float:
        """Report what was sold to the suppliers to whom that is granted."""
        context = self._context
        granted = await asyncio.to_thread(context.store.read, grants.active)
        if granted and not context.house.frozen:
            house, store, warehouse = context.house, context.store, context.warehouse
            done, failed = await asyncio.to_thread(supplying.report_all, house, store, warehouse)
            for sent in done:
                context.news(sent.news)
            for one in failed:
                log.info("sales_not_reported", partner=one.partner.hex()[:12], error=one.why[:300])
        await asyncio.sleep(supplying.EVERY_S)
        return supplying.EVERY_S

    async def _joint(self) -> float:
        """One pass over joint rounds; rare looks where the node serves no peers."""
        courier = self._context.joint
        return float(await courier.look()) if courier is not None else IDLE_S

    async def _carry_drawings(self) -> float:
        """One pass over drawings; rare looks where the node serves no peers."""
        courier = self._context.drawings
        return float(await courier.look()) if courier is not None else IDLE_S

    async def _tell_groups(self) -> float:
        """One pass over groups."""
        courier = self._context.groups
        return float(await courier.look()) if courier is not None else IDLE_S

    async def _erase(self) -> float:
        """Hear what is asked and answered about erasing, judge it, send requests and answers; 0 while there is more."""
        store, house = self._context.store, self._context.house
        if house.frozen:
            return IDLE_S
        lag = await asyncio.to_thread(store.read, partial(errands.lag, house, looked=self._looked))
        self._looked = lag.looked
        if not lag.work:
            if self._sweeps:  # a commit lets the engine try again to be rid of what was erased
                self._sweeps -= 1
                await asyncio.wrap_future(store.submit(lambda tx: None))
            return 0.0 if lag.more else IDLE_S
        self._sweeps = SWEEPS
        await asyncio.to_thread(self._drop.erase)
        more = await asyncio.wrap_future(store.submit(partial(errands.hear, house, looked=lag.looked)))
        for row in await asyncio.to_thread(store.read, partial(errands.due, house)):
            try:
                done = await asyncio.wrap_future(store.submit(partial(errands.run, house, row=row)))
            except YuiError as error:
                house.forget_caches()
                log.info("erasure_postponed", errand=row.errand, error=str(error)[:300])
                why = f"{error.code}: {error}"
                await asyncio.wrap_future(store.submit(partial(errands.postpone, house, row=row, why=why)))
                continue
            self._context.news(done.news)
            more = True
        return 0.0 if more else IDLE_S

    async def _notify(self) -> float:
        """A round of notices."""
        if self._notices is None:
            self._notices = notices_of(self._context, self._config)
        return await self._notices.step()

    async def _drop_new(self) -> float:
        """Write what is new to the drop folders; 0 while there is more."""
        return 0.0 if await asyncio.to_thread(self._drop.step) else IDLE_S

    async def _take_sales(self) -> float:
        """Take over what registers wrote into watched folders."""
        async with self._context.sales_turn:
            await asyncio.to_thread(self._sales.step)
        await asyncio.sleep(SALES_LOOK_S)
        return SALES_LOOK_S

    async def _back_up(self) -> float:
        """A backup when one is due."""
        context = self._context
        config = opening.load_config(context.folder).backup
        now = context.house.clock()
        if await asyncio.to_thread(context.store.read, lambda tx: backup_due(tx, now, config.every_hours)):
            made = await asyncio.to_thread(
                backup.make, context.folder, target_of(context), context.store, context.house, now, config.keep
            )
            await asyncio.wrap_future(context.store.submit(lambda tx: tx.meta.set_int(LAST_BACKUP, now)))
            log.info("backup", bytes=made.bytes)
        await asyncio.sleep(BACKUP_LOOK_S)
        return BACKUP_LOOK_S

    async def _tidy(self) -> float:
        """Forget old idempotency keys, uploads that nobody went on with, and wards whose agreement is over."""
        context = self._context
        await asyncio.to_thread(context.files.forget_stale, STALE_UPLOAD_S, context.house.clock() / 1e6)
        await asyncio.wrap_future(self._context.store.submit(partial(warding.erase_ended, self._context.house)))
        await asyncio.wrap_future(self._context.store.submit(partial(setting_aside.forget_over, self._context.house)))
        await asyncio.wrap_future(self._context.store.submit(partial(keeping.tidy, self._context.house)))
        while await asyncio.wrap_future(self._context.store.submit(partial(holding.forget_over, self._context.house))):
            pass
        while await asyncio.wrap_future(self._context.store.submit(holding.forget_strangers)):
            pass
        await asyncio.wrap_future(self._context.store.submit(holding.ask_again))
        before = self._context.house.clock() - idempotency.KEEP_US
        await asyncio.wrap_future(self._context.store.submit(lambda tx: tx.idempotency.forget(before)))
        now = self._context.house.clock()
        await asyncio.wrap_future(self._context.store.submit(lambda tx: sessions.tidy(tx, now)))
        await asyncio.wrap_future(self._context.store.submit(partial(drafts.forget_old, self._context.house)))
        await asyncio.wrap_future(self._context.store.submit(partial(uploads.forget_old, self._context.house)))
        await asyncio.to_thread(selling.forget_waiting, context.warehouse, time.time() - DAY_S)
        await self._forget_moved()
        await asyncio.sleep(TIDY_S)
        return TIDY_S

    async def _forget_moved(self) -> None:
        """Remove what was a member's whose new home has worked for long enough."""
        context = self._context
        due = await asyncio.to_thread(context.store.read, lambda tx: forgetting.due(tx, context.house.clock()))
        for row in due:
            more = True
            while more:
                step = partial(forgetting.forget_some, context.house, member=row.member)
                done = await asyncio.wrap_future(context.submit(step))
                for root in done.roots:
                    await asyncio.to_thread(context.files.delete, root)
                more = done.more


def notices_of(context: Context, config: Config) -> Round:
    """The round of notices. Mail and push, by the configuration, are only loaded when there is one to carry."""

    def ways() -> tuple[Mailer, Pusher]:
        from node.notices.mail import Mailer
        from node.notices.push import Pusher

        address = parseaddr(config.smtp.sender)[1]
        subject = f"mailto:{address}" if address else config.api.base_url or "https://localhost"
        return Mailer(config.smtp, context.folder, config.api.base_url, context.house.id), Pusher(subject)

    return Round(context, ways)
