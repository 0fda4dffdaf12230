"""The client that loads a node: its own process, the member API and nothing else.

Owns the plan of requests and what was acknowledged. Started by a bench as ``python -m cli.bench.load`` with its plan as
one JSON object on standard input; prints one JSON object. Its processor time is not the node's. Knows no store but by
reading it (``rawstore``), to see the moment when a receipt is durable.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from cli.bench import rawstore
from cli.bench.orders import Firm, Submissions
from cli.cluster.member_api import MemberApi

POLL_S = 0.0004
GIVE_UP_S = 300.0


def main() -> None:
    """Read the plan, carry it out, print the result."""
    plan = json.load(sys.stdin)
    sys.stdout.write(json.dumps({"bulk": bulk, "single": single}[plan["mode"]](plan)) + "\n")


def submissions(plan: dict[str, Any]) -> Submissions:
    """The orders of a plan: from ``buyer`` to ``seller``, whose member id is ``to``."""
    return Submissions(Firm(**plan["buyer"]), Firm(**plan["seller"]), plan["to"], plan["prefix"])


def bulk(plan: dict[str, Any]) -> dict[str, Any]:
    """Send ``documents`` orders in requests of ``per_request`` over ``connections``; wait until all are receipted.

    Result: ``documents``; ``seconds`` from the first request to the last receipt in the sender's store; ``ids``.
    """
    orders = submissions(plan)
    firsts = list(range(0, plan["documents"], plan["per_request"]))
    acknowledged: list[str] = []
    failures: list[str] = []
    lock = threading.Lock()

    def work() -> None:
        with closing(MemberApi(plan["address"], plan["token"])) as api:
            while True:
                with lock:
                    if not firsts or failures:
                        return
                    first = firsts.pop(0)
                count = min(plan["per_request"], plan["documents"] - first)
                numbers = orders.numbers(first, count)
                try:
                    answer = api.send(orders.body(numbers, together=plan["together"]))
                except (OSError, http.client.HTTPException, ValueError) as error:
                    failures.append(str(error))
                    return
                with lock:
                    acknowledged.extend(item["id"] for item in answer["documents"])

    threads = [threading.Thread(target=work) for _ in range(plan["connections"])]
    with closing(rawstore.connect(Path(plan["store"]))) as store:
        before = rawstore.pending(store)
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sent = time.perf_counter() - began
        if failures:
            raise SystemExit(f"load: {failures[0]}")
        while rawstore.pending(store) > before:
            if time.perf_counter() - began > GIVE_UP_S:
                raise SystemExit(f"load: {rawstore.pending(store)} documents without a receipt")
            time.sleep(0.005)
        seconds = time.perf_counter() - began
    return {"documents": len(acknowledged), "sent_s": sent, "seconds": seconds, "ids": acknowledged}


def single(plan: dict[str, Any]) -> dict[str, Any]:
    """Send ``documents`` orders alone, one after the other, each when the one before has its receipt.

    Result: ``ms``, per order from the request to its receipt in the sender's store; ``api_ms``, to the API's answer.
    """
    orders = submissions(plan)
    found: dict[str, Any] = {"ms": [], "api_ms": [], "ids": []}
    with (
        closing(rawstore.connect(Path(plan["store"]))) as store,
        closing(MemberApi(plan["address"], plan["token"])) as api,
    ):
        for at in range(plan["documents"]):
            body = orders.body(orders.numbers(at, 1))
            began = time.perf_counter()
            answer = api.send(body)
            answered = time.perf_counter()
            while rawstore.pending(store):
                if time.perf_counter() - began > GIVE_UP_S:
                    raise SystemExit("load: a single order got no receipt")
                time.sleep(POLL_S)
            found["ms"].append((time.perf_counter() - began) * 1e3)
            found["api_ms"].append((answered - began) * 1e3)
            found["ids"] += [item["id"] for item in answer["documents"]]
            time.sleep(plan["pause_s"])
    return found


if __name__ == "__main__":
    main()
