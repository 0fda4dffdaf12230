"""Questions between nodes on virtual time: exact sums, dropouts, and everybody who lies refused and named."""

from collections.abc import Sequence

import pytest

from federation import answering
from federation.coordinating import Coordinator
from federation.effects import Tell
from protocol import canon
from protocol.errors import CallerFault, Malformed, Misdirected, NotAuthorised, YuiError
from protocol.limits import STATS_CAP, STATS_QUESTIONS_PER_MONTH
from protocol.statistics import lanes, ledger, messages, opening, signed
from protocol.statistics import question as asking
from protocol.statistics.ledger import Entry, Event, Line
from protocol.statistics.plan import Cell
from protocol.statistics.question import Question, Unit
from tests.federation import questions
from tests.federation.questions import (
    ASKER,
    COORDINATOR,
    MONTH,
    PARAMETERS,
    Fault,
    World,
    ask,
    cohort_of,
    node_keys,
)
from tests.vectors.world import octets

CELLS = (Cell("1", 0, 7), Cell("2", 0, 7), Cell("3", 0, 7))


def figures(count: int, rows: int = 3) -> dict[bytes, list[list[int]]]:
    """Two companies of each node in every cell; in the last cell one company of all nodes only."""
    found = {}
    for at, key in enumerate(node_keys(count)):
        found[key.public] = [[1000 + 13 * at + row, 700 + 7 * at] for row in range(rows - 1)] + [
            [5_000_000] if not at else []
        ]
    return found


def world(count: int, fault: Fault | None = None, gone: dict[int, int] | None = None, **changes: object) -> World:
    keys = node_keys(count)
    made = World(
        keys, ask(cohort_of(keys)[1], CELLS, **changes), figures(count),
        gone={keys[at].public: after for at, after in (gone or {}).items()},
    )  # fmt: skip
    if fault is not None:
        made.fault = fault
    return made.run()


def truth(of: World) -> tuple[tuple[int, int], ...]:
    assert of.opened is not None
    return tuple((cell, sum(sum(of.contributions[key][cell]) for key in of.opened.nodes)) for cell in (0, 1))


@pytest.mark.parametrize("count", [4, 5, 9])
def test_opened_sums_are_the_truth_and_what_would_show_a_firm_stays_closed(count: int) -> None:
    found = world(count)
    assert found.opened is not None
    assert found.opened.sums == truth(found)
    assert len(found.opened.nodes) == count
    for key in found.keys:
        assert [note.event for note in found.notes(key.public)] == [
            Event.JOINED, Event.COUNTED, Event.ANSWERED, Event.OPENED,
        ]  # fmt: skip
        assert found.notes(key.public)[2].cells == (0, 1)


@pytest.mark.parametrize("after", range(1, 4))
def test_four_nodes_lost_in_the_first_step_are_left_out_and_the_rest_is_exact(after: int) -> None:
    found = world(16, gone=dict.fromkeys(range(2, 6), after))
    assert found.opened is not None, found.why_not
    assert found.opened.sums == truth(found)
    assert len(found.opened.nodes) == 12
    assert {found.keys[at].public for at in range(2, 6)} <= set(found.named)


@pytest.mark.parametrize("after", [8, 9])
def test_four_nodes_lost_after_their_last_answer_are_in_the_sum(after: int) -> None:
    """``after`` messages: the answer of step 2, or the signature below its list as well."""
    found = world(16, gone=dict.fromkeys(range(2, 6), after))
    assert found.opened is not None, found.why_not
    assert found.opened.sums == truth(found)
    assert len(found.opened.nodes) == 16


def test_where_nodes_are_the_units_some_may_be_lost_between_the_steps() -> None:
    keys = node_keys(20)
    asked = ask(cohort_of(keys)[1], CELLS[:1], unit=Unit.NODE, missing=4)
    lost = {key.public for key in keys[:4]}

    def silent(sender: bytes, _to: bytes, body: bytes) -> Sequence[bytes]:
        return () if sender in lost and is_answer(body) and len(answer_words(body)) == 8 else (body,)

    found = World(keys, asked, {key.public: [[1000 + at]] for at, key in enumerate(keys)}, silent).run()
    assert found.opened is not None, found.why_not
    assert found.opened.sums == ((0, sum(1000 + at for at in range(4, 20))),)


def test_with_companies_as_units_a_node_lost_between_the_steps_leaves_everything_closed() -> None:
    found = world(16, gone={3: 7})
    assert found.opened is None
    assert "nothing was opened" in found.why_not
    assert not [body for body in releases(found) if messages.parse_release(body).step == 2]


