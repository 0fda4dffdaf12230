"""``yui bench delivery``: signed orders from node A to node B, and what each one costs.

A document counts when it is durably stored at B, verified, and its receipt durably stored at A. Both nodes are default
``yui serve`` processes; the load comes through the member API from a third process whose processor time is not counted.
Owns the measurement of one run and the targets. Source of the targets: docs/performance.md.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from cli.bench import floors, rawstore, report
from cli.bench.pair import Pair, pair
from cli.bench.report import Report, Target
from cli.cluster.nodes import Failed, Node, environment, stop_all

PER_REQUEST = 125
CONNECTIONS = 2
WARM_UP = 500
PAUSE_S = 0.01  # between single orders: an order alone, and the API's rate limit kept
DRAIN_S = 120.0
MAX_CPU_IN_FLOORS = 4
MIN_DOCUMENTS_PER_S = 3_000
MAX_SINGLE_MS = 15
MAX_RSS_MB = 100


class Size(NamedTuple):
    """How much one run sends: orders signed one by one, orders signed in bulk, single orders."""

    documents: int = 10_000
    bulk: int = 10_000
    singles: int = 200


class Spent(NamedTuple):
    """Both processes' processor time over a stretch of load, and what the load client said of it."""

    cpu_s: float
    sender_cpu_s: float
    receiver_cpu_s: float
    index_lag: int
    drain_s: float
    answer: dict[str, Any]

    @property
    def cpu_us(self) -> float:
        """µs per document, both ends together."""
        return self.cpu_s / int(self.answer["documents"]) * 1e6


def run(runs: int, size: Size, tell: Callable[[str], None]) -> Report:
    """Medians of ``runs`` runs, each on two fresh nodes. ``tell``: told each run's main figures."""
    measured, floor = [], []
    for number in range(1, runs + 1):
        with tempfile.TemporaryDirectory(prefix="yui-bench-") as folder:
            figures, lowest = one_run(Path(folder), size)
        measured.append(figures)
        floor.append(lowest)
        tell(
            f"{number}/{runs}: {figures['documents_per_s']:.0f} documents/s, "
            f"{figures['cpu_us_per_document']:.0f} µs, {figures['single_order_ms_p50']:.1f} ms"
        )
    figures, lowest = combined(measured), report.medians(floor)
    return Report("delivery", figures, lowest, targets(figures, lowest))


def combined(measured: Sequence[dict[str, float]]) -> dict[str, float]:
    """Medians; what must never happen is summed, and the number of runs added."""
    figures = report.medians(measured)
    for name in ("lost", "duplicated", "documents"):
        figures[name] = sum(item[name] for item in measured)
    return figures | {"runs": len(measured)}


def targets(figures: dict[str, float], floor: dict[str, float]) -> list[Target]:
    """What the project promises, beside what was measured."""
    return [
        Target("cpu_us_per_document", figures["cpu_us_per_document"], MAX_CPU_IN_FLOORS * floors.cpu_us(floor)),
        Target("documents_per_s", figures["documents_per_s"], MIN_DOCUMENTS_PER_S, at_least=True),
        Target("single_order_ms_p50", figures["single_order_ms_p50"], MAX_SINGLE_MS),
        Target("rss_mb_sender", figures["rss_mb_sender"], MAX_RSS_MB),
        Target("rss_mb_receiver", figures["rss_mb_receiver"], MAX_RSS_MB),
        Target("lost", figures["lost"], 0),
        Target("duplicated", figures["duplicated"], 0),
    ]


