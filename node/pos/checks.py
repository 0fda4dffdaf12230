"""The rules that a register's lines must keep, as expressions over columns: one pass of DuckDB, no line by line.

Owns what each field's text means and which rule a wrong one breaks. Messages carry no value but those of the date, the
JAN and the quantity, and of these nothing that looks like a card's number. Source: docs/adr/0050-pos.md.
"""

from __future__ import annotations

from typing import Final

from node.i18n import N_
from node.pos.columns import TITLES

MAX_QUANTITY: Final = 10_000  # in one line, pieces, kilograms or litres: more is a reading of another kind
MAX_AMOUNT: Final = 100_000_000  # yen in one line
FIRST_DAY: Final = "2000-01-01"

_WIDE: Final = "０１２３４５６７８９．，－／：＋▲△−ー"
_NARROW: Final = "0123456789.,-/:+----"


def _narrow(text: str) -> str:
    return f"translate({text}, '{_WIDE}', '{_NARROW}')"


def _number(text: str) -> str:
    """Text of a number as people write it: thousands, yen signs, ▲ and brackets for less than zero."""
    plain = f"regexp_replace({_narrow(text)}, '[,¥￥\\\\$円 +]', '', 'g')"
    slow = f"try_cast(CASE WHEN {plain} LIKE '(%)' THEN '-' || trim({plain}, '()') ELSE {plain} END AS DECIMAL(18,6))"
    quick = f"try_cast(replace({text}, ',', '') AS DECIMAL(18,6))"
    return f"CASE WHEN {quick} IS NOT NULL THEN {quick} ELSE {slow} END"


def _day(text: str) -> str:
    plain = _narrow(text)
    dated = (
        f"regexp_extract({plain}, '^\\s*(R|令和)?\\s*(\\d{{1,4}})[-/.年](\\d{{1,2}})[-/.月](\\d{{1,2}})',"
        " ['era', 'y', 'm', 'd'])"
    )
    year = f"CASE WHEN {dated}.era <> '' THEN try_cast({dated}.y AS INT) + 2018 ELSE try_cast({dated}.y AS INT) END"
    slow = f"try_cast(({year}) || '-' || {dated}.m || '-' || {dated}.d AS DATE)"
    return (
        f"CASE WHEN length({text}) = 10 AND try_cast({text} AS DATE) IS NOT NULL THEN try_cast({text} AS DATE)"
        f" WHEN regexp_full_match({plain}, '\\d{{8}}') THEN try_cast({plain}[1:4] || '-' || {plain}[5:6] || '-'"
        f" || {plain}[7:8] AS DATE) ELSE {slow} END"
    )


def _minute(text: str) -> str:
    """Minutes since the business day began at midnight; 24:30 and later belong to the same day."""
    plain = _narrow(text)
    found = f"regexp_extract({plain}, '(\\d{{1,2}}):(\\d\\d)', ['h', 'm'])"
    return (
        f"CASE WHEN {text} IS NULL THEN NULL WHEN contains({text}, ':') OR contains({text}, '：')"
        f" THEN try_cast({found}.h AS INT) * 60 + try_cast({found}.m AS INT)"
        f" WHEN length({text}) = 6 THEN try_cast({plain}[1:2] AS INT) * 60 + try_cast({plain}[3:4] AS INT) END"
    )


def _jan(text: str) -> str:
    plain = f"regexp_replace({_narrow(text)}, '[ -]', '', 'g')"
    return f"CASE WHEN length({text}) = 13 AND try_cast({text} AS BIGINT) IS NOT NULL THEN {text} ELSE {plain} END"


def _unchecked(digits: str) -> str:
    """Whether the last of up to 13 digits is not the check digit of the others (GS1 General Specifications 7.9)."""
    number = f"try_cast({digits} AS BIGINT)"
    weighed = "+".join(f"{3 if at % 2 else 1} * ({number} // {10**at} % 10)" for at in range(13))
    return f"({weighed}) % 10 <> 0"