def releases(of: World) -> list[bytes]:
    return [
        effect.body
        for key in of.keys
        for effect in of.effects.get(key.public, [])
        if isinstance(effect, Tell) and messages.tag_of(effect.body) == messages.RELEASE_TAG
    ]


def test_no_holder_ever_releases_both_kinds_of_one_nodes_shares() -> None:
    found = world(16, gone=dict.fromkeys(range(2, 6), 3))
    seen: dict[tuple[int, int], set[bool]] = {}
    for body in releases(found):
        made = messages.parse_release(body)
        for dealer, _ in made.shares:
            seen.setdefault((made.step, dealer), set()).add(found.coordinator.roll.publics[dealer] in lost(found))
    assert {len(kinds) for kinds in seen.values()} == {1}
    assert all(step == 1 or not kinds.pop() for (step, _), kinds in seen.items())


def lost(of: World) -> set[bytes]:
    return set(of.gone)


def test_below_four_nodes_nothing_is_asked() -> None:
    found = world(5, gone={0: 0, 1: 0})
    assert "fewer than 4 nodes" in found.why_not
    with pytest.raises(Malformed, match="at least 4"):
        cohort_of(node_keys(3))


# --- nodes that lie


def changed(tag: str, at: int, how: "questions.Fault") -> Fault:
    """A fault in what node ``at`` sends, in records of ``tag`` (signed ones too)."""

    def fault(sender: bytes, to: bytes, body: bytes) -> Sequence[bytes]:
        inner = signed.parse(body).record if messages.tag_of(body) == signed.TAG else body
        if sender == node_keys(7)[at].public and messages.tag_of(inner) == tag:
            return how(sender, to, body)
        return (body,)

    return fault


def resign(sender: bytes, body: bytes, at: int, value: object) -> bytes:
    """The same record with another field, properly signed."""
    key = next(key for key in node_keys(7) if key.public == sender)
    tag, *fields = canon.decode(signed.parse(body).record, max_bytes=10**7)
    fields[at] = value
    return signed.sign(key, tag, fields)


LIES: dict[str, tuple[Fault, str]] = {
    "answers twice": (
        changed(messages.ANSWER_TAG, 2, lambda s, _t, b: (b, resign(s, b, 2, bytes(len(answer_words(b)))))),
        "twice",
    ),
    "answers another question": (
        changed(messages.ANSWER_TAG, 2, lambda s, _t, b: (resign(s, b, 0, octets("x")),)), "another"),
    "answers too little": (changed(messages.ANSWER_TAG, 2, lambda s, _t, b: (resign(s, b, 2, bytes(8)),)), "bytes"),
    "answers with a broken signature": (
        changed(messages.ANSWER_TAG, 2, lambda _s, _t, b: (b[:-1] + bytes((b[-1] ^ 1,)),)),
        "signature",
    ),
    "commits itself to another question": (
        changed(messages.COMMITMENT_TAG, 2, lambda s, _t, b: (resign(s, b, 0, octets("y")),)),
        "another question",
    ),
    "reveals another beacon": (
        changed(
            messages.REVEAL_TAG,
            2,
            lambda _s, _t, b: (messages.encode(messages.REVEAL_TAG, (messages.parse_reveal(b).roster, octets("z"))),),
        ),
        "committed",
    ),
    "sends noise": (changed(messages.DEALING_TAG, 2, lambda _s, _t, _b: (b"\x93noise",)), "malformed"),
}  # fmt: skip


def answer_words(body: bytes) -> bytes:
    return messages.parse_answer(signed.parse(body).record).words


@pytest.mark.parametrize("lie", LIES)
def test_a_node_that_lies_is_named_and_the_round_completes_without_it(lie: str) -> None:
    fault, word = LIES[lie]
    found = world(7, fault)
    assert found.opened is not None, found.why_not
    assert found.opened.sums == truth(found)
    assert word in found.named[found.keys[2].public]
    assert (found.keys[2].public in found.opened.nodes) == (lie == "answers twice")


def test_a_late_answer_is_named_and_left_out() -> None:
    held: list[bytes] = []

    def late(sender: bytes, _to: bytes, body: bytes) -> Sequence[bytes]:
        if sender == node_keys(7)[2].public and len(held) < 1 and is_answer(body):
            held.append(body)
            return ()
        return (body,)

    found = world(7, late)
    assert found.opened is not None
    assert found.keys[2].public not in found.opened.nodes
    assert found.coordinator.phase.value == "done"


