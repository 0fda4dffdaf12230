"""What the pure layers may use, as a reading of their syntax trees. No list of what is bad is complete: this is a list
of what is allowed, and of the few impure names inside it.

Ruff's banned names (protocol/ruff.toml) say much of the same in the editor; this also sees `protocol/keys.py`, hidden
entropy inside libsodium, and output that depends on the order of a set.
"""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

OWN = {"protocol", "federation"}
# Modules of computation only. `datetime` for the calendar: its clock is refused below.
ALLOWED = {
    "__future__", "abc", "base64", "binascii", "bisect", "calendar", "collections", "copy", "dataclasses", "datetime",
    "decimal", "enum", "fractions", "functools", "hashlib", "heapq", "hmac", "ipaddress", "itertools", "json", "math",
    "operator", "re", "string", "struct", "types", "typing", "unicodedata", "zlib", "msgpack", "msgspec", "stdnum",
}  # fmt: skip
# Few files: libsodium behind protocol/keys.py and sealing.py, the word list behind protocol/identity/words.py.
ALLOWED_IN = {
    "protocol/keys.py": {"nacl.bindings", "nacl.exceptions"},
    "protocol/sealing.py": {"nacl.bindings", "nacl.exceptions"},
    "protocol/identity/words.py": {"mnemonic"},
}
BANNED_BUILTINS = {
    "open": "opens a file",
    "input": "reads a terminal",
    "print": "writes to a terminal",
    "exec": "runs text",
    "eval": "runs text",
    "compile": "runs text",
    "__import__": "imports by name",
    "breakpoint": "stops the program",
    "hash": "differs between two runs (PYTHONHASHSEED)",
    "id": "differs between two runs",
}
CLOCK = {"now", "utcnow", "today", "fromtimestamp", "astimezone"}
# Names by which libsodium, and the word list, draw random bytes that nobody passed in.
ENTROPY = re.compile(r"random|keygen|(?<!seed_)keypair$|box_seal$|init_push$|^generate$|^SealedBox$")
SETS = {"set", "frozenset"}
ORDERED = {"list", "tuple", "enumerate", "iter", "next", "zip", "map", "filter", "dict", "bytes", "bytearray"}


class Finding(NamedTuple):
    """One impurity: the line and the rule that it breaks."""

    line: int
    rule: str


def findings(path: str, source: str) -> list[Finding]:
    """All impurities of one file; `path` is relative to the project, with slashes."""
    tree = ast.parse(source, path)
    allowed = ALLOWED | ALLOWED_IN.get(path, set())
    found = [finding for node in ast.walk(tree) for finding in _judge(node, allowed)]
    return sorted(found)


def _judge(node: ast.AST, allowed: set[str]) -> Iterator[Finding]:
    match node:
        case ast.Import(names=names):
            for alias in names:
                yield from _imported(node.lineno, alias.name, allowed)
        case ast.ImportFrom(module=module, names=names):
            yield from _imported(node.lineno, module or ".", allowed)
            for alias in names:
                yield from _named(node.lineno, alias.name)
        case ast.Attribute(attr=attr):
            yield from _named(node.lineno, attr)
            if attr in CLOCK:
                yield Finding(node.lineno, f"`{attr}` reads a clock or this machine's time zone: pass `now`")
        case ast.Name(id=name, ctx=ast.Load()) if name in BANNED_BUILTINS:
            yield Finding(node.lineno, f"`{name}` {BANNED_BUILTINS[name]}")
        case ast.AsyncFunctionDef() | ast.Await() | ast.AsyncFor() | ast.AsyncWith():
            yield Finding(node.lineno, "a coroutine: machines return effects")
        case ast.Global():
            yield Finding(node.lineno, "a global that changes: hidden state")
        case ast.For(iter=source) | ast.comprehension(iter=source) | ast.Starred(value=source) if _is_set(source):
            yield Finding(source.lineno, "the order of a set differs between two runs: sort it")
        case ast.Call(func=func, args=[source, *_]) if _orders(func) and _is_set(source):
            yield Finding(source.lineno, "the order of a set differs between two runs: sort it")


def _imported(line: int, module: str, allowed: set[str]) -> Iterator[Finding]:
    top = module.split(".")[0]
    if top not in OWN and top not in allowed and module not in allowed:
        yield Finding(line, f"`{module}` is not among the modules that the pure layers may import")


def _named(line: int, name: str) -> Iterator[Finding]:
    if ENTROPY.search(name):
        yield Finding(line, f"`{name}` draws entropy: pass the bytes")


def _is_set(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr | ast.BitAnd | ast.Sub | ast.BitXor):
        return _is_set(node.left) or _is_set(node.right)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in SETS
    return isinstance(node, ast.Set | ast.SetComp)


def _orders(func: ast.expr) -> bool:
    if isinstance(func, ast.Attribute):
        return func.attr in {"join", "extend"}
    return isinstance(func, ast.Name) and func.id in ORDERED
