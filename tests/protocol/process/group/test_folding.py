"""The fold of a group: rules, what is void, and that the order of arrival never matters."""

from __future__ import annotations

import hashlib
import random
from itertools import count

import pytest

from protocol import canon
from protocol.errors import BadSignature, Misdirected, NotAuthorised, PeerFault
from protocol.keys import SigningKey
from protocol.process.group import facts
from protocol.process.group.facts import Fact, Kind, Known
from protocol.process.group.folding import Group, fold

KEYS = {name: SigningKey(hashlib.sha256(name.encode()).digest()) for name in "abcdefgh"}
IDS = {name: hashlib.sha256(b"member " + name.encode()).digest() for name in KEYS}
NAMES = {member: name for name, member in IDS.items()}
EPOCH = b"e" * 32


def key_of(member: bytes, epoch: bytes) -> bytes | None:
    return KEYS[NAMES[member]].public if member in NAMES and epoch == EPOCH else None


class World:
    """Every home has its own set of facts; what is said at one is there alone until it is told."""

    def __init__(self) -> None:
        self.homes: dict[str, dict[bytes, Known]] = {name: {} for name in KEYS}
        self.numbers = count()
        self.group = b""
        self.say("a", Kind.FOUND, text="八百屋の会")
        self.tell()

    def say(
        self,
        who: str,
        kind: Kind,
        subject: str = "",
        target: bytes = b"",
        text: str = "",
        follows: tuple[bytes, ...] | None = None,
    ) -> bytes:
        known = self.homes[who]
        group = fold(known.values())
        heads = follows if follows is not None else tuple(group.heads) if group is not None else ()
        nonce = next(self.numbers).to_bytes(16, "big")
        fact = Fact(
            "test", self.group, IDS[who], EPOCH, tuple(sorted(heads)), kind, IDS[subject] if subject else b"", target,
            text, nonce, 0,
        )  # fmt: skip
        made = facts.verify(facts.sign(KEYS[who], fact), key_of)
        self.group = self.group or made.hash
        known[made.hash] = made
        return made.hash

    def tell(self, *names: str) -> None:
        """Those named (all, by default) have what any of them has."""
        together = {key: value for name in names or KEYS for key, value in self.homes[name].items()}
        for name in names or KEYS:
            self.homes[name] |= together

    def enter(self, who: str, by: str = "a") -> None:
        invite = self.say(by, Kind.INVITE, who)
        self.tell()
        self.say(who, Kind.JOIN, target=invite)
        self.tell()

    def at(self, who: str) -> Group:
        found = fold(self.homes[who].values())
        assert found is not None
        return found

    def members(self, who: str = "a") -> str:
        return "".join(sorted(NAMES[one] for one in self.at(who).standing.members))

    def keepers(self, who: str = "a") -> str:
        return "".join(sorted(NAMES[one] for one in self.at(who).standing.keepers))


@pytest.fixture
def world() -> World:
    found = World()
    for name in "bcd":
        found.enter(name)
    return found


def test_founded_invited_joined_left(world: World) -> None:
    assert (world.members(), world.keepers(), world.at("a").name) == ("abcd", "a", "八百屋の会")
    world.say("b", Kind.LEAVE)
    world.tell()
    assert world.members("d") == "acd"
    old = world.say("b", Kind.MESSAGE, text="still here")
    world.tell()
    assert world.at("a").void[old] == "not a member"


def test_who_may_what(world: World) -> None:
    for who, kind, subject, why in (
        ("b", Kind.INVITE, "e", "only keepers may"),
        ("b", Kind.KEEPER, "b", "only keepers may"),
        ("a", Kind.KEEPER, "e", "not about a member"),
        ("b", Kind.ANNOUNCEMENT, "", "only keepers may"),
        ("a", Kind.EXCLUDE, "b", "not voted for by most"),
        ("a", Kind.DISSOLVE, "", "not voted for by most"),
        ("e", Kind.MESSAGE, "", "not a member"),
    ):
        text = "x" if kind in facts.TEXTS else ""
        made = world.say(who, kind, subject, text=text)
        assert world.at(who).void[made] == why
        del world.homes[who][made]
    made = world.say("e", Kind.JOIN, target=world.group)
    assert world.at("e").void[made] == "no invitation"


def test_no_owner_whose_loss_stops_it(world: World) -> None:
    """The only keeper is gone without a word: the others vote another. When all keepers have left, everybody is one."""
    for name in "bcd":
        world.say(name, Kind.VOTE_KEEPER, "b")
        world.tell("b", "c", "d")
    world.say("b", Kind.KEEPER, "b")
    invite = world.say("b", Kind.INVITE, "e")
    world.tell("b", "c", "d", "e")
    world.say("e", Kind.JOIN, target=invite)
    world.tell("b", "c", "d", "e")
    assert (world.members("e"), world.keepers("e")) == ("abcde", "ab")
    world.tell()
    world.say("a", Kind.LEAVE)
    world.say("b", Kind.LEAVE)
    world.tell()
    assert (world.members(), world.keepers()) == ("cde", "cde")


