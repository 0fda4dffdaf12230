"""``yui demo --keep``, as a person starts it: October 2026 to the yen, logins that work, an end by Ctrl-C.

Asks the nodes from outside: the member API, the pages, the process table.
"""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cli.cluster.member_api import MemberApi
from cli.cluster.nodes import command, environment
from cli.demonstration.firms import FIRMS
from cli.demonstration.october.dealings import Dealing, sent
from cli.demonstration.october.visiting import Visitor
from tests.faults.test_demo import processes_in

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


class Kept(NamedTuple):
    """The demo that stays up, and what it printed."""

    process: subprocess.Popen[str]
    shown: dict[str, Any]
    folder: Path

    def get(self, firm: str, path: str, **query: Any) -> Any:
        """Ask the API of a firm, with the token that was printed."""
        node = next(one for one in self.shown["nodes"] if Path(one["data"]).name == FIRMS[firm].association)
        with closing(MemberApi(node["api"], self.shown["tokens"][FIRMS[firm].name])) as api:
            return api.get(path, **query)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    folder = tmp_path_factory.mktemp("kept")
    with (folder / "said").open("w") as said:
        process = subprocess.Popen(
            [*command(), "demo", "--keep", "--json", "--folder", str(folder)],
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            env=environment(),
        )
        try:
            assert process.stdout is not None
            found = _values(process.stdout, 2)
            assert len(found) == 2, (folder / "said").read_text()
            assert (found[0]["lost"], found[0]["duplicated"]) == (0, 0)
            yield Kept(process, found[1], folder)
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=120)


def _values(lines: Any, count: int) -> list[Any]:
    """The first ``count`` JSON values of a stream."""
    found: list[Any] = []
    text = ""
    for line in lines:
        text += line
        try:
            found.append(json.loads(text))
        except ValueError:
            continue
        text = ""
        if len(found) == count:
            break
    return found


def billed(kept: Kept, dealing: Dealing, side: str) -> int:
    """What the firm on ``side`` has in its books for the dealing: invoices less credit notes, with tax."""
    firm, partner = (dealing.seller, dealing.buyer) if side == "seller" else (dealing.buyer, dealing.seller)
    page = kept.get(firm, "/v1/books", partner=FIRMS[partner].corporate_number, limit=200)
    key = dealing.key.removeprefix("T").zfill(2)
    signs = {"invoice": 1, "corrective_invoice": -1}
    return sum(
        signs.get(line["type"], 0) * line["amount"]
        for line in page["lines"]
        if line["number"].split("-", 2)[2] == key and line["type"] in signs
    )


@pytest.mark.parametrize("dealing", [one for one in sent() if one.papers[-1].type != "order_response"])
def test_books_of_both_sides_have_the_sums_of_the_table(kept: Kept, dealing: Dealing) -> None:
    if dealing.by_link:  # the farmer's numbers are her page's own
        bills = kept.get(dealing.buyer, "/v1/bills", side="payable")["bills"]
        assert dealing.net + dealing.tax in [one["bill"]["amount"] for one in bills]
        return
    wanted = dealing.net + dealing.tax if any(said.type == "invoice" for said in dealing.papers) else 0
    assert billed(kept, dealing, "seller") == billed(kept, dealing, "buyer") == wanted


def test_what_is_owed_at_the_end_of_november(kept: Kept) -> None:
    page = kept.get("F06", "/v1/bills", side="payable")
    assert {(bill["partner_name"], bill["bill"]["open"]) for bill in page["bills"]} == {
        ("浦島水産食品", 36_288),
        ("さるかに農園", 33_480),
    }


def test_every_login_opens_its_page(kept: Kept) -> None:
    assert [one["role"] for one in kept.shown["logins"][:4]] == ["owner", "clerk", "viewer", "staff"]
    for login in kept.shown["logins"][:6]:
        visitor = Visitor(login["page"])
        visitor.log_in(login["name"], login["password"])
        assert login["house"] in visitor.text("//header")
        assert visitor.page.xpath("//form[@action='/logout']"), login


def test_the_farmers_page_opens_by_its_link_alone(kept: Kept) -> None:
    guest = next(one for one in kept.shown["logins"] if one["role"] == "guest")
    visitor = Visitor(guest["page"])
    visitor.open(guest["page"])
    assert "花咲堂" in visitor.text("//h1")


def test_ctrl_c_ends_everything(kept: Kept) -> None:
    assert processes_in(kept.folder)
    kept.process.send_signal(signal.SIGINT)
    assert kept.process.wait(120) == 130
    assert processes_in(kept.folder) == []
