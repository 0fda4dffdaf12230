"""Agreement on one set: what a conductor may promise and accept, and what shows that a round has ended."""

import pytest

from protocol.errors import CallerFault, Malformed, Misdirected, NotAuthorised
from protocol.process.joint import closing, deciding, pledge
from protocol.process.joint.closing import State
from protocol.process.joint.deciding import SEATS, Accepted, Call, MissingWords, Promise, Register
from protocol.process.joint.pledge import Code, Word
from tests.protocol.process.joint import october
from tests.protocol.process.joint.october import ASSOCIATIONS, DEADLINE, SHOPS, bags, name
from tests.vectors import world
from tests.vectors.world import octets

KEYS = [world.key(each) for each in ASSOCIATIONS]
CALL = Call(name(), 0, SEATS + 1)


def words() -> dict[bytes, Word]:
    said = [october.said(shop) for shop in SHOPS]
    found = [pledge.verify(each.data, bags(), name(), each.key) for each in said]
    return {word.hash: word for word in found}


def promised(
    number: int, held: list[bytes], ballot: int = SEATS + 1, before: int = 0, set_: tuple[bytes, ...] = ()
) -> bytes:
    made = Promise(name(), 0, ballot, tuple(sorted(held)), before, set_)
    return deciding.sign_promise(KEYS[number], made)


def test_a_word_counts_before_the_deadline_of_its_conductor_only() -> None:
    word = next(iter(words().values()))
    assert deciding.take(bags(), Register(), (), word, DEADLINE - 1) is Code.TAKEN
    assert deciding.take(bags(), Register(), (), word, DEADLINE) is Code.LATE
    assert deciding.take(bags(), Register(promised=9), (), word, DEADLINE - 1) is Code.LATE
    assert deciding.take(bags(), Register(attempt=1), (), word, DEADLINE) is Code.TAKEN
    assert deciding.take(bags(), Register(attempt=1), (), word, bags().extended) is Code.LATE
    full = [octets(f"member {at}") for at in range(4096)]
    assert deciding.take(bags(), Register(), full, word, 0) is Code.FULL
    assert deciding.take(bags(), Register(), [*full[1:], word.pledge.member], word, 0) is Code.TAKEN


def test_calls() -> None:
    data = deciding.sign_call(KEYS[1], CALL)
    assert deciding.verify_call(data, bags(), name()) == CALL
    with pytest.raises(Misdirected, match="ballot"):
        deciding.verify_call(deciding.sign_call(KEYS[0], CALL), bags(), name())
    with pytest.raises(NotAuthorised):
        deciding.verify_call(deciding.sign_call(world.key("elsewhere"), CALL), bags(), name())
    assert deciding.next_ballot(1, 0) == SEATS + 1
    assert deciding.next_ballot(2, SEATS + 1) == 2 * SEATS + 2


def test_a_promise_forbids_lower_ballots_and_is_not_given_early() -> None:
    with pytest.raises(CallerFault, match="deadline"):
        deciding.on_call(bags(), Register(), CALL, (), DEADLINE - 1)
    register, promise = deciding.on_call(bags(), Register(), CALL, (bytes(32),), DEADLINE)
    assert (register.promised, promise.held, promise.accepted_ballot) == (CALL.ballot, (bytes(32),), 0)
    with pytest.raises(CallerFault, match="higher"):
        deciding.on_call(bags(), register, CALL._replace(ballot=SEATS), (), DEADLINE)
    with pytest.raises(CallerFault, match="attempt 0"):
        deciding.on_call(bags(), register, CALL._replace(attempt=1), (), DEADLINE)


def test_the_set_is_the_union_of_what_a_majority_took() -> None:
    known = words()
    first, second, third = sorted(known)
    _, statement = deciding.state(KEYS[1], bags(), CALL, [promised(1, [first]), promised(2, [second, first])])
    assert statement.words == (first, second)
    data, _ = deciding.state(KEYS[1], bags(), CALL, [promised(1, [first]), promised(2, [third])])
    read = deciding.verify_statement(data, bags(), name())
    assert read.words == (first, third)
    with pytest.raises(Malformed, match="2 conductors"):
        deciding.state(KEYS[1], bags(), CALL, [promised(1, [first])])
    with pytest.raises(Malformed, match="none twice"):
        deciding.state(KEYS[1], bags(), CALL, [promised(1, [first])] * 2)
    with pytest.raises(Malformed, match="another attempt or ballot"):
        deciding.state(KEYS[1], bags(), CALL, [promised(1, [first]), promised(2, [], ballot=2 * SEATS + 1)])


