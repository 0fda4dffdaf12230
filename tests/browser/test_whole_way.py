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
from node.services.drafting import Step
from node.services.items import OwnItem
from node.services.trade import Submission
from protocol.process.trade.papers import Scaled, TaxCategory
from tests.browser.screens import DESK, TELEPHONE, address, picture, squeezed, violations, window
from tests.browser.test_live import tell
from tests.browser.test_pages import EXPECTED
from tests.node.services import october
from tests.node.services.town import order
from tests.node.web.farm import farm_of
from tests.node.web.harness import PASSWORD, TwoWebs, Web, two_webs
from tests.node.web.test_payments import ACCOUNT, OWN, set_own, set_terms

pytestmark = pytest.mark.slow
GOODS = (
    OwnItem(
        number="M-1", name="抹茶あめ", unit="H87", price=Scaled(240), tax=TaxCategory(category="AA", rate=Scaled(8))
    ),
    OwnItem(number="M-2", name="風呂敷包み", unit="H87", price=Scaled(1150)),
)
DAY = "2025-10-09"  # the towns' own
MAIN, CHECK = "button[data-main]", "form[data-guard] .buttons button[value=check]"
WORDS = {
    "ja": {"refused": "在庫がありません", "returned": "つぶれ", "notice": "支払通知", "sent": "送りました"},
    "en": {"refused": "out of stock", "returned": "crushed", "notice": "payment notice", "sent": "Sent"},
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


async def opened(browser: Any, web: Web, login: str, language: str, wrong: list[str]) -> Person:
    """Somebody who is logged in already (an empty login: nobody)."""
    return Person(await window(browser, web, login, language=language), web, language, wrong)


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
    await buyer.page.set_viewport_size(DESK)
    await buyer.fill(lines__0__gtin="2900000401013")
    assert await buyer.page.locator('[name="lines.0.gtin"]').evaluate("(one) => one.scrollWidth <= one.clientWidth")
    for width in (820, 1024, 1120, 1280):  # a tablet, small and large desks: nothing to scroll sideways for
        await buyer.page.set_viewport_size({"width": width, "height": 800})
        wide = await buyer.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, (width, wide)
        await picture(buyer.page, f"way_order_form_{width}-{buyer.language}")
    await buyer.fill(lines__0__gtin="")
    await buyer.write("order", place="本店")
    tell(webs)
    return str(buyer.page.url).rpartition("/")[2]


async def deal(webs: TwoWebs, buyer: Person, seller: Person) -> str:
    """From the order to the invoice that both see; the dealing's id."""
    words = WORDS[buyer.language]
    thread = await order_from_catalogue(webs, buyer, seller)
    day = {"day__year": "R7", "day__month": "10", "day__day": "25"}
    answer = {"status": "changed", "quantity": "24", **day}
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
    assert WORDS[language]["notice"] in (await seller.text()).casefold()
    await seller.look("paid")
    assert wrong == []
    for one in (buyer, seller):
        await one.page.context.close()


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_pages_beside_the_way(browser: Any, webs: TwoWebs, language: str) -> None:
    """Search, held papers, a guest's page, and what is not there or not allowed."""
    wrong: list[str] = []
    farm, town = await farm_of(webs), webs.toyota.town
    thread = october.start(town, webs.kyoto.town, webs.buyer, webs.seller, october.order("PO-1", day=DAY)).hex()
    for quantity in (12, 48):
        town.submit(webs.buyer, Submission(webs.seller, order("PO-9", quantity)))
    owner = await opened(browser, webs.toyota, "owner", language, wrong)
    viewer = await opened(browser, webs.kyoto, "viewer", language, wrong)
    guest = await opened(browser, farm.web, "", language, wrong)
    link = await farm.link()
    paths = {
        "held": (owner, "/held", 200),
        "search": (owner, "/search?q=PO-9", 200),
        "search_none": (owner, "/search?q=nothing", 200),
        "not_there": (owner, f"/dealings/{'0' * 64}", 404),
        "no_page": (owner, "/nowhere", 404),
        "not_allowed": (viewer, f"/dealings/{thread}/answer", 403),
        "viewer": (viewer, f"/dealings/{thread}", 200),
        "guest": (guest, link, 200),
        "guest_answer": (guest, f"{link}/answer", 200),
        "guest_gone": (guest, "/g/unknown", 404),
    }
    for name, (who, path, status) in paths.items():
        assert (name, await who.open(path)) == (name, status)
        await who.look(name)
    await owner.open("/held")
    await owner.press("button[value=refuse]")
    await owner.look("held_reason")
    seller = await opened(browser, webs.kyoto, "clerk", language, wrong)
    await seller.open(f"/dealings/{thread}/answer")
    await seller.fill(lines__0__status="refused", lines__0__quantity="?")
    await seller.press(CHECK)
    assert await seller.page.evaluate("document.activeElement.id") == "errors"
    await seller.look("answer_errors")
    assert wrong == []


async def test_everything_reads_without_javascript(browser: Any, webs: TwoWebs) -> None:
    """The same words with and without; and Enter in a field of a paper only looks it over."""
    towns = (webs.toyota.town, webs.kyoto.town, webs.buyer, webs.seller)
    waiting = october.start(*towns, october.order("PO-1", day=DAY)).hex()
    paid = october.billed(*towns, october.order("PO-2", day=DAY), until=Step.PAY, day=DAY).hex()
    october.billed(*towns, october.order("PO-3", day=DAY), until=Step.BILL, day=DAY)
    for web, partner in ((webs.toyota, webs.seller), (webs.kyoto, webs.buyer)):
        page = await window(browser, web, "owner")
        bare = await browser.new_context(java_script_enabled=False, viewport=DESK)
        await bare.add_cookies(await page.context.cookies())
        quiet = await bare.new_page()
        card = f"/partners/{partner.hex()}"
        paths = ["/", f"/dealings/{waiting}", f"/dealings/{paid}", card, f"{card}/catalogue", f"{card}/terms"]
        for path in [*paths, "/payments", "/search?q=PO-2", "/held", "/books"]:
            for looks in (page, page, quiet):  # at the second look nothing is unread
                await looks.goto(address(web, path))
            assert await quiet.inner_text("main") == await page.inner_text("main"), path
            assert (await quiet.inner_text("h1")).strip()
    before = len(papers(webs.kyoto, waiting))
    await quiet.goto(address(webs.kyoto, f"/dealings/{waiting}/answer"))
    await quiet.press('[name="lines.0.quantity"]', "Enter")
    await quiet.wait_for_selector("button[data-main][value=send]")
    assert await quiet.locator("button[value=edit]").count() == 1
    assert len(papers(webs.kyoto, waiting)) == before
    await bare.close()


async def test_enter_pays_nothing_without_javascript(browser: Any, webs: TwoWebs) -> None:
    towns = (webs.toyota.town, webs.kyoto.town, webs.buyer, webs.seller)
    thread = october.billed(*towns, october.order("PO-1", day=DAY), until=Step.BILL, day=DAY).hex()
    owner = await webs.toyota.logged_in("owner")
    await set_own(owner)
    await set_terms(owner, webs.seller, **ACCOUNT)
    page = await window(browser, webs.toyota, "owner")
    bare = await browser.new_context(java_script_enabled=False, viewport=DESK)
    await bare.add_cookies(await page.context.cookies())
    quiet = await bare.new_page()
    before = len(papers(webs.toyota, thread))
    await quiet.goto(address(webs.toyota, "/payments"))
    await quiet.check("input[name=bill]", force=True)
    await quiet.click(MAIN)
    await quiet.press('[name="day.day"]', "Enter")  # looked over once more
    assert webs.toyota.town.see(lambda tx: tx.money.transfers(webs.buyer, 9)) == []
    await quiet.click(MAIN)
    await quiet.fill('[name="day.day"]', "28")
    await quiet.press('[name="day.day"]', "Enter")
    await quiet.wait_for_timeout(300)
    (made,) = webs.toyota.town.see(lambda tx: tx.money.transfers(webs.buyer, 9))
    assert made.state == "made"
    await quiet.click(MAIN)
    (made,) = webs.toyota.town.see(lambda tx: tx.money.transfers(webs.buyer, 9))
    assert made.state == "paid"
    assert len(papers(webs.toyota, thread)) == before + 1
    await bare.close()


def papers(web: Web, thread: str) -> list[Any]:
    """Everything that a node holds of a dealing."""
    return web.town.see(lambda tx: list(tx.documents.by_thread(bytes.fromhex(thread))))


async def test_an_order_is_answered_by_the_keyboard_and_enter_in_a_field_sends_nothing(
    browser: Any, webs: TwoWebs
) -> None:
    towns = (webs.toyota.town, webs.kyoto.town, webs.buyer, webs.seller)
    thread = october.start(*towns, october.order("PO-1", day=DAY)).hex()
    page = await window(browser, webs.kyoto, "clerk")
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.url) if asked.method == "POST" else None)
    await page.goto(address(webs.kyoto, f"/dealings/{thread}"))
    await tab_to(page, f"a[href$='{thread}/answer']")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/answer")
    fields = page.locator("form[data-guard] input:visible, form[data-guard] select:visible")
    for at in range(await fields.count()):
        await fields.nth(at).focus()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Escape")
    assert page.url.endswith("/answer")
    assert [url for url in sent if not url.endswith("/drafts")] == []
    before = len(papers(webs.kyoto, thread))
    await tab_to(page, MAIN)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/dealings/{thread}")
    assert len(papers(webs.kyoto, thread)) == before + 1
    await page.context.close()


