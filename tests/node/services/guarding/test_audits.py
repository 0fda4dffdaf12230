"""Random pieces: a guardian that lost or spoiled what it keeps is found, does not count, and is mended."""

from __future__ import annotations

from node.services.guarding import overview
from node.services.trade import Submission
from tests.node.services.guarding.province import Province
from tests.node.services.town import order


def audit(province: Province, times: int = 1) -> list[dict[str, int]]:
    found: list[dict[str, int]] = []
    for _ in range(times):
        province.home.driver.run(province.home.runtime.guarding.audit(), found.append, found.append)  # type: ignore[arg-type]
        province.street.wait(1)
    return found


def ready() -> Province:
    province = Province(3)
    for number in range(3):
        province.home.submit(province.member, Submission(to=province.seller, paper=order(f"A-{number}")))
        province.street.wait(1)
    return province


def spoil(province: Province) -> None:
    """Every frame at the first guardian loses a bit."""

    def work(tx) -> None:  # type: ignore[no-untyped-def]
        for chain in tx.wards.chains(province.member):
            for row in tx.wards.frames_after(province.member, chain.epoch, 0, 100):
                tx.wards.mend_frame(row._replace(sealed=bytes(len(row.sealed))))

    province.guardians[0].town.do(work)


def test_honest_guardians_pass() -> None:
    assert audit(ready(), 5) == [{"asked": 3, "wrong": 0}] * 5


def test_one_that_spoiled_its_copies_is_found_counts_no_more_and_is_mended() -> None:
    province = ready()
    spoil(province)
    assert audit(province) == [{"asked": 3, "wrong": 1}]
    bad = province.guardians[0].id
    ack = province.home.town.see(lambda tx: tx.guarding.ack(province.member, bad))
    assert ack.finding.startswith("audit:")
    row = province.home.town.see(lambda tx: tx.members.get(province.member))
    assert row is not None
    kept = province.home.town.see(lambda tx: overview.member(province.home.town.house, tx, row))
    assert kept.light == "yellow"
    assert kept.missing == 0  # the two others are enough
    province.street.wait(65)  # the same frame was sent again, and is asked for again
    ack = province.home.town.see(lambda tx: tx.guarding.ack(province.member, bad))
    assert ack.finding == ""
    assert ack.audited > 0


def test_one_that_knows_nothing_of_the_member_any_more() -> None:
    province = ready()
    province.guardians[1].town.do(lambda tx: tx.wards.forget(province.member))
    assert audit(province) == [{"asked": 3, "wrong": 1}]
    province.street.wait(120)
    assert audit(province) == [{"asked": 3, "wrong": 0}]
