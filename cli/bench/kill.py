"""``yui bench kill``: real nodes are killed with ``kill -9`` under load at both ends; what was promised must be there.

Promised means: the API answered 2xx, or the sender stored a receipt. Each promised document must be present exactly
once at the right place, counted from the raw files (``rawstore``). Owns who is killed when, and the clients that go on
sending whatever happens, with an Idempotency-Key, as a program of a member would.
"""

from __future__ import annotations

import http.client
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from cli.bench import floors, rawstore
from cli.bench.orders import Submissions
from cli.bench.pair import BUYER, SELLER, Pair, pair
from cli.bench.report import Report, Target
from cli.cluster.member_api import MemberApi, Refused
from cli.cluster.nodes import Failed, Node, stop_all

PER_REQUEST = 20
CLIENTS = 3
AGAIN = {409, 429, 500, 502, 503, 504}  # the same request again: still being served, too many, or just dying
LONGEST_WAIT_S = 0.25  # from the moment when load flows to the kill
QUIET_S = 6.0  # how long a receiver may be without an arrival before it is killed all the same
SETTLE_S = 300.0
READY_S = 120.0


class Gate:
    """How many orders the clients may send by now. Opened a little before every kill, so that load is in flight."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._allowed = 0
        self._closed = False
        self.taken = 0
        self.in_flight = 0

    def open(self, count: int) -> None:
        """Allow ``count`` more."""
        with self._changed:
            self._allowed += count
            self._changed.notify_all()

    def close(self) -> None:
        """No more than what is allowed now."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def take(self, count: int) -> int | None:
        """The number of the first of up to ``count`` orders to send now; None at the end."""
        with self._changed:
            while self._allowed < count and not self._closed:
                self._changed.wait()
            if self._allowed < count:
                return None
            self._allowed -= count
            first, self.taken = self.taken, self.taken + count
            self.in_flight += 1
            return first

    def done(self) -> None:
        """A request was answered."""
        with self._changed:
            self.in_flight -= 1


