"""A question to six nodes, one of which is lost in step 1: every record of §18, as the machines make them."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from protocol import canon, sealing
from protocol.statistics import ledger, masks, messages, roster, rules, shamir, signed
from protocol.statistics import question as asked
from protocol.statistics.ledger import Entry, Event
from protocol.statistics.messages import ANSWER_TAG
from protocol.statistics.plan import Cell
from protocol.statistics.roster import Roll, Setting
from tests.federation.questions import PARAMETERS, PUBLISHER, World, ask, cohort_of, node_keys
from tests.vectors.world import octets

Vector = dict[str, Any]
CELLS = (Cell("1", 20_000, 20_007), Cell("2", 20_000, 20_007))
CONTRIBUTIONS = [[120_000 + 7 * at, 80_500 - at] for at in range(6)], [[990 + at, -30] for at in range(6)]
NAMES = {
    messages.COMMITMENT_TAG: "commitment",
    messages.ROSTER_TAG: "roster",
    messages.REVEAL_TAG: "reveal",
    messages.BEACON_TAG: "beacon",
    messages.DEALING_TAG: "dealing",
    messages.HANDED_TAG: "handed",
    messages.ANSWER_TAG: "answer",
    messages.SIGNATURES_TAG: "signatures",
    messages.RELEASE_TAG: "release",
    messages.OPENING_TAG: "opening",
    messages.CHECKED_TAG: "checked",
    messages.COUNTED_TAG: "counted",
    messages.RESULT_TAG: "result",
}


@cache
def _run() -> tuple[World, dict[str, bytes], list[tuple[bytes, bytes]]]:
    """The world after the question, the first message of each kind, and all answers of step 2."""
    keys = node_keys(6)
    asking = ask(cohort_of(keys)[1], CELLS)
    figures = {key.public: [CONTRIBUTIONS[0][at], CONTRIBUTIONS[1][at]] for at, key in enumerate(keys)}
    first: dict[str, bytes] = {}
    second: list[tuple[bytes, bytes]] = []

    def watch(sender: bytes, _to: bytes, body: bytes) -> tuple[bytes, ...]:
        tag = messages.tag_of(body)
        record = signed.parse(body).record if tag == signed.TAG else body
        kind = messages.tag_of(record)
        if kind == messages.ANSWERED_TAG:
            name = "list" if tag != signed.TAG else "signed list"
        else:
            name = NAMES.get(kind, "question")
        first.setdefault(name, body)
        if kind == ANSWER_TAG and messages.parse_answer(record).step == 2:
            second.append((sender, body))
        return (body,)

    found = World(keys, asking, figures, watch, gone={keys[5].public: 3}).run()
    assert found.opened is not None
    return found, first, second


def vector(name: str) -> bytes:
    """The bytes that travel of one kind of message."""
    if name == "cohort":
        publics = tuple(key.public for key in node_keys(6))
        made = asked.Cohort("test", "みかわ", "prefecture", "23", 1, 2**52, PARAMETERS.digest(), publics)
        return asked.sign_cohort(PUBLISHER, made)
    return _run()[1][name]


def inside(name: str) -> bytes:
    """The record in a signed message."""
    return signed.parse(vector(name)).record


def question_hash() -> bytes:
    return asked.verify_question(vector("question"))[1]


def publics() -> tuple[bytes, ...]:
    return tuple(key.public for key in node_keys(6))


def roll() -> Roll:
    return roster.read_roster(vector("roster"), question_hash(), publics())


def setting() -> Setting:
    circle = roster.read_beacon(vector("beacon"), roll())
    return roster.read_dealers(circle, messages.parse_handed(vector("handed")).dealers)


def entry() -> bytes:
    """The first entry of a node's ledger."""
    made, hashed = asked.verify_question(vector("question"))
    who = ledger.answerers_hash(publics()[:5])
    return ledger.sign(
        node_keys(6)[0],
        Entry(
            "test", publics()[0], 1, b"", 1_000, Event.ANSWERED, hashed, made.asker, made.cohort, made.month,
            made.figure, made.version, ledger.asked_hash(made), who, (0, 1), "",
        ),
    )  # fmt: skip


def vectors() -> Iterator[Vector]:
    """Everything, in the order in which it is made."""
    found, first, second = _run()
    yield {"name": "rules", **PARAMETERS._asdict(), "digest": PARAMETERS.digest()}
    for name, values in (("size classes", [1, 2, 3, -4, 2**40 - 1]), ("counts", CONTRIBUTIONS[0][0])):
        yield {"name": name, "contributions": values, "classes": rules.class_counts(values, 65_535)}
    secret, coefficients = b"s" * 31, sealing.keystream(octets("coefficients"), 120)
    dealt = shamir.split(secret, 4, 6, coefficients)
    yield {
        "name": "shares of a secret", "secret": secret, "threshold": 4, "coefficients": coefficients, "shares": dealt,
    }  # fmt: skip
    yield {
        "name": "masks",
        "shared": octets("shared"),
        "seed": secret,
        "setting": octets("setting"),
        "step": 1,
        "pair": masks.pair_stream(octets("shared"), octets("setting"), 1, 3),
        "own": masks.own_stream(secret, octets("setting"), 1, 3),
        "round_key": masks.round_key(secret).public,
        "committed": masks.commit(secret),
    }
    yield {
        "name": "cohort",
        "publisher": PUBLISHER.public,
        "signed": vector("cohort"),
        "hash": cohort_of(node_keys(6))[1],
    }
    yield {
        "name": "nodes",
        "seeds": [key.seed() for key in node_keys(6)],
        "entropy": [octets(f"entropy of {key.public.hex()}") for key in node_keys(6)],
        "contributions": [CONTRIBUTIONS[0], CONTRIBUTIONS[1]],
    }
    for name, body in first.items():
        made: Vector = {"name": name, "bytes": body}
        if messages.tag_of(body) == signed.TAG:
            made["record"] = signed.parse(body).record
        yield {**made, "hash": canon.digest(made.get("record", body))}
    yield {"name": "setting", "hash": setting().hash, "answerers": ledger.answerers_hash(publics()[:5])}
    assert found.opened is not None
    yield {
        "name": "answers of step 2",
        "answers": [
            {"signed": body, "own_seed": found.answerers[sender]._party.own_seeds[1]} for sender, body in second
        ],
        "sums": [value for _, value in found.opened.sums],
    }
    yield {"name": "ledger entry", "signed": entry(), "hash": canon.digest(signed.parse(entry()).record)}
