"""Six associations: a buyer at Toyota, guardians at the last four, its seller at Kyoto."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from federation.guardians import quorum
from node import homecoming, signing
from node.homecoming import Home, Homecoming, Patience
from node.services import members
from node.services.trade import Submission
from node.services.warding import GUARDIAN, HOME
from node.signing import KeyRing
from node.store import CustodyRow, Tx
from protocol.errors import YuiError
from protocol.guardian import agreement
from protocol.guardian.agreement import Agreement, Terms
from protocol.identity import control, words
from protocol.identity.control import Epoch, Guardians
from protocol.identity.genesis import Rank
from protocol.keys import SigningKey
from tests.node.running import Running, Street
from tests.node.services.guarding.province import Clocked
from tests.node.services.town import order

NAMES = ("豊田", "京都", "四国", "竜宮", "鬼ヶ島", "月の都")
TERMS = Terms("7000012050002", "x", ("JP",), False, True, 30, 500, 2**30, 0, 0)


class Six:
    """All of them know each other; ``buyer`` is at Toyota, ``seller`` at Kyoto, ``words`` are the buyer's."""

    def __init__(self, guardians: Sequence[str] = NAMES[2:]) -> None:
        self.towns = {name: Clocked(name) for name in NAMES}
        self.association = SigningKey(b"a" * 32)
        self.towns["豊田"].house.association = self.association.public
        made = self.towns["豊田"].do(lambda tx: members.enrol(self.towns["豊田"].house, tx, "金太郎機械"))
        self.buyer, self.words = made.member, words.key_of(words.entropy_of(" ".join(made.words)))
        self.phrase = list(made.words)
        self.seller = self.towns["京都"].enrol("花咲堂")
        for one in self.towns.values():
            for other in self.towns.values():
                if one is not other:
                    one.accept(other)
        self.towns["豊田"].learn_from(self.towns["京都"])
        self.towns["京都"].learn_from(self.towns["豊田"])
        self.street = Street(*self.towns.values())
        for town in self.towns.values():
            town.schedule = self.street.schedule
        self.at = {name: self.street[town] for name, town in self.towns.items()}
        for running in self.at.values():
            running.start()
        self.street.wait(5)
        self.guardians = list(guardians)
        self.agree()
        self.choose()
        self.street.wait(3)

    def house(self, name: str) -> Any:
        return self.at[name].town.house

    def do(self, name: str, work: Callable[[Tx], Any]) -> Any:
        return self.at[name].town.do(work)

    def see(self, name: str, work: Callable[[Tx], Any]) -> Any:
        return self.at[name].town.see(work)

    # --- before the fire

    def agree(self) -> None:
        """Everybody keeps copies for everybody."""
        keys = {name: self.house(name).node for name in NAMES}
        for home in NAMES:
            for guardian in NAMES:
                if home != guardian:
                    made = agreement.draft(
                        Agreement("test", keys[home].public, keys[guardian].public, 1, bytes(16), TERMS)
                    )  # fmt: skip
                    wire = agreement.encode(
                        made, agreement.sign(keys[home], made), agreement.sign(keys[guardian], made)
                    )  # fmt: skip
                    for owner, other, part in ((home, guardian, HOME), (guardian, home, GUARDIAN)):
                        row = CustodyRow(self.house(other).id, part, 1, wire, 0)
                        self.do(owner, lambda tx, row=row: tx.wards.put_agreement(row))

    def choose(self) -> None:
        """The buyer names its guardians with its words; everybody hears of it."""
        house = self.house("豊田")
        k, r, q = quorum(len(self.guardians))
        keys = tuple(sorted(self.house(name).node.public for name in self.guardians))

        def work(tx: Tx) -> bytes:
            log = members.require_log(house, tx, self.buyer)
            record = control.draft(
                "test", self.buyer, log.standing.number + 1, log.standing.hash, Rank.WORDS,
                Guardians(keys, k, r, q), house.clock(), house.entropy(16),
            )  # fmt: skip
            signed = control.encode(control.sign(record, [("words", self.words)]))
            members.replace_keys(house, tx, self.buyer, signed)
            return members.history(house, tx, self.buyer)

        history = self.do("豊田", work)
        for name in self.guardians:
            self.do(name, lambda tx, n=name: members.learn_history(self.house(n), tx, history))

    def copy(self) -> None:
        """Wait until everything of the buyer is safe."""
        self.street.wait(8)
        at = self.house("豊田").guarded[self.buyer]
        last = self.see("豊田", lambda tx: tx.holdings.before(self.buyer, 1))
        assert not last or at.holdings >= last[0].position

    def order(self, number: str, who: str = "豊田") -> bytes:
        return self.at[who].submit(self.buyer, Submission(self.seller, order(number))).id

    # --- after it

    def burn(self, name: str = "豊田") -> None:
        self.at[name].crash()
        self.street.dark.add(self.at[name].id)

    def bring_back(self, name: str, authority: KeyRing, seconds: float = 120, undoes: bytes = b"") -> Home | YuiError:
        """Find the member and bring it back at ``name``."""
        running = self.at[name]
        outcome: list[Any] = []
        peers = [self.house(other).id for other in NAMES if other not in (name, "豊田")]
        role, key = authority.signers[-1]
        running.driver.run(homecoming.find(running.town.house, peers, role, key), outcome.append, outcome.append)
        self.street.wait(20)
        if outcome == [[]]:
            running.town.do(lambda tx: None)
        assert outcome == [[self.buyer]], outcome
        outcome.clear()
        coming = Homecoming(
            running.town.house, self.buyer, authority, running.runtime.notice,
            undoes=undoes, patience=Patience(rounds=6, tries=6),
        )  # fmt: skip
        running.driver.run(coming.run(), outcome.append, outcome.append)
        self.street.wait(seconds)
        found: Home | YuiError = outcome[0]
        return found

    def epoch(self, name: str) -> Epoch:
        """The buyer's epoch of today, as a node knows it."""
        found: Epoch = self.do(name, lambda tx: members.require_log(self.house(name), tx, self.buyer)).epoch
        return found

    def history(self) -> bytes:
        """The buyer's history, as a guardian knows it."""
        house = self.house("竜宮")
        return self.do("竜宮", lambda tx: members.history(house, tx, self.buyer))

    def held(self, name: str, member: bytes) -> dict[bytes, str]:
        """Documents of a member at a node, with their verdicts."""
        rows = self.see(name, lambda tx: tx.holdings.after(member, 0, 1000))
        return {row.document: row.verdict for row in rows}


def by_words(six: Six) -> KeyRing:
    return signing.by_words(six.words)


__all__ = ["NAMES", "Running", "Six", "by_words"]
