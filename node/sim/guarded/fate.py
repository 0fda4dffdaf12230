"""Disasters of one run with guardians: what happens to homes and guardians, and what people do about it.

Owns the order of disasters: one home at a time, and never more guardians in trouble than continuity §4 allows for
(n = 4, k = r = q = 3: one that lies, has forgotten, or is silent). Everybody's small faults go on beside them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from node.services import members
from node.services.house import House
from node.sim.clerks import SCRIPTS, Dealing, Firm, Step, response
from node.sim.faults import Fault
from node.sim.guarded.bringing import Bringing, Case
from node.sim.guarded.ledger import GONE
from node.sim.guarded.liars import Liar
from node.sim.guarded.options import Disaster, Lying
from node.sim.host import Backup, Host
from node.sim.invariants import Violation
from node.sim.options import SECOND
from node.store import Tx
from protocol.identity import control
from protocol.identity.control import Guardians, Reason
from protocol.identity.genesis import Rank, Role

if TYPE_CHECKING:
    from node.sim.guarded.world import GuardedWorld

AGAIN_US = 8 * SECOND
KINDS = ("destroyed", "destroyed", "cut-off", "stopped", "restored", "theft")


class Fate:
    """What happens in one run."""

    def __init__(self, world: GuardedWorld) -> None:
        self.world = world
        self.dice = world.dice_of("fate")
        self.liar: Liar | None = None
        self.stopped: set[bytes] = set()  # machines that nobody starts again for now
        self.spared: set[bytes] = set()  # machines to which nothing else happens
        self.forgetful: set[bytes] = set()  # guardians whose disk was put back and that were not given all again yet
        self.left = 0
        self.happened: Counter[Disaster] = Counter()
        self._ends: list[Callable[[], None]] = []  # what has to be undone when the faults are over
        self._planned = False

    def is_faulty(self, node: bytes) -> bool:
        """Does it lie, is it gone, or has it forgotten?"""
        if node in self.forgetful or (self.liar is not None and self.liar.host.node == node):
            return True
        host = next((host for host in self.world.hosts if host.node == node), None)
        return host is None or host.image == GONE

    def _count(self, what: Disaster, *more: object) -> None:
        self.happened[what] += 1
        self.world.tally.note(self.world.schedule.now, "disaster", what.value, *more)

    # --- before anything happens

    def plan(self) -> None:
        """How many disasters, whether a guardian lies or is lost, and when the first one comes."""
        options, dice = self.world.guarded, self.dice
        self.left = dice.between(*options.incidents)
        if not self._planned:
            self._planned = True
            if dice.permille(options.liars):
                self._later(30, self._somebody_lies)
            elif dice.permille(options.lost):
                self._later(90, self._lose_guardian)
            else:
                self._later(90, self._roll_guardian_back)
        self._later(60, self._next)

    def _later(self, within: int, action: Callable[[], None]) -> None:
        world = self.world
        world.schedule.after(self.dice.between(2 * SECOND, within * SECOND), world.unless_calm(action))

    def _again(self, action: Callable[[], None]) -> None:
        self.world.schedule.after(AGAIN_US, self.world.unless_calm(action))

    def _bystanders(self) -> list[Host]:
        """Machines that are nobody's home."""
        homes = {firm.home.node for firm in self.world.firms}
        return [host for host in self.world.hosts if host.node not in homes and host.image != GONE]

    def _somebody_lies(self) -> None:
        how = self.dice.pick(list(Lying))
        host = self.dice.pick(self.world.hosts if how is not Lying.ACKS_ALL else self._bystanders())
        self.liar = Liar(host, how, self.world.dice_of("liar"), self._lied)
        host.liar = self.liar
        self.world.tally.note(self.world.schedule.now, "liar", host.name, how.value)

    def _lied(self, how: str) -> None:
        self._count(Disaster.LIE, how)

    def _sound(self) -> bool:
        """Is everybody at home, with all copies at all guardians?"""
        world = self.world
        return world.all_at_home() and not any(world.unsound(firm) for firm in world.firms)

    def _lose_guardian(self) -> None:
        if not self._sound():
            self._again(self._lose_guardian)
            return
        host = self.dice.pick(self._bystanders())
        self._count(Disaster.GUARDIAN_LOST, host.name)
        host.destroy()
        self.world.book.destroyed(host)

    def _roll_guardian_back(self) -> None:
        if not self._sound():
            self._again(self._roll_guardian_back)
            return
        host = self.dice.pick(self._bystanders())
        if not host.up:
            self._again(self._roll_guardian_back)
            return
        self._count(Disaster.GUARDIAN_ROLLED_BACK, host.name)
        self.forgetful.add(host.node)
        host.power_off("disk put back")
        host.put_back(self.dice.pick(host.backups))
        self.world.boot_later(host, Reason.RESTORE, 15 * SECOND)

    # --- disasters of homes

    def _next(self) -> None:
        """The next disaster, as soon as the members concerned could bear it."""
        if self.left <= 0:
            return
        firm = self.dice.pick(self.world.firms)
        if not self._can_bear(firm.home):
            self._again(self._next)
            return
        self.left -= 1
        kind = self.dice.pick(KINDS)
        {
            "destroyed": self._destroy,
            "cut-off": self._cut_off,
            "stopped": self._stop,
            "restored": self._restore,
            "cloned": self._clone,
            "theft": self._theft,
        }[kind](firm)
        self._later(120, self._next)

    def _can_bear(self, home: Host) -> bool:
        world = self.world
        if not world.all_at_home() or not home.up or home.node in world.copied:
            return False
        here = [firm for firm in world.firms if firm.home is home]
        return all(len(world.unsound(firm)) <= 1 for firm in here)

    def _firms_at(self, host: Host) -> list[Firm]:
        return [firm for firm in self.world.firms if firm.home is host]

    def _destroy(self, firm: Firm) -> None:
        home = firm.home
        self._count(Disaster.DESTROYED, home.name)
        backups = list(home.backups)
        home.destroy()
        self.world.book.destroyed(home)
        self._bring_all_back(home)
        if self.dice.permille(600):
            self._later(240, lambda: self._wake_backup(home, backups))
        elif self.dice.permille(500):
            self._ends.append(lambda: self._wake_backup(home, backups))

    def _wake_backup(self, home: Host, backups: list[Backup]) -> None:
        """Somebody finds an old disk and starts it."""
        if home.image != GONE or not backups:
            return
        self._count(Disaster.OLD_BACKUP_WAKES, home.name)
        self.forgetful.add(home.node)
        home.put_back(self.dice.pick(backups))
        self.world.boot_later(home, Reason.RESTORE, 5 * SECOND)

    def _stop(self, firm: Firm) -> None:
        """The machine is off; its members come back elsewhere; somebody finds it and switches it on."""
        home = firm.home
        self._count(Disaster.STOPPED, home.name)
        self.stopped.add(home.node)
        home.power_off("stopped")
        self._bring_all_back(home)

        def wake() -> None:
            if home.node in self.stopped:
                self.stopped.discard(home.node)
                self._count(Disaster.OLD_HOME_WAKES, home.name)
                self.world.boot_later(home, Reason.RESTART, 5 * SECOND)

        self._ends.append(wake)
        self._later(200, wake)

    def _cut_off(self, firm: Firm) -> None:
        """The machine runs on, its clerks too, and it reaches nobody, or only hears."""
        world, home = self.world, firm.home
        others = [host.name for host in world.hosts if host is not home]
        pairs = [(home.name, other) for other in others]
        if self.dice.permille(600):
            pairs += [(other, home.name) for other in others]
        else:
            world.tally.fault(Fault.ONE_WAY_CUT)
        self._count(Disaster.CUT_OFF, home.name, len(pairs))
        self.spared.add(home.node)
        for one, other in pairs:
            world.network.cut(one, other)
        for member in self._firms_at(home):
            self._second_clerk(member)
        self._bring_all_back(home)

        def mend() -> None:
            if home.node in self.spared:
                self.spared.discard(home.node)
                self._count(Disaster.OLD_HOME_WAKES, home.name)
                for one, other in pairs:
                    world.network.mend(one, other)

        self._ends.append(mend)
        self._later(200, mend)

    def _second_clerk(self, firm: Firm) -> None:
        """A clerk who stays at the old home: refuses what the other accepts, enters what the other enters too."""
        world = self.world
        stays = Firm(firm.member, firm.name, firm.home)
        for dealing in list(world.office.dealings)[-12:]:
            if firm not in dealing.firms or not dealing.told or self.dice.permille(300):
                continue
            sides = dealing.firms[0], dealing.firms[1]
            buyer, seller = (stays if side is firm else side for side in sides)
            if firm is sides[1] and dealing.at == 1:
                script = [dealing.script[0], Step(1, response("refused", "OX"), "OX")]
                twin = Dealing(dealing.number, (buyer, seller), script, dealing.thread, 1, told=list(dealing.told[:1]))
            else:
                number = world.next_dealing()
                twin = Dealing(number, (buyer, seller), list(SCRIPTS[0][:1]))
                again = Dealing(number, dealing.firms, list(self.dice.pick(SCRIPTS)))
                world.office.begin(again, world.schedule.now + self.dice.between(60 * SECOND, 150 * SECOND))
            self._count(Disaster.TWO_CLERKS)
            world.office.begin(twin, world.schedule.now + self.dice.between(SECOND, 40 * SECOND))

    def _restore(self, firm: Firm) -> None:
        """The home itself goes on from an old backup."""
        home = firm.home
        self._count(Disaster.RESTORED, home.name)
        self.forgetful.add(home.node)
        home.power_off("disk lost")
        home.put_back(self.dice.pick(home.backups))
        self.world.boot_later(home, Reason.RESTORE, 20 * SECOND)
        for one in self._firms_at(home):
            self._look_for(one, home)

    def _look_for(self, firm: Firm, home: Host) -> None:
        """The backup may be older than the member's return: people see that it is not there, and bring it back."""
        world = self.world
        if firm.home is not home:
            return
        if not home.up or home.house is None or home.house.recovering:
            world.schedule.after(AGAIN_US, lambda: self._look_for(firm, home))
            return
        row = home.look(lambda tx: tx.members.get(firm.member))
        if row is None or not row.local:
            self._begin(firm, home, home, "words")

    def _clone(self, firm: Firm) -> None:
        self._count(Disaster.CLONED, firm.home.name)
        self.world.start_clone(firm.home)

    # --- back again

    def _bring_all_back(self, home: Host) -> None:
        for firm in self._firms_at(home):
            self._later_always(25, partial(self._bring_back, firm, home))

    def _later_always(self, within: int, action: Callable[[], None]) -> None:
        self.world.schedule.after(self.dice.between(SECOND, within * SECOND), action)

    def _hosts_for(self, home: Host) -> list[Host]:
        gone = self.stopped | self.spared
        return [host for host in self.world.existing() if host is not home and host.node not in gone]

    def _bring_back(self, firm: Firm, home: Host) -> None:
        how = self.dice.pick(("words", "words", "association", "both"))
        self._count(Disaster.BY_ASSOCIATION if how == "association" else Disaster.BY_WORDS, firm.name, how)
        hosts = self.dice.shuffled(self._hosts_for(home))
        self._begin(firm, home, hosts[0], how)
        if self.dice.permille(self.world.guarded.rivals):
            self._count(Disaster.TWO_CLAIMANTS, firm.name)
            self._later_always(4, lambda: self._begin(firm, home, hosts[1], self.dice.pick((how, "words"))))
        if self.dice.permille(350):
            self._later(12, lambda: self._interrupt(hosts[0]))

    def _interrupt(self, host: Host) -> None:
        if host.up and any(one.case.host is host and not one.done for one in self.world.bringing):
            self._count(Disaster.INTERRUPTED, host.name)
            host.power_off("crash during a return")
            self.world.boot_later(host, Reason.RESTART, 60 * SECOND)

    def _begin(self, firm: Firm, home: Host, host: Host, how: str) -> None:
        world = self.world
        case = Case(firm.member, host, world.ring(firm, how))

        def came(case: Case) -> None:
            world.tally.note(world.schedule.now, "back", firm.name, case.host.name)
            firm.home = case.host

        one = Bringing(
            case, world.hosts, world.schedule, world.dice_of("bringing", firm.name, world.schedule.now),
            over=lambda: firm.home is not home, came=came, note=self._note,
        )  # fmt: skip
        world.bringing.append(one)

    def _note(self, *what: object) -> None:
        self.world.tally.note(self.world.schedule.now, *what)

    # --- theft

    def _theft(self, firm: Firm) -> None:
        """Somebody has the words, and moves the member to a node of their own. The owner has a second factor."""
        world, home = self.world, firm.home
        host = self.dice.pick(self._hosts_for(home))
        self._count(Disaster.THEFT, firm.name, host.name)
        world.book.thieves[firm.member] = host.name

        def came(_case: Case) -> None:
            world.tally.note(world.schedule.now, "stolen", firm.name, host.name)
            self._later_always(60, lambda: self._undo(firm, home, host))

        one = Bringing(
            Case(firm.member, host, world.ring(firm, "words")), world.hosts, world.schedule,
            world.dice_of("thief", world.schedule.now), over=lambda: False, came=came, note=self._note,
        )  # fmt: skip
        world.bringing.append(one)

    def _undo(self, firm: Firm, home: Host, thief: Host) -> None:
        """The owner undoes it with words and second factor, at another node than the thief's."""
        world = self.world
        epoch = self._epoch_at(thief, firm)
        hosts = [host for host in self._hosts_for(thief) if host is not home]

        def came(case: Case) -> None:
            self._count(Disaster.UNDO, firm.name, case.host.name)
            world.book.thieves.pop(firm.member, None)
            firm.home = case.host
            undoing = self._epoch_at(case.host, firm)
            self._later_always(20, lambda: self._try_again(firm, case.host, thief, undoing))

        one = Bringing(
            Case(firm.member, self.dice.pick(hosts), world.ring(firm, "both"), epoch), world.hosts, world.schedule,
            world.dice_of("owner", world.schedule.now), over=lambda: False, came=came, note=self._note,
        )  # fmt: skip
        world.bringing.append(one)

    def _epoch_at(self, host: Host, firm: Firm) -> bytes:
        row = host.look(lambda tx: tx.members.get(firm.member))
        assert row is not None
        assert row.epoch is not None
        return row.epoch

    def _try_again(self, firm: Firm, home: Host, thief: Host, undoing: bytes) -> None:
        """The thief, who has the words only, tries to undo the undo: refused, whatever it costs.

        ``undoing``: the owner's epoch. A restart of the owner's node behind it has the rank of a node; to undo that one
        alone leaves the owner's record in force, and is a return like any other that begins with the words.
        """
        world = self.world
        if firm.home is not home or not home.up or thief.image == GONE:
            return
        self._count(Disaster.EQUAL_RANK, firm.name)

        def came(_case: Case) -> None:
            raise Violation("an undo was undone by a rank that is not higher")

        case = Case(firm.member, thief, world.ring(firm, "words"), undoing)
        one = Bringing(
            case, world.hosts, world.schedule, world.dice_of("again", world.schedule.now),
            over=lambda: firm.home is not home, came=came, note=self._note, tries=2,
        )  # fmt: skip
        world.bringing.append(one)

    # --- people who look after guardians

    def attend(self) -> None:
        """Who was given everything again is trusted again; who is gone, or has become the home, is replaced."""
        world = self.world
        if not world.all_at_home():
            return
        for node in sorted(self.forgetful):
            host = next(host for host in world.hosts if host.node == node)
            sets = [(firm, world.guardians_of(firm)) for firm in world.firms]
            if host.up and all(world.keeps_all(firm, host) for firm, found in sets if host in found):
                self.forgetful.discard(node)
        for firm in world.firms:
            self._replace_gone(firm)

    def _replace_gone(self, firm: Firm) -> None:
        world = self.world
        now = world.guardians_of(firm)
        gone = [host for host in now if host.image == GONE or host is firm.home]
        spare = [host for host in world.existing() if host not in now and host is not firm.home and host.up]
        if not gone or not spare:
            return
        kept = [host for host in now if host is not gone[0]] + [spare[0]]
        self._name(firm, kept, lambda: self._count(Disaster.GUARDIAN_REPLACED, firm.name))

    def _name(self, firm: Firm, guardians: list[Host], then: Callable[[], None]) -> None:
        """The member names its guardians with its words."""
        keys = tuple(sorted(host.settings.key.public for host in guardians))
        own = self.world.own[firm.member]

        def work(tx: Tx, house: House) -> None:
            log = members.require_log(house, tx, firm.member)
            members.require_local(tx, firm.member)
            record = control.draft(
                "test", firm.member, log.standing.number + 1, log.standing.hash, Rank.WORDS,
                Guardians(keys, 3, 3, 3), house.clock(), house.entropy(16),
            )  # fmt: skip
            signed = control.encode(control.sign(record, [(Role.WORDS.value, own.words)]))
            members.replace_keys(house, tx, firm.member, signed)

        def done(_: None) -> None:
            then()
            if firm.home.process is not None:
                firm.home.process.pump()

        firm.home.write(work, done, lambda _error: None)

    # --- the end

    def heal(self) -> None:
        """The liar repents, who was cut off or stopped comes back."""
        if self.liar is not None:
            self.liar.host.liar = None
            if self.liar.how is Lying.ACKS_ALL:
                self.forgetful.add(self.liar.host.node)
            self.liar = None
        for end in self._ends:
            end()
        self._ends.clear()
