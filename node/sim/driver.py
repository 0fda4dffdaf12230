"""Runs the procedures of one process on virtual time: the simulator's counterpart of ``node.aio.driver``.

A commit is done at once and answered a little later; in between the process may die, as a real one may between commit
and receipt. After the death of the process nothing of it runs any more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from node.procedure import Ask, Begin, Commit, End, Look, Need, Pause, Steps
from node.runtime import Runtime
from node.sim.clock import Schedule
from node.sim.dice import Dice
from node.sim.options import MS
from node.store import MemoryStore
from protocol.errors import YuiError
from protocol.keys import NodeId

T = TypeVar("T")
Result = Callable[[T], None]
Refusal = Callable[[YuiError], None]
AskPeer = Callable[[NodeId, str, bytes, Callable[[bytes | YuiError], None]], None]
#: Called after each commit, before anybody hears of it. True: the machine died here.
Committed = Callable[[Commit[Any]], bool]


class MachineDied(BaseException):
    """The power went, in the middle of a transaction. Not an Exception: nobody may handle it."""


class Driver:
    """One process's life."""

    def __init__(
        self,
        runtime: Runtime,
        store: MemoryStore,
        schedule: Schedule,
        dice: Dice,
        ask: AskPeer,
        committed: Committed,
        died: Callable[[], None],
    ) -> None:
        self.runtime = runtime
        self.store = store
        self.alive = True
        self._schedule = schedule
        self._dice = dice
        self._ask = ask
        self._committed = committed
        self._died = died
        self._timer: int | None = None

    def run(self, steps: Steps[T], done: Result[T], refused: Refusal) -> None:
        """Run a procedure to its end. YuiError goes to ``refused``; anything else is a bug and goes through."""
        self._go_on(steps, done, refused, lambda: next(steps))

    def pump(self) -> None:
        """Start what is ready and set the timer: to be called after everything that may have moved a link."""
        if not self.alive:
            return
        for steps in self.runtime.ready():
            self.run(steps, lambda _: None, self._own_fault)
        self._arm()

    def stop(self) -> None:
        """The process is gone."""
        self.alive = False

    def _own_fault(self, error: YuiError) -> None:
        raise AssertionError(f"a procedure of the runtime itself failed: {error!r}") from error

    def _arm(self) -> None:
        due = self.runtime.next_deadline()
        if due is None or (self._timer is not None and self._timer <= due):
            return
        self._timer = due
        self._schedule.at(due, lambda: self._ring(due))

    def _ring(self, due: int) -> None:
        if not self.alive or self._timer != due:
            return
        self._timer = None
        self.runtime.tick()
        self.pump()

    def _go_on(self, steps: Steps[T], done: Result[T], refused: Refusal, resume: Callable[[], Need]) -> None:
        try:
            need = resume()
        except StopIteration as end:
            done(end.value)
        except YuiError as error:
            refused(error)
        else:
            self._satisfy(need, lambda outcome: self._back(steps, done, refused, outcome))
            return
        self.pump()

    def _back(self, steps: Steps[T], done: Result[T], refused: Refusal, outcome: Any) -> None:
        if not self.alive:
            return
        if isinstance(outcome, YuiError):
            self._go_on(steps, done, refused, lambda: steps.throw(outcome))
        else:
            self._go_on(steps, done, refused, lambda: steps.send(outcome))

    def _satisfy(self, need: Need, back: Callable[[Any], None]) -> None:
        match need:
            case Look():
                back(self._try(lambda: self.store.read(need.work)))
            case Ask():
                self._ask(need.peer, need.path, need.body, back)
            case Commit():
                self._commit(need, lambda outcome, after: self._schedule.after(after, lambda: back(outcome)))
            case Begin():
                self._commit(need.commit, lambda *begun: back((begun[0], self._schedule.now + begun[1])))
            case End(begun=(outcome, ready)):
                self._schedule.at(max(ready, self._schedule.now), lambda: back(outcome))
            case Pause():
                self.pump()  # what it waits for may have to be begun
                self._schedule.after(need.delay, lambda: back(None))

    def _commit(self, need: Commit[Any], then: Callable[[Any, int], None]) -> None:
        """Do it; ``then`` is given the outcome and after how long it may be known."""
        try:
            outcome = self._try(lambda: self.store.write(need.work))
        except MachineDied:
            self._died()
            return
        failed = isinstance(outcome, YuiError)
        if failed or not self._committed(need):
            then(outcome, self._dice.between(1 * MS, 12 * MS))

    @staticmethod
    def _try(work: Callable[[], Any]) -> Any:
        try:
            return work()
        except YuiError as error:
            return error
