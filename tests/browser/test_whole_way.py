"""The whole way between two nodes: a buyer at Toyota and a seller at Kyoto, each with a browser of their own.

From the login over catalogue, order, partial answer, shipment, inspection with a return and invoice to the bank's file
and the payment notice; every page on the way is looked at, at a desk and on a telephone. With YUI_SCREENSHOTS=folder
each leaves a picture there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from node.papers import zengin
from node.services import items
from node.services.items import OwnItem
from protocol.process.trade.papers import Scaled, TaxCategory
from tests.browser.screens import DESK, TELEPHONE, address, picture, squeezed, violations, window
from tests.browser.test_live import tell
from tests.browser.test_pages import EXPECTED
from tests.node.web.harness import PASSWORD, TwoWebs, Web, two_webs
from tests.node.web.test_payments import ACCOUNT, OWN

pytestmark = pytest.mark.slow
GOODS = (
    OwnItem(
        number="M-1", name="抹茶あめ", unit="H87", price=Scaled(240), tax=TaxCategory(category="AA", rate=Scaled(8))
    ),
    OwnItem(number="M-2", name="風呂敷包み", unit="H87", price=Scaled(1150)),
)
MAIN, CHECK = "button[data-main]", "form[data-guard] .buttons button[value=check]"
WORDS = {
    "ja": {"refused": "在庫がありません", "returned": "つぶれ", "notice": "支払通知", "sent": "送りました"},
    "en": {"refused": "out of stock", "returned": "crushed", "notice": "Payment notice", "sent": "Sent"},
}


@pytest.fixture
async def webs(tmp_path: Path) -> AsyncIterator[TwoWebs]:
    """Kyoto's seller has two items."""
    async with two_webs(tmp_path) as found:
        kyoto = found.kyoto.town
        kyoto.do(lambda tx: items.put(kyoto.house, tx, found.seller, GOODS))
        yield found


class Person:
    """Somebody before a browser; ``wrong`` collects what is wrong with the pages that they saw."""

    def __init__(self, page: Any, web: Web, language: str, wrong: list[str]) -> None:
        self.page, self.web, self.language, self.wrong = page, web, language, wrong

    async def open(self, path: str) -> int:
        """Go to a page; its status."""
        shown = await self.page.goto(address(self.web, path))
        return int(shown.status)

    async def look(self, name: str) -> None:
        """The page that is shown, at a desk and on a telephone."""
        for size, end in ((TELEPHONE, "telephone"), (DESK, "desk")):
            await self.page.set_viewport_size(size)
            where = f"{name}-{self.language}-{end}"
            await picture(self.page, f"way_{where}")
            found = await squeezed(self.page) + await violations(self.page)
            found += [said for said in self.page.complaints if not any(word in said for word in EXPECTED)]
            self.page.complaints.clear()
            self.wrong += [f"{where}: {item}" for item in found]

    async def fill(self, **typed: str) -> None:
        """Type into fields (``lines__0__quantity``) or choose in them."""
        for name, value in typed.items():
            field = self.page.locator(f'form[data-guard] [name="{name.replace("__", ".")}"]')
            if await field.evaluate("(found) => found.tagName") == "SELECT":
                await field.select_option(value)
            else:
                await field.fill(value)

    async def press(self, button: str = MAIN) -> None:
        """Press a button that loads a page."""
        async with self.page.expect_navigation():
            await self.page.locator(button).first.click()

    async def text(self) -> str:
        """What the page says."""
        return str(await self.page.inner_text("main"))

    async def write(self, name: str, **typed: str) -> None:
        """Fill in the form that is shown, look it over, send it; the page that comes is the dealing's."""
        await self.look(f"{name}_form")
        await self.fill(**typed)
        await self.press(CHECK)
        await self.look(f"{name}_review")
        await self.press()
        assert WORDS[self.language]["sent"] in await self.page.inner_text("#flash"), await self.text()

    async def next(self, thread: str, step: str, *, other: bool = False, **typed: str) -> None:
        """Take the step that the dealing's page offers first, or an ``other`` one of its list."""
        await self.open(f"/dealings/{thread}")
        if other:
            await self.page.click("#live-state details.more summary")
        await self.look(f"{step}_before")
        await self.press(f"#live-state a.button.{'outlined' if other else 'filled'}[href$='/{step}']")
        await self.write(step, **typed)


async def person(browser: Any, web: Web, login: str, language: str, wrong: list[str]) -> Person:
    """Log in by name and password."""
    found = Person(await window(browser, web, language=language), web, language, wrong)
    await found.open("/login")
    await found.page.fill("#f-name", login)
    await found.page.fill("#f-password", PASSWORD)
    await found.press()
    await found.look(f"today_{login}")
    return found


