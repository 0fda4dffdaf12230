"""花咲堂 at Kyoto orders from a farmer who has a FAX and a telephone: both sides in browsers."""

from __future__ import annotations

import re
from typing import NamedTuple

from tests.node.web.harness import Browser, TwoWebs, Web

FARM = "さるかに農園"


class Farm(NamedTuple):
    """``buyer``: the clerk's browser; ``phone``: one that has never been here; ``thread``: the order's dealing."""

    web: Web
    buyer: Browser
    phone: Browser
    guest: str
    thread: str

    @property
    def dealing(self) -> str:
        """The buyer's page of the dealing."""
        return f"/dealings/{self.thread}"

    async def link(self) -> str:
        """Issue a link, as the buyer does; its path."""
        await self.buyer.get(self.dealing)
        shown = await self.buyer.submit(f"{self.dealing}/link", {})
        assert shown.status == 201, shown.plain
        found = re.search(r'<code class="secret">[^<]*?(/g/[a-z2-7]{32})</code>', shown.text)
        assert found is not None, shown.plain
        return found[1]

    async def answer(self, path: str, **typed: str) -> None:
        """Answer the order on the telephone, every line as ``typed``."""
        action = f"{path}/answer"
        page = await self.phone.get(action)
        assert page.status == 200, page.plain
        names = {name.replace("__", "."): value for name, value in typed.items()}
        review = await self.phone.submit(action, {**names, "action": "check"})
        assert review.status == 200, review.plain
        sent = await self.phone.submit(action, {"action": "send"})
        assert sent.status == 200, sent.plain


async def order_from(buyer: Browser, guest: str, name: str = "干し柿", quantity: str = "100") -> str:
    """Write an order by the form; its dealing."""
    action = f"/partners/{guest}/order"
    await buyer.get(action)
    typed = {
        "lines.0.name": name,
        "lines.0.quantity": quantity,
        "lines.0.unit": "H87",
        "lines.0.price": "310",
        "lines.0.tax": "AA8",
        "action": "send",
    }
    sent = await buyer.submit(action, typed, follow=False)
    assert sent.status == 303, sent.plain
    return sent.location.rpartition("/")[2]


async def farm_of(webs: TwoWebs) -> Farm:
    """The farmer is added and gets an order."""
    web = webs.kyoto
    buyer = await web.logged_in("clerk")
    action = "/partners/outside/edit"
    await buyer.get(action)
    added = await buyer.submit(action, {"name": FARM, "fax": "000-0000-0012", "email": "farm@example.jp"})
    assert FARM in added.heading
    found = re.search(r"/partners/([0-9a-f]{64})/order", added.text)
    assert found is not None
    return Farm(web, buyer, web.browser(), found[1], await order_from(buyer, found[1]))
