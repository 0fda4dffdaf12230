"""Agreements and the choice of guardians, as people make them."""

from __future__ import annotations

import pytest

from node.services import members, warding
from node.services.guarding import agreeing, choosing, enrolling, overview
from node.services.trade import Submission
from protocol.errors import CallerFault, NotFound
from protocol.identity import control
from tests.node.services.guarding.province import Province, make_agreement
from tests.node.services.town import Association, order


def towns(count: int) -> tuple[Association, list[Association]]:
    home = Association("豊田")
    others = [Association(name) for name in ("京都", "竜宮", "鬼ヶ島", "月の都", "出雲")[:count]]
    for other in others:
        home.accept(other)
        other.accept(home)
        make_agreement(home, other)
    return home, others


def test_a_new_member_gets_the_guardians_that_there_are() -> None:
    home, others = towns(5)
    made = home.do(lambda tx: enrolling.enrol(home.house, tx, "桃太郎商事"))
    chosen = home.do(lambda tx: members.require_log(home.house, tx, made.member)).standing.guardians
    assert chosen is not None
    assert len(chosen.keys) == 4
    assert (chosen.k, chosen.r, chosen.q) == (3, 3, 3)
    assert set(chosen.keys) < {other.house.node.public for other in others}


def test_without_agreements_a_member_has_none_and_it_shows() -> None:
    home, _ = towns(0)
    made = home.do(lambda tx: enrolling.enrol(home.house, tx, "桃太郎商事"))
    assert home.do(lambda tx: members.require_log(home.house, tx, made.member)).standing.guardians is None
    assert [item.light for item in home.see(lambda tx: overview.members(home.house, tx))] == ["grey"]


def test_guardians_count_once_for_each_operator() -> None:
    home, others = towns(2)
    terms = agreeing.terms_of("7000000000001", "一社", home.now)
    for other in others:
        wire = home.do(lambda tx, o=other: agreeing.propose(home.house, tx, o.house.id, "home", terms))
        other.do(lambda tx, o=other, w=wire: warding.take_agreement(o.house, tx, home.house.id, w))
        wire = other.do(lambda tx, o=other: agreeing.agree(o.house, tx, home.house.id, "guardian"))
        home.do(lambda tx, o=other, w=wire: warding.take_agreement(home.house, tx, o.house.id, w))
    keys = [other.house.node.public for other in others]
    with pytest.raises(CallerFault, match="one operator"):
        home.do(lambda tx: choosing.chosen(home.house, tx, keys))
    assert len(home.see(lambda tx: choosing.proposed(home.house, tx, "", ""))) == 1


def test_a_proposal_is_in_force_only_when_both_have_signed() -> None:
    home, guardian = Association("豊田"), Association("京都")
    home.accept(guardian)
    guardian.accept(home)
    terms = agreeing.terms_of("7000000000001", "京都", home.now)
    wire = home.do(lambda tx: agreeing.propose(home.house, tx, guardian.house.id, "home", terms))
    guardian.do(lambda tx: warding.take_agreement(guardian.house, tx, home.house.id, wire))
    assert [item.state for item in home.see(lambda tx: agreeing.shown(home.house, tx))] == ["proposed"]
    assert [item.state for item in guardian.see(lambda tx: agreeing.shown(guardian.house, tx))] == ["asked"]
    assert home.see(lambda tx: agreeing.guardians_in_force(home.house, tx)) == {}
    wire = guardian.do(lambda tx: agreeing.agree(guardian.house, tx, home.house.id, "guardian"))
    home.do(lambda tx: warding.take_agreement(home.house, tx, guardian.house.id, wire))
    assert [item.state for item in home.see(lambda tx: agreeing.shown(home.house, tx))] == ["in-force"]
    with pytest.raises(NotFound):
        home.do(lambda tx: agreeing.agree(home.house, tx, guardian.house.id, "guardian"))


def test_guardians_named_later_take_over_everything_that_was_there() -> None:
    province = Province(4)
    town, member = province.home.town, province.member
    for number in range(3):
        province.home.submit(member, Submission(to=province.seller, paper=order(f"A-{number}")))
    province.street.wait(2)
    keep = [one.town.house.node.public for one in province.guardians[:3]]
    drafted = town.do(lambda tx: choosing.draft(town.house, tx, member, keep))
    signed = control.sign(drafted.record, [("words", province.words[member])])
    town.do(lambda tx: members.replace_keys(town.house, tx, member, control.encode(signed)))
    province.home.driver.pump()
    province.street.wait(5)
    row = town.see(lambda tx: tx.members.get(member))
    assert row is not None
    kept = town.see(lambda tx: overview.member(town.house, tx, row))
    assert (kept.n, kept.k, kept.complete, kept.missing) == (3, 2, 3, 0)
    assert kept.light == "yellow"  # three do not survive one that lies
    assert kept.lying == 0


def test_a_guardian_only_node_has_no_members() -> None:
    town = Association("月の都")
    town.house.guardian_only = True
    with pytest.raises(CallerFault, match="guardian only"):
        town.do(lambda tx: members.enrol(town.house, tx, "桃太郎商事"))


def test_a_full_guardian_is_named_and_delays_nobody() -> None:
    province = Province(3)
    home, full = province.home_town, province.guardian_towns[0]
    found = home.see(lambda tx: agreeing.find(tx, full.house.id, "home"))
    terms = found.terms._replace(ward_bytes=4000)
    wire = home.do(lambda tx: agreeing.propose(home.house, tx, full.house.id, "home", terms))
    full.do(lambda tx: warding.take_agreement(full.house, tx, home.house.id, wire))
    wire = full.do(lambda tx: agreeing.agree(full.house, tx, home.house.id, "guardian"))
    home.do(lambda tx: warding.take_agreement(home.house, tx, full.house.id, wire))
    sent = [
        province.home.submit(province.member, Submission(to=province.seller, paper=order(f"A-{n}"))) for n in range(40)
    ]
    province.street.wait(5)
    ack = home.see(lambda tx: tx.guarding.ack(province.member, full.house.id))
    assert "quota" in ack.finding
    assert province.partner.town.see(lambda tx: tx.documents.get(sent[-1].id)) is not None


def test_after_the_end_of_an_agreement_everything_is_erased_in_time() -> None:
    province = Province(3)
    home, guardian = province.home_town, province.guardian_towns[0]
    wire = home.do(lambda tx: agreeing.end(home.house, tx, guardian.house.id, "home"))
    guardian.do(lambda tx: warding.take_agreement(guardian.house, tx, home.house.id, wire))
    assert guardian.do(lambda tx: warding.erase_ended(guardian.house, tx)) == 0
    guardian.now += (agreeing.DEFAULT_ERASE_DAYS + 1) * 24 * 3600 * 1_000_000
    kept = guardian.see(lambda tx: len(tx.wards.all()))
    assert guardian.do(lambda tx: warding.erase_ended(guardian.house, tx)) == kept == 1
    assert guardian.see(lambda tx: tx.wards.chains(province.member)) == []
    other = province.guardian_towns[1]
    assert other.do(lambda tx: warding.erase_ended(other.house, tx)) == 0
