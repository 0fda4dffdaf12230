"""Prints the parts of docs/process.md that follow from the code: fields, tables, limits, advice.

``python -m tests.protocol.process.describe`` writes them into the chapter; ``test_docs`` fails while it differs.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import msgspec

from protocol.process.catalogue import table as catalogues
from protocol.process.deed import table as deeds
from protocol.process.fact import Fact
from protocol.process.replenishment import table as replenishments
from protocol.process.thread import Verdict, fold, judge
from protocol.process.trade import table
from protocol.process.trade.advice import TEXTS
from protocol.process.trade.papers import PAPERS, VERSIONS, Paper, Part, Personal, base
from protocol.process.trade.table import SUBJECT, TABLE, Concurrent, Row, State
from tests.conftest import ROOT
from tests.protocol.process.dealings import Desk
from tests.protocol.process.moves import MOVES, OPENINGS

CHAPTER = ROOT / "docs" / "process.md"
ALIASES = {
    name: getattr(base, name)
    for name in ("Text", "Word", "Code", "Date", "TimeOfDay", "Amount", "SignedAmount", "Count", "DocumentId")
}
GUARDS = {
    "order": "names this dealing's order, if any",
    "one_order": "there is one order, not two that contradict each other",
    "contradicting_orders": "revises the same number; while held, only when the orders are what is contradicted",
    "currency": "in the currency of the dealing",
    "order_lines": "answers lines of the order; added lines have new ids",
    "changed_lines": "changes or removes lines of the order; added lines have new ids",
    "cancelled_lines": "cancels lines of the order",
    "unanswered": "the number was not asked and answered before",
    "line_units": "names lines of the order, in the unit ordered",
    "shipped_above_accepted": "no more than accepted − despatched + failed, returned or short",
    "known_despatch": "the despatch advice it names is in its past",
    "changed_below_shipped": "a change accepted leaves no line below what is on the way",
    "billed_above_accepted": "no more than accepted − billed + credited",
    "corrected_bill": "the invoice is in its past; a credit is at most what stands of it, in amount and quantity",
    "unconfirmed": "the number was not stated and answered before",
    "stated": "the statement is in its past and not answered, or answered in contradiction",
    "paid_above_billed": "on a bill in its past at most what is due",
    "messages": "no more messages of one side than the limit",
}


CATALOGUE_GUARDS = {
    "standing_edition": "the version was not withdrawn",
    "same_sheets": "number of sheets, validity, currency and tax as on the other sheets of the version",
    "new_sheet": "this sheet of the version was not written before",
    "item_once": "no item number of another sheet of the version",
    "known_edition": "the version named is in its past, and was not withdrawn",
}
REPLENISHMENT_GUARDS = {
    "open_proposal": "the proposal is in its past, not replaced, and not answered, or answered in contradiction",
}
DEED_GUARDS = {
    "sides": "the side is the one that the first proposal gives its author",
    "in_time": "signed before its own `until`",
    "turn": (
        "the first answers none; a later one counters a proposal of the other side in its past that is open, declined"
        " or lapsed"
    ),
    "same_offer": "offer and kind as in the first proposal",
    "own_thing": "of the buyer: `thing` as in what it counters, empty in the first",
    "open_proposal": "the proposal is in its past, open or accepted",
    "answer_fits": (
        "`accepted`: by the other side, once, signed before `until`; `confirmed`: by the seller, on an acceptance of"
        " its own; `declined`: by the other side before it accepted, or by the proposer on an acceptance at or after"
        " `until`; `lapsed`: by the proposer, at or after `until`, without an acceptance in its past"
    ),
    "agreed_terms": "the proposal was agreed",
    "report_fits": "not after the own wish to cancel; `fulfilled` by the buyer",
}


def type_text(annotation: Any) -> str:
    """A type as the chapter writes it."""
    for name, alias in ALIASES.items():
        if annotation == alias:
            return name
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return type_text(arguments[0])
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return f"list of {type_text(arguments[0])}"
        return "[" + ", ".join(type_text(one) for one in arguments) + "]"
    if type(None) in arguments:
        return type_text(next(one for one in arguments if one is not type(None)))
    name = str(annotation.__name__)
    return {"str": "text", "int": "integer", "bool": "boolean"}.get(name, name)


def structs(struct: type[Part], seen: dict[type[Part], None]) -> dict[type[Part], None]:
    """The structs inside one, in the order of their first mention."""
    for annotation in typing.get_type_hints(struct).values():
        for inner in _parts(annotation):
            if inner not in seen:
                seen[inner] = None
                structs(inner, seen)
    return seen


def _parts(annotation: Any) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from _parts(inner)


def meaning(struct: type[Part]) -> str:
    """The docstring of a struct as one paragraph."""
    text = " ".join((struct.__doc__ or "").split())
    return re.sub(r":\w+:`([^`]*)`", r"`\1`", text).replace("``", "`")


def fields(struct: type[Part], without: type[Part] | None = None) -> list[str]:
    """The table of fields of a struct."""
    hints = typing.get_type_hints(struct, include_extras=True)
    skipped = set(without.__struct_fields__) if without is not None else set()
    rows = ["| field | type | |", "|---|---|---|"]
    for field in msgspec.structs.fields(struct):
        if field.name not in skipped:
            need = "required" if field.required else ""
            rows.append(f"| `{field.name}` | {type_text(hints[field.name])} | {need} |")
    return rows


def papers() -> Iterator[str]:
    yield "### Every paper\n"
    yield meaning(Paper) + "\n"
    yield from fields(Paper)
    seen: dict[type[Part], None] = {}
    structs(Paper, seen)
    paper: type[Part]
    for name, paper in PAPERS.items():
        yield f"\n### `{name}` (version {', '.join(map(str, VERSIONS[name]))})\n"
        yield meaning(paper) + "\n"
        yield from fields(paper, Paper)
        structs(paper, seen)
    yield "\n### `personal`\n"
    yield meaning(Personal) + "\n"
    yield from fields(Personal)
    structs(Personal, seen)
    yield "\n### Parts\n"
    for struct in seen:
        yield f"\n#### {struct.__name__}\n"
        yield meaning(struct) + "\n"
        yield from fields(struct)


def states() -> Iterator[str]:
    yield "| state | as the subject of a sentence |"
    yield "|---|---|"
    for state, subject in SUBJECT.items():
        yield f"| `{state.value}` | {subject} |"


def rows() -> Iterator[str]:
    yield "| paper | writer | in these states | says | becomes | beside others | held: who decides | revisable |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, row in TABLE.items():
        for index, step in enumerate(row.steps):
            yield _row(name, row, index == 0, step)


def _row(name: str, row: Row, first: bool, step: table.Step) -> str:
    wherever = ", ".join(f"`{state.value}`" for state in step.states)
    becomes = f"`{step.becomes.value}`" if step.becomes else "–"
    says = step.says or "–"
    if not first:
        return f"| | | {wherever} | {says} | {becomes} | | | |"
    writers = " or ".join(role.value for role in row.writers)
    decides = row.decides.value if row.decides else "its writer"
    revisable = "yes" if row.revisable else "no"
    paper = f"**`{name}`**" + (" (opens)" if row.opens else "")
    return (
        f"| {paper} | {writers} | {wherever} | {says} | {becomes} | {row.concurrent.value} | {decides} | {revisable} |"
    )


def concurrent() -> Iterator[str]:
    source = Path(table.__file__).read_text(encoding="utf-8")
    yield "| word | of papers | rule |"
    yield "|---|---|---|"
    for word in Concurrent:
        match = re.search(rf'    {word.name} = "{word.value}"\n    """(.*?)"""', source, re.DOTALL)
        assert match is not None
        names = ", ".join(f"`{name}`" for name, row in TABLE.items() if row.concurrent is word)
        yield f"| **{word.value}** | {names} | {' '.join(match[1].split())} |"


def guards() -> Iterator[str]:
    yield "| paper | conditions beyond the state, in this order |"
    yield "|---|---|"
    for name, row in TABLE.items():
        if row.guards:
            yield f"| `{name}` | " + "; ".join(f"*{guard}*: {GUARDS[guard]}" for guard in row.guards) + " |"


def impossible() -> Iterator[str]:
    agreement = list(SUBJECT)
    yield "| | " + " | ".join(f"`{state.value}`" for state in agreement) + " |"
    yield "|---" * (len(agreement) + 1) + "|"
    for name, row in TABLE.items():
        possible = {state for step in row.steps for state in step.states}
        yield f"| `{name}` | " + " | ".join("●" if state in possible else "" for state in agreement) + " |"


MARKS = {"": "●", "same": "=", "overtaken": "↓", "ended": "↓", "contradicted": "✕", "business_key": "✕", "above": "▲"}


def pairs() -> Iterator[str]:
    """Found by writing every two moves beside each other on every opening, where each alone is possible."""
    found: dict[tuple[str, str], set[str]] = {}
    for opening in OPENINGS.values():
        for one, other in combinations_with_replacement(MOVES, 2):
            _meet(opening, one, other, found)
    yield "| | | " + " | ".join(str(number) for number in range(1, len(TABLE) + 1)) + " |"
    yield "|---" * (len(TABLE) + 2) + "|"
    for number, name in enumerate(TABLE, 1):
        cells = ("".join(mark for mark in "●=↓✕▲" if mark in found.get((name, other), ())) for other in TABLE)
        yield f"| {number} | `{name}` | " + " | ".join(cells) + " |"


def _meet(opening: Callable[[Desk], Fact], one: str, other: str, found: dict[tuple[str, str], set[str]]) -> None:
    desk = Desk()
    first = opening(desk)
    before = list(desk.facts)
    two = (MOVES[one](desk, first), MOVES[other](desk, first))
    if any(judge(before, fact).verdict is not Verdict.EFFECTIVE for fact in two):
        return
    alone = [fold([*before, fact]).outcomes[fact.id].code for fact in two]
    outcomes = fold(desk.facts).outcomes
    codes = {outcomes[fact.id].code for fact, code in zip(two, alone, strict=True) if not code} - {""} or {""}
    for types in ((two[0].type, two[1].type), (two[1].type, two[0].type)):
        found.setdefault(types, set()).update(MARKS[code] for code in codes)


def catalogue_states() -> Iterator[str]:
    return _states(catalogues.SUBJECT)


def replenishment_states() -> Iterator[str]:
    return _states(replenishments.SUBJECT)


def _states(subjects: Mapping[Any, str]) -> Iterator[str]:
    yield "| state | as the subject of a sentence |"
    yield "|---|---|"
    for state, subject in subjects.items():
        yield f"| `{state.value}` | {subject} |"


def catalogue_table() -> Iterator[str]:
    return _table(catalogues.TABLE, CATALOGUE_GUARDS)


def replenishment_table() -> Iterator[str]:
    return _table(replenishments.TABLE, REPLENISHMENT_GUARDS)


def deed_states() -> Iterator[str]:
    return _states(deeds.SUBJECT)


def deed_table() -> Iterator[str]:
    return _table(deeds.TABLE, DEED_GUARDS)


def _table(rows: Mapping[str, Any], conditions: Mapping[str, str]) -> Iterator[str]:
    yield "| paper | writer | in these states | conditions beyond the state, in this order |"
    yield "|---|---|---|---|"
    for name, row in rows.items():
        paper = f"**`{name}`**" + (" (opens)" if row.opens else "")
        wherever = ", ".join(f"`{state.value}`" for state in row.states)
        said = "; ".join(f"*{guard}*: {conditions[guard]}" for guard in row.guards) or "–"
        writers = getattr(row, "writers", None) or (row.writer,)
        writer = ", ".join(role.value for role in writers)
        yield f"| {paper} | {writer} | {wherever} | {said} |"


def progress() -> Iterator[str]:
    yield "`" + "`, `".join(state.value for state in State if state not in SUBJECT) + "`"


def advice() -> Iterator[str]:
    yield "| text id | text |"
    yield "|---|---|"
    for name, text in TEXTS.items():
        yield f"| `{name}` | {text} |"


PARTS: dict[str, Callable[[], Iterator[str]]] = {
    "papers": papers,
    "states": states,
    "progress": progress,
    "possible": impossible,
    "table": rows,
    "guards": guards,
    "concurrent": concurrent,
    "pairs": pairs,
    "catalogue states": catalogue_states,
    "catalogue table": catalogue_table,
    "replenishment states": replenishment_states,
    "replenishment table": replenishment_table,
    "deed states": deed_states,
    "deed table": deed_table,
    "advice": advice,
}


def rendered(chapter: str) -> str:
    """The chapter with every generated part as the code has it now."""
    for name, part in PARTS.items():
        opening, end = f"<!-- generated: {name} -->\n", "<!-- end -->"
        before, found, rest = chapter.partition(opening)
        assert found, f"docs/process.md has no place for {name}"
        chapter = before + opening + "\n".join(part()) + "\n" + end + rest.partition(end)[2]
    return chapter


if __name__ == "__main__":
    CHAPTER.write_text(rendered(CHAPTER.read_text(encoding="utf-8")), encoding="utf-8")
