"""A conductor among others: October with 京都 dark, a restart after a promise, words that are missing."""

import pytest

from federation import conducting
from federation.conducting import Conducting, Send
from protocol.errors import Malformed, NotAuthorised, PeerFault
from protocol.process.joint import closing, deciding, pledge
from protocol.process.joint.closing import State
from protocol.process.joint.pledge import Code
from tests.protocol.process.joint import october
from tests.protocol.process.joint.october import ASSOCIATIONS, DEADLINE, SHOPS, bags, member, name
from tests.vectors import world
from tests.vectors.world import octets

KEYS = [world.key(each) for each in ASSOCIATIONS]


def seats() -> list[Conducting]:
    return [Conducting(bags(), name(), key, october.key_of) for key in KEYS]


def pledges(hosts: list[Conducting], shop: str, **changes: object) -> list[Code]:
    """A shop's word goes to these conductors."""
    said, codes = october.said(shop, **changes), []
    for host in hosts:
        sealed = pledge.seal(said.data, name(), bags().conductors[host.number].key, octets(f"{shop} {host.number}"))
        receipt = host.take(sealed, DEADLINE - 1)
        codes.append(pledge.verify_receipt(receipt, bags(), name())[0].code)
    return codes


def run(hosts: list[Conducting], sends: list[Send], *, dark: frozenset[int] = frozenset(), now: int = DEADLINE) -> int:
    """Deliver until nothing is under way; how many messages arrived."""
    arrived = 0
    while sends:
        send = sends.pop(0)
        if send.to not in dark:
            arrived += 1
            sends += hosts[send.to].on(send.body, now)
    return arrived


def test_october_with_the_organiser_dark() -> None:
    kyoto, shikoku, toyota = hosts = seats()
    pledges(hosts, "bunbuku")
    pledges(hosts[:2], "suzumeya")  # toyota never heard of it
    pledges([kyoto, toyota], "momonosato")  # nor shikoku of this
    run(hosts, shikoku.begin(), dark=frozenset({0}))
    assert shikoku.closed[0].result == toyota.closed[0].result
    assert shikoku.closed[0].result.goods == 118_800
    assert not kyoto.closed
    run(hosts, kyoto.begin())  # back at 18:05: it calls, is told, fetches what it lacks and computes the same
    assert kyoto.closed[0].result == shikoku.closed[0].result
    words = kyoto.closed[0].result.words
    assert len({host.outcomes[words].record for host in hosts}) == 1
    told = kyoto.slip_of(0, member("suzumeya"))
    record, slip, path = closing.parse_told(told)
    read = closing.verify_slip(deciding.verify_closed(record, bags(), name()), slip, path)
    assert (read.granted, read.pays) == (((0, 10),), 41_600)
    with pytest.raises(NotAuthorised):
        kyoto.slip_of(0, octets("nobody"))


def test_one_alone_of_three_closes_nothing() -> None:
    hosts = seats()
    pledges(hosts, "bunbuku")
    run(hosts, hosts[1].begin(), dark=frozenset({0, 2}))
    assert not hosts[1].closed


@pytest.mark.parametrize("forgets", [False, True])
def test_what_a_majority_accepted_stands_though_nobody_alive_has_seen_it_end(forgets: bool) -> None:
    """京都 ends the round and goes dark before it can say so; 豊田 has taken a word that the set has not."""
    hosts = seats()
    pledges(hosts[:2], "suzumeya")
    pledges(hosts[:2], "bunbuku")
    pledges(hosts[2:], "momonosato")
    run(hosts, hosts[0].begin(), dark=frozenset({2}))
    assert hosts[0].closed[0].result.firms == 2
    hosts[1].closed.clear()  # as if it had not arrived
    if forgets:
        hosts[1].register = deciding.Register(0, hosts[1].register.promised)
    run(hosts, hosts[2].begin(), dark=frozenset({0}))
    run(hosts, hosts[2].begin(), dark=frozenset({0}))
    assert (hosts[2].closed[0].result == hosts[0].closed[0].result) is not forgets


def test_before_the_deadline_nobody_promises() -> None:
    hosts = seats()
    run(hosts, hosts[0].begin(), now=DEADLINE - 1)
    assert not any(host.closed or host.register.promised for host in hosts)


def test_a_late_word_is_receipted_as_late_and_counts_nowhere() -> None:
    hosts = seats()
    run(hosts, hosts[0].begin())
    assert hosts[0].closed[0].result.state is State.EXTENDED
    assert pledges(hosts, "bunbuku") == [Code.TAKEN] * 3  # until the second deadline
    sealed = pledge.seal(october.said("suzumeya").data, name(), KEYS[0].public, octets("late"))
    receipt = hosts[0].take(sealed, bags().extended)
    assert pledge.verify_receipt(receipt, bags(), name())[0].code is Code.LATE
    run(hosts, hosts[1].begin(), now=bags().extended)
    assert hosts[2].closed[1].result.firms == 1


def test_a_conductor_that_starts_again_keeps_its_promises() -> None:
    hosts = seats()
    for shop in SHOPS:
        pledges(hosts, shop)
    before = hosts[2]
    run(hosts, [send for send in hosts[1].begin() if send.to == 2], dark=frozenset({0, 1}))
    promised = before.register.promised
    assert promised
    fresh = Conducting(bags(), name(), KEYS[2], october.key_of)
    hosts[2] = conducting.restore(fresh, before.register, before.words, before.taken)
    assert hosts[2].standing() == before.standing()
    sealed = pledge.seal(october.said("bunbuku", revision=1).data, name(), KEYS[2].public, octets("x"))
    assert pledge.verify_receipt(fresh.take(sealed, DEADLINE - 1), bags(), name())[0].code is Code.LATE
    assert fresh.register.promised == promised
    run(hosts, hosts[0].begin())
    run(hosts, hosts[0].begin())
    assert hosts[2].closed[0].result.goods == 118_800


def test_a_withdrawal_until_the_deadline_is_free() -> None:
    hosts = seats()
    for shop in SHOPS:
        pledges(hosts, shop)
    assert pledges(hosts, "bunbuku", revision=1, wants=()) == [Code.TAKEN] * 3
    run(hosts, hosts[0].begin())
    assert hosts[0].closed[0].result.firms == 2


def test_words_of_unknown_firms_and_other_bytes_are_refused() -> None:
    host = seats()[0]
    said = october.said("bunbuku", epoch=octets("no epoch of this shop"))
    with pytest.raises(NotAuthorised, match="epoch"):
        host.take(pledge.seal(said.data, name(), KEYS[0].public, octets("x")), DEADLINE - 1)
    for body in (b"", b"\x92\xa1x\xc0", b"\x93\xa3abc\xc0\xc0"):
        with pytest.raises(Malformed):
            host.on(body, DEADLINE)
    with pytest.raises(PeerFault):
        host.on(deciding.sign_call(world.key("elsewhere"), deciding.Call(name(), 0, 8)), DEADLINE)
    assert not host.words
