"""One member whose copies cannot be made stops nobody else's; what a guardian refuses is said later and later."""

from __future__ import annotations

from federation import links
from node.services import members
from node.services.guarding import patience
from node.services.trade import Submission
from protocol.keys import SigningKey
from protocol.limits import RETRY_MAX_US, RETRY_MIN_US
from tests.node.services.guarding.province import Province
from tests.node.services.town import order


def _lose_key(province: Province, member: bytes) -> SigningKey:
    """The signing key of the member's epoch is gone, and the vault has to be signed anew."""
    town = province.home_town
    epoch = town.see(lambda tx: members.require_log(town.house, tx, member)).epoch.hash
    key = town.house.keyring.pop(epoch)
    row = town.see(lambda tx: tx.guarding.get(member))
    assert row is not None
    town.do(lambda tx: tx.guarding.put(row._replace(holders=b"")))
    return key


def test_a_member_without_a_key_stops_no_other() -> None:
    province = Province()
    town, house = province.home_town, province.home_town.house
    sound = province.enrol(town, "浦島水産")
    ill = province.member
    province.street.wait(10)
    key = _lose_key(province, ill)
    house.uncopied.update({ill, sound})
    sent = province.home.submit(sound, Submission(province.seller, order("PO-1"))).id
    province.street.wait(10)
    assert province.home.town.see(lambda tx: patience.is_safe(house, tx, sound, sent))
    assert ill not in house.uncopied
    house.keyring[members_epoch(province, ill)] = key
    late = province.home.submit(ill, Submission(province.seller, order("PO-2"))).id
    province.street.wait(60)
    assert province.home.town.see(lambda tx: patience.is_safe(house, tx, ill, late))


def members_epoch(province: Province, member: bytes) -> bytes:
    town = province.home_town
    return town.see(lambda tx: members.require_log(town.house, tx, member)).epoch.hash


def test_the_delay_has_a_ceiling_that_doubles_and_full_jitter() -> None:
    most = links.JITTER_RANGE - 1
    assert links.retry_delay(1, 0) == links.RETRY_FLOOR_US
    assert [links.retry_delay(n, most) // 1_000_000 for n in (1, 2, 3)] == [4, 9, 19]
    assert RETRY_MIN_US < links.retry_delay(40, most) <= RETRY_MAX_US
