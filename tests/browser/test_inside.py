"""Pages with a variable in their path, by axe at both sizes: a drawing, a group, an offer, a dealing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from node.services.drafting import Step
from tests.browser.screens import address, picture, squeezed, violations, window
from tests.node.services import october
from tests.node.services.offers import fair
from tests.node.web.harness import Web, serving, two_webs
from tests.node.web.test_deeds import HOURS
from tests.node.web.test_drawings import bring
from tests.node.web.test_drawings import picture as drawn
from tests.node.web.test_offers import put_up

pytestmark = pytest.mark.slow
OTHER = "花咲堂"


async def wrong_with(browser: Any, web: Web, shown: Iterable[tuple[str, str, str]]) -> list[str]:
    """What is wrong with pages (login, path, name), in both languages and sizes."""
    wrong: list[str] = []
    for login, path, name in shown:
        for language in ("ja", "en"):
            for telephone in (True, False):
                page = await window(browser, web, login, language=language, telephone=telephone)
                answer = await page.goto(address(web, path))
                where = f"inside_{name}-{language}-{'telephone' if telephone else 'desk'}"
                await picture(page, where)
                found = await squeezed(page) + await violations(page) + list(page.complaints)  # type: ignore[attr-defined]
                wrong += [f"{where}: {item}" for item in found]
                if answer is None or answer.status != 200:
                    wrong.append(f"{where}: {path} answers {None if answer is None else answer.status}")
                await page.context.close()
    return wrong


async def test_a_drawing_and_a_group(browser: Any, tmp_path: Path) -> None:
    async with serving(tmp_path) as web:
        other = web.town.enrol(OTHER)
        web.add_user("hanasaka", "owner", other)
        owner, reader = await web.logged_in("owner"), await web.logged_in("hanasaka")
        came = await bring(owner, "/drawings/new", drawn(), number="AB-1203", title="ブラケット")
        page = await owner.get(came.location)
        await owner.post(f"{came.location}/readers", {"may": "view", "other": other.hex()}, csrf=page.csrf)
        listed = await reader.get("/drawings")
        (link,) = {part.split('"')[0] for part in listed.text.split('href="') if part.startswith("/drawings/versions/")}
        page = await owner.get("/groups")
        group = (await owner.post("/groups", {"name": "和菓子の会"}, csrf=page.csrf)).location
        await owner.post(f"{group}/act", {"kind": "invite", "firm": other.hex()}, csrf=page.csrf)
        invited = [("hanasaka", group, "group_invited")]
        shown = [("owner", came.location, "drawing"), ("owner", f"{came.location}/next", "drawing_next")]
        shown += [("hanasaka", link, "drawing_received"), ("owner", group, "group")]
        assert await wrong_with(browser, web, shown + invited) == []


async def test_an_offer_and_a_dealing(browser: Any, tmp_path: Path) -> None:
    async with two_webs(tmp_path) as webs:
        towns = (webs.toyota.town, webs.kyoto.town, webs.buyer, webs.seller)
        thread = october.billed(
            *towns, october.order("PO-1", day="2025-10-09"), until=Step.BILL, day="2025-10-09"
        ).hex()
        seller = await webs.kyoto.logged_in("owner")
        made = await put_up(seller, "capacity", "offer")
        (offer,) = set(re.findall(r"/offers/[0-9a-f]{32,64}(?=/change)", made.text))
        shown = [("owner", offer, "offer"), ("owner", f"{offer}/change", "offer_change")]
        shown += [("owner", f"/dealings/{thread}", "dealing"), ("owner", f"/dealings/{thread}/credit", "credit")]
        assert await wrong_with(browser, webs.kyoto, shown) == []


async def test_an_agreement(browser: Any, tmp_path: Path) -> None:
    async with two_webs(tmp_path) as webs:
        home, other = webs.kyoto.town, webs.toyota.town
        series = fair.publish(home, webs.seller, title="45tプレスの空き").series.hex()
        fair.tell(home, other)
        shop = await webs.toyota.logged_in("owner")
        form = await shop.get(f"/deeds/offer/{series}")
        typed = {"subject": "ブラケット500個", "terms": "材料は支給、引き取りは当社", "amount": "48,000"} | HOURS
        at = (await shop.post(f"/deeds/offer/{series}", typed, csrf=form.csrf)).location
        webs.deliver()
        shown = [("owner", "/deeds", "deeds"), ("owner", at, "deed"), ("owner", f"{at}/counter", "deed_counter")]
        shown += [("owner", f"/offers/{series}", "offer_answered")]
        assert await wrong_with(browser, webs.kyoto, shown) == []
        press = await webs.kyoto.logged_in("owner")
        page = await press.get(at)
        terms = re.search(r'name="terms" value="([0-9a-f]{64})"', page.text)
        assert terms is not None
        assert (await press.post(f"{at}/agree", {"terms": terms[1]}, csrf=page.csrf)).status == 303
        webs.deliver()
        shown = [("owner", at, "deed_agreed"), ("owner", f"/deeds/offer/{series}", "deed_form")]
        assert await wrong_with(browser, webs.toyota, shown) == []
