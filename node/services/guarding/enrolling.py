"""A new member gets its guardians in the same act in which it is made: its recovery words are at hand only then."""

from __future__ import annotations

from node.services import members
from node.services.guarding import choosing
from node.services.house import House
from node.services.members import Enrolled
from node.store import Tx
from protocol.identity import words


def enrol(house: House, tx: Tx, name: str, factor: bytes = b"") -> Enrolled:
    """As :func:`node.services.members.enrol`, with up to four guardians if agreements with others are in force."""
    made = members.enrol(house, tx, name, factor)
    found = choosing.proposed(house, tx, house.area, "")
    if found:
        key = words.key_of(words.entropy_of(" ".join(made.words)))
        choosing.choose_with_words(house, tx, made.member, key, [item.key for item in found])
    return made