def test_what_comes_when_nobody_asked_is_named() -> None:
    keys = node_keys(4)
    cohort, hashed = cohort_of(keys)
    wire = asking.sign_question(ASKER, ask(hashed, CELLS))
    made, of = asking.verify_question(wire)
    at = Coordinator(COORDINATOR, made, wire, of, cohort, PARAMETERS, 0)
    at.start()
    at.refused(keys[0].public, "by hand", 5)
    at.on_message(keys[0].public, b"late", 6)
    at.on_message(octets("stranger"), b"me too", 6)
    assert [rule for _, rule in at.named] == [
        "does not answer: by hand", "late, or not asked in this phase", "not in the cohort",
    ]  # fmt: skip


def is_answer(body: bytes) -> bool:
    return messages.tag_of(body) == signed.TAG and messages.tag_of(signed.parse(body).record) == messages.ANSWER_TAG


def test_false_shares_are_seen_by_their_holders_and_false_releases_by_the_coordinator() -> None:
    def false_share(_s: bytes, _t: bytes, body: bytes) -> Sequence[bytes]:
        made = messages.parse_release(body)
        other, _ = made.shares[0]
        return (messages.encode(messages.RELEASE_TAG, made._replace(shares=((other, bytes(32)), *made.shares[1:]))),)

    found = world(7, changed(messages.RELEASE_TAG, 2, false_share), gone={5: 3})
    assert found.opened is None or found.opened.sums == truth(found)
    assert "not dealt" in found.named[found.keys[2].public]

    def false_packets(sender: bytes, _t: bytes, body: bytes) -> Sequence[bytes]:
        packets = messages.parse_dealing(signed.parse(body).record).packets
        return (resign(sender, body, 2, bytes(len(packets))),)

    found = world(7, changed(messages.DEALING_TAG, 2, false_packets))
    assert found.opened is not None
    assert found.opened.sums == truth(found)
    assert all(found.blamed_by(key.public) for at, key in enumerate(found.keys) if at != 2)


def test_figures_above_the_cap_never_leave_the_house() -> None:
    keys = node_keys(4)
    cohort, hashed = cohort_of(keys)
    made, of = asking.verify_question(asking.sign_question(ASKER, ask(hashed, CELLS[:1])))
    for row in ([STATS_CAP + 1], [STATS_CAP] * 2_048):
        with pytest.raises(Malformed, match=r"magnitude|cap"):
            answering.Answerer(keys[0], made, of, cohort, PARAMETERS, [row], octets("e"), 0)


def test_an_answer_above_the_cap_is_found_by_an_audit() -> None:
    """Behind masks nobody sees it; the signed answer with the node's own seeds shows it, and nobody else's seeds do."""
    found = world(5)
    setting = found.coordinator.setting
    liar = found.answerers[found.keys[1].public]
    words = lanes.of_values([2**62, 2**62])
    answer = liar._party.answer(setting, 2, setting.dealers, words)
    seeds = liar._party.own_seeds[1], liar._party.round_seeds[1]
    plain = opening.audit(setting, 2, setting.dealers, answer, *seeds, 2)
    values = lanes.to_values(plain)
    assert values == (2**62, 2**62)
    with pytest.raises(Malformed, match=r"figures\[0\]: above the cap"):
        opening.require_figures(values)
    other = found.answerers[found.keys[2].public]._party
    with pytest.raises(NotAuthorised, match="committed"):
        opening.audit(setting, 2, setting.dealers, answer, other.own_seeds[1], other.round_seeds[1], 2)


# --- a coordinator that lies


def towards(at: int, tag: str, how: Fault) -> Fault:
    def fault(sender: bytes, to: bytes, body: bytes) -> Sequence[bytes]:
        if sender == COORDINATOR.public and to == node_keys(7)[at].public and messages.tag_of(body) == tag:
            return how(sender, to, body)
        return (body,)

    return fault


def other_list(numbers: Sequence[int]) -> Fault:
    def how(_s: bytes, _t: bytes, body: bytes) -> Sequence[bytes]:
        made = messages.parse_answered(body)
        return (messages.encode(messages.ANSWERED_TAG, made._replace(nodes=messages.bitmap(numbers, 7))),)

    return how