def one_run(folder: Path, size: Size) -> tuple[dict[str, float], dict[str, float]]:
    """(figures, floors) of one run on two nodes below ``folder``."""
    before = floors.measure(folder)
    with pair(folder) as nodes:
        warm = load(nodes, "bulk", "W", WARM_UP, together=False)
        drain(nodes)
        alone = spend(nodes, "A", size.documents, together=False)
        together = spend(nodes, "B", size.bulk, together=True)
        singles = load(nodes, "single", "S", size.singles)
        drain(nodes)
        memory = [resident_mb(node) for node in nodes.nodes]
        stop_all(nodes.nodes)
        ids = [*warm["ids"], *alone.answer["ids"], *together.answer["ids"], *singles["ids"]]
        stores = (nodes.buyer.node.store, nodes.seller.node.store)
        promised = [bytes.fromhex(item) for item in ids]
        counted = rawstore.account(*stores, promised)
        missing = len(rawstore.undelivered(*stores, promised))
        size_mb = [store.stat().st_size / 2**20 for store in stores]
    figures = {
        "documents_per_s": size.documents / alone.answer["seconds"],
        "cpu_us_per_document": alone.cpu_us,
        "cpu_us_per_document_sender": alone.sender_cpu_s / size.documents * 1e6,
        "cpu_us_per_document_receiver": alone.receiver_cpu_s / size.documents * 1e6,
        "bulk_documents_per_s": size.bulk / together.answer["seconds"],
        "bulk_cpu_us_per_document": together.cpu_us,
        "single_order_ms_p50": statistics.median(singles["ms"]),
        "single_order_ms_p99": percentile(singles["ms"], 99),
        "single_order_api_ms_p50": statistics.median(singles["api_ms"]),
        "rss_mb_sender": memory[0],
        "rss_mb_receiver": memory[1],
        "index_lag_documents": max(alone.index_lag, together.index_lag),
        "index_drain_s": max(alone.drain_s, together.drain_s),
        "store_mb_sender": size_mb[0],
        "store_mb_receiver": size_mb[1],
        "documents": len(ids),
        "lost": counted.lost + len(counted.damaged) + missing,
        "duplicated": counted.duplicated,
    }
    return figures, floors.merged(before, floors.measure(folder))


def spend(nodes: Pair, prefix: str, documents: int, *, together: bool) -> Spent:
    """Load with ``documents`` orders and wait until the search index has them; what the two processes spent on it."""
    before = [cpu_s(node) for node in nodes.nodes]
    answer = load(nodes, "bulk", prefix, documents, together=together)
    lag = index_lag(nodes)
    began = time.perf_counter()
    drain(nodes)
    spent = [cpu_s(node) - used for node, used in zip(nodes.nodes, before, strict=True)]
    return Spent(sum(spent), spent[0], spent[1], lag, time.perf_counter() - began, answer)


def load(nodes: Pair, mode: str, prefix: str, documents: int, *, together: bool = False) -> dict[str, Any]:
    """Run the load client in a process of its own."""
    plan = nodes.plan(
        mode=mode,
        prefix=prefix,
        documents=documents,
        per_request=PER_REQUEST,
        connections=CONNECTIONS,
        together=together,
        pause_s=PAUSE_S,
    )
    done = subprocess.run(
        [sys.executable, "-P", "-m", "cli.bench.load"],
        check=False,
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        env=environment(),
    )
    if done.returncode:
        logs = "\n".join(node.log_tail() for node in nodes.nodes)
        raise Failed(f"{done.stderr.strip()[-2000:]}\n{logs}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def drain(nodes: Pair) -> None:
    """Return when both search indexes have every document."""
    until = time.monotonic() + DRAIN_S
    while index_lag(nodes):
        if time.monotonic() > until:
            raise Failed("the search index does not catch up")
        time.sleep(0.05)


def index_lag(nodes: Pair) -> int:
    """Documents that are in no search index yet, of both nodes."""
    total = 0
    for node in nodes.nodes:
        with closing(rawstore.connect(node.store)) as store:
            total += rawstore.index_lag(store)
    return total


def cpu_s(node: Node) -> float:
    """Processor seconds of a node's process so far, user and system, all threads."""
    times = psutil.Process(node.pid).cpu_times()
    return float(times.user + times.system)


def resident_mb(node: Node) -> float:
    """The most memory that the process has held so far, MB (Linux: VmHWM; elsewhere what it holds now)."""
    try:
        lines = Path(f"/proc/{node.pid}/status").read_text("ascii").splitlines()
    except OSError:
        return float(psutil.Process(node.pid).memory_info().rss) / 2**20
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that ``percent`` per cent do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * int(percent * 100) // 10_000) - 1))]
