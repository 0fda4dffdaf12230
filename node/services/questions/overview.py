"""How questions look to people here: nodes by their names, days as dates. Read only; nothing is decided."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from federation.peers import PINNED
from node.services.house import House
from node.services.questions import cohorts, gathering, ledgering, policy
from node.services.questions.gathering import Answer
from node.store import CohortRow, QuestionRow, Tx
from protocol.errors import CallerFault
from protocol.statistics import post
from protocol.statistics.ledger import Line
from protocol.statistics.plan import Cell

EPOCH: Final = date(1970, 1, 1)
MAX_WAITING: Final = 1000
ACCEPTED: Final = frozenset(state.value for state in PINNED)


class Names:
    """What nodes are called here, by key."""

    def __init__(self, own: bytes, name: str, rows: dict[bytes, str]) -> None:
        self._rows = {**rows, own: name}

    def __call__(self, key: bytes) -> str:
        return self._rows.get(key) or key.hex()[:12]


def names_of(house: House, tx: Tx) -> Names:
    """This node's and its peers' names."""
    own = house.node.public
    return Names(own, house.name or own.hex()[:12], {row.key: row.name for row in tx.peers.all()})


def cell(at: int, code: str, first: str, last: str) -> Cell:
    """Cell number ``at`` from what people write: both days are in it."""
    try:
        since, until = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        raise CallerFault(f"cells[{at}]", "days as 2026-10-01") from None
    return Cell(code, (since - EPOCH).days, (until - EPOCH).days + 1)


def _day(number: int) -> str:
    return date.fromordinal(EPOCH.toordinal() + number).isoformat()


def cohort(row: CohortRow, names: Names) -> dict[str, Any]:
    """A cohort."""
    found = cohorts.cohort_of(row)
    return {
        "cohort": row.cohort.hex(),
        "name": found.name,
        "kind": found.kind,
        "area": found.area,
        "epoch": found.epoch,
        "until": found.until,
        "publisher": names(row.publisher),
        "state": row.state,
        "nodes": [names(key) for key in found.keys],
    }


def asked(row: QuestionRow, names: Names) -> dict[str, Any]:
    """A question and how it stands here."""
    found = ledgering.parsed(row.wire)
    return {
        "question": row.question.hex(),
        "asker": names(row.asker),
        "cohort": row.cohort.hex(),
        "figure": row.figure,
        "cells": len(found.cells),
        "first": _day(min(cell.since for cell in found.cells)),
        "last": _day(max(cell.until for cell in found.cells) - 1),
        "version": found.version,
        "time": row.time,
        "state": row.state,
        "reason": row.reason,
        "by": row.by,
    }


def result(house: House, tx: Tx, text: str) -> dict[str, Any]:
    """What came of a question of ours."""
    names = names_of(house, tx)
    found: Answer = gathering.answer(tx, text)
    return {
        "question": found.question.hex(),
        "asker": names(found.asked.asker),
        "figure": found.asked.figure,
        "state": found.state,
        "reason": found.reason,
        "cells": [
            {
                "code": one.cell.code,
                "first": _day(one.cell.since),
                "last": _day(one.cell.until - 1),
                "sum": one.total,
                "why": one.why,
            }
            for one in found.cells
        ],
        "asked": [
            {"code": one.code, "first": _day(one.since), "last": _day(one.until - 1)} for one in found.asked.cells
        ],
        "nodes": [names(key) for key in found.nodes],
        "named": [{"node": names(key), "rule": rule} for key, rule in found.named],
    }


def line(line: Line, names: Names) -> dict[str, Any]:
    """An entry of the ledger."""
    entry = line.entry
    return {
        "number": entry.number,
        "time": entry.time,
        "event": entry.event.value,
        "question": entry.question.hex(),
        "asker": names(entry.asker),
        "figure": entry.figure,
        "month": entry.month,
        "version": entry.version,
        "cells": [[line.question.cells[at].code, _day(line.question.cells[at].since),
                   _day(line.question.cells[at].until - 1)] for at in entry.cells],
        "detail": entry.detail,
    }  # fmt: skip


def cohorts_here(house: House, tx: Tx) -> list[dict[str, Any]]:
    """Every cohort."""
    names = names_of(house, tx)
    return [cohort(row, names) for row in tx.questions.cohorts()]


def latest(house: House, tx: Tx, limit: int) -> list[dict[str, Any]]:
    """The latest questions, ours and others'."""
    names = names_of(house, tx)
    return [asked(row, names) for row in tx.questions.latest(limit)]


def waiting(house: House, tx: Tx) -> list[dict[str, Any]]:
    """Questions that wait for a person here."""
    return [row for row in latest(house, tx, MAX_WAITING) if row["state"] == post.WAITING]


def ledger(house: House, tx: Tx, limit: int) -> list[dict[str, Any]]:
    """The latest entries; every signature and link of the whole ledger is looked at first."""
    names = names_of(house, tx)
    return [line(found, names) for found in ledgering.page(house, tx, limit)]


def rules(house: House, tx: Tx) -> list[dict[str, str]]:
    """Who may ask: everybody else (without a name) first, then every peer with the rule that holds for it."""
    found = [{"node": "", "asker": "", "rule": policy.rule_for(house, tx, policy.EVERYBODY)}]
    rows = sorted(tx.peers.all(), key=lambda row: (row.name, row.node))
    found += [
        {"node": row.node.hex(), "asker": row.name or row.node.hex()[:12], "rule": policy.rule_for(house, tx, row.key)}
        for row in rows
        if row.state in ACCEPTED
    ]
    return found
