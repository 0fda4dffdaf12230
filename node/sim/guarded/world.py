"""Six nodes that guard each other's members, on virtual time: disasters one at a time, small faults all the time.

Owns the setup, who works where, which guardians may be trusted just now, and the end of a run. What happens to homes
and guardians is :mod:`node.sim.guarded.fate`.
"""

from __future__ import annotations

from collections.abc import Callable

from node.services import members
from node.services.house import House
from node.signing import KeyRing, by_association, by_words
from node.sim.clerks import Firm
from node.sim.dice import Dice
from node.sim.guarded import quiet
from node.sim.guarded.base import BASES, FirmBase, base
from node.sim.guarded.bringing import Bringing
from node.sim.guarded.fate import Fate
from node.sim.guarded.ledger import GONE, GuardedLedger
from node.sim.guarded.options import GuardedOptions
from node.sim.host import Host, Settings
from node.sim.invariants import Ledger
from node.sim.options import SECOND
from node.sim.world import World
from node.store import Tx
from protocol import keys
from protocol.identity.control import Reason
from protocol.keys import NodeId, SigningKey


class GuardedWorld(World):
    """One run."""

    max_steps = 100_000

    def __init__(self, seed: int, options: GuardedOptions, *, keep_trace: bool = False) -> None:
        self.guarded = options
        self.own: dict[bytes, FirmBase] = {}
        self.associations: dict[bytes, SigningKey] = {}  # member → its association's key
        self.bringing: list[Bringing] = []
        super().__init__(seed, options, keep_trace=keep_trace)
        self.fate = Fate(self)

    def _ledger(self) -> Ledger:
        self.book = GuardedLedger()
        return self.book

    def _build(self) -> None:
        made = base(self.seed % BASES)
        for at, (key, own, image) in enumerate(zip(made.keys, made.associations, made.images, strict=True)):
            settings = Settings(f"n{at}", key, own.public, self.dice.between(*self.options.batch_items), self.seed)
            host = Host(settings, image, self.schedule, self.network, self.tally, self.ledger)
            host.on_death = self._died
            self.hosts.append(host)
        for firm in made.firms:
            self.firms.append(Firm(firm.member, firm.name, self.hosts[firm.home]))
            self.own[firm.member] = firm
            self.associations[firm.member] = made.associations[firm.home]
        self.book.hosts = self.hosts
        self.book.is_faulty = self.is_faulty

    # --- who may be trusted

    def is_faulty(self, node: bytes) -> bool:
        """May this guardian lie, or have forgotten what it kept?"""
        return self.fate.is_faulty(node)

    def guardians_of(self, firm: Firm) -> list[Host]:
        """The machines of a member's guardians, as its home knows them."""
        nodes = firm.home.look(lambda tx: _guardians(tx, self._house_of(firm.home), firm.member))
        return [host for host in self.hosts if host.node in nodes]

    def _house_of(self, host: Host) -> House:
        assert host.house is not None
        return host.house

    def keeps_all(self, firm: Firm, guardian: Host) -> bool:
        """Has this guardian the newest frame of a member?"""
        if guardian.image == GONE or guardian is firm.home or not guardian.up:
            return False
        last = firm.home.look(lambda tx: tx.guarding.last_frame(firm.member))
        if last is None:
            return False
        return guardian.look(lambda tx: tx.wards.frame_hashed(firm.member, last.hash)) is not None

    def unsound(self, firm: Firm) -> list[Host]:
        """Guardians of a member that lie, are away, or lack something."""
        found = self.guardians_of(firm)
        return [host for host in found if self.is_faulty(host.node) or not self.keeps_all(firm, host)]

    def all_at_home(self) -> bool:
        """Is every member at home, awake and brought back by nobody?"""
        self.bringing = [one for one in self.bringing if not one.done]
        if self.bringing or self.clones:
            return False
        for firm in self.firms:
            house = firm.home.house
            if house is None or house.recovering or house.frozen or firm.member in self.book.thieves:
                return False
            if not self._is_local(firm):
                return False
        return True

    @staticmethod
    def _is_local(firm: Firm) -> bool:
        row = firm.home.look(lambda tx: tx.members.get(firm.member))
        return row is not None and row.local

    def ring(self, firm: Firm, how: str) -> KeyRing:
        """The keys by which somebody acts for a member."""
        own = self.own[firm.member]
        if how == "association":
            return by_association(self.associations[firm.member])
        return by_words(own.words, own.factor if how == "both" else None)

    # --- faults of the simpler kind keep away from machines that are gone

    def _boot_later(self, host: Host, doubtful: Reason | None, within: int) -> None:
        def boot() -> None:
            if not host.up and host.image != GONE and host.node not in self.fate.stopped:
                host.boot(doubtful)

        self.schedule.after(self.dice.between(SECOND // 2, within), boot)

    def _victim(self, action: Callable[[], None], *, deadly: bool = False) -> Host | None:
        found = super()._victim(action, deadly=deadly)
        return None if found is not None and found.node in self.fate.spared else found

    def _plan_faults(self) -> None:
        super()._plan_faults()
        self.fate.plan()

    def unless_calm(self, action: Callable[[], None]) -> Callable[[], None]:
        """``action``, if the faults are not over."""
        return self._unless_calm(action)

    @property
    def calm(self) -> bool:
        """Are the faults over?"""
        return self._calm

    def boot_later(self, host: Host, doubtful: Reason | None, within: int) -> None:
        """Somebody presses the button soon."""
        self._boot_later(host, doubtful, within)

    def start_clone(self, host: Host) -> None:
        """A copy of a machine's disk is started beside it."""
        self._clone_of(host)

    # --- the end

    def _heal(self) -> None:
        self.fate.heal()
        super()._heal()

    def _attend(self) -> None:
        self.fate.attend()
        super()._attend()

    def existing(self) -> list[Host]:
        """Machines that are not gone for good."""
        return [host for host in self.hosts if host.image != GONE]

    def _unrest(self) -> str:
        if not self.all_at_home():
            waiting = [f"{one.case.host.name} ({one.last})" for one in self.bringing]
            return f"somebody is not at home yet: {', '.join(waiting)}"
        gone = {NodeId(host.node) for host in self.hosts if host.image == GONE}
        return quiet.unrest(self.existing(), self.firms, gone)

    def _verify_quiet(self) -> None:
        quiet.verify_quiet(self.existing(), self.firms, self.book)

    def dice_of(self, *name: object) -> Dice:
        """A stream of its own."""
        return Dice(self.seed, *name)


def _guardians(tx: Tx, house: House, member: bytes) -> set[bytes]:
    chosen = members.require_log(house, tx, member).standing.guardians
    return {keys.node_id(key) for key in chosen.keys} if chosen is not None else set()
