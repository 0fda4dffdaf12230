"""Invitation letters: of one link, and of a whole roster; the link in them works once."""

from __future__ import annotations

from node.services import joining, letters
from tests.node.web.harness import Web


async def test_a_letter_for_the_link_that_was_just_shown(web: Web) -> None:
    member = web.town.enrol("鶴織物")
    staff = await web.logged_in("staff")
    base = f"/association/members/{member.hex()}"
    await staff.get(base)
    shown = await staff.submit(f"{base}/invite", {"note": "鶴 花子"})
    assert shown.status == 201
    fields = shown.fields(f"{base}/letter")
    paper = await staff.post(f"{base}/letter", {"secret": fields["secret"]}, csrf=fields["csrf"])
    assert paper.status == 200
    assert paper.text.startswith("%PDF-")
    other = web.town.enrol("浦島水産食品")
    for path, secret in ((f"/association/members/{other.hex()}", fields["secret"]), (base, "x" * 32)):
        assert (await staff.post(f"{path}/letter", {"secret": secret}, csrf=fields["csrf"])).status == 404


async def test_letters_for_the_whole_roster(web: Web) -> None:
    house, town = web.town.house, web.town
    members = [town.enrol(name) for name in ("鶴織物", "浦島水産食品", "かぐや竹工房")]
    staff = await web.logged_in("staff")
    page = await staff.get("/association/letters")
    assert page.text.count(" checked") == 3
    assert "ぶんぶく商店" not in page.plain  # its owner can log in
    action = "/association/letters"
    nobody = await staff.post(action, {}, csrf=page.csrf)
    assert nobody.status == 422
    assert "会員を選んでください" in nobody.plain
    printed = await staff.post(action, {"member": [one.hex() for one in members]}, csrf=page.csrf)
    assert printed.status == 200
    assert printed.text.startswith("%PDF-")
    assert printed.text.count("/Type /Page\n") == 3
    for member in members:
        (row,) = town.see(lambda tx, m=member: joining.open_for(tx, m, house.clock()))  # type: ignore[misc]
        assert row.role == "owner"
    again = await staff.get(action)
    assert again.text.count(" checked") == 0
    assert again.plain.count("未使用の招待が1件") == 3
    with_owner = web.firms["ぶんぶく商店"].hex()
    assert (await staff.post(action, {"member": with_owner}, csrf=again.csrf)).status == 404


async def test_the_letter_says_who_invites_whom(web: Web) -> None:
    house, town = web.town.house, web.town
    member = town.enrol("鶴織物")
    user = town.see(lambda tx: tx.users.by_name("staff"))
    assert user is not None
    (to,) = town.do(lambda tx: letters.invite_all(house, tx, [member], by=user))
    written = letters.letter(house, to, f"https://example.jp{to.link.path}", "ja")
    assert (written.association, written.firm, written.expires_us) == ("豊田", "鶴織物", to.link.row.expires)
    assert written.link.endswith(to.link.secret)


async def test_members_print_no_letters(web: Web) -> None:
    owner = await web.logged_in("owner")
    assert (await owner.get("/association/letters")).status == 404
