"""Notices by a real mail server: who gets what, once, without anything that stands in a paper; what climbs."""

from __future__ import annotations

import re

import pytest

from node.services.groups import acting, travelling
from node.services.notices import choosing, climbing, noting, sending
from node.services.trade import Submission
from protocol.errors import CallerFault
from protocol.process.group.facts import Kind as GroupKind
from tests.node.notices.conftest import BASE, Office
from tests.node.services.town import order

HOUR = 60.0


async def send_order(office: Office, number: str = "PO-7731") -> str:
    sent = office.webs.toyota.town.submit(office.webs.buyer, Submission(office.webs.seller, order(number)))
    office.webs.deliver()
    await office.steps()
    return sent[0].id.hex()


async def test_an_order_is_told_to_owner_and_clerk_without_anything_in_it(office: Office) -> None:
    thread = await send_order(office)
    await office.steps()
    assert office.post.mails == [], "what arrives together goes out together"
    await office.after(1)
    assert sorted(mail["To"] for mail in office.post.mails) == ["clerk@kyoto.example.jp", "owner@kyoto.example.jp"]
    mail = office.post.mails[0]
    text = mail.get_content()
    assert mail["Subject"] == "注文か見積依頼が回答を待っています。"
    assert f"{BASE}/dealings/{thread}" in text
    for secret in ("金太郎機械", "花咲堂", "抹茶", "PO-7731", "2,880", "2880", "240"):
        assert secret not in mail.as_string(), secret
        assert secret not in text, secret
    assert mail["Auto-Submitted"] == "auto-generated"


async def test_it_is_sent_once_whatever_happens_later(office: Office) -> None:
    await send_order(office)
    for _ in range(6):
        await office.after(1)
    assert len(office.post.mails) == 2


async def test_much_at_once_is_one_mail_and_the_next_waits_ten_minutes(office: Office) -> None:
    for number in ("PO-1", "PO-2", "PO-3"):
        await send_order(office, number)
    await office.after(1)
    assert office.to("clerk") == ["注文か見積依頼が回答を待っています。 (3件)"]
    assert "(3件)" in office.post.mails[0].get_content()
    await send_order(office, "PO-4")
    await office.after(5)
    assert len(office.to("clerk")) == 1
    await office.after(6)
    assert len(office.to("clerk")) == 2


async def test_what_was_opened_meanwhile_needs_no_mail(office: Office) -> None:
    thread = await send_order(office)
    await office.steps()
    browser = await office.webs.kyoto.logged_in("viewer")
    assert (await browser.get(f"/dealings/{thread}")).status == 200
    await office.after(1)
    assert office.post.mails == []
    await office.after(200 * HOUR)
    assert office.post.mails == []


async def test_what_nobody_opens_climbs_to_the_owner_and_then_to_the_telephone(office: Office) -> None:
    town, seller = office.webs.kyoto.town, office.webs.seller
    owner = office.user("owner")
    town.do(lambda tx: choosing.choose(tx, owner, {}))
    town.do(lambda tx: choosing.set_rule(tx, seller, 4, 2, "075-000-0000"))
    town.now = 1_760_004_000_000_000  # Thursday 9 October 2025, 19:00: the hours begin on Friday
    thread = await send_order(office)
    await office.after(1)
    assert (len(office.to("clerk")), office.to("owner")) == (1, [])
    await office.after(17.9 * HOUR)  # Friday 12:54
    assert office.to("owner") == []
    await office.after(0.3 * HOUR)
    await office.after(1)
    assert office.to("owner") == ["まだ誰も開いていません: 注文か見積依頼が回答を待っています。"]
    assert town.see(climbing.to_call) == []
    await office.after(1.5 * HOUR)
    assert town.see(climbing.to_call) == []
    await office.after(0.8 * HOUR)
    found = town.see(climbing.to_call)
    assert [(one.name, one.telephone, one.papers, one.called) for one in found] == [("花咲堂", "075-000-0000", 1, None)]
    staff = await office.webs.kyoto.logged_in("staff")
    page = await staff.get("/association/calls")
    assert "花咲堂" in page.plain
    assert "075-000-0000" in page.plain
    for secret in ("金太郎機械", "抹茶", "PO-7731", thread):
        assert secret not in page.text
    assert re.search(r"<button[^>]*>電話した</button>", page.text)  # as the guide says
    done = await staff.post(f"/association/calls/{seller.hex()}", follow=True)
    assert "staff" in done.plain
    assert town.see(climbing.to_call)[0].called
    browser = await office.webs.kyoto.logged_in("clerk")
    await browser.get(f"/dealings/{thread}")
    assert town.see(climbing.to_call) == []
    assert "called" in [row.what for row in town.see(lambda tx: tx.access_log.latest(50, member=seller))]


