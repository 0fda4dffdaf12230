"""Full-text search that finds two-character Japanese words: bigrams made here, indexed by the engine.

Text is folded (NFKC, which also widens half-width kana; hiragana to katakana; lower case) and cut into tokens: a run
of Latin letters or digits is one token; a run of anything else becomes its overlapping pairs, and its first and last
character once more alone, so that a single character is found as the beginning of a token. A query's tokens must all
be there, in any place; its last Latin word counts as a prefix. Neither engine keeps the text. Owns folding, tokens and
the query's quoting; knows nothing of what a document says.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

import sqlalchemy as sa

from node.store.repository import Repository
from node.store.schema import holdings
from node.store.sql import Query, Statement, first

MAX_QUERY_TOKENS = 64
KEPT_CHARS = 120  # lines up to this length (an article with its numbers) are folded once and remembered
INDEXED = "search.indexed"  # in meta: documents up to this position are in the index
_LATIN = "0-9a-z\u00df-\u024f"
_WORDS = re.compile(f"[{_LATIN}]+")
_NOT_PAIRED = re.compile(rf"[\W_{_LATIN}]+")
_RUNS = re.compile(rf"[{_LATIN}]+|[^\W_{_LATIN}]+")
_HIRAGANA = re.compile("[\u3041-\u3096\u309d\u309e]+")
_KATAKANA = {code: code + 0x60 for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}
_SPACE = array("I", [0x20])
_END = 2**62


def folded(text: str) -> str:
    """What is the same for search: width, kana script and letter case."""
    if text.isascii():
        return text.lower()
    return _HIRAGANA.sub(lambda run: run[0].translate(_KATAKANA), unicodedata.normalize("NFKC", text).lower())


def index_text(text: str) -> str:
    """The tokens of a text, separated by spaces. Lines are folded one by one: articles and partners come back daily."""
    return " ".join([_kept(line) if len(line) <= KEPT_CHARS else _tokens(line) for line in text.split("\n")])


@lru_cache(maxsize=2048)
def _kept(line: str) -> str:
    return _tokens(line)


def _tokens(text: str) -> str:
    text = folded(text)
    words = " ".join(_WORDS.findall(text))
    return words if text.isascii() else f"{words} {_pairs(_NOT_PAIRED.sub(' ', text))}"


def _pairs(text: str) -> str:
    """Every two neighbours and a space: 東京都 → 東京 京都 都. By arrays, ten times as fast as by a loop."""
    codes = array("I", text.encode("utf-32-le"))
    pairs = _SPACE * (3 * len(codes))
    pairs[0::3] = codes
    codes.append(0x20)
    pairs[1::3] = codes[1:]
    return pairs.tobytes().decode("utf-32-le")


def query_tokens(text: str) -> list[tuple[str, bool]]:
    """(token, as a prefix?) that a query asks for; empty if it has nothing to look for."""
    wanted: dict[str, bool] = {}
    runs = _RUNS.findall(folded(text))
    for at, run in enumerate(runs):
        if _WORDS.match(run):
            wanted[run] = wanted.get(run, True) and at == len(runs) - 1
        elif len(run) == 1:
            wanted[run] = True
        else:
            wanted.update({left + right: False for left, right in pairwise(run)})
    return list(wanted.items())[:MAX_QUERY_TOKENS]


def fts5_query(wanted: Iterable[tuple[str, bool]]) -> str:
    """SQLite FTS5: quoted strings, all of them required. Tokens hold letters and digits only, quoted all the same."""
    return " AND ".join('"' + token.replace('"', '""') + '"' + ("*" if prefix else "") for token, prefix in wanted)


def tsquery(wanted: Iterable[tuple[str, bool]]) -> str:
    """PostgreSQL: quoted lexemes, all of them required."""
    quoted = ((token.replace("\\", "\\\\").replace("'", "''"), prefix) for token, prefix in wanted)
    return " & ".join(f"'{token}'" + (":*" if prefix else "") for token, prefix in quoted)


_FTS = sa.table("search", sa.column("rowid", sa.BigInteger), sa.column("tokens", sa.Text))
_TSV = sa.table("search", sa.column("position", sa.BigInteger), sa.column("tokens"))
_MATCH = sa.literal_column("search").op("MATCH")(sa.bindparam("query", type_=sa.Text()))
_CONTAINS = _TSV.c.tokens.op("@@")(
    sa.cast(sa.bindparam("query", type_=sa.Text()), sa.types.Text()).op("::")(sa.literal_column("tsquery"))
)
_ADD = {
    "sqlite": Statement(
        sa.insert(_FTS).values(rowid=sa.bindparam("rowid"), tokens=sa.bindparam("tokens")), ("rowid", "tokens")
    ),
    "postgresql": Statement(
        sa.insert(_TSV).values(
            position=sa.bindparam("position"),
            tokens=sa.func.array_to_tsvector(
                sa.func.regexp_split_to_array(
                    sa.func.btrim(sa.bindparam("tokens", type_=sa.Text())), sa.literal_column("' +'")
                )
            ),
        ),
        ("position", "tokens"),
    ),
}

_GONE = {  # the index keeps no texts: SQLite wants to be told what was there
    "sqlite": Statement(
        sa.insert(
            sa.table("search", sa.column("search"), sa.column("rowid", sa.BigInteger), sa.column("tokens", sa.Text))
        ).values(search=sa.literal_column("'delete'"), rowid=sa.bindparam("rowid"), tokens=sa.bindparam("tokens")),
        ("rowid", "tokens"),
    ),
    "postgresql": Statement(sa.delete(_TSV).where(_TSV.c.position == sa.bindparam("position")), ("position",)),
}

_OPTIMIZE = Statement(  # SQLite keeps the words of what is gone until parts of the index are merged
    sa.insert(sa.table("search", sa.column("search"))).values(search=sa.literal_column("'optimize'"))
)


def _find(position: sa.ColumnClause[int], match: sa.ColumnElement[bool], own: bool) -> Query[int]:
    found = sa.select(position).where(match, position < sa.bindparam("before"))
    if own:
        found = found.where(
            sa.exists().where(holdings.c.document == position, holdings.c.member == sa.bindparam("member"))
        )
    return Query(first, found.order_by(position.desc()).limit(sa.bindparam("limit")))


_FIND = {
    (engine, own): _find(position, match, own)
    for engine, position, match in (("sqlite", _FTS.c.rowid, _MATCH), ("postgresql", _TSV.c.position, _CONTAINS))
    for own in (False, True)
}


class Search(Repository):
    """The index over documents' texts, by document position; it may lag behind the documents."""

    def add(self, rows: Iterable[tuple[int, str]]) -> None:
        """Index (document position, text); a position is indexed once."""
        indexed = [(at, index_text(text)) for at, text in rows]
        self._db.run_many(_ADD[self._db.engine], [row for row in indexed if row[1].strip()])

    def remove(self, rows: Iterable[tuple[int, str]]) -> None:
        """Take (document position, text) out of the index; the text must be the one that was indexed."""
        gone = [(at, index_text(text)) for at, text in rows]
        if self._db.engine == "sqlite":
            self._db.run_many(_GONE["sqlite"], [row for row in gone if row[1].strip()])
        else:
            self._db.run_many(_GONE["postgresql"], [(at,) for at, _ in gone])

    def compact(self) -> None:
        """Leave nothing of what was removed: takes as long as reading the index (seconds for 100,000 documents)."""
        if self._db.engine == "sqlite":
            self._db.run(_OPTIMIZE)

    def find(self, text: str, limit: int, *, before: int = _END, member: bytes | None = None) -> list[int]:
        """Positions of documents with all of ``text``'s tokens, latest first; ``member``'s own if given."""
        wanted = query_tokens(text)
        if not wanted:
            return []
        quoted = fts5_query(wanted) if self._db.engine == "sqlite" else tsquery(wanted)
        query = _FIND[self._db.engine, member is not None]
        return self._db.all(query, query=quoted, before=before, limit=limit, member=member)