async def tab_to(page: Any, target: str) -> None:
    """Press Tab until ``target`` has the focus, which must be seen on it."""
    for _ in range(80):
        await page.keyboard.press("Tab")
        if await page.evaluate("(css) => document.activeElement.matches(css)", target):
            seen = "getComputedStyle(document.activeElement)"
            assert await page.evaluate(f"{seen}.outlineStyle !== 'none' || {seen}.boxShadow !== 'none'")
            return
    raise AssertionError(f"Tab does not reach {target}")


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_two_answer_the_same_order_at_once(browser: Any, webs: TwoWebs, language: str) -> None:
    wrong: list[str] = []
    towns = (webs.toyota.town, webs.kyoto.town, webs.buyer, webs.seller)
    thread = october.start(*towns, october.order("PO-1", day=DAY)).hex()
    two = [await opened(browser, webs.kyoto, login, language, wrong) for login in ("clerk", "owner")]
    for one in two:
        await one.open(f"/dealings/{thread}/answer")
    await two[1].fill(lines__0__status="refused", lines__0__reason=WORDS[language]["refused"])
    before = len(papers(webs.kyoto, thread))
    await asyncio.gather(*(one.press() for one in two))
    assert len(papers(webs.kyoto, thread)) == before + 1
    late = [one for one in two if one.page.url.endswith("/answer")]
    assert len(late) == 1
    assert await late[0].page.locator("#errors").is_visible()
    await late[0].look("somebody_was_faster")
    first = (await late[0].text()).casefold()
    assert {"ja": "注文回答", "en": "order response"}[language] in first, first
    webs.deliver()
    assert len(papers(webs.toyota, thread)) == before + 1
    assert wrong == []