async def test_a_refusing_server_is_told_to_user_and_staff_until_the_address_changes(office: Office) -> None:
    office.post.refuse["clerk@kyoto.example.jp"] = "550 5.1.1 no such user"
    await send_order(office)
    await office.after(1)
    assert len(office.post.mails) == 1
    browser = await office.webs.kyoto.logged_in("clerk")
    assert "550 5.1.1 no such user" in (await browser.get("/settings/notices")).plain
    staff = await office.webs.kyoto.logged_in("staff")
    assert "550 5.1.1 no such user" in (await staff.get("/association/calls")).plain
    await send_order(office, "PO-2")
    await office.after(11)
    assert office.to("clerk") == []
    office.post.refuse.clear()
    await browser.get("/settings")
    await browser.submit("/settings", {"email": "hanako@kyoto.example.jp"})
    await send_order(office, "PO-3")
    await office.after(11)
    assert [mail["To"] for mail in office.post.mails].count("hanako@kyoto.example.jp") == 1


async def test_a_server_that_is_busy_or_away_is_tried_again_later(office: Office) -> None:
    office.post.refuse["clerk@kyoto.example.jp"] = "451 later"
    await send_order(office)
    await office.after(1)
    assert office.to("clerk") == []
    office.post.refuse.clear()
    await office.after(0.4)
    assert office.to("clerk") == []
    await office.after(1)
    assert len(office.to("clerk")) == 1


async def test_a_crash_between_sending_and_noting_sends_the_same_message_again(office: Office) -> None:
    await send_order(office)
    await office.steps()
    town = office.webs.kyoto.town
    town.now += 60_000_000
    first = town.do(lambda tx: sending.claim(town.house, tx))
    await send_order(office, "PO-2")
    await office.steps()
    again = town.do(lambda tx: sending.claim(town.house, tx))
    assert [bundle.id for bundle in again if bundle.user == first[0].user] in ([], [first[0].id])
    ids = {mail["Message-ID"] for mail in office.post.mails}
    assert len(ids) == len(office.post.mails)
    assert any(first[0].id.hex() in found for found in ids)


async def test_the_link_in_the_mail_ends_the_mails(office: Office) -> None:
    await send_order(office)
    await office.after(1)
    mail = next(mail for mail in office.post.mails if mail["To"] == "clerk@kyoto.example.jp")
    stop = re.search(r"(/notices/stop/\S+)", mail.get_content())
    assert stop is not None
    assert mail["List-Unsubscribe"].strip() == f"<{BASE}{stop[1]}>"
    browser = office.webs.kyoto.browser()
    assert "やめる" in (await browser.get(stop[1])).plain, "a mail program that opens the link changes nothing"
    await send_order(office, "PO-2")
    await office.after(11)
    assert len(office.to("clerk")) == 2
    assert (await browser.post(stop[1], csrf="guessed")).status == 403
    await browser.get(stop[1])
    assert (await browser.submit(stop[1], {})).status == 200
    await send_order(office, "PO-3")
    await office.after(11)
    assert (len(office.to("clerk")), len(office.to("owner"))) == (2, 3)
    assert (await browser.get("/notices/stop/unknown")).status == 404


async def test_people_choose_kinds_and_ways(office: Office) -> None:
    browser = await office.webs.kyoto.logged_in("viewer")
    await browser.get("/settings/notices")
    saved = await browser.post("/settings/notices", {"orders": ["mail"]}, follow=True)
    assert saved.status == 200
    await send_order(office)
    await office.after(1)
    assert len(office.to("viewer")) == 1