def test_excluded_and_dissolved_by_most(world: World) -> None:
    for name in "bc":
        world.say(name, Kind.VOTE_EXCLUDE, "a")
        world.tell()
    world.say("d", Kind.EXCLUDE, "a")  # two of the three others
    world.tell()
    assert (world.members(), world.keepers()) == ("bcd", "bcd")
    for name in "bc":
        world.say(name, Kind.VOTE_DISSOLVE)
        world.tell()
    world.say("b", Kind.DISSOLVE)
    world.tell()
    assert world.at("d").standing.dissolved
    late = world.say("c", Kind.MESSAGE, text="?")
    assert world.at("c").void[late] == "the group was dissolved"


def test_what_an_excluded_firm_writes_into_its_past_is_void(world: World) -> None:
    before = tuple(world.at("a").heads)
    for name in "bc":
        world.say(name, Kind.VOTE_EXCLUDE, "a")
        world.tell("b", "c", "d")
    world.say("d", Kind.EXCLUDE, "a")
    world.tell()
    invite = world.say("a", Kind.INVITE, "e", follows=before)
    world.tell()
    join = world.say("e", Kind.JOIN, target=invite, follows=(invite,))
    world.tell()
    assert world.members("b") == "bcd"
    assert world.at("b").void[invite] == "written beside its author's end"
    assert world.at("b").void[join] == "no invitation"


def test_two_keepers_on_two_sides_of_a_cut(world: World) -> None:
    world.say("a", Kind.KEEPER, "b")
    world.tell()
    one = world.say("a", Kind.INVITE, "e")
    other = world.say("b", Kind.INVITE, "f")
    world.tell("a", "c", "e")
    world.tell("b", "d", "f")
    world.say("e", Kind.JOIN, target=one)
    world.say("f", Kind.JOIN, target=other)
    world.say("d", Kind.LEAVE)
    world.tell("a", "c", "e")
    world.tell("b", "d", "f")
    assert (world.members("c"), world.members("b")) == ("abcde", "abcf")
    world.tell()
    assert {world.members(name) for name in KEYS} == {"abcef"}


@pytest.mark.parametrize("seed", range(60))
def test_the_order_of_arrival_never_matters(seed: int) -> None:
    """Random steps of honest and careless firms, cut off from each other at random; every home folds to the same."""
    dice, world = random.Random(seed), World()
    for name in "bc":
        world.enter(name)
    for _ in range(60):
        who = dice.choice("abcdefgh")
        if not world.homes[who]:
            continue
        subject, kind = dice.choice("abcdefgh"), dice.choice([one for one in Kind if one is not Kind.FOUND])
        target = b""
        if kind is Kind.JOIN:
            asked = [
                one
                for one in world.homes[who].values()
                if one.fact.kind is Kind.INVITE and one.fact.subject == IDS[who]
            ]
            target = asked[-1].hash if asked else world.group
        elif kind in facts.POINTS:
            target = b"t" * 32
        past = None
        if dice.random() < 0.2:  # writes as if it had seen little
            past = (dice.choice(list(world.homes[who])),)
        world.say(who, kind, subject if kind in facts.ABOUT else "", target, "x" if kind in facts.TEXTS else "", past)
        if dice.random() < 0.5:
            world.tell(*dice.sample("abcdefgh", 3))
    world.tell()
    every = list(world.homes["a"].values())
    whole = fold(every)
    assert whole is not None
    for _ in range(5):
        dice.shuffle(every)
        again = fold(every)
        assert again is not None
        assert (again.standing, again.heads, again.void, again.facts) == (
            whole.standing,
            whole.heads,
            whole.void,
            whole.facts,
        )
    for size in (1, len(every) // 2):
        part = fold(every[:size])  # what lacks its past waits
        assert part is None or {one.hash for one in part.facts} <= {one.hash for one in every}


def test_records_that_cannot_be() -> None:
    right = Fact("test", b"g" * 32, IDS["a"], EPOCH, (b"f" * 32,), Kind.MESSAGE, b"", b"", "hello", bytes(16), 0)
    assert facts.verify(facts.sign(KEYS["a"], right), key_of).fact == right
    for change, field in (
        ({"network": "other"}, "network"),
        ({"follows": ()}, "group"),
        ({"group": b""}, "group"),
        ({"follows": (b"g" * 32, b"f" * 32)}, "ascending"),
        ({"text": ""}, "text"),
        ({"text": "x" * 2_001}, "text"),
        ({"subject": IDS["b"]}, "subject"),
        ({"target": b"t" * 32}, "target"),
        ({"kind": Kind.INVITE}, "subject"),
        ({"kind": Kind.JOIN, "text": ""}, "target"),
        ({"nonce": b"short"}, "nonce"),
    ):
        with pytest.raises(PeerFault, match=field):
            facts.sign(KEYS["a"], right._replace(**change))  # type: ignore[arg-type]
    with pytest.raises(Misdirected):
        facts.verify(facts.sign(KEYS["b"], right), key_of)
    with pytest.raises(NotAuthorised):
        facts.verify(facts.sign(KEYS["a"], right._replace(epoch=b"x" * 32)), key_of)
    wire = canon.decode(facts.sign(KEYS["a"], right))
    wire[3] = bytes(64)
    with pytest.raises(BadSignature):
        facts.verify(canon.encode(tuple(wire)), key_of)