def test_a_set_that_was_accepted_before_is_stated_again() -> None:
    first, second, third = sorted(words())
    before = promised(2, [second], before=SEATS, set_=(third,))
    _, statement = deciding.state(KEYS[1], bags(), CALL, [promised(1, [first]), before])
    assert statement.words == (third,)


def test_a_caller_that_leaves_a_word_out_is_refused() -> None:
    first, second, _ = sorted(words())
    promises = (promised(1, [first]), promised(2, [second]))
    lie = deciding.Statement(*CALL, (first,), promises)
    from protocol.process.joint import signed

    data = signed.sign(KEYS[1], deciding.STATEMENT_TAG, lie._replace(words=b"".join(lie.words)))  # type: ignore[arg-type]
    with pytest.raises(Malformed, match="not what follows"):
        deciding.verify_statement(data, bags(), name())


def stated() -> deciding.Statement:
    return deciding.state(KEYS[1], bags(), CALL, [promised(1, list(words())), promised(2, [])])[1]


def test_acceptance_needs_the_words_and_computes_the_result() -> None:
    known = words()
    with pytest.raises(MissingWords) as missing:
        deciding.on_statement(bags(), Register(), stated(), lambda _: None)
    assert set(missing.value.hashes) == set(known)
    register, accepted, outcome = deciding.on_statement(bags(), Register(), stated(), known.get)
    assert register == Register(0, CALL.ballot, CALL.ballot, stated().words)
    assert outcome.result.goods == 118_800
    assert accepted.words == outcome.result.words == deciding.words_hash(name(), 0, stated().words)
    with pytest.raises(CallerFault, match="higher"):
        deciding.on_statement(bags(), Register(promised=CALL.ballot + 1), stated(), known.get)


def test_a_majority_under_one_ballot_ends_the_round() -> None:
    _, accepted, outcome = deciding.on_statement(bags(), Register(), stated(), words().get)
    given = [deciding.sign_accepted(key, accepted) for key in KEYS]
    closed = deciding.closed(bags(), name(), outcome.record, given[:2])
    assert deciding.verify_closed(closed, bags(), name()) == outcome.result
    other = deciding.sign_accepted(KEYS[2], accepted._replace(ballot=2 * SEATS))
    for wrong, rule in (
        (given[:1], "at least 2"),
        ([given[0]] * 2, "at least 2"),
        ([], "at least 2"),
        ([given[0], other], "ballot"),
        ([given[0], deciding.sign_accepted(KEYS[1], accepted._replace(result=bytes(32)))], "result"),
    ):
        with pytest.raises(Malformed, match=rule):
            deciding.closed(bags(), name(), outcome.record, wrong)
    changed = closing.encode_result(outcome.result._replace(freight=1))
    with pytest.raises(Malformed, match="result"):
        deciding.closed(bags(), name(), changed, given)


def test_an_extension_opens_the_next_attempt() -> None:
    result = closing.close(bags(), name(), 0, bytes(32), ()).result
    assert result.state is State.EXTENDED
    register = Register(0, 9, 9, ())
    assert deciding.after(register, result) == Register(1)
    assert deciding.after(Register(1, 9), result) == Register(1, 9)
    assert deciding.after(register, result._replace(state=State.CONCLUDED)) == register


def test_an_acceptance_is_read_as_it_was_written() -> None:
    made = Accepted(name(), 1, SEATS, bytes(32), bytes(32))
    assert deciding.verify_accepted(deciding.sign_accepted(KEYS[2], made), bags(), name()) == (made, 2)
    with pytest.raises(Misdirected):
        deciding.verify_accepted(deciding.sign_accepted(KEYS[2], made), bags(), bytes(32))
