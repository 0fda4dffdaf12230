"""What fits what, criterion by criterion: fits, does not, or unknown, each with both values.

Owns the criteria of each kind and how words, places and days are compared; no learned model, so that every answer can
be told at a counter. *Hard* criteria decide whether a pair is shown at all; one other that does not fit makes it
*nearly*. The score orders a list and means nothing else. Knows no store and no clock. Source:
``docs/protocol.md`` §20.6.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, NamedTuple

from protocol.offer.kinds import KINDS, Side

WORDS_NEEDED: Final = 60  # per cent of the pairs of letters of the shorter topic
NEAR_MISSES: Final = 2  # so many soft criteria may fail in what nearly fits
_RUNS: Final = re.compile(r"[0-9a-zÀ-ɏ]+|[^\W0-9a-zÀ-ɏ_]+")
_HIRAGANA: Final = {code: code + 0x60 for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}
# 地方: which prefectures count as near, first code of each
_REGIONS: Final = ("01", "02", "08", "15", "21", "25", "31", "36", "40")


class Rule(Enum):
    """How two values are compared."""

    SAME = "same"
    SHARES = "shares"  # two lists have something in common
    COVERS = "covers"  # all that is requested is offered
    COVERED = "covered"  # all that the offer asks for in turn is there
    LEAST = "least"  # what is offered is at least what is requested
    MOST = "most"  # what is offered is at most what is requested
    WORDS = "words"
    PLACE = "place"  # the same prefecture; unknown within the region; not beyond
    NEAR = "near"  # the same prefecture; unknown beyond: goods and papers travel
    DAYS = "days"


class Outcome(Enum):
    """What came of one criterion."""

    FITS = "fits"
    NOT = "not"
    UNKNOWN = "unknown"


class Criterion(NamedTuple):
    """``offered``, ``requested``: fields of either side; ``area`` and ``days`` are those of the record itself."""

    name: str
    rule: Rule
    offered: str
    requested: str
    hard: bool = False


class Facts(NamedTuple):
    """What of an offer or request is compared."""

    kind: str
    side: str
    title: str
    area: str
    starts: str
    ends: str
    details: Mapping[str, Any]


class Verdict(NamedTuple):
    """One criterion's outcome with both values (None where a side says nothing)."""

    name: str
    outcome: Outcome
    offered: Any
    requested: Any
    hard: bool


class Fit(NamedTuple):
    """``fits``: nothing is known that does not fit; ``nearly``: nothing hard, and at most two others."""

    verdicts: tuple[Verdict, ...]
    fits: bool
    nearly: bool
    score: int


def _same(name: str, *, hard: bool = False) -> Criterion:
    return Criterion(name, Rule.SAME, name, name, hard)


def _least(name: str) -> Criterion:
    return Criterion(name, Rule.LEAST, name, name)


def _most(name: str) -> Criterion:
    return Criterion(name, Rule.MOST, name, name)


def _covers(name: str) -> Criterion:
    return Criterion(name, Rule.COVERS, name, name)


def _topic(name: str) -> Criterion:
    return Criterion(name, Rule.WORDS, name, name, hard=True)


_DAYS: Final = Criterion("days", Rule.DAYS, "days", "days")
_PLACE: Final = Criterion("area", Rule.PLACE, "area", "area")
_NEAR: Final = Criterion("area", Rule.NEAR, "area", "area")
_MAKING: Final = (
    _same("process", hard=True),
    _covers("materials"),
    _least("length_mm"),
    _least("width_mm"),
    _least("height_mm"),
    _least("force_kn"),
    _most("tolerance_um"),
    _most("roughness_nm"),
    _covers("certificates"),
    _least("quantity"),
    Criterion("lot_least", Rule.MOST, "lot_least", "quantity"),
    _DAYS,
    _NEAR,
)
#: Criteria by kind. Between two of one side only those count that need no giver and taker.
CRITERIA: Final[Mapping[str, tuple[Criterion, ...]]] = {
    "joint_purchase": (_topic("item"), _same("gtin"), _same("unit"), _PLACE),
    "joint_transport": (
        _same("temperature", hard=True),
        Criterion("origin", Rule.PLACE, "origin", "origin", hard=True),
        Criterion("destination", Rule.PLACE, "destination", "destination", hard=True),
        Criterion("days", Rule.DAYS, "days", "days", hard=True),
        _least("weight_kg"),
        _least("volume_l"),
        _least("pallets"),
    ),
    "stock": (
        _same("regulated", hard=True),
        _topic("item"),
        _same("gtin"),
        _same("unit"),
        _least("quantity"),
        _most("price_yen"),
        _least("best_before"),
        _same("temperature"),
        _NEAR,
    ),
    "goods": (
        _same("regulated", hard=True),
        _topic("item"),
        _same("gtin"),
        _same("unit"),
        _most("price_yen"),
        Criterion("lot_least", Rule.MOST, "lot_least", "quantity"),
        _most("lead_days"),
        _NEAR,
    ),
    "capacity": (*_MAKING, _least("hours_week"), _least("axes"), _least("machines"), _most("lead_days")),
    "people": (
        _same("trade", hard=True),
        _topic("skill"),
        _same("form"),
        _same("purpose"),
        _least("persons"),
        _least("hours_day"),
        Criterion("days", Rule.DAYS, "days", "days", hard=True),
        _PLACE,
    ),
    "gap_filling": (
        _topic("theme"),
        Criterion("seeks", Rule.COVERS, "brings", "seeks"),
        Criterion("brings", Rule.COVERED, "seeks", "brings"),
    ),
    "overflow": (*_MAKING, _most("price_yen")),
    "referral": (_topic("specialities"), _covers("certificates"), _covers("languages")),
    "joint_investment": (
        _same("object", hard=True),
        _topic("purpose_text"),
        _same("form"),
        _PLACE,
    ),
    "joint_machine": (_same("process", hard=True), _topic("machine"), _same("maker_model")),
    "shared_equipment": (
        _same("category", hard=True),
        _topic("equipment"),
        _least("length_mm"),
        _least("width_mm"),
        _least("height_mm"),
        _least("hours_week"),
        _most("price_hour_yen"),
        _same("operator"),
        _DAYS,
        _PLACE,
    ),
    "abroad": (
        Criterion("countries", Rule.SHARES, "countries", "countries", hard=True),
        Criterion("activities", Rule.SHARES, "activities", "activities", hard=True),
        _covers("languages"),
        _covers("certificates"),
    ),
}
_BOTH_WAYS: Final = frozenset({Rule.SAME, Rule.SHARES, Rule.WORDS, Rule.PLACE, Rule.NEAR, Rule.DAYS})


