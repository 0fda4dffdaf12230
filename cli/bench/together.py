"""What doing it together costs: closing a joint order over many nodes, the organiser dark at the deadline; offers.

Owns the measurement: the product's conductors and firms on virtual time, processor time of each conductor from the
deadline to the result, and of a node that verifies its firms' slips. That shares are fair, equal, exact to the yen is
required, not measured: the simulator raises where they are not.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from cli.bench import offers as open_offers
from cli.bench.report import Report, Target
from node.sim.rounds import checking, drawn
from node.sim.rounds.world import Options, World

TARGET_CPU_S = 2
SEED = 12


def run(
    pledges: int,
    nodes: int,
    conductors: int = 5,
    *,
    offers: int = 0,
    associations: int = 1,
    rounds: int = 0,
    warn: Callable[[str], None] = lambda _: None,
) -> Report:
    """One round, ``rounds`` drawn at random and judged one by one, then ``offers`` open ones.

    The target of a round is the processor time of *all* conductors."""
    options = Options(conductors, pledges, nodes, dark=0, lost=0, changed=100, double=0, late=0)
    world = World(SEED, options, time.process_time_ns)
    world.dark[0] = world.round.deadline - 60_000_000, world.round.deadline + 3_600_000_000
    began = time.process_time_ns()
    world.run()
    whole = time.process_time_ns() - began
    outcome = world.outcome
    results = {host.closed[host.register.attempt].record for host in world.hosts}
    same = {host.closed[host.register.attempt].result for host in world.hosts}
    closing_s = [spent / 1e9 for spent in world.cost_ns]
    paid = sum(share.pays for share in outcome.shares)
    result = outcome.result
    figures: dict[str, float] = {
        "pledges": pledges,
        "nodes": nodes,
        "conductors": conductors,
        "firms_in_the_order": len(outcome.shares),
        "yen": paid,
        "yen_missing": result.goods - result.rebate + result.freight - paid,
        "different_results": len(same) - 1,
        "closing_cpu_s_all": sum(closing_s),
        "closing_cpu_s_median": statistics.median(closing_s),
        "closing_cpu_s_max": max(closing_s),
        "slips_node_cpu_ms_median": statistics.median(_slips(world, node) for node in range(nodes)),
        "closed_record_bytes": max(len(record) for record in results),
        "simulation_cpu_s": whole / 1e9,
    }
    targets = [
        Target("closing_cpu_s_all", figures["closing_cpu_s_all"], TARGET_CPU_S),
        Target("different_results", figures["different_results"], 0),
        Target("yen_missing", abs(figures["yen_missing"]), 0),
        Target("firms_in_the_order", len(outcome.shares), pledges // 2, at_least=True),
    ]
    if rounds:
        figures |= _drawn(rounds)
    if offers:
        more, reached = open_offers.run(offers, associations, warn)
        figures |= more
        targets += reached
    return Report("together", figures, {}, targets)


def _slips(world: World, node: int) -> float:
    """Milliseconds in which a node verifies what its firms were sent."""
    host, attempt = world.hosts[1], world.hosts[1].register.attempt
    ours = {firm.member for firm in world.firms if firm.home == node}
    told = [
        (share.pledge.member, host.slip_of(attempt, share.pledge.member))
        for share in world.outcome.shares
        if share.pledge.member in ours
    ]
    began = time.process_time_ns()
    for member, data in told:
        checking.require_told(world.outcome, data, world.name, member)
    return (time.process_time_ns() - began) / 1e6


def _drawn(rounds: int) -> dict[str, float]:
    """Rounds with other terms and pledges each; one that is not fair to the yen ends the measurement."""
    began, firms, yen = time.process_time_ns(), 0, 0
    for seed in range(rounds):
        outcome = drawn.close(seed, 10 if seed % 100 else 200)
        firms += len(outcome.shares)
        yen += sum(share.pays for share in outcome.shares)
    spent = (time.process_time_ns() - began) / 1e9
    return {"random_rounds": rounds, "random_shares": firms, "random_yen": yen, "random_cpu_s": spent}
