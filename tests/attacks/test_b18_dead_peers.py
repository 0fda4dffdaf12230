"""Row 18: peers that take a call and never answer cost a row each; the others notice nothing.

Real runtimes on virtual time: what is measured is waiting, not how busy this machine is.
"""

from __future__ import annotations

import statistics

from node.runtime import MAX_RETURNING
from node.services.trade import Submission
from protocol.limits import REQUEST_TIMEOUT_US
from tests.node.running import SECOND, Street
from tests.node.services.town import Association, order

PEERS = 30
DEAD = 9  # 30 %
ROUNDS = 5
EVERY_S = 20


class Hub:
    """One association and thirty peers of it, with a firm each."""

    def __init__(self) -> None:
        self.town = Association("中央")
        self.buyer = self.town.enrol("中央商事")
        self.towns = [Association(f"町{n}") for n in range(PEERS)]
        self.firms = [town.enrol(f"商店{n}") for n, town in enumerate(self.towns)]
        for town in self.towns:
            self.town.accept(town)
            town.accept(self.town)
            self.town.learn_from(town)
            town.learn_from(self.town)
        self.street = Street(self.town, *self.towns)
        self.street.silence_us = REQUEST_TIMEOUT_US
        for running in self.street.houses.values():
            running.start()
        self.street.wait(60)

    def send(self) -> dict[int, list[int]]:
        """Rounds of one order to each peer; µs until each receipt, by peer, for those that came within the round."""
        took: dict[int, list[int]] = {}
        for number in range(ROUNDS):
            began = self.street.schedule.now
            ids = {
                self.street[self.town].submit(self.buyer, Submission(firm, order(f"PO-{number}-{at}"))).id: at
                for at, firm in enumerate(self.firms)
            }
            while ids and self.street.schedule.now < began + EVERY_S * SECOND:
                self.street.wait(0.02)
                for document in self._receipted(tuple(ids)):
                    took.setdefault(ids.pop(document), []).append(self.street.schedule.now - began)
            self.street.wait((began + EVERY_S * SECOND - self.street.schedule.now) / SECOND)
        return took

    def _receipted(self, documents: tuple[bytes, ...]) -> list[bytes]:
        marks = self.town.see(lambda tx: tx.outgoing.marks(documents))
        return [document for document, found in marks.items() if any(mark.verdict for mark in found)]


def p95(took: dict[int, list[int]], peers: range) -> float:
    values = [value for at in peers for value in took[at]]
    assert len(values) == ROUNDS * len(peers)  # each came within its round
    return statistics.quantiles(values, n=20)[-1]


def test_thirty_percent_of_the_peers_are_dead_and_the_others_do_not_notice() -> None:
    assert DEAD > MAX_RETURNING  # more than have a place at once
    alive = range(DEAD, PEERS)
    before = p95(Hub().send(), alive)
    hub = Hub()
    hub.street.dark |= {town.house.id for town in hub.towns[:DEAD]}
    took = hub.send()
    assert not set(took) & set(range(DEAD))
    assert p95(took, alive) <= before + 0.1 * SECOND
    hub.street.dark.clear()
    hub.street.wait(16 * 60)  # the longest back-off
    assert all(hub.town.pending(town) == 0 for town in hub.towns)
