"""The control log: who may do what, who may undo it and until when, and what still counts after that."""

from itertools import permutations

import pytest

from protocol import canon
from protocol.errors import Malformed, NotAuthorised, PeerFault, TooLarge
from protocol.identity import control, log
from protocol.identity.control import HOME, Epoch, Guardians, Payload, Reason, Signed
from protocol.identity.genesis import Rank, Role, RoleKeys
from protocol.identity.log import ControlLog, MissingPredecessor
from protocol.keys import SigningKey
from protocol.limits import MAX_CONTROL_RECORDS, RESERVED_PER_RANK, UNDO_WINDOW_US
from tests.vectors import world
from tests.vectors.world import AUTHOR, key, octets

LOG = world.author_log()
FIRST = LOG.epoch
NOW = world.START
WORDS, FACTOR, NODE = ("words", AUTHOR.words), ("factor", AUTHOR.factor), ("node", key("toyota"))
ASSOCIATION = ("association", key("association"))
GUARDS = tuple(sorted(key(name).public for name in world.GUARDIANS))
SIGNERS: dict[Rank, tuple[tuple[str, SigningKey], ...]] = {
    Rank.NODE: (NODE,),
    Rank.ASSOCIATION: (ASSOCIATION, NODE),
    Rank.GUARDIANS: (ASSOCIATION, ("guardian", key("guardian a")), ("guardian", key("guardian b"))),
    Rank.WORDS: (WORDS,),
    Rank.WORDS_AND_FACTOR: (WORDS, FACTOR),
}
GUARDED = world.admit(LOG, Rank.WORDS, Guardians(GUARDS, 2, 2, 2), "guarded", WORDS)


def signed(before: ControlLog, rank: Rank, payload: Payload, name: str) -> Signed:
    """``payload`` behind ``before``, signed by everybody that ``rank`` needs and by the home of an epoch."""
    signers = list(SIGNERS[rank])
    if isinstance(payload, Epoch):
        home = next(name for name in ("toyota", "kyoto", "thief") if key(name).public == payload.home_key)
        signers.append((HOME, key(home)))
    return control.sign(world.record(before, rank, payload, name), signers)


def rotation(before: ControlLog, rank: Rank, name: str) -> Signed:
    """A new signing key at the same home."""
    return signed(before, rank, world.epoch(before, "toyota", name, Reason.ROTATE), name)


# --- who may do what


