"""Every name of the vocabulary has a word, and values read as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from node import offerwords
from node.services.offers.telling import Refused
from protocol.offer.fitting import CRITERIA
from protocol.offer.kinds import KINDS
from tests.protocol.offer import samples


def test_every_name_has_a_word() -> None:
    assert set(offerwords.KINDS) == set(KINDS)
    assert set(offerwords.MEANT) == {(kind, side) for kind in KINDS for side in offerwords.SIDES}
    for kind in KINDS.values():
        for field in kind.fields:
            assert field.name in offerwords.FIELDS
            assert all(name in offerwords.CHOICES or name in offerwords._PLAIN for name in field.choices), field.name
    assert {one.name for criteria in CRITERIA.values() for one in criteria} <= set(offerwords.FIELDS)
    assert Refused("full").args[0] in offerwords.REASONS


@pytest.mark.parametrize("kind", KINDS)
def test_every_value_is_readable(kind: str) -> None:
    for side in offerwords.SIDES:
        details = samples.details(kind, side)
        for field in KINDS[kind].fields:
            if field.name in details:
                text = offerwords.value(field, details[field.name], str, "en")
                assert text
                assert "_" not in text or field.name == "capability_ref"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (None, ""),
        (("2026-10-19", "2026-10-23"), "2026-10-19 – 2026-10-23"),
        ("26100", "Kyoto (26100)"),
        ("26", "Kyoto"),
    ],
)
def test_what_belongs_to_no_field(given: Any, text: str) -> None:
    assert offerwords.value(None, given, str, "en") == text
