"""Paper bags for three shops in October: the story's round, from fixed keys. What the golden vectors are cut from."""

from functools import cache
from typing import NamedTuple

from protocol.process.joint import pledge, terms
from protocol.process.joint.pledge import Pledge, Want
from protocol.process.joint.terms import Conductor, Drop, Freight, Item, Market, Round, Rule, Tier
from tests.vectors import world
from tests.vectors.world import octets

DEADLINE = 1_792_051_200_000_000  # 15 October 2026, 17:00 in Japan
ASSOCIATIONS = ("kyoto", "shikoku", "toyota")
SHOPS = ("bunbuku", "suzumeya", "momonosato")
WANTED = {"bunbuku": (12, 2), "suzumeya": (9, 1), "momonosato": (8, 1)}
BAGS = Item(
    "2900000401013", "紙袋 200枚入り", "BX", 9_000, 1, 1, 0, 100, (Tier(1, 4_800), Tier(10, 4_320), Tier(30, 3_960))
)
DROPS = (
    Drop("toyota-03", "ぶんぶく商店", "23211", 35_082_400, 137_156_300),
    Drop("kyoto-08", "すずめ屋", "26100", 35_011_600, 135_768_100),
    Drop("shikoku-11", "桃の里商店", "37201", 34_342_800, 134_046_600),
)


class Said(NamedTuple):
    """A shop's signed word, and the key that signed it."""

    data: bytes
    key: bytes


def member(name: str) -> bytes:
    """The id of a shop, as the round needs it."""
    return octets(f"member {name}")


@cache
def bags() -> Round:
    """The round: organised in 京都 in the name of すずめ屋, 四国 and 豊田 are its deputies."""
    conductors = tuple(
        Conductor(world.key(name).public, member(shop))
        for name, shop in zip(ASSOCIATIONS, ("suzumeya", "momonosato", "bunbuku"), strict=True)
    )
    return Round(
        "test",
        octets("round of paper bags", 16),
        "紙袋の共同発注 10月",
        octets("member warashibe"),
        "わらしべ商会",
        conductors,
        DEADLINE,
        DEADLINE + 24 * 3600 * 1_000_000,
        (BAGS,),
        Freight(6_000, 0, 0, 100),
        Freight(3_600, 0, 0, 100),
        (),
        Rule.QUANTITY,
        Rule.VALUE,
        Drop("toyota-04", "わらしべ商会", "23211", 35_082_400, 137_156_300),
        DROPS,
        Market("包装用紙袋の仕入れ 3市", 12, "organiser's estimate"),
        DEADLINE - 240 * 3600 * 1_000_000,
    )


@cache
def announced() -> bytes:
    """The round as it travels."""
    return terms.sign(world.key("kyoto"), bags())


def name() -> bytes:
    """The hash of the round."""
    return terms.verify(announced())[1]


def pledged(shop: str, **changes: object) -> Pledge:
    """A shop's pledge of the story, or another."""
    wanted, tolerance = WANTED[shop]
    made = Pledge(
        name(),
        member(shop),
        octets(f"epoch {shop}"),
        0,
        SHOPS.index(shop),
        (Want(0, wanted, tolerance, tolerance),),
        0,
        False,
        octets(f"salt {shop}", 16),
        DEADLINE - 3600 * 1_000_000,
    )
    return made._replace(**changes)  # type: ignore[arg-type]


def said(shop: str, **changes: object) -> Said:
    """The same, signed."""
    key = world.key(f"shop {shop}")
    return Said(pledge.sign(key, bags(), pledged(shop, **changes)), key.public)


def key_of(member_id: bytes, epoch: bytes) -> bytes | None:
    """The signing key of a shop's epoch."""
    found = {(member(shop), octets(f"epoch {shop}")): world.key(f"shop {shop}").public for shop in SHOPS}
    return found.get((member_id, epoch))