ACTS: dict[str, tuple[Payload, Rank]] = {
    "epoch at the same home": (world.epoch(GUARDED, "toyota", "x", Reason.RESTART), Rank.NODE),
    "epoch at another home": (world.epoch(GUARDED, "kyoto", "x", Reason.MOVE), Rank.GUARDIANS),
    "other keys": (RoleKeys(Role.WORDS, 1, (key("x").public,)), Rank.GUARDIANS),
    "other guardians": (Guardians(GUARDS[:1], 1, 1, 1), Rank.GUARDIANS),
    "no guardians": (Guardians((), 0, 0, 0), Rank.GUARDIANS),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("rank", Rank)
def test_an_act_needs_its_rank(act: str, rank: Rank) -> None:
    payload, least = ACTS[act]
    record = signed(GUARDED, rank, payload, act)
    if rank >= least:
        assert log.admit(GUARDED, record, NOW).standing.hash == record.record.hash
    else:
        with pytest.raises(NotAuthorised, match=f"this needs rank {least.name.lower()}"):
            log.admit(GUARDED, record, NOW)


@pytest.mark.parametrize("rank", [Rank.NODE, Rank.ASSOCIATION, Rank.WORDS])
def test_the_first_guardians_are_the_members_own_choice(rank: Rank) -> None:
    record = signed(LOG, rank, Guardians(GUARDS, 2, 2, 2), "first")
    if rank is Rank.WORDS:
        assert log.admit(LOG, record, NOW).standing.guardians == Guardians(GUARDS, 2, 2, 2)
    else:
        with pytest.raises(NotAuthorised, match="this needs rank words"):
            log.admit(LOG, record, NOW)


def test_guardians_that_were_dismissed_sign_no_more() -> None:
    dismissed = log.admit(GUARDED, signed(GUARDED, Rank.WORDS, Guardians((), 0, 0, 0), "dismissed"), NOW)
    moved = world.epoch(dismissed, "kyoto", "x", Reason.MOVE)
    with pytest.raises(NotAuthorised, match="does not hold the role that it names: guardian"):
        log.admit(dismissed, signed(dismissed, Rank.GUARDIANS, moved, "moved"), NOW)


def test_replaced_words_sign_no_more() -> None:
    new = key("new words")
    replaced = log.admit(LOG, signed(LOG, Rank.WORDS, RoleKeys(Role.WORDS, 1, (new.public,)), "new"), NOW)
    with pytest.raises(NotAuthorised, match="does not hold the role that it names: words"):
        log.admit(replaced, rotation(replaced, Rank.WORDS, "old words"), NOW)
    again = world.record(replaced, Rank.WORDS, RoleKeys(Role.WORDS, 1, (AUTHOR.words.public,)), "again")
    assert log.admit(replaced, control.sign(again, [("words", new)]), NOW).standing.number == 3


def test_after_a_move_the_old_home_signs_no_more() -> None:
    moved = log.admit(GUARDED, signed(GUARDED, Rank.GUARDIANS, ACTS["epoch at another home"][0], "moved"), NOW)
    back = world.epoch(moved, "kyoto", "y", Reason.RESTART)
    with pytest.raises(NotAuthorised, match="does not hold the role that it names: node"):
        log.admit(moved, signed(moved, Rank.NODE, back, "old home"), NOW)


def test_nobody_acts_for_a_member_without_an_epoch() -> None:
    new = log.start(AUTHOR.genesis)
    with pytest.raises(Malformed, match="this member has no epoch"):
        _ = new.epoch
    assert not new.covers(bytes(32), 0)
    opened = world.epoch(new, "toyota", "x", Reason.ENROL)
    with pytest.raises(NotAuthorised, match="does not hold the role that it names: node"):
        log.admit(new, signed(new, Rank.NODE, opened, "node"), NOW)


# --- chains


def test_a_record_that_is_known_changes_nothing() -> None:
    record = next(iter(LOG.records.values())).signed
    assert log.admit(LOG, record, NOW + 1) is LOG


def test_a_record_behind_an_unknown_one() -> None:
    one = log.admit(LOG, rotation(LOG, Rank.NODE, "one"), NOW)
    with pytest.raises(MissingPredecessor, match="not known here"):
        log.admit(LOG, rotation(one, Rank.NODE, "two"), NOW)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"number": 3}, "epoch: does not follow"),
        ({"parent": bytes(32)}, "epoch: does not follow"),
        ({"reason": Reason.ENROL}, "only the first one enrols"),
        ({"reason": Reason.MOVE}, "a move changes the home"),
    ],
)
def test_an_epoch_follows_the_one_before(change: dict[str, object], message: str) -> None:
    opened = world.epoch(LOG, "toyota", "x", Reason.RESTART)._replace(**change)  # type: ignore[arg-type]
    with pytest.raises(NotAuthorised, match=message):
        log.admit(LOG, signed(LOG, Rank.WORDS, opened, "x"), NOW)


def test_a_home_has_to_consent() -> None:
    record = world.record(LOG, Rank.WORDS, world.epoch(LOG, "kyoto", "x", Reason.MOVE), "x")
    with pytest.raises(NotAuthorised, match="its home has not consented"):
        log.admit(LOG, control.sign(record, [WORDS]), NOW)


def test_records_of_others_are_refused() -> None:
    other = world.enrolled(world.member("other"), "toyota")
    with pytest.raises(NotAuthorised, match="another member or network"):
        log.admit(LOG, next(iter(other.records.values())).signed, NOW)


def test_a_record_of_another_network_is_refused() -> None:
    record = world.record(LOG, Rank.NODE, world.epoch(LOG, "toyota", "x", Reason.RESTART), "x")
    fields = canon.decode(record.data)
    live = control.parse_record(canon.encode([fields[0], "live", *fields[2:]]))
    with pytest.raises(NotAuthorised, match="another member or network"):
        log.admit(LOG, control.sign(live, [NODE, (HOME, key("toyota"))]), NOW)


def test_the_number_is_the_predecessors_and_one() -> None:
    record = world.record(LOG, Rank.NODE, world.epoch(LOG, "toyota", "x", Reason.RESTART), "x")
    fields = canon.decode(record.data)
    third = control.parse_record(canon.encode([*fields[:3], 3, *fields[4:]]))
    with pytest.raises(Malformed, match="number: must be one more"):
        log.admit(LOG, control.sign(third, [NODE, (HOME, key("toyota"))]), NOW)


# --- undo


