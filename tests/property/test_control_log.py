"""A rule machine over the control log: owner, thief, association and node act in any order, on two nodes that hear of
it in different orders. What must hold is written down once more, simply, and compared after every step."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, consumes, invariant, multiple, rule

from protocol.errors import NotAuthorised, PeerFault
from protocol.identity import control, log
from protocol.identity.control import HOME, Guardians, Kind, Payload, Reason, Signed
from protocol.identity.genesis import Rank, Role, RoleKeys
from protocol.identity.log import ControlLog, MissingPredecessor
from protocol.keys import SigningKey
from protocol.limits import UNDO_WINDOW_US
from tests.vectors import world
from tests.vectors.world import AUTHOR, key

RANKS = st.sampled_from([Rank.NODE, Rank.ASSOCIATION, Rank.WORDS, Rank.WORDS_AND_FACTOR])
ACTS = st.sampled_from(["rotate", "rotate", "rotate", "move", "words", "guardians"])
DAYS = st.integers(0, 5).map(lambda days: days * UNDO_WINDOW_US // 7)
SELDOM = st.integers(0, 9).map(lambda number: number == 7)


class ControlLogs(RuleBasedStateMachine):
    """``here`` and ``there``: what two nodes know. ``made``: every record that anybody signed, by hash."""

    waiting: Bundle[bytes] = Bundle("waiting")

    def __init__(self) -> None:
        super().__init__()
        self.here = self.there = world.author_log()
        self.made: dict[bytes, Signed] = {}
        self.now = world.START
        self.count = 0

    # --- somebody signs something, right or wrong

    @rule(target=waiting, rank=RANKS, act=ACTS, back=st.integers(0, 3), forged=SELDOM)
    def sign(self, rank: Rank, act: str, back: int, forged: bool) -> bytes:
        """A record behind one that ``here`` knows; ``forged``: by a stranger's keys."""
        self.count += 1
        before = self._behind(back)
        record = world.record(before, rank, self._payload(before, act), f"record {self.count}")
        signers = [("stranger" if forged else role.value, self._key(before, role)) for role in self._roles(rank)]
        if record.kind is Kind.EPOCH:
            signers.append((HOME, key("kyoto" if act == "move" else self._home(before))))
        signed = control.sign(record, [(role, held) for role, held in signers])
        self.made[record.hash] = signed
        return record.hash

    def _behind(self, back: int) -> ControlLog:
        """The log as it stood after the record that was admitted ``back`` records ago, which may be undone by now."""
        records = list(self.here.records.values())
        standing = records[max(0, len(records) - 1 - back)].standing
        return ControlLog(self.here.member, self.here.genesis, self.here.genesis_bytes, standing)

    def _payload(self, before: ControlLog, act: str) -> Payload:
        name = f"key {self.count}"
        if act == "rotate":
            return world.epoch(before, self._home(before), name, Reason.ROTATE)
        if act == "move":
            return world.epoch(before, "kyoto", name, Reason.MOVE)
        if act == "words":
            return RoleKeys(Role.WORDS, 1, (key(name).public,))
        return Guardians((key(name).public,), 1, 1, 1)

    @staticmethod
    def _home(before: ControlLog) -> str:
        return "toyota" if before.epoch.home == world.node("toyota") else "kyoto"

    @staticmethod
    def _roles(rank: Rank) -> tuple[Role, ...]:
        return next(rule.roles for rule in world.author_log().genesis.rules if rule.rank is rank)

    def _key(self, before: ControlLog, role: Role) -> SigningKey:
        """The key that holds ``role`` in ``before``."""
        if role is Role.WORDS:
            known = [AUTHOR.words, *(key(f"key {number}") for number in range(1, self.count + 1))]
            return next(item for item in known if item.public in before.standing.roles[Role.WORDS].keys)
        names = {Role.FACTOR: AUTHOR.factor, Role.ASSOCIATION: key("association"), Role.NODE: key(self._home(before))}
        return names[role]

    # --- and the two nodes hear of it

    @rule(name=waiting, days=DAYS)
    def hear_here(self, name: bytes, days: int) -> None:
        self.now += days
        self.here = self._hear(self.here, name)

    @rule(target=waiting, name=consumes(waiting))
    def hear_there(self, name: bytes) -> MultipleResults[bytes] | bytes:
        before = self.there
        self.there = self._hear(before, name)
        return multiple() if self.there is not before else name

    @rule()
    def synchronise(self) -> None:
        """There hears everything that here has admitted, in here's order."""
        _, records = log.parse_history(log.encode_history(self.here), 10**6)
        for signed in records:
            try:
                self.there = log.admit(self.there, signed, self.now)
            except PeerFault:
                return

    def _hear(self, at: ControlLog, name: bytes) -> ControlLog:
        signed = self.made[name]
        expected = self._verdict(at, signed)
        try:
            after = log.admit(at, signed, self.now)
        except MissingPredecessor:
            assert expected == "missing"
            return at
        except NotAuthorised:
            assert expected == "refused"
            return at
        assert expected == ("known" if after is at else "admitted")
        if after is not at:
            self._check_step(at, after, signed)
        return after

    def _verdict(self, at: ControlLog, signed: Signed) -> str:
        """The rules of docs/protocol.md §4.3 for records of this machine, without looking at log.py."""
        record = signed.record
        if record.hash in at.records:
            return "known"
        if record.previous not in at.records:
            return "missing"
        before = at.records[record.previous].standing
        if record.previous in at.superseded or any(proof.role == "stranger" for proof in signed.proofs):
            return "refused"
        if record.kind is Kind.EPOCH:
            assert isinstance(record.payload, control.Epoch)
            assert before.epoch is not None
            least = Rank.NODE if record.payload.home == before.epoch.home else Rank.GUARDIANS
            if (record.payload.reason is Reason.MOVE) == (least is Rank.NODE):
                return "refused"
        else:
            first = record.kind is Kind.GUARDIANS and before.guardians is None
            least = Rank.WORDS if first else Rank.GUARDIANS
        if record.rank < least:
            return "refused"
        rivals = [
            item
            for name, item in at.records.items()
            if name not in at.superseded and item.signed.record.number >= record.number
        ]
        if any(record.rank <= item.signed.record.rank for item in rivals):
            return "refused"
        if rivals and self.now - min(item.first_seen for item in rivals) > UNDO_WINDOW_US:
            return "refused"
        return "admitted"

    @staticmethod
    def _check_step(before: ControlLog, after: ControlLog, signed: Signed) -> None:
        assert after.standing.hash == signed.record.hash
        assert before.superseded <= after.superseded
        assert list(after.records)[:-1] == list(before.records)
        for name in after.superseded - before.superseded:
            assert before.records[name].signed.record.rank < signed.record.rank

    # --- what holds at every moment

    @invariant()
    def what_stands_is_one_chain(self) -> None:
        for at in (self.here, self.there):
            chain = [item for name, item in at.records.items() if name not in at.superseded]
            chain.sort(key=lambda item: item.signed.record.number)
            assert [item.signed.record.number for item in chain] == list(range(1, len(chain) + 1))
            previous: bytes = at.member
            for item in chain:
                assert item.signed.record.previous == previous
                previous = item.signed.record.hash
            assert at.standing.hash == previous

    @invariant()
    def the_epochs_that_stand_are_one_chain(self) -> None:
        for at in (self.here, self.there):
            current = at.epoch
            assert at.covers(current.hash, 1)
            for name in at.superseded:
                assert at.epoch_named(name) is None
                assert not at.covers(name, 1)

    @invariant()
    def a_history_makes_the_same_log_elsewhere(self) -> None:
        for at in (self.here, self.there):
            first, records = log.parse_history(log.encode_history(at), 10**6)
            assert log.admit_all(log.start(first), records, 0).standing == at.standing


ControlLogs.TestCase.settings = settings(
    max_examples=80, stateful_step_count=30, suppress_health_check=list(HealthCheck), deadline=None
)
TestControlLogs = ControlLogs.TestCase