async def test_only_the_owner_sets_the_rule_and_what_is_wrong_stands_beside_it(office: Office) -> None:
    clerk = await office.webs.kyoto.logged_in("clerk")
    await clerk.get("/settings/notices")
    path = "/settings/notices/rule"
    assert (await clerk.post(path, {"owner_hours": "1", "staff_hours": "1"})).status == 403
    owner = await office.webs.kyoto.logged_in("owner")
    await owner.get("/settings/notices")
    wrong = await owner.submit(path, {"telephone": "call me\r\nBcc: x"})
    assert wrong.status == 422
    assert (await owner.submit(path, {"telephone": "０７５-000-0000", "owner_hours": "8"})).status == 200
    rule = office.webs.kyoto.town.see(lambda tx: choosing.rule_of(tx, office.webs.seller))
    assert (rule.owner_hours, rule.telephone) == (8, "075-000-0000")


async def test_late_and_due_are_noted_once_a_day(office: Office) -> None:
    town = office.webs.kyoto.town
    assert town.see(lambda tx: noting.day_to_look(tx, town.now)) == ""
    town.now += 24 * 3600 * 1_000_000
    assert town.see(lambda tx: noting.day_to_look(tx, town.now)) == "2025-10-10"
    await office.steps(1)
    assert town.see(lambda tx: noting.day_to_look(tx, town.now)) == ""


async def test_a_kind_that_is_none_is_refused(office: Office) -> None:
    clerk = office.user("clerk")
    with pytest.raises(CallerFault, match="no kind"):
        office.webs.kyoto.town.do(lambda tx: choosing.choose(tx, clerk, {"prices": ["mail"]}))


async def test_a_catalogue_is_no_dealing_and_its_notice_leads_to_a_page_that_is_there(office: Office) -> None:
    webs = office.webs
    viewer, buyer = await webs.kyoto.logged_in("viewer"), await webs.toyota.logged_in("owner")
    await viewer.get("/settings/notices")
    assert (await viewer.post("/settings/notices", {"catalogues": ["mail"]}, follow=True)).status == 200
    asking = f"/partners/{webs.seller.hex()}/catalogue"
    assert (await buyer.get(asking)).status == 200
    assert (await buyer.post(f"{asking}/ask", {}, follow=True)).status == 200
    webs.deliver()
    await office.steps()
    await office.after(1)
    (mail,) = [mail for mail in office.post.mails if mail["To"] == "viewer@kyoto.example.jp"]
    text = mail.get_content()
    assert f"{BASE}/partners" in text.splitlines()
    assert webs.buyer.hex() not in text, "who asks is no matter of a mail server"
    assert (await viewer.get("/partners")).status == 200


async def test_an_invitation_is_told_without_anything_in_it(office: Office) -> None:
    """An owner who asked for it hears that something came of a group: no name, no title."""
    webs, owner = office.webs, office.user("owner")
    kyoto, toyota = webs.kyoto.town, webs.toyota.town
    kyoto.do(lambda tx: choosing.choose(tx, owner, {"groups": ["mail"], "drawings": ["mail"]}))
    group = toyota.do(lambda tx: acting.found(toyota.house, tx, webs.buyer, "秘密の会"))
    toyota.do(lambda tx: acting.act(toyota.house, tx, webs.buyer, group, GroupKind.INVITE, subject=webs.seller))
    (post,) = toyota.see(lambda tx: travelling.posts(toyota.house, tx))
    for _ in range(2):  # twice is one notice
        kyoto.do(lambda tx: travelling.receive(kyoto.house, tx, toyota.house.id, post.body))
    await office.after(1)
    (mail,) = office.post.mails
    assert (mail["To"], mail["Subject"]) == ("owner@kyoto.example.jp", "グループの招待かお知らせがあります。")
    for secret in ("秘密の会", "金太郎機械", group.hex()[:12]):
        assert secret not in mail.as_string(), secret
        assert secret not in mail.get_content(), secret
