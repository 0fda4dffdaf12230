"""A question is written once, compiled once for each engine, and asked with values.

Owns the way from an Ibis expression to the text that an engine's own client runs, with named parameters, and the two
engines: DuckDB, and Spark for an area that outgrew one machine. Compiling takes longer than answering: texts are kept.
Ibis' compilers alone are used: its connections need pyarrow. Source: docs/adr/0056-reports.md.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import ibis
from ibis.backends.sql.compilers.duckdb import DuckDBCompiler
from ibis.backends.sql.compilers.pyspark import PySparkCompiler
from ibis.expr.types import Scalar, Table

Value = str | int | dt.date
Row = tuple[Any, ...]
_COMPILERS: Final = {"duckdb": DuckDBCompiler, "spark": PySparkCompiler}
_MARK: Final = re.compile(r"'\?([a-z_]+)\?'")


def given(name: str, kind: str) -> Scalar:
    """A value that is given when the question is asked; ``kind`` is an Ibis type."""
    return ibis.literal(f"?{name}?").cast(kind)


@dataclass(frozen=True)
class Text:
    """What an engine runs, and the names of the values it needs."""

    sql: str
    names: frozenset[str]

    def values(self, given: Mapping[str, Value]) -> dict[str, str]:
        """Those of ``given`` that it needs. KeyError for one that is missing."""
        return {name: str(given[name]) for name in self.names}


class Engine(Protocol):
    """Runs a question over the tables ``lines`` and ``places``."""

    def rows(self, question: Callable[..., Table], given: Mapping[str, Value], **fixed: int | bool) -> list[Row]:
        """Its rows. ``fixed``: what is part of the text, such as how many rows."""


class Duck:
    """DuckDB: ``connection`` has ``lines`` and ``places`` as tables or views."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def rows(self, question: Callable[..., Table], given: Mapping[str, Value], **fixed: int | bool) -> list[Row]:
        """See :class:`Engine`."""
        text = text_of(question, "duckdb", "$", tuple(sorted(fixed.items())))
        found: list[Row] = self._connection.execute(text.sql, text.values(given)).fetchall()
        return found


class Cluster:
    """Spark: ``session`` has ``lines`` and ``places`` as views."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def rows(self, question: Callable[..., Table], given: Mapping[str, Value], **fixed: int | bool) -> list[Row]:
        """See :class:`Engine`."""
        text = text_of(question, "spark", ":", tuple(sorted(fixed.items())))
        found = self._session.sql(text.sql, args=text.values(given))
        return [tuple(row) for row in found.collect()]


@functools.lru_cache(maxsize=256)
def text_of(
    question: Callable[..., Table], dialect: str, sign: str, fixed: tuple[tuple[str, int | bool], ...] = ()
) -> Text:
    """The text of a question for a dialect, with a parameter ``sign`` + name wherever a value is given."""
    compiled = str(_COMPILERS[dialect]().to_sqlglot(question(**dict(fixed))).sql(dialect))
    return Text(_MARK.sub(lambda found: sign + found[1], compiled), frozenset(_MARK.findall(compiled)))