def _luhn(digits: str) -> str:
    """Whether 16 digits are a card's number (ISO/IEC 7812-1)."""
    number = f"try_cast({digits} AS BIGINT)"
    parts = []
    for at in range(16):
        value = f"({number} // {10**at} % 10)"
        parts.append(f"({value} * 2 - CASE WHEN {value} > 4 THEN 9 ELSE 0 END)" if at % 2 else value)
    issuer = f"{number} // {10**12} BETWEEN 2221 AND 6999"  # numbers that begin with a year are receipts
    return f"({issuer} AND ({' + '.join(parts)}) % 10 = 0)"


def card(text: str) -> str:
    """Whether ``text`` is a card's number and nothing else."""
    plain = f"replace(replace({_narrow(text)}, ' ', ''), '-', '')"
    digits = f"CASE WHEN regexp_full_match({plain}, '\\d{{16}}') THEN {_luhn(plain)} ELSE false END"
    return f"CASE WHEN length({text}) BETWEEN 16 AND 19 THEN {digits} ELSE false END"


def masked(text: str) -> str:
    """``text`` without runs of digits that could be a card's number."""
    hidden = f"regexp_replace({text}, '(?:[0-9０-９][ -]?){{13,18}}[0-9０-９]', '****', 'g')"
    return f"CASE WHEN length({text}) < 14 THEN {text} ELSE {hidden} END"


_UNITS: Final = {
    "C62": (
        "",
        "個",
        "本",
        "枚",
        "袋",
        "点",
        "箱",
        "パック",
        "缶",
        "冊",
        "pc",
        "pcs",
        "piece",
        "ea",
        "each",
        "c62",
        "h87",
    ),
    "KGM": ("kg", "キロ", "kgm", "㎏"),
    "GRM": ("g", "グラム", "grm"),
    "LTR": ("l", "リットル", "ltr", "ℓ"),
    "MLT": ("ml", "ミリリットル", "mlt"),
    "MTR": ("m", "メートル", "mtr"),
}


def _unit(text: str) -> str:
    whens = " ".join(
        f"WHEN lower(trim({text})) IN ({', '.join(repr(name) for name in names)}) THEN '{code}'"
        for code, names in _UNITS.items()
    )
    return f"CASE WHEN {text} IS NULL OR {text} = '個' THEN 'C62' {whens} END"


def _tax(text: str) -> str:
    return (
        f"CASE WHEN {text} IS NULL THEN $tax WHEN {text} IN ('0', '税込', '内税', '税込み', 'in') THEN 'in'"
        f" WHEN {text} IN ('1', '税抜', '外税', '税抜き', 'out') THEN 'out'"
        f" WHEN {text} IN ('2', '非課税', 'none') THEN 'none' END"
    )


def _rate(text: str) -> str:
    number = f"try_cast(regexp_replace({_narrow(text)}, '[%％ ]', '', 'g') AS DECIMAL(9,3))"
    return f"CASE WHEN {number} > 0 AND {number} < 1 THEN ({number} * 100)::INT ELSE {number}::INT END"


def parsed() -> str:
    """Column by column what each text of the table ``raw`` means; NULL for what cannot be read."""
    return f"""
        SELECT n, over,
            coalesce(store, $store) AS store, receipt, line AS line_text, jan AS jan_text,
            item AS item_text, day AS day_text, quantity AS quantity_text, amount AS amount_text, unit AS unit_text,
            tax AS tax_text, rate AS rate_text,
            {_day("day")} AS day,
            {_minute("coalesce(time, day)")} AS minute,
            try_cast({_narrow("line")} AS INT) AS line,
            {_jan("jan")} AS jan,
            {masked("name")} AS name,
            {_number("quantity")} AS quantity,
            {_unit("unit")} AS unit,
            {_number("amount")} AS amount,
            {_tax("tax")} AS tax,
            {_rate("rate")} AS rate,
            coalesce(lower(kind) IN ('2', '返品', 'return', 'refund'), false) AS returned,
            coalesce(lower(void) NOT IN ('', '0', 'false', '通常', 'no'), false) AS void
        FROM raw"""  # noqa: S608