class Clients:
    """Programs of the buyer that send what the gate allows, each request until it is answered."""

    def __init__(self, nodes: Pair, gate: Gate) -> None:
        self._nodes = nodes
        self._gate = gate
        self._orders = Submissions(BUYER, SELLER, nodes.seller.id, "K")
        self._lock = threading.Lock()
        self.acknowledged: list[bytes] = []
        self.retries = 0
        self.failures: list[str] = []
        self._threads = [threading.Thread(target=self._work) for _ in range(CLIENTS)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def finish(self) -> None:
        """Return when everything that the gate allowed was acknowledged."""
        self._gate.close()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        with closing(MemberApi(self._nodes.buyer.node.api, self._nodes.buyer.token, timeout=20)) as api:
            while (first := self._gate.take(PER_REQUEST)) is not None:
                try:
                    self._send(api, first)
                except Refused as refusal:
                    self.failures.append(f"order {first}: {refusal}")
                finally:
                    self._gate.done()

    def _send(self, api: MemberApi, first: int) -> None:
        body, key = self._orders.body(self._orders.numbers(first, PER_REQUEST)), f"kill-{first}"
        pause_s = 0.02
        while True:
            try:
                answer = api.send(body, key=key)
                break
            except Refused as refusal:
                if refusal.status not in AGAIN:
                    raise
            except (OSError, http.client.HTTPException):
                pass
            with self._lock:
                self.retries += 1
            time.sleep(pause_s)
            pause_s = min(0.5, 2 * pause_s)
        with self._lock:
            self.acknowledged += [bytes.fromhex(item["id"]) for item in answer["documents"]]


class Killer(threading.Thread):
    """Kills one node again and again, each time after load has begun to flow through it, and starts it anew."""

    def __init__(self, node: Node, sender: Path, gate: Gate, kills: int, share: int, dice: random.Random) -> None:
        super().__init__()
        self._node, self._sender, self._gate = node, sender, gate
        self._kills, self._share, self._dice = kills, share, dice
        self.under_load = 0
        self.restart_s: list[float] = []
        self.failure = ""
        self.stopping = threading.Event()

    def run(self) -> None:
        """All kills. What goes wrong is kept in ``failure``."""
        try:
            for _ in range(self._kills):
                if self.stopping.is_set():
                    return
                self._once()
        except (Failed, OSError) as error:
            self.failure = str(error)

    def _once(self) -> None:
        seen = self._arrivals()
        self._gate.open(self._share)
        until = time.monotonic() + QUIET_S
        while self._arrivals() == seen and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(self._dice.uniform(0, LONGEST_WAIT_S))
        if self._gate.in_flight or self._pending():
            self.under_load += 1
        self._node.kill()
        began = time.monotonic()
        self._node.start()
        self._node.wait_ready(READY_S)
        self.restart_s.append(time.monotonic() - began)

    def _arrivals(self) -> int:
        with closing(rawstore.connect(self._node.store)) as store:
            return rawstore.arrivals(store)

    def _pending(self) -> int:
        with closing(rawstore.connect(self._sender)) as store:
            return rawstore.pending(store)


def run(kills: int, documents: int, seed: int, tell: Callable[[str], None]) -> Report:
    """Kill ``kills`` times, half of them at each end, while at least ``documents`` orders are acknowledged."""
    with tempfile.TemporaryDirectory(prefix="yui-bench-") as folder:
        floor = floors.measure(Path(folder))
        with pair(Path(folder)) as nodes:
            figures = carry_out(nodes, kills, documents, seed, tell)
    return Report("kill", figures, floor, targets(figures, kills, documents))


def targets(figures: dict[str, float], kills: int, documents: int) -> list[Target]:
    """What must hold."""
    never = ("lost", "duplicated", "damaged", "undelivered", "refused_requests", "unsound_stores")
    return [
        Target("kills", figures["kills"], kills, at_least=True),
        Target("acknowledged", figures["acknowledged"], documents, at_least=True),
        *(Target(name, figures[name], 0) for name in never),
    ]


def carry_out(nodes: Pair, kills: int, documents: int, seed: int, tell: Callable[[str], None]) -> dict[str, float]:
    """The whole run on two running nodes; they are stopped at its end, and then counted."""
    began = time.monotonic()
    gate, sender = Gate(), nodes.buyer.node.store
    clients = Clients(nodes, gate)
    share = -(-documents // max(1, kills) // PER_REQUEST) * PER_REQUEST
    halves = (kills - kills // 2, kills // 2)
    killers = [
        Killer(node, sender, gate, count, share, random.Random(f"{seed}/{node.name}"))  # noqa: S311  # repeatable moments, not secrets
        for node, count in zip(nodes.nodes, halves, strict=True)
    ]
    clients.start()
    try:
        _watch(killers, kills, clients, tell)
        gate.open(max(0, -(-(documents - gate.taken) // PER_REQUEST) * PER_REQUEST))
    finally:
        clients.finish()
    settle_s = settle(nodes, tell)
    stop_all(nodes.nodes)
    restarts = [seconds for killer in killers for seconds in killer.restart_s]
    return count(nodes, clients) | {
        "kills": sum(len(killer.restart_s) for killer in killers),
        "kills_sender": len(killers[0].restart_s),
        "kills_receiver": len(killers[1].restart_s),
        "kills_under_load": sum(killer.under_load for killer in killers),
        "client_retries": clients.retries,
        "refused_requests": len(clients.failures),
        "restart_s_p50": statistics.median(restarts) if restarts else 0.0,
        "settle_s": settle_s,
        "seconds": time.monotonic() - began,
    }


def _watch(killers: Sequence[Killer], kills: int, clients: Clients, tell: Callable[[str], None]) -> None:
    for killer in killers:
        killer.start()
    told = 0
    while any(killer.is_alive() for killer in killers):
        time.sleep(0.2)
        done = sum(len(killer.restart_s) for killer in killers)
        if done >= told + max(1, kills // 10):
            told = done
            tell(f"{done}/{kills} kills, {len(clients.acknowledged)} documents acknowledged")
        if any(killer.failure for killer in killers):
            for killer in killers:
                killer.stopping.set()
    for killer in killers:
        killer.join()
        if killer.failure:
            raise Failed(killer.failure)


def settle(nodes: Pair, tell: Callable[[str], None]) -> float:
    """Let both nodes run in peace until every document has its receipt; the seconds that took."""
    began = time.monotonic()
    for node, other in (nodes.nodes, nodes.nodes[::-1]):
        node.yui("peer", "retry", other.name)
    while time.monotonic() - began < SETTLE_S:
        with closing(rawstore.connect(nodes.buyer.node.store)) as store:
            left = rawstore.pending(store)
        if not left:
            break
        time.sleep(0.2)
    else:
        tell(f"{left} documents have no receipt after {SETTLE_S:.0f} s")
    return time.monotonic() - began


def count(nodes: Pair, clients: Clients) -> dict[str, float]:
    """What the raw files say."""
    stores = (nodes.buyer.node.store, nodes.seller.node.store)
    counted = rawstore.account(*stores, clients.acknowledged)
    return {
        "acknowledged": counted.acknowledged,
        "receipted": counted.receipted,
        "lost": counted.lost,
        "duplicated": counted.duplicated,
        "damaged": len(counted.damaged),
        "undelivered": len(rawstore.undelivered(*stores, clients.acknowledged)),
        "unsound_stores": sum(not rawstore.is_sound(store) for store in stores),
    }