@pytest.mark.parametrize("first", Rank)
@pytest.mark.parametrize("second", Rank)
def test_only_a_strictly_higher_rank_undoes(first: Rank, second: Rank) -> None:
    done, rival = rotation(GUARDED, first, "done"), rotation(GUARDED, second, "rival")
    at = log.admit(GUARDED, done, NOW)
    if second > first:
        undone = log.admit(at, rival, NOW)
        assert undone.standing.hash == rival.record.hash
        assert undone.superseded == {done.record.hash}
        assert undone.epoch_named(done.record.hash) is None
        assert undone.epoch_named(rival.record.hash) == undone.epoch
    else:
        with pytest.raises(NotAuthorised, match="strictly higher rank"):
            log.admit(at, rival, NOW)


@pytest.mark.parametrize(("later", "undone"), [(0, True), (UNDO_WINDOW_US, True), (UNDO_WINDOW_US + 1, False)])
def test_an_undo_comes_within_seven_days_of_when_this_node_saw_the_victim(later: int, undone: bool) -> None:
    at = log.admit(LOG, rotation(LOG, Rank.NODE, "done"), NOW)
    rival = rotation(LOG, Rank.WORDS, "rival")
    if undone:
        assert log.admit(at, rival, NOW + later).standing.hash == rival.record.hash
    else:
        with pytest.raises(NotAuthorised, match="7 days"):
            log.admit(at, rival, NOW + later)


def test_the_window_begins_with_the_oldest_record_that_would_be_undone() -> None:
    at = log.admit(LOG, rotation(LOG, Rank.NODE, "one"), NOW)
    at = log.admit(at, rotation(at, Rank.NODE, "two"), NOW + UNDO_WINDOW_US)
    with pytest.raises(NotAuthorised, match="7 days"):
        log.admit(at, rotation(LOG, Rank.WORDS, "rival"), NOW + UNDO_WINDOW_US + 1)


def test_an_undo_outranks_every_record_that_it_undoes() -> None:
    at = log.admit(LOG, rotation(LOG, Rank.NODE, "one"), NOW)
    at = log.admit(at, rotation(at, Rank.WORDS, "two"), NOW)
    with pytest.raises(NotAuthorised, match="strictly higher rank"):
        log.admit(at, rotation(LOG, Rank.WORDS, "rival"), NOW)
    undone = log.admit(at, rotation(LOG, Rank.WORDS_AND_FACTOR, "rival"), NOW)
    assert len(undone.superseded) == 2
    assert undone.standing.number == 2


def test_nothing_follows_what_was_undone() -> None:
    done = log.admit(LOG, rotation(LOG, Rank.NODE, "done"), NOW)
    undone = log.admit(done, rotation(LOG, Rank.WORDS, "rival"), NOW)
    with pytest.raises(NotAuthorised, match="follows one that was undone"):
        log.admit(undone, rotation(done, Rank.WORDS_AND_FACTOR, "late"), NOW)


def test_what_was_undone_does_not_come_back() -> None:
    done = rotation(LOG, Rank.NODE, "done")
    undone = log.admit(log.admit(LOG, done, NOW), rotation(LOG, Rank.WORDS, "rival"), NOW)
    assert log.admit(undone, done, NOW) is undone


def test_the_first_epoch_can_be_undone_too() -> None:
    other = world.epoch(log.start(AUTHOR.genesis), "kyoto", "other", Reason.ENROL)
    rival = signed(log.start(AUTHOR.genesis), Rank.WORDS_AND_FACTOR, other, "rival")
    undone = log.admit(LOG, rival, NOW)
    assert undone.epoch.home == world.node("kyoto")
    assert undone.epoch_named(FIRST.hash) is None


def test_keys_that_a_thief_replaced_are_the_owners_again() -> None:
    theft = signed(LOG, Rank.WORDS, RoleKeys(Role.WORDS, 1, (key("thief").public,)), "theft")
    robbed = log.admit(LOG, theft, NOW)
    undone = log.admit(robbed, rotation(LOG, Rank.WORDS_AND_FACTOR, "undo"), NOW)
    assert undone.standing.roles[Role.WORDS].keys == (AUTHOR.words.public,)


# --- order of arrival


def admit_in_any_order(records: tuple[Signed, ...]) -> ControlLog:
    """Admit what can be admitted, again and again, as a node does that asks for what is missing."""
    at, left = LOG, list(records)
    for _ in records:
        for record in list(left):
            try:
                at = log.admit(at, record, NOW)
                left.remove(record)
            except PeerFault:
                continue
    return at


