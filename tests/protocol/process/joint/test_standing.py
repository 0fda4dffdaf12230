"""Which words count: the last of each firm, none where it contradicts itself, in any order of arrival."""

from itertools import permutations

from protocol.process.joint import pledge, standing
from protocol.process.joint.pledge import Word
from tests.protocol.process.joint import october


def word(shop: str, **changes: object) -> Word:
    said = october.said(shop, **changes)
    return pledge.verify(said.data, october.bags(), october.name(), said.key)


def test_any_order_of_arrival_comes_to_the_same() -> None:
    first, second, withdrawn = (
        word("bunbuku"), word("bunbuku", revision=1, extra=5), word("suzumeya", revision=2, wants=()),
    )  # fmt: skip
    words = [first, second, word("suzumeya"), withdrawn, word("momonosato")]
    found = [standing.fold(order) for order in permutations(words)]
    assert all(each == found[0] for each in found)
    assert {pledged.member for pledged in found[0].pledges} == {october.member("bunbuku"), october.member("momonosato")}
    assert second.hash in found[0].current
    assert first.hash not in found[0].current
    assert withdrawn.hash in found[0].current


def test_two_words_of_one_revision_do_not_count_and_are_kept_as_evidence() -> None:
    one, other = word("bunbuku"), word("bunbuku", extra=7)
    for order in ([one, other], [other, one], [one, other, one]):
        found = standing.fold([*order, word("suzumeya")])
        assert [pledged.member for pledged in found.pledges] == [october.member("suzumeya")]
        assert found.contradicted == {october.member("bunbuku"): tuple(sorted((one.hash, other.hash)))}
        assert {one.hash, other.hash} < set(found.current)
    mended = standing.fold([one, other, word("bunbuku", revision=1)])
    assert not mended.contradicted
    assert len(mended.pledges) == 1


def test_the_same_word_twice_is_one() -> None:
    found = standing.fold([word("bunbuku")] * 2)
    assert len(found.pledges) == len(found.current) == 1