def judge(one: Facts, other: Facts) -> Fit:
    """How two of them fit, whichever way round they are given. Their kinds and sides have to be partners."""
    offered, requested = (other, one) if one.side == Side.REQUEST.value else (one, other)
    alike = one.side == other.side
    verdicts = []
    for criterion in CRITERIA[requested.kind]:
        if alike and criterion.rule not in _BOTH_WAYS and criterion.name not in {"seeks", "brings"}:
            continue
        found = _verdict(criterion, offered, requested)
        if found is not None:
            verdicts.append(found)
    return _sum_up(verdicts)


def _sum_up(verdicts: list[Verdict]) -> Fit:
    failed = [one for one in verdicts if one.outcome is Outcome.NOT]
    hard = any(one.hard for one in failed)
    fitting = sum(3 if one.hard else 2 for one in verdicts if one.outcome is Outcome.FITS)
    known = sum(3 if one.hard else 2 for one in verdicts if one.outcome is not Outcome.UNKNOWN)
    score = 100 * fitting // known if known else 0
    return Fit(tuple(verdicts), not failed, bool(failed) and not hard and len(failed) <= NEAR_MISSES, score)


def _verdict(criterion: Criterion, offered: Facts, requested: Facts) -> Verdict | None:
    """None where neither side says anything."""
    mine, wanted = _value(offered, criterion.offered), _value(requested, criterion.requested)
    if mine is None and wanted is None:
        return None
    if mine is None or wanted is None:
        outcome = Outcome.UNKNOWN
    else:
        outcome = _compare(criterion.rule, mine, wanted)
    return Verdict(criterion.name, outcome, mine, wanted, criterion.hard)


def _value(facts: Facts, name: str) -> Any:
    if name == "area":
        return facts.area or None
    if name == "days":
        return (facts.starts, facts.ends) if facts.starts or facts.ends else None
    return facts.details.get(name)


def _compare(rule: Rule, offered: Any, requested: Any) -> Outcome:
    if rule in {Rule.PLACE, Rule.NEAR}:
        return _place(rule, offered, requested)
    if rule is Rule.WORDS:
        good = alikeness(_joined(offered), _joined(requested)) >= WORDS_NEEDED
    elif rule is Rule.SAME:
        good = offered == requested
    elif rule is Rule.LEAST:
        good = offered >= requested
    elif rule is Rule.MOST:
        good = offered <= requested
    elif rule is Rule.DAYS:
        good = _overlap(offered, requested)
    else:
        mine, wanted = ({folded(item) for item in value} for value in (offered, requested))
        good = (
            bool(mine & wanted) if rule is Rule.SHARES else mine <= wanted if rule is Rule.COVERED else wanted <= mine
        )
    return Outcome.FITS if good else Outcome.NOT


def _place(rule: Rule, offered: str, requested: str) -> Outcome:
    if offered[:2] == requested[:2]:
        return Outcome.FITS
    if rule is Rule.NEAR or _region(offered) == _region(requested):
        return Outcome.UNKNOWN
    return Outcome.NOT


def _region(area: str) -> str:
    return max(first for first in _REGIONS if first <= area[:2])


def _overlap(offered: tuple[str, str], requested: tuple[str, str]) -> bool:
    """Days as ISO dates, which compare as they stand; an empty one is open."""
    return (not offered[0] or not requested[1] or offered[0] <= requested[1]) and (
        not offered[1] or not requested[0] or requested[0] <= offered[1]
    )


def _joined(value: Any) -> tuple[str, ...]:
    return tuple(value) if type(value) is not str else (value,)


def alikeness(offered: tuple[str, ...], requested: tuple[str, ...]) -> int:
    """Per cent of the shorter one's pairs of letters that the other has too; the best of several texts."""
    best = 0
    for mine in offered:
        for wanted in requested:
            left, right = pieces(mine), pieces(wanted)
            short, long = (left, right) if len(left) <= len(right) else (right, left)
            if short:
                best = max(best, 100 * len(short & long) // len(short))
    return best


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """What is the same for comparing: width, kana script, letter case."""
    return unicodedata.normalize("NFKC", text).lower().translate(_HIRAGANA)


@lru_cache(maxsize=4096)
def pieces(text: str) -> frozenset[str]:
    """The pairs of neighbouring letters of each run, Latin words and numbers whole; a lone letter alone.

    Numbers alone say little (200枚, 45t) and are left out where there is anything else.
    """
    found: set[str] = set()
    numbers: set[str] = set()
    for run in _RUNS.findall(folded(text)):
        if run[0].isascii() and run[0].isdigit():
            numbers.add(run)
        elif run[0].isascii() or len(run) == 1:
            found.add(run)
        else:
            found.update(left + right for left, right in pairwise(run))
    return frozenset(found or numbers)


assert set(CRITERIA) == set(KINDS)
