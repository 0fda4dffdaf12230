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
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from cli.bench import floors, rawstore
from cli.bench.orders import Submissions
from cli.bench.pair import BUYER, SELLER, Pair, pair
from cli.bench.report import Report, Target
from cli.cluster.member_api import MemberApi, Refused
from cli.cluster.nodes import Node, stop_all

PER_REQUEST = 10
CLIENTS = 4
LEAST_SHARE = 200  # orders let through around one kill: enough to be in the middle of them
AGAIN = {409, 429, 500, 502, 503, 504}  # the same request again: still being served, too many, or just dying
QUIET_S = 15.0  # how long nothing may arrive before somebody is killed all the same
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
        self._given_up = threading.Event()
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

    def give_up(self) -> None:
        """The run has failed: say nothing again that was not answered."""
        self._given_up.set()

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
        while not self._given_up.is_set():
            try:
                return self._acknowledge(api.send(body, key=key))
            except Refused as refusal:
                if refusal.status not in AGAIN:
                    raise
            except (OSError, http.client.HTTPException):
                pass
            with self._lock:
                self.retries += 1
            time.sleep(pause_s)
            pause_s = min(0.5, 2 * pause_s)
        return None

    def _acknowledge(self, answer: Any) -> None:
        with self._lock:
            self.acknowledged += [bytes.fromhex(item["id"]) for item in answer["documents"]]


class Killer:
    """Kills the sender, the receiver or both at once, each time while documents flow, and starts them anew."""

    def __init__(self, nodes: Pair, gate: Gate, clients: Clients, kills: int, share: int, dice: random.Random) -> None:
        self._nodes, self._gate, self._clients, self._share, self._dice = nodes, gate, clients, share, dice
        self.left = {nodes.buyer.node: kills - kills // 2, nodes.seller.node: kills // 2}
        self.done = dict.fromkeys(self.left, 0)
        self.under_load = 0
        self.restart_s: list[float] = []

    @property
    def kills(self) -> int:
        """How many so far."""
        return sum(self.done.values())

    def once(self) -> bool:
        """One round; False when all kills are done."""
        victims = self._choose()
        if not victims:
            return False
        self._await_flow()
        under_load = bool(self._gate.in_flight or self._pending())
        for node in victims:
            node.kill()
        self.under_load += len(victims) * under_load
        began = time.monotonic()
        for node in victims:
            node.start(directly=True)
        for node in victims:
            node.wait_ready(READY_S)
            self.restart_s.append(time.monotonic() - began)
            self.left[node] -= 1
            self.done[node] += 1
        return True

    def _choose(self) -> list[Node]:
        """One node, or by a chance of one in four both."""
        possible = [node for node, left in self.left.items() if left]
        if len(possible) == 2 and self._dice.random() < 0.25:
            return possible
        return self._dice.sample(possible, min(1, len(possible)))

    def _await_flow(self) -> None:
        """Let load through, and return in the middle of it: when a random part of it was acknowledged, or arrived.

        After QUIET_S without that, all the same.
        """
        grows = self._dice.choice((self._arrivals, self._acknowledged))
        enough = grows() + self._dice.randrange(1, self._share // 2)
        self._gate.open(self._share)
        until = time.monotonic() + QUIET_S
        while grows() < enough and time.monotonic() < until:
            time.sleep(0.001)

    def _acknowledged(self) -> int:
        return len(self._clients.acknowledged)

    def _arrivals(self) -> int:
        with closing(rawstore.connect(self._nodes.seller.node.store)) as store:
            return rawstore.arrivals(store)

    def _pending(self) -> int:
        with closing(rawstore.connect(self._nodes.buyer.node.store)) as store:
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
    gate = Gate()
    clients = Clients(nodes, gate)
    share = max(LEAST_SHARE, -(-documents // max(1, kills) // PER_REQUEST) * PER_REQUEST)
    killer = Killer(nodes, gate, clients, kills, share, random.Random(seed))  # noqa: S311  # repeatable moments, not secrets
    clients.start()
    try:
        told = 0
        while killer.once():
            if killer.kills >= told + max(1, kills // 10):
                told = killer.kills
                tell(f"{told}/{kills} kills, {len(clients.acknowledged)} documents acknowledged")
        gate.open(max(0, -(-(documents - gate.taken) // PER_REQUEST) * PER_REQUEST))
    except BaseException:
        clients.give_up()
        raise
    finally:
        clients.finish()
    settle_s = settle(nodes, tell)
    stop_all(nodes.nodes)
    return count(nodes, clients) | {
        "kills": killer.kills,
        "kills_sender": killer.done[nodes.buyer.node],
        "kills_receiver": killer.done[nodes.seller.node],
        "kills_under_load": killer.under_load,
        "client_retries": clients.retries,
        "refused_requests": len(clients.failures),
        "restart_s_p50": statistics.median(killer.restart_s) if killer.restart_s else 0.0,
        "settle_s": settle_s,
        "seconds": time.monotonic() - began,
    }


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
