"""Choices of data use, streets, and uses. Owns the statements of these tables; decides nothing."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema_datause import data_use_choices, data_use_streets, data_uses
from node.store.sql import Query, insert_new, plain, upsert


class ChoiceRow(NamedTuple):
    """One choice of a member, in force from ``time`` (µs UTC) until its next one. ``by``: the user's name."""

    member: bytes
    data: str
    reach: str
    time: int
    allowed: bool
    by: str


class UseRow(NamedTuple):
    """What was counted, for whom, on which day; ``time``: µs UTC of the first time."""

    day: str
    data: str
    reach: str
    asker: str
    what: str
    time: int


_bind = sa.bindparam
_CHOICE = sa.select(*(data_use_choices.c[name] for name in ChoiceRow._fields))
_ORDER = (data_use_choices.c.member, data_use_choices.c.data, data_use_choices.c.reach, data_use_choices.c.time)
_OF_MEMBER = Query(ChoiceRow._make, _CHOICE.where(data_use_choices.c.member == _bind("member")).order_by(*_ORDER))
_CHOICES = Query(
    ChoiceRow._make,
    _CHOICE.where(data_use_choices.c.data == _bind("data"), data_use_choices.c.reach == _bind("reach")).order_by(
        *_ORDER
    ),
)
_CHOICE_ADD = upsert(data_use_choices, ChoiceRow._fields)
_STREETS = Query(plain, sa.select(data_use_streets.c.member, data_use_streets.c.street))
_STREET_PUT = upsert(data_use_streets, ("member", "street"))
_USES = Query(
    UseRow._make,
    sa.select(*(data_uses.c[name] for name in UseRow._fields))
    .order_by(data_uses.c.day.desc(), data_uses.c.data, data_uses.c.reach, data_uses.c.asker, data_uses.c.what)
    .limit(_bind("limit")),
)
_USE_ADD = insert_new(data_uses, UseRow._fields)


class DataUse(Repository):
    """What members let be counted, and what was."""

    def of(self, member: bytes) -> list[ChoiceRow]:
        """All choices of a member, by kind, the oldest first."""
        return self._db.all(_OF_MEMBER, member=member)

    def choices(self, data: str, reach: str) -> list[ChoiceRow]:
        """All choices of all members on one thing, by member, the oldest first."""
        return self._db.all(_CHOICES, data=data, reach=reach)

    def choose(self, row: ChoiceRow) -> None:
        """Add one."""
        self._db.run_many(_CHOICE_ADD, [row])

    def streets(self) -> dict[bytes, str]:
        """Member → street."""
        return dict(self._db.all(_STREETS))

    def set_street(self, member: bytes, street: str) -> None:
        """Set or, with an empty word, take away."""
        self._db.run_many(_STREET_PUT, [(member, street)])

    def note(self, row: UseRow) -> None:
        """Add a use, unless it stands there for that day."""
        self._db.run_many(_USE_ADD, [row])

    def uses(self, limit: int) -> list[UseRow]:
        """The latest uses, the latest first."""
        return self._db.all(_USES, limit=limit)