SCIENTIFIC: Final = "'\\d(\\.\\d+)?[eE]\\+?\\d+'"

# (field, condition under which a line is wrong, rule in English: a msgid); the first that holds is the one named
RULES: Final[tuple[tuple[str, str, str], ...]] = (
    ("line", "over IS NOT NULL", N_("more columns than titles")),
    ("amount", "last", N_("the file ends in the middle of this line: export it again")),
    ("store", "store IS NULL", N_("is missing")),
    ("store", "store <> $store AND $store_given", N_("is another store than the one that was named")),
    ("day", "day_text IS NULL", N_("is missing")),
    ("day", "day IS NULL", N_("is no date")),
    ("day", "day > $today", N_("lies in the future")),
    ("day", f"day < DATE '{FIRST_DAY}'", N_("is before 2000-01-01")),
    ("time", "minute >= 36 * 60", N_("is no time of a business day")),
    ("receipt", "receipt IS NULL", N_("is missing")),
    ("receipt", card("receipt"), N_("looks like a card's number: nothing of it was kept")),
    ("line", "line_text IS NOT NULL AND (line IS NULL OR line < 1)", N_("must be a number from 1")),
    (
        "jan",
        f"CASE WHEN contains(lower(jan), 'e') THEN regexp_full_match(jan, {SCIENTIFIC}) ELSE false END",
        N_("Excel changed this number: save the column as text"),
    ),
    (
        "jan",
        "jan IS NOT NULL AND (try_cast(jan AS BIGINT) IS NULL OR length(jan) NOT IN (8, 12, 13))",
        N_("must have 8 or 13 digits (a lost zero?)"),
    ),
    ("jan", _unchecked("jan"), N_("the check digit does not fit")),
    ("item", "jan IS NULL AND item_text IS NULL", N_("neither JAN nor own code")),
    ("item", card("coalesce(item_text, '')"), N_("looks like a card's number: nothing of it was kept")),
    ("quantity", "quantity_text IS NULL", N_("is missing")),
    ("quantity", "quantity IS NULL", N_("is no number")),
    ("quantity", "quantity * 1000 <> trunc(quantity * 1000)", N_("at most three decimals")),
    ("unit", "unit IS NULL", N_("is no unit that is known: pieces, kg, g, l, ml, m")),
    (
        "quantity",
        f"abs(quantity) > CASE WHEN unit IN ('GRM', 'MLT') THEN {MAX_QUANTITY}000 ELSE {MAX_QUANTITY} END",
        N_("more than 10,000 in one line: is its unit right?"),
    ),
    ("amount", "amount_text IS NULL", N_("is missing")),
    ("amount", "amount IS NULL", N_("is no amount")),
    ("amount", "amount <> trunc(amount)", N_("must be whole yen")),
    ("amount", f"abs(amount) > {MAX_AMOUNT}", N_("more than 100,000,000 yen in one line")),
    ("tax", "tax IS NULL", N_("must be tax in, tax out or none")),
    ("rate", "rate_text IS NOT NULL AND (rate IS NULL OR rate NOT IN (0, 8, 10))", N_("must be 0, 8 or 10 per cent")),
)
CLOSED: Final = N_("the month is closed for this store: bring corrections as such")
TWICE: Final = N_("the receipt has this line twice, with different content")
DIFFERS: Final = N_("is stored with different content: bring corrections as such")


def judged() -> str:
    """The number of the first rule that a line breaks, NULL for a good one."""
    whens = " ".join(f"WHEN {condition} THEN {number}" for number, (_, condition, _) in enumerate(RULES))
    return f"CASE {whens} END"


def raw_columns() -> tuple[str, ...]:
    """The fields in a fixed order."""
    return tuple(TITLES)
