"""Row 16: what a partner wrote must be no formula in the file that somebody opens in a spreadsheet.

Every text column of every list that pages give as CSV, with every dangerous beginning, also behind quotes and spaces.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from msgspec.structs import replace

from node.services import directory
from node.services.directory import Profile
from node.services.trade import Submission
from tests.node.services.town import order
from tests.node.web.harness import two_webs

DANGEROUS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
BEFORE = ("", " ", '"', "'", "\u3000")
FORMULA = "cmd|' /C calc'!A0"


async def test_no_cell_of_the_books_is_a_formula(tmp_path: Path) -> None:
    async with two_webs(tmp_path) as webs:
        kyoto = webs.kyoto.town
        kyoto.do(lambda tx: directory.publish(kyoto.house, tx, webs.seller, Profile(name=f"={FORMULA}")))
        webs.toyota.town.learn_from(kyoto)
        numbers = [f"{before}{sign}{at}{FORMULA}" for at, sign in enumerate(DANGEROUS) for before in BEFORE]
        for number in numbers:
            paper = replace(order("x"), number=number)
            webs.toyota.town.submit(webs.buyer, Submission(webs.seller, paper))
        browser = await webs.toyota.logged_in("viewer")
        listed = await browser.ask("GET", "/books/download")
        rows = list(csv.reader(io.StringIO(listed.text.lstrip("\ufeff"))))
        assert len(rows) == 1 + len(numbers)
        cells = [cell for row in rows for cell in row]
        assert sum(FORMULA in cell for cell in cells) == 2 * len(numbers)  # the number and the partner's name
        for cell in cells:
            assert not cell.lstrip(' "\u3000').startswith(DANGEROUS), cell
