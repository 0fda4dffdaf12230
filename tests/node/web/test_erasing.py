"""個人情報の消去 on the pages: what goes, what stays and until when; only the owner asks; both homes show the end."""

from __future__ import annotations

from node.services.trade import Submission
from protocol.process.trade.papers import Message, Personal
from protocol.process.trade.papers.parties import Contact
from tests.node.services.erasing.pair import has_part, work
from tests.node.services.town import order
from tests.node.web.harness import TwoWebs

PERSON = Personal(contacts=(Contact(role="buyer", name="浦島花子", telephone="0565-00-0000"),))


def traded(webs: TwoWebs) -> tuple[bytes, bytes]:
    """An order and a note, both with a person's name."""
    town = webs.toyota.town
    paper = town.submit(webs.buyer, Submission(webs.seller, order("PO-1"), PERSON))[0]
    said = Message(number="M-1", issue_date="2026-10-06", kind="note", text="担当をお伝えします。")
    note = town.submit(webs.buyer, Submission(webs.seller, said, PERSON, thread=paper.id))[0]
    webs.deliver()
    return paper.id, note.id


async def test_an_owner_erases_a_note_and_sees_that_the_partner_did(webs: TwoWebs) -> None:
    _, note = traded(webs)
    owner = await webs.toyota.logged_in("owner")
    path = f"/documents/{note.hex()}/erasure"
    shown = await owner.get(path)
    assert "電話番号" in shown.plain
    done = await owner.submit(path, {})
    assert not has_part(webs.toyota.town, note)
    assert "消去" in done.plain
    work(webs.toyota.town, webs.kyoto.town)
    assert not has_part(webs.kyoto.town, note)
    assert "署名" in (await owner.get(path)).plain
    listed = await owner.get("/settings/erasures")
    assert "M-1" in listed.plain
    other = await webs.kyoto.logged_in("owner")
    assert "M-1" in (await other.get("/settings/erasures")).plain


async def test_a_paper_that_the_law_keeps_shows_its_day_and_no_button(webs: TwoWebs) -> None:
    paper, _ = traded(webs)
    owner = await webs.toyota.logged_in("owner")
    path = f"/documents/{paper.hex()}/erasure"
    shown = await owner.get(path)
    assert "電子帳簿保存法" in shown.plain
    assert f'action="{path}"' not in shown.text
    await owner.post(path)
    assert has_part(webs.toyota.town, paper)
    assert "電子帳簿保存法" in (await owner.get("/settings/erasures")).plain


async def test_a_clerk_and_a_stranger_cannot_ask(webs: TwoWebs) -> None:
    _, note = traded(webs)
    path = f"/documents/{note.hex()}/erasure"
    clerk = await webs.toyota.logged_in("clerk")
    assert (await clerk.get(path)).status == 403
    assert (await clerk.post(path)).status == 403
    webs.toyota.settle_in("舌切雀本舗", webs.toyota.town.enrol("舌切雀本舗"), "x-")
    stranger = await webs.toyota.logged_in("x-owner")
    assert (await stranger.get(path)).status == 404
    assert (await stranger.post(path)).status == 404
    assert has_part(webs.toyota.town, note)
