"""A home, its guardians and a partner, running on virtual time, with agreements in force between home and guardians."""

from __future__ import annotations

from node.services import directory, members, warding
from node.services.guarding import agreeing, choosing
from node.sim.clock import Schedule
from node.store import Tx
from protocol.identity import words
from protocol.keys import SigningKey
from tests.node.running import Running, Street
from tests.node.services.town import Association

NAMES = ("京都", "竜宮", "鬼ヶ島", "月の都", "出雲", "因幡")
START_US = 1_760_000_000_000_000
ENTITY = 1_000_000_000_000


class Clocked(Association):
    """Its wall clock goes with the street's time."""

    schedule: Schedule | None = None

    def _tick(self) -> int:
        gone = self.schedule.now if self.schedule is not None else 0
        self.now = max(self.now + 1, START_US + gone)
        return self.now


class Province:
    """``home`` with one guarded member, ``partner`` with another firm, ``guardians``."""

    def __init__(self, guardians: int = 3, *, partner_guarded: bool = False) -> None:
        self.home_town, self.partner_town = Clocked("豊田"), Clocked("広島")
        self.guardian_towns = [Clocked(name) for name in NAMES[:guardians]]
        towns = [self.home_town, self.partner_town, *self.guardian_towns]
        self.member = self.home_town.enrol("金太郎機械")
        self.words: dict[bytes, SigningKey] = {}
        self.seller = self.partner_town.enrol("花咲堂")
        for one in towns:
            for other in towns:
                if one is not other:
                    one.accept(other)
        for one in (self.home_town, self.partner_town):
            for other in (self.home_town, self.partner_town):
                if one is not other:
                    one.learn_from(other)
        for guardian in self.guardian_towns:
            make_agreement(self.home_town, guardian)
            make_agreement(self.partner_town, guardian)
        if guardians:
            self.member = self.enrol(self.home_town, "桃太郎商事")
            self.partner_town.learn_from(self.home_town)
        if partner_guarded:
            self.seller = self.enrol(self.partner_town, "舌切雀本舗")
            self.home_town.learn_from(self.partner_town)
        self.street = Street(*towns)
        for town in towns:
            town.schedule = self.street.schedule
        self.home, self.partner = self.street[self.home_town], self.street[self.partner_town]
        self.guardians = [self.street[town] for town in self.guardian_towns]
        for running in self.street.houses.values():
            running.start()
        self.street.wait(3)

    def enrol(self, town: Association, name: str) -> bytes:
        """A member whose guardians are named at once."""

        def work(tx: Tx) -> bytes:
            made = members.enrol(town.house, tx, name)
            key = words.key_of(words.entropy_of(" ".join(made.words)))
            self.words[made.member] = key
            public = sorted(guardian.house.node.public for guardian in self.guardian_towns)
            choosing.choose_with_words(town.house, tx, made.member, key, public)
            return made.member

        member = town.do(work)

        town.do(lambda tx: directory.publish(town.house, tx, member, directory.Profile(name=name)))
        return member

    def darken(self, *guardians: Running) -> None:
        """They answer nothing from now on."""
        self.street.dark |= {one.id for one in guardians}

    def seq(self, member: bytes) -> int:
        """The last number in the member's journal."""
        head = self.home.town.see(lambda tx: tx.heads.get(member))
        assert head is not None
        return head.seq


def make_agreement(home: Association, guardian: Association) -> None:
    """Both sign."""
    number = str(ENTITY + sum(guardian.name.encode()))
    terms = agreeing.terms_of(number, guardian.name, home.now)
    wire = home.do(lambda tx: agreeing.propose(home.house, tx, guardian.house.id, warding.HOME, terms))
    guardian.do(lambda tx: warding.take_agreement(guardian.house, tx, home.house.id, wire))
    wire = guardian.do(lambda tx: agreeing.agree(guardian.house, tx, home.house.id, warding.GUARDIAN))
    home.do(lambda tx: warding.take_agreement(home.house, tx, guardian.house.id, wire))


def frames_at(guardian: Running, member: bytes) -> int:
    """How many frames of a member a guardian keeps."""

    def work(tx: Tx) -> int:
        chains = tx.wards.chains(member)
        return sum(row.number for row in chains)

    return guardian.town.see(work)