def test_a_second_list_in_one_step_is_refused() -> None:
    """First the true list, then one that says a node is gone: only the first is signed."""

    def both(s: bytes, t: bytes, body: bytes) -> Sequence[bytes]:
        return (body, *other_list([0, 1, 2, 3, 4, 5])(s, t, body))

    found = world(7, towards(0, messages.ANSWERED_TAG, both))
    assert any("split-view" in rule for rule in found.blamed_by(found.keys[0].public))
    assert not found.opened or found.keys[0].public in found.opened.nodes


def test_a_list_without_ones_own_answer_is_refused_and_nothing_released() -> None:
    found = world(7, towards(3, messages.ANSWERED_TAG, other_list([0, 1, 2, 4, 5, 6])))
    assert any("left out" in rule for rule in found.blamed_by(found.keys[3].public))
    told = [item.body for item in found.effects[found.keys[3].public] if isinstance(item, Tell)]
    assert messages.RELEASE_TAG not in {messages.tag_of(body) for body in told}


def test_split_views_release_nothing() -> None:
    """Half of the nodes are shown another list: too few neighbours have signed either."""

    def split(sender: bytes, to: bytes, body: bytes) -> Sequence[bytes]:
        if sender == COORDINATOR.public and messages.tag_of(body) == messages.ANSWERED_TAG:
            at = [key.public for key in node_keys(9)].index(to)
            made = messages.parse_answered(body)
            if at >= 4:
                return (messages.encode(messages.ANSWERED_TAG, made._replace(nodes=messages.bitmap(range(1, 9), 9))),)
        return (body,)

    found = world(9, split)
    assert found.opened is None
    assert releases(found) == []


def test_a_roster_of_few_friends_is_refused() -> None:
    def few(_s: bytes, _t: bytes, body: bytes) -> Sequence[bytes]:
        made = messages.parse_handed(body)
        return (
            messages.encode(
                messages.HANDED_TAG, made._replace(dealers=messages.bitmap([0, 1, 2, 3], 7), packets=made.packets[:3])
            ),
        )

    found = world(7, towards(0, messages.HANDED_TAG, few))
    assert any("too few nodes" in rule for rule in found.blamed_by(found.keys[0].public))
    assert Event.COUNTED not in [note.event for note in found.notes(found.keys[0].public)]


@pytest.mark.parametrize("cell", [0, 2])
def test_false_counts_force_no_cell_open(cell: int) -> None:
    """The coordinator raises or lowers a count: the checkers have added up themselves."""

    def lie(_s: bytes, _t: bytes, body: bytes) -> Sequence[bytes]:
        made = messages.parse_counted(body)
        counts = messages.parse_counts(made.counts)
        words = bytearray(counts.words)
        words[cell * 80 + 40] = (words[cell * 80 + 40] + 9) % 256
        forged = messages.encode(messages.COUNTS_TAG, counts._replace(words=bytes(words)))
        return (messages.encode(messages.COUNTED_TAG, made._replace(counts=forged)),)

    def everywhere(sender: bytes, to: bytes, body: bytes) -> Sequence[bytes]:
        return lie(sender, to, body) if messages.tag_of(body) == messages.COUNTED_TAG else (body,)

    found = world(7, everywhere)
    assert found.opened is None
    for key in found.keys:
        assert any("false-counts" in rule for rule in found.blamed_by(key.public))
        assert Event.ANSWERED not in [note.event for note in found.notes(key.public)]


def test_a_result_of_other_cells_is_refused() -> None:
    def lie(sender: bytes, _to: bytes, body: bytes) -> Sequence[bytes]:
        if sender == COORDINATOR.public and messages.tag_of(body) == signed.TAG:
            record = signed.parse(body).record
            if messages.tag_of(record) == messages.RESULT_TAG:
                made = messages.parse_result(record)
                return (signed.sign(COORDINATOR, messages.RESULT_TAG, made._replace(sums=((0, 1), (1, 2), (2, 3)))),)
        return (body,)

    found = world(5, lie)
    assert all("split-view" in found.blamed_by(key.public)[0] for key in found.keys)


def test_a_message_that_comes_twice_changes_nothing() -> None:
    found = world(5, lambda _s, _t, body: (body, body))
    assert found.opened is not None
    assert found.opened.sums == truth(found)
    assert found.named == {}


def test_a_coordinator_that_falls_silent_is_given_up() -> None:
    keys = node_keys(4)
    cohort, hashed = cohort_of(keys)
    made, of = asking.verify_question(asking.sign_question(ASKER, ask(hashed, CELLS)))
    at = answering.Answerer(keys[0], made, of, cohort, PARAMETERS, [[], [], []], octets("e"), 0)
    at.start()
    assert at.on_time(1) == []
    assert at.next_deadline is not None
    assert [type(effect).__name__ for effect in at.on_time(at.next_deadline)] == ["Note", "Unopened"]
    assert at.next_deadline is None


