"""How masked answers become sums: own masks away by their seeds, those of lost neighbours by recovered round keys.

Owns recovery and addition; the coordinator and every checker do the same. An audit of one node's answer, by the seeds
that it keeps, is here too. Knows no order of messages. Source: ``docs/protocol.md`` §18.6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from protocol.errors import Malformed, NotAuthorised
from protocol.limits import MAX_STATS_UNITS, STATS_CAP
from protocol.statistics import lanes, masks, messages, signed
from protocol.statistics.lanes import WORD_BYTES, Sum
from protocol.statistics.roster import Setting

NODE_CAP = STATS_CAP * MAX_STATS_UNITS  # of one node's figure in one cell; times MAX_STATS_NODES below 2**63


def require_answer(setting: Setting, step: int, data: bytes, words: int) -> tuple[int, bytes]:
    """(number, masked words) of an answer to exactly this step. Raises PeerFault."""
    found = signed.parse(data)
    number = setting.circle.roll.number.get(found.public)
    if number is None:
        raise NotAuthorised("answer: of a node that is not asked")
    made = messages.parse_answer(signed.verify(found, found.public))
    if (made.setting, made.step) != (setting.hash, step):
        raise NotAuthorised("answer: to another question, roster or step")
    if len(made.words) != words * WORD_BYTES:
        raise Malformed(f"words: must be {words * WORD_BYTES} bytes")
    return number, made.words


def require_seed(setting: Setting, step: int, number: int, seed: bytes, *, own: bool) -> None:
    """NotAuthorised unless the node had committed itself to this seed."""
    made = setting.circle.roll.commitment(number)
    good = (
        masks.commit(seed) == made.seeds[step - 1] if own else masks.round_key(seed).public == made.round_keys[step - 1]
    )
    if not good:
        raise NotAuthorised("seed: not the one that the node committed itself to")


def total(
    setting: Setting,
    step: int,
    present: Sequence[int],
    answers: Mapping[int, bytes],
    own: Mapping[int, bytes],
    gone: Mapping[int, bytes],
) -> bytes:
    """The sum of the answers (masked words by number), word by word.

    ``present``: with whom the answerers shared masks. ``own``: seeds of the answerers. ``gone``: round-key seeds of
    those who were present and did not answer. Every seed is compared with its commitment.
    """
    if set(own) != set(answers) or set(gone) != set(present) - set(answers):
        raise Malformed("opening: seeds of exactly these nodes")
    words = len(next(iter(answers.values()))) // WORD_BYTES
    result = Sum(words)
    for number, vector in sorted(answers.items()):
        require_seed(setting, step, number, own[number], own=True)
        result.add(vector)
        result.subtract(masks.own_stream(own[number], setting.hash, step, words))
    for number, seed in sorted(gone.items()):
        require_seed(setting, step, number, seed, own=False)
        key = masks.round_key(seed)
        for other in setting.circle.neighbours(number):
            if other in answers:
                shared = key.agree(setting.circle.roll.commitment(other).round_keys[step - 1])
                stream = masks.pair_stream(shared, setting.hash, step, words)
                (result.add if number < other else result.subtract)(stream)
    return result.vector()


def require_possible(counts: Sequence[Sequence[int]], nodes: int, most: int) -> None:
    """Malformed if ``nodes`` honest nodes cannot have counted this: somebody lied; an audit says who."""
    if max(map(max, counts)) > nodes * most:
        raise Malformed("counts: more units than so many nodes may count: one of the answers is false")


def require_within(sums: Sequence[int], nodes: int) -> None:
    """Malformed if a sum lies beyond the caps of all ``nodes`` together."""
    if any(abs(value) > nodes * NODE_CAP for value in sums):
        raise Malformed("sums: beyond the caps of all answers together: one of the answers is false")


def audit(
    setting: Setting, step: int, present: Sequence[int], data: bytes, own: bytes, round_seed: bytes, words: int
) -> bytes:
    """What stands in a node's signed answer, by the seeds that it shows to an auditor. Raises PeerFault if they are
    not the committed ones: whoever will not show them, or shows others, is named."""
    number, vector = require_answer(setting, step, data, words)
    require_seed(setting, step, number, own, own=True)
    require_seed(setting, step, number, round_seed, own=False)
    key, plain = masks.round_key(round_seed), Sum(words)
    plain.add(vector)
    plain.subtract(masks.own_stream(own, setting.hash, step, words))
    for other in setting.circle.neighbours(number):
        if other in present:
            shared = key.agree(setting.circle.roll.commitment(other).round_keys[step - 1])
            stream = masks.pair_stream(shared, setting.hash, step, words)
            (plain.subtract if number < other else plain.add)(stream)
    return plain.vector()


def require_figures(figures: Sequence[int]) -> None:
    """Malformed naming the first cell of a node's answer to step 2 that is above the cap of one node."""
    above = next((at for at, value in enumerate(figures) if abs(value) > NODE_CAP), None)
    if above is not None:
        raise Malformed(f"figures[{above}]: above the cap of {NODE_CAP}")


def counts_of(vector: bytes, each: int) -> tuple[tuple[int, ...], ...]:
    """The rows of counts in the opened words of step 1."""
    return lanes.to_counts(vector, each)
