"""A shop's sales on their way to its supplier over two real nodes: import, grant, report, proposal, order."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from node import selling, supplying
from node.app import Node
from node.services import dealings, items, sharing
from node.services.supplying import proposing, sold, weeks
from node.services.trade import Outcome
from protocol.process.trade.papers import Scaled
from tests.cli.running import yui
from tests.node.test_app import befriend, enrol, knows, make, ports, started, until

__all__ = ["ports"]
JAN = "2900000401013"
HEAD = "営業日,レシート番号,行番号,JAN,商品コード,商品名,数量,金額\n"


def written(node: Node, work: Any) -> Any:
    done = node.opened.store.write(work)
    if isinstance(done, Outcome):
        node.context.news(done.news)
    return done


def sale(day: date, receipt: str, count: int) -> str:
    return f"{day.isoformat()},{receipt},1,{JAN},,抹茶あめ,{count},{count * 240}\n"


async def test_from_the_register_to_the_order(tmp_path: Path, ports: tuple[int, int]) -> None:
    toyota = await started(make(tmp_path / "toyota", "豊田", ports[0]))
    kyoto = await started(make(tmp_path / "kyoto", "京都", ports[1]))
    try:
        shop, maker = enrol(toyota, "金太郎商店"), enrol(kyoto, "花咲堂")
        await befriend(toyota, kyoto, ports[1])
        await until(knows(toyota, maker))
        await until(knows(kyoto, shop))
        await _trade(tmp_path, toyota, kyoto, shop, maker)
    finally:
        await toyota.stop()
        await kyoto.stop()


async def _trade(folder: Path, toyota: Node, kyoto: Node, shop: bytes, maker: bytes) -> None:
    today = supplying.today(toyota.opened.house)
    monday = weeks.monday(weeks.last_closed(today))
    week = weeks.week_of(monday)
    home, house = toyota.opened.house, kyoto.opened.house
    stock = [items.OwnItem(number="P-2", name="抹茶あめ", gtin=JAN, unit="H87", price=Scaled(150), lead_days=7)]
    written(kyoto, lambda tx: items.put(house, tx, maker, stock))
    written(kyoto, lambda tx: sharing.publish(house, tx, maker, shop, today.isoformat()))
    store = toyota.opened.store
    await until(lambda: bool(store.read(lambda tx: sharing.all_offered_by(tx, shop, maker, today.isoformat()))))

    def bring(text: str, *, correct: bool = False) -> dict[str, Any]:
        file = folder / "pos.csv"
        file.write_text(HEAD + text, encoding="utf-8")
        brought = selling.Sold(file, file.name, shop, "test", "本店", correct=correct)
        return selling.bring(store, toyota.context.warehouse, home.clock, brought)

    async def run(*words: str) -> Any:
        ran = await asyncio.to_thread(yui, folder / "toyota", "pos", *words, "--json")
        assert ran.code == 0, ran.err
        return ran.json

    def told() -> tuple[int, ...]:
        seen = kyoto.opened.store.read(lambda tx: sold.seen(tx, maker, (week,)))
        return seen.items[0].by_week if seen.items else ()

    lines = sale(monday, "R1", 10) + sale(monday + timedelta(days=6), "R2", 4)
    assert (await asyncio.to_thread(bring, lines))["new"] == 2
    assert (await run("area", "23211"))["areas"] == {"": "23211"}
    granted = await run("grant", "花咲堂", "--since", (monday - timedelta(days=30)).isoformat())
    assert (granted["active"], granted["prices"], granted["partner"]) == (True, False, maker.hex())
    assert len((await run("report", "花咲堂"))["reports"]) == 1
    assert (await run("report", "花咲堂"))["reports"] == []
    await until(lambda: told() == (14_000,))

    # a correction is told by the job, whether anybody asks or not
    assert (await asyncio.to_thread(bring, sale(monday, "R1", 8), correct=True))["changed"] == 1
    assert (await run("report", "花咲堂"))["reports"]
    await until(lambda: told() == (12_000,))

    (line,) = kyoto.opened.store.read(lambda tx: proposing.suggested(tx, maker, shop, (week,)))
    wanted = kyoto.opened.store.read(lambda tx: proposing.line_of(tx, maker, line.number, Scaled(line.quantity)))
    until_day = (today + timedelta(days=7)).isoformat()
    written(kyoto, lambda tx: proposing.propose(house, tx, maker, shop, [wanted], until_day, today.isoformat()))
    await until(lambda: bool(store.read(lambda tx: proposing.listed(tx, shop, mine=False, open_only=True))))
    (shown,) = store.read(lambda tx: proposing.listed(tx, shop, mine=False, open_only=True))
    made = store.write(lambda tx: proposing.order(home, tx, shop, shown.id, today.isoformat()))
    toyota.context.news(made.outcome.news)
    await until(lambda: bool(kyoto.opened.store.read(lambda tx: tx.threads.latest(maker, 5, partner=shop))))
    state = kyoto.opened.store.read(lambda tx: dealings.fold(tx, made.thread)).state
    assert state.order is not None
    assert [(one.item.seller_id, one.quantity, one.amount) for one in state.order.lines] == [("P-2", Scaled(24), 3600)]
    await until(lambda: kyoto.opened.store.read(lambda tx: proposing.listed(tx, maker, mine=True))[0].order != "")

    assert (await run("revoke", "花咲堂"))["active"] is False
    await asyncio.to_thread(bring, sale(monday, "R1", 1), correct=True)
    refused = await asyncio.to_thread(yui, folder / "toyota", "pos", "report", "花咲堂", "--json")
    assert refused.code != 0
    listed = await run("grants")
    assert [one["week"] for one in listed["told"]] == [week, week]
    assert not [one for one in listed["grants"] if one["active"]]
    assert told() == (12_000,)
