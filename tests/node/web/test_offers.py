"""Offers by page: every form published, found at the other association, what fits with reasons, changed, withdrawn."""

from __future__ import annotations

import html
import re

import pytest

from protocol.offer.fields import Type
from protocol.offer.kinds import KINDS
from tests.node.services.offers import fair
from tests.node.web.harness import Browser, Shown, TwoWebs
from tests.protocol.offer import samples

PATH = "/offers"


def typed(kind: str, side: str, **changes: str | list[str]) -> dict[str, str | list[str]]:
    """What a person types into the form of a sample."""
    found: dict[str, str | list[str]] = {
        "title": "薄板のプレス",
        "days": "30",
        "scope": "federation",
        "action": "check",
    }
    for name, value in samples.details(kind, side).items():
        field = KINDS[kind].field(name)
        assert field is not None
        if field.type is Type.CHOICES:
            found[f"d_{name}"] = list(value)
        elif isinstance(value, tuple):
            found[f"d_{name}"] = "\n".join(value)
        elif field.type is Type.DATE:
            found |= dict(zip((f"d_{name}.year", f"d_{name}.month", f"d_{name}.day"), value.split("-"), strict=True))
        else:
            found[f"d_{name}"] = "1" if value is True else str(value)
    for name, day in (("starts", "2025-10-19"), ("ends", "2025-10-23")):
        found |= dict(zip((f"{name}.year", f"{name}.month", f"{name}.day"), day.split("-"), strict=True))
    return found | changes


async def preview(browser: Browser, kind: str, side: str, **changes: str | list[str]) -> Shown:
    at = f"{PATH}/new/{kind}/{side}"
    page = await browser.get(at)
    return await browser.post(at, typed(kind, side, **changes), csrf=page.csrf)


async def put_up(browser: Browser, kind: str, side: str, **changes: str | list[str]) -> Shown:
    shown = await preview(browser, kind, side, **changes)
    assert shown.status == 200, shown.plain
    assert "まだ載せていません" in shown.plain
    kept = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', shown.text)
    given: dict[str, list[str]] = {}
    for name, value in kept:
        if name != "csrf":
            given.setdefault(name, []).append(html.unescape(value))
    at = f"{PATH}/new/{kind}/{side}"
    done = await browser.post(at, given | {"action": ["send"]}, csrf=shown.csrf)
    assert done.status == 303, done.plain
    return await browser.get(done.location)


def tell(webs: TwoWebs) -> None:
    for home, peer in ((webs.toyota, webs.kyoto), (webs.kyoto, webs.toyota)):
        fair.tell(home.town, peer.town)


@pytest.mark.parametrize("side", ["offer", "request"])
@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_is_put_up_and_found_elsewhere(kind: str, side: str, webs: TwoWebs) -> None:
    clerk, other = await webs.kyoto.logged_in("clerk"), await webs.toyota.logged_in("viewer")
    shown = await put_up(clerk, kind, side)
    assert "薄板のプレス" in shown.heading
    tell(webs)
    found = await other.get(f"{PATH}?text=薄板&kind={kind}&side={side}")
    link = re.search(r'href="(/offers/[0-9a-f]{64})"', found.text)
    assert link is not None, found.plain
    page = await other.get(link[1])
    assert "花咲堂" in page.plain
    row = webs.toyota.town.see(lambda tx: tx.offers.get(bytes.fromhex(link[1][8:])))
    assert row is not None
    assert fair.holding.said(row).details == samples.details(kind, side)


async def test_what_fits_is_told_to_both_and_new_on_the_first_page(webs: TwoWebs) -> None:
    shop, press = await webs.toyota.logged_in("owner"), await webs.kyoto.logged_in("owner")
    await put_up(shop, "overflow", "request", title="ブラケット500個")
    await put_up(press, "capacity", "offer", title="45tプレスの空き", d_tolerance_um="50")
    tell(webs)
    assert "合うものが新しく1件" in (await shop.get("/")).plain
    fits = await shop.get(f"{PATH}/fits")
    assert "45tプレスの空き" in fits.plain
    assert "加圧力 合います 400 kN 441 kN" in fits.plain
    assert "合うものが新しく" not in (await shop.get("/")).plain
    theirs = await press.get(f"{PATH}/fits")
    assert "ブラケット500個" in theirs.plain
    assert "加圧力 合います 441 kN 400 kN" in theirs.plain
    link = re.search(r'href="(/offers/[0-9a-f]{64})">45t', fits.text)
    assert link is not None
    assert "うちの「ブラケット500個」とくらべる" in (await shop.get(link[1])).plain


async def test_what_is_wrong_stands_beside_its_field_and_is_kept(webs: TwoWebs) -> None:
    clerk = await webs.kyoto.logged_in("clerk")
    shown = await preview(clerk, "people", "offer", d_form="dispatch", d_purpose="", title="応援2名")
    assert shown.status == 422
    assert 'id="f-d_permit_number-error"' in shown.text
    assert "労働者派遣には必要です" in shown.plain
    assert 'value="応援2名"' in shown.text
    shown = await preview(clerk, "joint_investment", "offer", d_not_solicitation="")
    assert 'id="f-d_not_solicitation-error"' in shown.text
    shown = await preview(clerk, "capacity", "offer", title="", d_force_kn="-3", **{"ends.day": "40"})
    for name in ("title", "d_force_kn", "ends"):
        assert f'id="f-{name}-error"' in shown.text, name
    shown = await preview(clerk, "stock", "offer", scope="named")
    assert 'id="f-nodes-error"' in shown.text
    assert "まだ何も載せていません" in (await clerk.get(f"{PATH}/mine")).plain
    shown = await clerk.get(f"{PATH}?industry=metal&starts.year=2025&starts.month=2&starts.day=30")
    assert 'id="f-starts-error"' in shown.text


async def test_changed_named_and_withdrawn(webs: TwoWebs) -> None:
    clerk, other = await webs.kyoto.logged_in("clerk"), await webs.toyota.logged_in("clerk")
    node = webs.toyota.town.house.id.hex()
    shown = await put_up(clerk, "stock", "offer", scope="named", nodes=[node], title="じゃこ40キロ")
    link = re.search(r'href="(/offers/[0-9a-f]{64})/change"', shown.text)
    assert link is not None
    form = await clerk.get(f"{link[1]}/change")
    given = typed("stock", "offer", title="じゃこ30キロ", scope="named", nodes=[node], action="send")
    done = await clerk.post(f"{link[1]}/change", given, csrf=form.csrf)
    assert done.status == 303, done.plain
    tell(webs)
    assert "じゃこ30キロ" in (await other.get(PATH)).plain
    assert "じゃこ40キロ" not in (await other.get(PATH)).plain
    assert (await other.ask("GET", f"{link[1]}/change")).status == 404
    refused = await other.post(f"{link[1]}/withdraw", csrf=(await other.get(PATH)).csrf)
    assert refused.status == 404
    await clerk.get(link[1])
    await clerk.submit(f"{link[1]}/withdraw", {})
    tell(webs)
    assert "じゃこ" not in (await other.get(PATH)).plain
    assert (await other.ask("GET", link[1])).status == 404