def test_all_orders_of_arrival_end_at_the_same_record() -> None:
    """A thief of the node's key rotates twice; the owner undoes it and goes on: every order ends at the owner's."""
    one = rotation(LOG, Rank.NODE, "one")
    robbed = log.admit(LOG, one, NOW)
    two = rotation(robbed, Rank.NODE, "two")
    undo = rotation(LOG, Rank.WORDS, "undo")
    after = rotation(log.admit(LOG, undo, NOW), Rank.NODE, "after")
    ends = {admit_in_any_order(order).standing.hash for order in permutations((one, two, undo, after))}
    assert ends == {after.record.hash}


def test_all_orders_of_three_ranks_end_at_the_highest() -> None:
    rivals = [rotation(GUARDED, rank, rank.name) for rank in (Rank.NODE, Rank.GUARDIANS, Rank.WORDS_AND_FACTOR)]
    for order in permutations(rivals):
        at = GUARDED
        for record in order:
            try:
                at = log.admit(at, record, NOW)
            except NotAuthorised:
                continue
        assert at.standing.hash == rivals[2].record.hash


def test_equal_ranks_are_first_come_first_served() -> None:
    one, two = rotation(LOG, Rank.WORDS, "one"), rotation(LOG, Rank.WORDS, "two")
    for first, second in ((one, two), (two, one)):
        at = log.admit(LOG, first, NOW)
        with pytest.raises(NotAuthorised):
            log.admit(at, second, NOW)


# --- the log of another node


def forked() -> tuple[Signed, Signed, Signed]:
    """Two records of equal rank, and one of a higher rank in their place."""
    return rotation(LOG, Rank.NODE, "one"), rotation(LOG, Rank.NODE, "two"), rotation(LOG, Rank.WORDS, "decides")


def test_a_rival_that_was_undone_there_is_left_out_and_the_decision_taken() -> None:
    one, two, decides = forked()
    there = log.admit(log.admit(LOG, two, NOW), decides, NOW)
    records = [item.signed for item in there.records.values()]
    here = log.follow(log.admit(LOG, one, NOW), records, NOW)
    assert here.standing == there.standing
    assert here.superseded == {one.record.hash}
    assert two.record.hash not in here.records
    assert log.follow(there, [item.signed for item in here.records.values()], NOW).standing == there.standing


def test_what_follows_a_rival_that_is_left_out_is_left_out_too() -> None:
    one, two, decides = forked()
    there = log.admit(LOG, two, NOW)
    there = log.admit(there, rotation(there, Rank.NODE, "three"), NOW)
    there = log.admit(there, decides, NOW)
    here = log.follow(log.admit(LOG, one, NOW), [item.signed for item in there.records.values()], NOW)
    assert here.standing == there.standing


def test_a_log_that_ends_in_a_rival_is_refused_whole() -> None:
    one, two, _ = forked()
    at = log.admit(LOG, one, NOW)
    there = log.admit(LOG, two, NOW)
    there = log.admit(there, rotation(there, Rank.NODE, "three"), NOW)
    with pytest.raises(log.Rival, match="strictly higher"):
        log.follow(at, [item.signed for item in there.records.values()], NOW)


def test_a_decision_after_the_window_is_not_taken() -> None:
    one, two, decides = forked()
    there = log.admit(log.admit(LOG, two, NOW), decides, NOW)
    with pytest.raises(log.Rival, match="7 days"):
        log.follow(log.admit(LOG, one, NOW), [item.signed for item in there.records.values()], NOW + UNDO_WINDOW_US + 9)


def test_a_forged_record_among_those_that_follow_is_refused_whole() -> None:
    one, two, _ = forked()
    forged = Signed(rotation(LOG, Rank.WORDS, "forged").record, two.proofs)
    with pytest.raises(PeerFault):
        log.follow(log.admit(LOG, one, NOW), [two, forged], NOW)


def test_where_two_logs_part() -> None:
    one, two, _ = forked()
    here, there = log.admit(LOG, one, NOW), log.admit(LOG, two, NOW)
    there = log.admit(there, rotation(there, Rank.WORDS, "three"), NOW)
    fork = log.find_fork(here, [item.signed for item in there.records.values()])
    assert fork is not None
    assert fork.point.hash == LOG.standing.hash
    assert [item.signed for item in fork.ours] == [one]
    assert [item.signed.record.rank for item in fork.theirs] == [Rank.NODE, Rank.WORDS]
    assert fork.rank is Rank.WORDS
    for ahead, behind in ((here, LOG), (LOG, here), (here, here)):
        assert log.find_fork(ahead, [item.signed for item in behind.records.values()]) is None


# --- what counts


