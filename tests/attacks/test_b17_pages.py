"""Row 17, in pages: what others wrote is text. No page runs it, frames it, or takes a form sent from elsewhere."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from node.services import directory
from node.services.directory import Profile
from node.services.trade import Submission
from protocol.process.trade.papers import Item, Order
from tests.node.services.town import order
from tests.node.web.harness import TwoWebs, two_webs

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{7*7}}"


def poisoned() -> Order:
    paper = order("PO-1")
    line = replace(paper.lines[0], item=Item(name=SCRIPT, description=SCRIPT), note=SCRIPT)
    return replace(paper, number=f"X{SCRIPT}", note=SCRIPT, lines=(line,))


async def everything(webs: TwoWebs) -> list[str]:
    """Every page on which a partner's words stand."""
    toyota = webs.toyota.town
    toyota.do(lambda tx: directory.publish(toyota.house, tx, webs.buyer, Profile(name=SCRIPT, description=SCRIPT)))
    webs.kyoto.town.learn_from(toyota)
    sent = toyota.submit(webs.buyer, Submission(webs.seller, poisoned()))[0]
    webs.deliver()
    dealing = f"/dealings/{sent.thread.hex()}"
    partner = f"/partners/{webs.buyer.hex()}"
    return [
        "/",
        "/dealings?tab=all",
        dealing,
        f"{dealing}/answer",
        "/partners?q=script",
        partner,
        "/books",
        f"{partner}/order",
    ]


async def test_what_a_partner_wrote_is_shown_and_not_run(tmp_path: Path) -> None:
    async with two_webs(tmp_path) as webs:
        paths = await everything(webs)
        browser = await webs.kyoto.logged_in("owner")
        shown = 0
        for path in paths:
            page = await browser.get(path)
            assert page.status == 200, path
            assert "<script>alert" not in page.text, path
            assert "<img src=x" not in page.text, path
            assert "49" not in page.plain.replace("2,949", ""), path
            shown += "alert(1)" in page.plain
            policy = page.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe-inline" not in policy.replace("style-src 'self' 'unsafe-inline'", "")
            assert "frame-ancestors 'none'" in policy
        assert shown >= 5


async def test_every_form_wants_its_token_and_its_origin(tmp_path: Path) -> None:
    async with two_webs(tmp_path) as webs:
        paths = await everything(webs)
        browser = await webs.kyoto.logged_in("owner")
        dealing = paths[2]
        posts = [
            f"{dealing}/answer",
            f"{dealing}/message",
            f"{paths[5]}/order",
            f"{paths[5]}/catalogue/send",
            "/catalogue/item",
        ]
        before = webs.kyoto.town.pending(webs.toyota.town)
        for path in posts:
            assert (await browser.post(path, {"action": "send", "text": "x"}, csrf="")).status == 403
            sent = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "cross-site"}
            await browser.get("/")
            body = f"csrf={browser.last.csrf}&action=send&text=x".encode()
            assert (await browser.ask("POST", path, data=body, headers=sent)).status == 403
        assert webs.kyoto.town.pending(webs.toyota.town) == before
