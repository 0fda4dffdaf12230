"""A whole federation on virtual time: built, worked in, hurt, healed and watched.

Owns the happenings of a run. From the seed and the options everything follows; two runs of one seed have one trace.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from node.services import members
from node.services.house import House
from node.sim.clerks import SCRIPTS, Dealing, Firm, Office, decide_held
from node.sim.clock import Schedule
from node.sim.dice import Dice
from node.sim.faults import Fault, Tally
from node.sim.host import Backup, Host, PlainWrap, Settings
from node.sim.invariants import Ledger, Violation
from node.sim.options import MINUTE, MS, SECOND, Options
from node.sim.poison import poison
from node.sim.quiet import unrest, verify_quiet
from node.sim.transport import Network
from node.store import MemoryStore, PeerRow, Tx, open_memory
from protocol.identity.control import Reason
from protocol.keys import NodeId, SigningKey, node_id

ATTEND_EVERY_US = 30 * SECOND
BACK_UP_EVERY_US = 100 * SECOND
MAX_ROUNDS = 4  # of work, faults and rest, where little was delivered
_EMPTY: list[bytes] = []  # the image of an empty store, made once per process


class World:
    """One run."""

    max_steps = 30_000  # of the schedule: several times what a run needs

    def __init__(self, seed: int, options: Options, *, keep_trace: bool = False) -> None:
        self.seed = seed
        self.options = options
        self.schedule = Schedule()
        self.tally = Tally(keep=keep_trace)
        self.ledger = self._ledger()
        self.dice = Dice(seed, "world")
        self.network = Network(self.schedule, Dice(seed, "network"), options, self.tally)
        self.office = Office(self.schedule, Dice(seed, "clerks"), self.tally, self._acknowledged, twice=options.twice)
        self.deciding = Dice(seed, "deciding")
        self.hosts: list[Host] = []
        self.clones: dict[NodeId, Host] = {}
        self.copied: set[NodeId] = set()  # nodes beside which a copy runs, or ran and nobody has said so yet
        self.firms: list[Firm] = []
        self._calm = False
        self._steps = 0
        self._dealings = 0
        self._build()

    def _ledger(self) -> Ledger:
        return Ledger()

    # --- building

    def _build(self) -> None:
        count = self.dice.between(*self.options.nodes)
        keys = [SigningKey(self.dice.take(32)) for _ in range(count)]
        stores = [open_memory(_empty_image()) for _ in keys]
        houses = [self._house(key, at) for at, key in enumerate(keys)]
        names: list[tuple[bytes, str, int]] = []
        for at in range(max(count, self.options.members)):
            home = at % count
            member = self._enrol(stores[home], houses[home], f"firm {at}")
            names.append((member, f"firm {at}", home))
        for at, store in enumerate(stores):
            store.write(partial(_introduce, houses, at, stores, names))
        for at, store in enumerate(stores):
            self.hosts.append(self._host(f"n{at}", keys[at], store.serialize()))
            store.close()
        self.firms = [Firm(member, name, self.hosts[home]) for member, name, home in names]

    def _house(self, key: SigningKey, at: int) -> House:
        entropy = Dice(self.seed, "setup", at).take
        return House("test", key, PlainWrap(), lambda: 0, entropy, association=key.public, name=f"n{at}")

    @staticmethod
    def _enrol(store: MemoryStore, house: House, name: str) -> bytes:
        return store.write(lambda tx: members.enrol(house, tx, name)).member

    def _host(self, name: str, key: SigningKey, image: bytes, *, is_copy: bool = False) -> Host:
        settings = Settings(name, key, key.public, self.dice.between(*self.options.batch_items), self.seed, is_copy)
        host = Host(settings, image, self.schedule, self.network, self.tally, self.ledger)
        host.tamper = self._tamper
        host.on_death = self._died
        return host

    # --- running

    def run(self) -> None:
        """The whole run; Violation if an invariant breaks."""
        for host in self.hosts:
            host.backups.append(Backup(0, host.image))
            host.boot(None)
            self._every(BACK_UP_EVERY_US, host.back_up)
        self._every(ATTEND_EVERY_US, self._attend)
        for _ in range(MAX_ROUNDS):
            self._calm, self.network.faulty = False, True
            self._plan_work()
            self._plan_faults()
            self._run_until(self.schedule.now + self.options.duration)
            self._heal()
            self._settle()
            if len(self.ledger.delivered) >= self.options.delivered:
                return  # else disasters took most of it, or a node stood still: the same once more

    def _run_until(self, end: int) -> None:
        while (due := self.schedule.next_time()) is not None and due <= end:
            self.schedule.step()
            self._steps += 1
            if self._steps > self.max_steps:
                raise Violation(f"{self.max_steps} steps and no end: {self._unrest()}")
        self.schedule.now = max(self.schedule.now, end)

    def _every(self, interval: int, action: Callable[[], None]) -> None:
        def again() -> None:
            action()
            self.schedule.after(interval, again)

        self.schedule.after(self.dice.between(1, interval), again)

    def _plan_work(self) -> None:
        begun = self.schedule.now
        for _ in range(self.options.dealings):
            buyer = self.dice.pick(self.firms)
            sellers = [firm for firm in self.firms if firm.member != buyer.member]
            abroad = [firm for firm in sellers if firm.home is not buyer.home]
            seller = self.dice.pick(abroad if self.dice.permille(900) else sellers)
            dealing = Dealing(self.next_dealing(), (buyer, seller), list(self.dice.pick(SCRIPTS)))
            self.office.begin(dealing, begun + self.dice.between(SECOND, self.options.duration * 8 // 10))

    def next_dealing(self) -> int:
        """A number for a dealing, not used before."""
        self._dealings += 1
        return self._dealings - 1

    def _acknowledged(self, firm: Firm, partner: Firm, document: bytes, verdict: str) -> None:
        if firm.home.up:
            self.ledger.acknowledged(document, firm.member, partner.member, firm.home.name)

    # --- people who look after the nodes

    def _attend(self) -> None:
        """Once in a while somebody looks: what is frozen and why, what is held."""
        for host in self.hosts:
            house, process = host.house, host.process
            if house is None or process is None or host.node in self.clones:
                continue
            if house.frozen or host.node in self.copied:
                self.copied.discard(host.node)
                self.tally.note(self.schedule.now, host.name, "resolves", house.frozen[:60])
                process.run(process.runtime.resolve(), lambda _: None, lambda _error: None)
        for firm in self.firms:
            self.ledger.wanted.add(decide_held(firm, self.deciding, self.tally, self.schedule.now))

    def _died(self, host: Host) -> None:
        if host in self.hosts:
            self._boot_later(host, Reason.RESTORE if host.node in self.copied else Reason.RESTART, 20 * SECOND)
        else:
            self._end_clone(host)

    def _boot_later(self, host: Host, doubtful: Reason | None, within: int) -> None:
        def boot() -> None:
            if not host.up:
                host.boot(doubtful)

        self.schedule.after(self.dice.between(500 * MS, within), boot)

    # --- faults

    def _plan_faults(self) -> None:
        options = self.options
        for count, action in (
            (options.partitions, self._partition),
            (options.one_way_cuts, self._one_way_cut),
            (options.crashes, self._crash),
            (options.crashes_at_write, self._crash_at_write),
            (options.crashes_before_receipt, self._crash_before_receipt),
            (options.restores, self._restore),
            (options.clones, self._clone),
            (options.clock_jumps, self._clock_jump),
            (options.disks_full, self._disk_full),
        ):
            for _ in range(count):
                self.schedule.after(self.dice.between(SECOND, options.duration * 95 // 100), self._unless_calm(action))

    def _unless_calm(self, action: Callable[[], None]) -> Callable[[], None]:
        return lambda: None if self._calm else action()

    def _victim(self, action: Callable[[], None], *, deadly: bool = False) -> Host | None:
        """A machine that is up; if there is none, ``action`` is tried again later.

        ``deadly``: not one beside which a copy runs, or ran and has not been dealt with. Two starts of one node that
        both find no peer make two successors of one epoch, between which only the recovery words decide.
        """
        up = [host for host in self.hosts if host.up and not (deadly and host.node in self.copied)]
        if not up:
            self.schedule.after(5 * SECOND, self._unless_calm(action))
            return None
        return self.dice.pick(up)

    def _partition(self) -> None:
        names = self.dice.shuffled([host.name for host in self.hosts])
        border = self.dice.between(1, len(names) - 1)
        pairs = [(one, other) for one in names[:border] for other in names[border:]]
        self.tally.fault(Fault.PARTITION)
        self._cut([*pairs, *((other, one) for one, other in pairs)])

    def _one_way_cut(self) -> None:
        one, other = self.dice.shuffled([host.name for host in self.hosts])[:2]
        self.tally.fault(Fault.ONE_WAY_CUT)
        self._cut([(one, other)])

    def _cut(self, pairs: list[tuple[str, str]]) -> None:
        self.tally.note(self.schedule.now, "cut", *(f"{one}>{other}" for one, other in pairs))
        for one, other in pairs:
            self.network.cut(one, other)
        self.schedule.after(self.dice.between(5 * SECOND, 80 * SECOND), lambda: self._mend(pairs))

    def _mend(self, pairs: list[tuple[str, str]]) -> None:
        for one, other in pairs:
            self.network.mend(one, other)

    def _crash(self) -> None:
        host = self._victim(self._crash, deadly=True)
        if host is not None:
            self.tally.fault(Fault.CRASH)
            host.power_off("crash")
            self._boot_later(host, Reason.RESTART, 25 * SECOND)

    def _crash_at_write(self) -> None:
        host = self._victim(self._crash_at_write, deadly=True)
        if host is not None:
            host.crash_at_write(self.dice.between(1, 60))

    def _crash_before_receipt(self) -> None:
        host = self._victim(self._crash_before_receipt, deadly=True)
        if host is not None:
            host.crash_before_receipt = True

    def _disk_full(self) -> None:
        host = self._victim(self._disk_full)
        if host is not None:
            host.fill_disk(self.dice.between(1, 60))

    def _clock_jump(self) -> None:
        host = self._victim(self._clock_jump)
        if host is not None:
            self.tally.fault(Fault.CLOCK_JUMP)
            day = 24 * 60 * MINUTE
            host.clock.offset_us = self.dice.pick((-400 * day, -60 * MINUTE, -3 * SECOND, 7 * SECOND, 60 * MINUTE, day))
            self.tally.note(self.schedule.now, host.name, "clock", host.clock.offset_us)

    def _restore(self) -> None:
        """A machine loses its disk and gets an old one; as for :meth:`_clone`, not while a copy may answer it."""
        host = self._victim(self._restore, deadly=True)
        if host is None:
            return
        if self.copied:
            self.schedule.after(5 * SECOND, self._unless_calm(self._restore))
            return
        self.tally.fault(Fault.RESTORE)
        host.power_off("disk lost")
        backup = self.dice.pick(host.backups[-4:])
        self.tally.note(self.schedule.now, host.name, "restores", backup.taken)
        host.put_back(backup)
        self._boot_later(host, Reason.RESTORE, 30 * SECOND)

    def _clone(self) -> None:
        """Somebody starts a copy of a whole disk beside the original; not while another node asks what it has lost.

        The copy could answer, out of an old memory, where its original knows better: without guardians one such witness
        is one too many (continuity §4: f = 0), and the rival epochs that come of it need the recovery words.
        """
        host = self._victim(self._clone)
        if host is None:
            return
        house = host.house
        reading = any(other.is_reading for other in self.hosts)
        if self.copied or reading or host.store is None or house is None or house.frozen or house.recovering:
            self.schedule.after(10 * SECOND, self._unless_calm(self._clone))
            return
        self._clone_of(host)

    def _clone_of(self, host: Host) -> None:
        assert host.store is not None
        self.tally.fault(Fault.CLONE)
        image = host.store.serialize()
        name = f"{host.name}-copy{self.schedule.now}"
        clone = self._host(name, host.settings.key, image, is_copy=True)
        clone.clock.offset_us = host.clock.offset_us
        self.clones[host.node] = clone
        self.copied.add(host.node)
        host.calm()
        clone.boot(Reason.RESTART)
        self.schedule.after(self.dice.between(15 * SECOND, 70 * SECOND), lambda: self._end_clone(clone))

    def _end_clone(self, clone: Host) -> None:
        if self.clones.get(clone.node) is clone:
            clone.power_off("copy removed")
            self.network.remove(clone)
            del self.clones[clone.node]
            self.schedule.after(self.dice.between(SECOND, 8 * SECOND), self._attend)

    def _tamper(self, host: Host, wire: bytes) -> bytes:
        if self._calm or not self.dice.permille(self.options.poison):
            return wire
        poisoned = poison(wire, host.settings.key, self.dice)
        if poisoned is None:
            return wire
        self.tally.fault(Fault.POISON)
        self.tally.note(self.schedule.now, host.name, "poisons", poisoned.position)
        self.ledger.poison(poisoned)
        return poisoned.wire

    # --- the end

    def _heal(self) -> None:
        """No more faults: every machine up, every wire whole, every copy gone."""
        self._calm = True
        self.network.faulty = False
        for clone in list(self.clones.values()):
            self._end_clone(clone)
        self.network.mend_all()
        for host in self.hosts:
            host.calm()
            if not host.up:
                self._boot_later(host, Reason.RESTART, 5 * SECOND)
        self.tally.note(self.schedule.now, "healed")

    def _settle(self) -> None:
        """Wait until all is quiet, then everything must be where it belongs."""
        deadline = self.schedule.now + self.options.settle
        quiet = 0
        while quiet < 2:
            self._run_until(self.schedule.now + 2 * MINUTE)
            why = "clerks are at work" if self.office.open else self._unrest()
            quiet = 0 if why else quiet + 1
            if self.schedule.now > deadline:
                raise Violation(f"not quiet {self.options.settle // MINUTE} minutes after the last fault: {why}")
        self._verify_quiet()

    def _unrest(self) -> str:
        """Why it is not quiet yet, or nothing."""
        return unrest(self.hosts)

    def _verify_quiet(self) -> None:
        verify_quiet(self.hosts, self.ledger)


def _empty_image() -> bytes:
    if not _EMPTY:
        store = open_memory()
        _EMPTY.append(store.serialize())
        store.close()
    return _EMPTY[0]


def _introduce(
    houses: list[House], at: int, stores: list[MemoryStore], names: list[tuple[bytes, str, int]], tx: Tx
) -> None:
    """What enrolment and directory do elsewhere: everybody is everybody's peer, and knows everybody's members."""
    for other, house in enumerate(houses):
        if other != at:
            public = house.node.public
            row = PeerRow(node_id(public), public, "accepted", b"", b"", house.name, "", "", "", "", 0, b"", 0, 0, "")
            tx.peers.put(row)
    for member, _name, home in names:
        if home != at:
            history = _history(stores[home], houses[home], member)
            log = members.learn_history(houses[at], tx, history)
            tx.knows.put_many([(houses[home].id, member, log.standing.hash)])


def _history(store: MemoryStore, house: House, member: bytes) -> bytes:
    return store.read(lambda tx: members.history(house, tx, member))