async def order_from_catalogue(webs: TwoWebs, buyer: Person, seller: Person) -> str:
    """The seller offers, the buyer orders both goods; the dealing's id."""
    await seller.open(f"/partners/{webs.buyer.hex()}")
    await seller.look("card_of_buyer")
    await seller.press(f"form[action$='{webs.buyer.hex()}/catalogue/send'] button")
    await buyer.open(f"/partners/{webs.seller.hex()}/catalogue")
    await buyer.look("catalogue_none")
    tell(webs)
    await buyer.open(f"/partners/{webs.seller.hex()}")
    await buyer.look("card_of_seller")
    await buyer.press(f"a[href$='{webs.seller.hex()}/catalogue']")
    await buyer.look("catalogue")
    await buyer.press()
    await buyer.look("catalogue_nothing_chosen")
    await buyer.fill(items__0__quantity="48", items__1__quantity="5")
    await buyer.press()
    await buyer.write("order", place="本店")
    tell(webs)
    return str(buyer.page.url).rpartition("/")[2]


async def deal(webs: TwoWebs, buyer: Person, seller: Person) -> str:
    """From the order to the invoice that both see; the dealing's id."""
    words = WORDS[buyer.language]
    thread = await order_from_catalogue(webs, buyer, seller)
    answer = {"status": "changed", "quantity": "24", "day": "2025-10-25"}
    typed = {f"lines__0__{name}": value for name, value in answer.items()}
    typed |= {"lines__1__status": "refused", "lines__1__reason": words["refused"]}
    await seller.next(thread, "answer", **typed)
    tell(webs)
    await buyer.open(f"/dealings/{thread}")
    assert words["refused"] in await buyer.text()
    await buyer.look("answered")
    await buyer.press("#live-state a.button.filled")
    assert buyer.page.url.endswith("/agree"), buyer.page.url
    await buyer.page.check("input[name=response][value=accepted]")
    await buyer.write("agree")
    tell(webs)
    await seller.next(thread, "ship", carrier="さるかに運輸")
    tell(webs)
    failed = {"passed": "22", "failed": "2", "disposition": "returned", "reason": words["returned"]}
    await buyer.next(thread, "inspect", **{f"lines__0__{name}": value for name, value in failed.items()})
    tell(webs)
    due = {"due__year": "2025", "due__month": "11", "due__day": "28"}
    await seller.next(thread, "bill", other=True, lines__0__quantity="22", **due)  # first are the two that came back
    tell(webs)
    await buyer.open(f"/dealings/{thread}")
    assert "¥5,702" in await buyer.text()  # 22 × 240 = 5,280 and 422.4 of tax, rounded down once
    await buyer.look("billed")
    return thread


async def pay(webs: TwoWebs, buyer: Person) -> bytes:
    """The accounts, the bank's file, the mark; the file's bytes."""
    for path, typed in (("/settings/account", OWN), (f"/partners/{webs.seller.hex()}/terms", ACCOUNT)):
        await buyer.open(path)
        await buyer.fill(**typed)
        await buyer.press()
        await buyer.look("terms" if "terms" in path else "account")
    await buyer.open("/payments")
    await buyer.look("payments")
    await buyer.page.check("input[name=bill]", force=True)
    await buyer.press()
    await buyer.look("payments_preview")
    await buyer.press()
    await buyer.look("payments_file")
    async with buyer.page.expect_download() as saved:
        await buyer.page.click("a[href$='/download']")
    content = await asyncio.to_thread(Path(await (await saved.value).path()).read_bytes)
    await buyer.fill(day__year="2025", day__month="11", day__day="28")
    await buyer.press()
    await buyer.look("payments_paid")
    return content


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_from_the_login_to_the_payment_notice(browser: Any, webs: TwoWebs, language: str) -> None:
    wrong: list[str] = []
    buyer = await person(browser, webs.toyota, "owner", language, wrong)
    seller = await person(browser, webs.kyoto, "clerk", language, wrong)
    thread = await deal(webs, buyer, seller)
    content = await pay(webs, buyer)
    records = content.split(b"\r\n")[:-1]
    assert [len(record) for record in records] == [120] * 4
    assert (zengin.parse(content).total, zengin.parse(content).payments[0].holder) == (5702, "ｶ)ﾊﾅｻｶﾄﾞｳ")
    tell(webs)
    await seller.open(f"/dealings/{thread}")
    assert WORDS[language]["notice"] in await seller.text()
    await seller.look("paid")
    assert wrong == []
    for one in (buyer, seller):
        await one.page.context.close()
