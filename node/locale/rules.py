"""Where something is refused: the sentences that name the broken rule, as templates, and their translations.

Owns ``LANGUAGE/rules.json``. A sentence is found where an error of the caller is made of it, as text or as an f-string,
whose values become ``{0}``, ``{1}`` …. Works in a checkout, not in an installed node. Read by :mod:`node.rules`.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from node.i18n import LOCALE

ROOT = LOCALE.parents[1]
RAISED: Final = frozenset({"CallerFault", "NotFound", "ImpossibleStep", "fail", "unfit"})
CANNOT: Final = "cannot"  # of state tables: completes a sentence that begins with one of SUBJECT
SUBJECT: Final = "SUBJECT"
#: What no person is told: between nodes, and of the simulator.
LEFT_OUT: Final = ("federation/", "protocol/statistics/", "node/sim/", "node/locale/")
LEAST_LETTERS: Final = 6  # of a template that begins with a value: "{0} is {1}" would fit anything
LANGUAGE: Final = "ja"


def path_of(language: str) -> Path:
    """Where the translations of a language lie."""
    return LOCALE / language / "rules.json"


def read(language: str) -> dict[str, str]:
    """Translations by template; empty texts are left to translate."""
    path = path_of(language)
    found: dict[str, str] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return found


def update(language: str) -> list[str]:
    """Bring the file to the templates in use, keeping its translations; those that have none."""
    old = read(language)
    new = {template: old.get(template, "") for template in sorted(templates())}
    path_of(language).write_text(json.dumps(new, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return [template for template, text in new.items() if not text]


def templates() -> set[str]:
    """Every sentence in the sources."""
    found: set[str] = set()
    for top in ("protocol", "federation", "node"):
        for path in sorted((ROOT / top).rglob("*.py")):
            if not path.relative_to(ROOT).as_posix().startswith(LEFT_OUT):
                found.update(_of(ast.parse(path.read_text("utf-8"))))
    return {text for text in found if not text.startswith("{") or _letters(text) >= LEAST_LETTERS}


def _letters(text: str) -> int:
    return len(re.findall("[A-Za-z]", re.sub(r"\{[0-9]+\}", "", text)))


def _of(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == SUBJECT for target in targets):
                yield from (text for value in node.value.values for text in _texts(value))
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in RAISED and len(node.args) > 1:
            yield from _texts(node.args[1])
        for keyword in node.keywords:
            if keyword.arg == CANNOT:
                yield from (f"{{0}} {text}" for text in _texts(keyword.value))


def _texts(node: ast.expr) -> Iterator[str]:
    """The templates that an expression may be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield _joined(node)
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


def _joined(node: ast.JoinedStr) -> str:
    text, place = "", 0
    for value in node.values:
        if isinstance(value, ast.Constant):
            text += str(value.value).replace("{", "{{").replace("}", "}}")
        else:
            text += f"{{{place}}}"
            place += 1
    return text