def test_covers() -> None:
    at = world.restarted(LOG, "toyota", "two", 5, octets("head of one"))
    two = at.epoch
    at = world.restarted(at, "toyota", "three", 2, octets("head of two"))
    assert [at.covers(FIRST.hash, seq) for seq in (1, 5, 6)] == [True, True, False]
    assert [at.covers(two.hash, seq) for seq in (1, 2, 3)] == [True, True, False]
    assert at.covers(at.epoch.hash, 2**50)
    assert not at.covers(octets("no epoch"), 1)


def test_an_undone_epoch_covers_nothing() -> None:
    done = world.restarted(LOG, "toyota", "two", 5, octets("head of one"))
    rival = signed(LOG, Rank.WORDS, world.epoch(LOG, "toyota", "x", Reason.ROTATE, 3, octets("other head")), "rival")
    undone = log.admit(done, rival, NOW)
    assert not undone.covers(done.epoch.hash, 1)
    assert [undone.covers(FIRST.hash, seq) for seq in (3, 4)] == [True, False]


def test_only_epochs_are_named_as_epochs() -> None:
    name = GUARDED.standing.hash
    assert name in GUARDED.records
    assert GUARDED.epoch_named(name) is None
    assert GUARDED.epoch_named(octets("no epoch")) is None


# --- room


def filled(count: int) -> ControlLog:
    """A log that says it has ``count`` records: their content does not matter for room."""
    some = next(iter(LOG.records.values()))
    padding = {number.to_bytes(4, "big"): some for number in range(count - len(LOG.records))}
    return ControlLog(LOG.member, LOG.genesis, LOG.genesis_bytes, LOG.standing, {**padding, **LOG.records})


@pytest.mark.parametrize("rank", Rank)
def test_each_rank_leaves_room_for_the_next(rank: Rank) -> None:
    room = MAX_CONTROL_RECORDS - RESERVED_PER_RANK * (Rank.WORDS_AND_FACTOR - rank)
    if rank is Rank.GUARDIANS:  # nobody guards this log: the refusal for lack of room comes first all the same
        with pytest.raises(NotAuthorised, match="no room left"):
            log.admit(filled(room), rotation(LOG, rank, "full"), NOW)
        return
    last = rotation(LOG, rank, "last")
    assert log.admit(filled(room - 1), last, NOW).standing.hash == last.record.hash
    with pytest.raises(NotAuthorised, match="no room left"):
        log.admit(filled(room), rotation(LOG, rank, "full"), NOW)


# --- histories


def test_a_history_makes_the_same_log_elsewhere() -> None:
    there = world.eventful_log()
    first, records = log.parse_history(log.encode_history(there), 100_000)
    here = log.admit_all(log.start(first), records, NOW + 5)
    assert here.standing == there.standing
    assert here.superseded == there.superseded
    assert list(here.records) == list(there.records)


@pytest.mark.parametrize("known", range(8))
def test_a_history_may_begin_behind_what_is_known(known: int) -> None:
    there = world.eventful_log()
    name = [AUTHOR.id, *there.records][known]
    first, records = log.parse_history(log.encode_history(there, name), 100_000)
    assert first == AUTHOR.genesis
    assert [item.record.hash for item in records] == list(there.records)[known:]


def test_all_of_it_where_nothing_is_known() -> None:
    there = world.eventful_log()
    for nothing in (b"", octets("unknown")):
        assert len(log.parse_history(log.encode_history(there, nothing), 100_000)[1]) == 7


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        [log.HISTORY_TAG, AUTHOR.genesis],
        [log.HISTORY_TAG, "genesis", []],
        [log.HISTORY_TAG, AUTHOR.genesis, [1]],
        [log.HISTORY_TAG, AUTHOR.genesis, [b"\x90"]],
        [log.HISTORY_TAG, AUTHOR.genesis, [bytes(2**15 + 1)]],
        ["yui/history/2", AUTHOR.genesis, []],
    ],
)
def test_wrong_histories(wrong: list[object]) -> None:
    with pytest.raises((Malformed, TooLarge)):
        log.parse_history(canon.encode(wrong), 100_000)


def test_a_history_of_as_many_records_as_a_log_may_have_can_be_read() -> None:
    one = control.encode(next(iter(LOG.records.values())).signed)
    data = canon.encode([log.HISTORY_TAG, AUTHOR.genesis, [one] * MAX_CONTROL_RECORDS])
    assert len(log.parse_history(data, len(data))[1]) == MAX_CONTROL_RECORDS
    more = canon.encode([log.HISTORY_TAG, AUTHOR.genesis, [one] * (MAX_CONTROL_RECORDS + 1)])
    with pytest.raises(TooLarge):
        log.parse_history(more, len(more))
