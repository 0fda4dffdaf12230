"""持ち出し: the owner takes everything away from its page, others do not, and the access log says who did."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

from node.leaving import verify
from tests.node.services import october
from tests.node.web.harness import TwoWebs, two_webs


async def test_the_owner_takes_everything_away(tmp_path: Path) -> None:
    async with two_webs(tmp_path) as webs:
        await take(webs, tmp_path)


async def take(webs: TwoWebs, folder: Path) -> None:
    towns = webs.toyota.town, webs.kyoto.town
    october.start(*towns, webs.buyer, webs.seller, october.order("PO-1"))
    owner = await webs.toyota.logged_in("owner")
    shown = await owner.get("/settings")
    assert "すべての記録を持ち出す" in shown.plain
    await owner.get("/settings/takeaway")
    saved = await owner.post("/settings/takeaway")
    assert (saved.status, saved.headers["Content-Type"]) == (200, "application/zip")
    assert saved.headers["Cache-Control"] == "no-store"
    path = folder / "all.zip"
    path.write_bytes(saved.body)
    found, faults = verify.verify(path)
    assert (found["documents"], faults) == (1, [])
    assert zipfile.ZipFile(BytesIO(saved.body)).testzip() is None
    assert "ダウンロード export 1" in (await owner.get("/people/log")).plain
    clerk = await webs.toyota.logged_in("clerk")
    assert "すべての記録を持ち出す" not in (await clerk.get("/settings")).plain
    assert (await clerk.post("/settings/takeaway")).status in (403, 404)
