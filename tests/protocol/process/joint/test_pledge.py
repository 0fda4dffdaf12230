"""Pledges: signed by the firm, sealed to each conductor, receipted."""

import pytest

from protocol.errors import BadSignature, Malformed, Misdirected, NotAuthorised, PeerFault
from protocol.process.joint import pledge
from protocol.process.joint.pledge import Code, Pledge, Receipt, Want
from protocol.process.joint.terms import Item
from tests.protocol.process.joint import october
from tests.vectors import world
from tests.vectors.world import octets

KYOTO = world.key("kyoto")


def test_a_word_reaches_the_conductor_that_it_is_sealed_to() -> None:
    said = october.said("bunbuku")
    sealed = pledge.seal(said.data, october.name(), KYOTO.public, octets("seed"))
    opened = pledge.unseal(sealed, october.name(), KYOTO)
    assert opened == said.data
    word = pledge.verify(opened, october.bags(), october.name(), said.key)
    assert word.pledge == october.pledged("bunbuku")
    assert pledge.claimed(opened, october.bags(), october.name()) == word
    for other in (world.key("shikoku"), world.key("shop bunbuku")):
        with pytest.raises(PeerFault):
            pledge.unseal(sealed, october.name(), other)
    with pytest.raises(Misdirected):
        pledge.unseal(sealed, bytes(32), KYOTO)


def test_the_length_of_what_is_sealed_says_nothing() -> None:
    short = october.said("bunbuku", wants=())
    long = october.said("bunbuku", extra=900_000_000, large=True)
    sizes = {len(pledge.seal(item.data, october.name(), KYOTO.public, octets("seed"))) for item in (short, long)}
    assert len(short.data) != len(long.data)
    assert len(sizes) == 1


def test_a_full_pledge_of_every_item_fits() -> None:
    goods = tuple(Item(f"G{at}", "x", "C62", 1, 1, 1, 0, 100, october.BAGS.tiers) for at in range(16))
    found = october.bags()._replace(items=goods)
    wants = tuple(Want(at, 10**6, 10**6, 10**6) for at in range(16))
    data = pledge.sign(world.key("shop bunbuku"), found, october.pledged("bunbuku", wants=wants, extra=10**9))
    assert pledge.unseal(pledge.seal(data, october.name(), KYOTO.public, octets("s")), october.name(), KYOTO) == data


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"wants": (Want(0, -1, 0, 0),)}, "wants.wanted"),
        ({"wants": (Want(0, 0, 0, 0),)}, "wants.wanted"),
        ({"wants": (Want(0, 5, 6, 0),)}, "wants.less"),
        ({"wants": (Want(0, 5, 0, -1),)}, "wants.more"),
        ({"wants": (Want(0, 10**6 + 1, 0, 0),)}, "wants.wanted"),
        ({"wants": (Want(1, 5, 0, 0),)}, "wants.item"),
        ({"wants": (Want(0, 5, 0, 0), Want(0, 5, 0, 0))}, "no item twice"),
        ({"drop": 3}, "drop"),
        ({"revision": 1001}, "revision"),
        ({"extra": -1}, "extra"),
        ({"salt": b"short"}, "salt"),
        ({"round": bytes(31)}, "round"),
    ],
)
def test_a_pledge_outside_the_terms_is_refused(changes: dict[str, object], rule: str) -> None:
    with pytest.raises(Malformed, match=rule):
        october.said("bunbuku", **changes)


def test_a_pledge_to_other_terms_is_refused() -> None:
    said = october.said("bunbuku")
    with pytest.raises(Misdirected, match="other terms"):
        pledge.verify(said.data, october.bags(), bytes(32), said.key)


def test_steps_are_kept() -> None:
    found = october.bags()._replace(items=(october.BAGS._replace(pack=10, step=5),))
    with pytest.raises(Malformed, match="multiples of 5"):
        pledge.sign(world.key("shop bunbuku"), found, october.pledged("bunbuku"))


def test_somebody_elses_signature_is_refused() -> None:
    said = october.said("bunbuku")
    with pytest.raises(Misdirected):
        pledge.verify(said.data, october.bags(), october.name(), world.key("shop suzumeya").public)
    with pytest.raises(BadSignature):
        pledge.verify(said.data[:-1] + bytes([said.data[-1] ^ 1]), october.bags(), october.name(), said.key)


def test_a_receipt_says_who_took_it_when() -> None:
    made = Receipt(october.name(), 0, octets("word"), Code.TAKEN, october.DEADLINE - 1)
    data = pledge.sign_receipt(world.key("shikoku"), made)
    assert pledge.verify_receipt(data, october.bags(), october.name()) == (made, 1)
    with pytest.raises(NotAuthorised):
        pledge.verify_receipt(pledge.sign_receipt(world.key("elsewhere"), made), october.bags(), october.name())
    with pytest.raises(Misdirected):
        pledge.verify_receipt(data, october.bags(), bytes(32))


def test_the_shape_has_no_field_for_sales_prices_or_customers() -> None:
    """Whoever adds a field to a pledge should ask first what competitors would learn from it."""
    assert Pledge._fields == (
        "round", "member", "epoch", "revision", "drop", "wants", "extra", "large", "salt", "time",
    )  # fmt: skip
