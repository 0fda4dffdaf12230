"""The agreement under which copies are kept: complete, and in force only when both sides have signed."""

import pytest

from protocol.errors import BadSignature, Malformed, PeerFault
from protocol.guardian import agreement
from protocol.guardian.agreement import Agreement, Terms
from tests.vectors import world
from tests.vectors.world import START, key, octets

HOME, GUARDIAN = key("toyota"), key("guardian a")
TERMS = Terms("7000012050002", "竜宮商工会議所", ("JP",), False, True, 30, 500, 4 * 2**30, START, 0)


def made(terms: Terms = TERMS) -> Agreement:
    return agreement.draft(Agreement(world.NETWORK, HOME.public, GUARDIAN.public, 1, octets("nonce", 16), terms))


def test_it_holds_when_both_have_signed_and_until_it_ends() -> None:
    found = made(TERMS._replace(until=START + 10))
    one, other = agreement.sign(HOME, found), agreement.sign(GUARDIAN, found)
    assert agreement.parse(agreement.encode(found, one, other)) == (found, one, other)
    assert agreement.is_in_force(found, one, other, START)
    assert not agreement.is_in_force(found, one, other, START + 10)
    assert not agreement.is_in_force(found, one, b"", START)
    assert agreement.is_in_force(made(), one, other, 2**52)


def test_half_an_agreement_travels_but_a_false_one_does_not() -> None:
    found = made()
    one = agreement.sign(HOME, found)
    assert agreement.parse(agreement.encode(found, one, b""))[2] == b""
    with pytest.raises(BadSignature):
        agreement.parse(agreement.encode(found, one, one))
    with pytest.raises(Malformed, match="neither side"):
        agreement.sign(key("kyoto"), found)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"entity": ""}, "terms.entity"),
        ({"places": ()}, "terms.places"),
        ({"places": ("JP", "DE")}, "terms.places"),
        ({"places": ("jp",)}, "terms.places"),
        ({"erase_days": 0}, "terms.erase_days"),
        ({"wards": 0}, "terms.wards"),
        ({"ward_bytes": 0}, "terms.ward_bytes"),
    ],
)
def test_what_is_missing_is_named(change: dict[str, object], field: str) -> None:
    with pytest.raises(PeerFault, match=field):
        made(TERMS._replace(**change))  # type: ignore[arg-type]


def test_nobody_is_its_own_guardian() -> None:
    with pytest.raises(Malformed, match="own guardian"):
        agreement.draft(made()._replace(guardian_key=HOME.public))
