"""Masked sums as a property: whoever is lost wherever, what is opened is the truth of those on the list, or nothing."""

from hypothesis import given, settings
from hypothesis import strategies as st

from federation.effects import Tell
from protocol.statistics import messages, rules
from protocol.statistics.plan import Cell
from tests.federation.questions import PARAMETERS, World, ask, cohort_of, node_keys

CELLS = (Cell("1", 0, 7), Cell("2", 0, 7), Cell("", 0, 7))
contributions = st.lists(st.integers(-(2**40) + 1, 2**40 - 1), max_size=4)


@settings(max_examples=25, deadline=None)
@given(st.integers(5, 12), st.data())
def test_what_is_opened_is_true(count: int, data: st.DataObject) -> None:
    keys = node_keys(count)
    figures = {}
    for key in keys:
        one, other = data.draw(contributions), data.draw(contributions)
        figures[key.public] = [one, other, [value // 2 for value in one + other], []]
    lost = data.draw(st.dictionaries(st.sampled_from([key.public for key in keys]), st.integers(1, 9), max_size=4))
    found = World(keys, ask(cohort_of(keys)[1], CELLS), figures, gone=lost).run()
    if not lost:
        assert found.opened is not None or "no cell" in found.why_not
    if found.opened is None:
        return
    for cell, total in found.opened.sums:
        units = [value for public in found.opened.nodes for value in figures[public][cell]]
        assert total == sum(units)
        assert rules.passes(units, PARAMETERS)
    kinds: dict[tuple[int, int], set[int]] = {}
    for key in keys:
        for effect in found.effects.get(key.public, []):
            if isinstance(effect, Tell) and messages.tag_of(effect.body) == messages.RELEASE_TAG:
                made = messages.parse_release(effect.body)
                for dealer, share in made.shares:
                    kinds.setdefault((made.step, dealer), set()).add(_kind(found, made.step, dealer, key.public, share))
    assert all(len(seen) == 1 for seen in kinds.values())


def _kind(of: World, step: int, dealer: int, holder: bytes, share: bytes) -> int:
    """0: of a round key, 1: of an own mask. Looked up in what the dealer has dealt."""
    own = of.answerers[holder]
    return own._held[dealer].index(share) // 2