# --- what the ledger forbids


def entry(asked: Question, event: Event, cells: tuple[int, ...] = (), who: bytes = b"") -> Line:
    made = Entry(
        "test", node_keys(4)[0].public, 1, b"", 1, event, octets(f"{asked}"), asked.asker, asked.cohort, asked.month,
        asked.figure, asked.version, ledger.asked_hash(asked), who, cells, "",
    )  # fmt: skip
    return Line(made, asked)


def admit(asked: Question, lines: Sequence[Line], **changes: object) -> None:
    keys = node_keys(4)
    cohort, hashed = cohort_of(keys)
    arguments = {"own": keys[0].public, "month": MONTH, "now": 5, "parameters": PARAMETERS} | changes
    answering.admit(asked, octets("hash"), cohort, hashed, lines, **arguments)  # type: ignore[arg-type]


def asked(**changes: object) -> Question:
    return ask(cohort_of(node_keys(4))[1], CELLS)._replace(**changes)  # type: ignore[arg-type]


def test_a_new_question_is_admitted() -> None:
    admit(asked(), [])
    other = asked(cells=(Cell("4", 0, 7),), nonce=octets("n", 16))
    admit(asked(), [entry(other, Event.ANSWERED, (0,))])


WHO = ledger.answerers_hash([key.public for key in node_keys(4)])
REFUSED: dict[str, tuple[Question, list[Line], dict[str, object], str]] = {
    "wrong cohort": (asked(cohort=octets("other")), [], {}, "wrong-cohort"),
    "not a member": (asked(), [], {"own": octets("me")}, "wrong-cohort"),
    "ended": (asked(), [], {"now": 2**52}, "wrong-cohort"),
    "other rules": (asked(), [], {"parameters": PARAMETERS._replace(percent=1)}, "wrong-rules"),
    "another month's budget": (asked(), [], {"month": MONTH + 1}, "budget"),
    "budget": (asked(), [entry(asked(), Event.JOINED)] * STATS_QUESTIONS_PER_MONTH, {}, "budget"),
    "tries": (asked(), [entry(asked(), Event.COUNTED)] * 2, {}, "tries"),
    "opened before": (asked(), [entry(asked(), Event.ANSWERED, (0,), WHO)], {}, "opened"),
    "difference by class": (
        asked(cells=(Cell("11", 0, 7),)), [entry(asked(), Event.ANSWERED, (0,), WHO)], {}, "difference"),
    "difference by period": (
        asked(cells=(Cell("1", 0, 31),)), [entry(asked(), Event.ANSWERED, (0,), WHO)], {}, "difference"),
    "version without the one before": (asked(version=2, before=WHO), [], {}, "difference"),
    "version of other nodes": (
        asked(version=2, before=octets("others")),
        [entry(asked(month=MONTH - 1), Event.ANSWERED, (0,), WHO)], {}, "difference"),
    "two versions a month": (
        asked(version=2, before=WHO), [entry(asked(), Event.ANSWERED, (0,), WHO)], {}, "budget"),
}  # fmt: skip


@pytest.mark.parametrize("why", REFUSED)
def test_what_the_ledger_forbids_is_refused(why: str) -> None:
    made, lines, changes, code = REFUSED[why]
    with pytest.raises(YuiError) as refused:
        admit(made, lines, **changes)
    assert refused.value.code == code


def test_a_later_version_by_the_same_nodes_in_another_month_is_admitted() -> None:
    admit(asked(version=2, before=WHO), [entry(asked(month=MONTH - 1), Event.ANSWERED, (0,), WHO)])


def test_a_question_is_asked_once() -> None:
    line = entry(asked(), Event.REFUSED)
    again = Line(line.entry._replace(question=octets("hash")), line.question)
    with pytest.raises(CallerFault, match="asked before"):
        admit(asked(), [again])


def test_the_coordinator_is_the_one_that_the_question_names() -> None:
    keys = node_keys(4)
    cohort, hashed = cohort_of(keys)
    wire = asking.sign_question(ASKER, ask(hashed, CELLS))
    made, of = asking.verify_question(wire)
    with pytest.raises(CallerFault, match="another one"):
        Coordinator(keys[0], made, wire, of, cohort, PARAMETERS, 0)
    with pytest.raises(Misdirected):
        signed.verify(signed.parse(wire), keys[0].public)
