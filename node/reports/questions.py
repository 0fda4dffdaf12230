"""The questions, as Ibis expressions over sales lines and over the places of members that let theirs count.

Each function makes an expression with the values that :mod:`~node.reports.asking` fills in, named under *Given*; the
same expression runs on DuckDB and on Spark. Nothing is computed here. Sums are exact integers: quantities in
thousandths of their unit, amounts in yen. A period is ``step`` days; ``first`` is the first
day, ``end`` the day after the last.

What must not be written here: HAVING on an alias together with all columns grouped (DuckDB 2.0 answers it wrongly), and
counts that an engine keeps in 32 bits. Source: docs/adr/0056-reports.md.
"""

from __future__ import annotations

from typing import Any, Final

import ibis
from ibis import _
from ibis.expr.types import Table

from node.reports.asking import given
from node.reports.rings import ALL, CITY, OWN, STREET, STREET_ONLY

PERMILLE: Final = 1000

LINES: Final = ibis.table(
    {
        "member": "string",
        "store": "string",
        "day": "date",
        "receipt": "string",
        "item": "string",
        "name": "string",
        "unit": "string",
        "quantity": "int64",
        "amount": "int64",
    },
    name="lines",
)
"""One line of a purchase: ``receipt`` names it within its store and day, ``unit`` is of UN/ECE Recommendation 20,
``quantity`` in thousandths, ``amount`` in yen. Returns are negative; voided lines are not in it. ``item`` is a JAN, or
``#`` and a code of the member's own, which means nothing beside another member's."""

PLACES: Final = ibis.table(
    {
        "member": "string",
        "company": "string",
        "street": "string",
        "city": "string",
        "near": "boolean",
        "far": "boolean",
    },
    name="places",
)
"""One row for each member that lets its lines count: ``near`` in its street, ``far`` beyond it. Counted is the
``company``."""


OWN_CODE: Final = "#"


def beside_others() -> Table:
    """One item, period by period: what the member sold and what the rings around it did.

    A row for each period and ring with sales: ``period`` (from 0), ``ring``, and a cell (:func:`_cells`).
    Given: ``member``, ``street``, ``city``, ``company``, ``item``, ``unit``, ``first``, ``end``, ``step``.
    """
    found = _of_item()
    by_member = _by_member(found.mutate(period=_period(found)), ["period"])
    return _cells(_ringed(by_member), ["period"], "quantity").order_by("period", "ring")


def carriers() -> Table:
    """How many companies of each ring sold an item at all: ``ring``, ``companies``.

    Given: as :func:`beside_others`, without ``step``.
    """
    found = _of_item()
    members = _ringed(found.select("member").distinct())
    return members.group_by("ring").aggregate(companies=_.company.nunique().cast("int64")).order_by("ring")


def own_item() -> Table:
    """How a member sells an item: ``unit``, ``name`` (the latest), ``amount``; the unit with most of it first.

    Given: ``member``, ``item``, ``first``, ``end``.
    """
    found = _asked().filter(_.member == given("member", "string"), _.item == given("item", "string"))
    sold = found.group_by("unit").aggregate(name=_.name.argmax(_.day), amount=_.amount.sum().cast("int64"))
    return sold.order_by(ibis.desc("amount"), "unit")


def own_days() -> Table:
    """The first and the last day of a member's sales: ``first_day``, ``last_day``. Given: ``member``."""
    found = LINES.filter(_.member == given("member", "string"))
    return found.aggregate(first_day=_.day.min().cast("string"), last_day=_.day.max().cast("string"))


def own_totals() -> Table:
    """A member's sales, period by period: ``period``, ``amount``, ``purchases``.

    Given: ``member``, ``first``, ``end``, ``step``.
    """
    found = _asked().filter(_.member == given("member", "string"))
    summed = found.mutate(period=_period(found), basket=_basket(found)).group_by("period")
    return summed.aggregate(amount=_.amount.sum().cast("int64"), purchases=_.basket.nunique().cast("int64")).order_by(
        "period"
    )


def best_sellers(limit: int) -> Table:
    """What a member sold most of by amount: ``item``, ``unit``, ``name``, ``quantity``, ``amount``, ``purchases``.

    Given: ``member``, ``first``, ``end``.
    """
    found = _asked().filter(_.member == given("member", "string"))
    return (
        found.group_by("item", "unit")
        .aggregate(
            name=_.name.argmax(_.day),
            quantity=_.quantity.sum().cast("int64"),
            amount=_.amount.sum().cast("int64"),
            purchases=_basket(found).nunique().cast("int64"),
        )
        .order_by(ibis.desc("amount"), "item", "unit")
        .limit(limit)
    )


def sold_elsewhere(limit: int) -> Table:
    """Items that others sell and the member does not: ``item``, ``unit``, ``name``, ``worth`` (of all), a cell by ring.

    The ``limit`` items with the greatest worth. Given: ``member``, ``street``, ``city``, ``company``, ``first``,
    ``end``.
    """
    found = _asked()
    own = found.filter(_.member == given("member", "string")).select("item").distinct()
    foreign = found.filter(~_.item.startswith(OWN_CODE)).anti_join(own, "item")
    by_member = foreign.group_by("item", "unit", "member").aggregate(
        name=_.name.max(), quantity=_.quantity.sum().cast("int64"), amount=_.amount.sum().cast("int64")
    )
    ringed = _ringed(by_member).filter(_.amount > 0)
    most = ringed.group_by("item", "unit").aggregate(called=_.name.min(), worth=_.amount.sum().cast("int64"))
    most = most.order_by(ibis.desc("worth"), "item", "unit").limit(limit)
    chosen = ringed.inner_join(most, ["item", "unit"])
    cells = _cells(chosen, ["item", "unit", "called", "worth"], "amount")
    return cells.order_by(ibis.desc("worth"), "item", "unit", "ring")


def by_period(limit: int) -> Table:
    """A member's sales, period by period, of the ``limit`` items with the greatest amount over all of them.

    ``item``, ``unit``, ``name``, ``period``, ``quantity``, ``amount``. Given: ``member``, ``first``, ``end``, ``step``.
    """
    found = _asked().filter(_.member == given("member", "string"))
    most = found.group_by("item", "unit").aggregate(called=_.name.argmax(_.day), worth=_.amount.sum().cast("int64"))
    most = most.order_by(ibis.desc("worth"), "item", "unit").limit(limit).drop("worth")
    chosen = found.inner_join(most, ["item", "unit"])
    summed = chosen.mutate(period=_period(chosen)).group_by("item", "unit", "called", "period")
    return summed.aggregate(quantity=_.quantity.sum().cast("int64"), amount=_.amount.sum().cast("int64")).order_by(
        "item", "unit", "period"
    )


def own_names() -> Table:
    """What a member calls its items: ``item``, ``name`` (the latest). Given: ``member``, ``first``, ``end``."""
    found = _asked().filter(_.member == given("member", "string"))
    return found.group_by("item").aggregate(name=_.name.argmax(_.day)).order_by("item")


def bought_together(limit: int, own: bool) -> Table:
    """Pairs of items in one purchase, strongest lift first.

    ``first_item``, ``second_item``, ``both``, ``of_first``, ``of_second``, ``purchases`` (counts of purchases),
    ``members`` (that sold the pair). Items in fewer than ``item_permille`` of all purchases are left out, pairs in
    fewer than ``pair_permille`` or than ``least`` purchases. Given: these three, ``first``, ``end``, and ``member``
    where only its ``own`` count; otherwise those of all members count that let theirs.
    """
    found = _asked()
    found = (
        found.filter(_.member == given("member", "string")) if own else found.semi_join(PLACES.filter(_.far), "member")
    )
    inside = found.mutate(basket=_basket(found)).select("member", "basket", "item").distinct()
    purchases = inside.aggregate(purchases=_.basket.nunique().cast("int64"))
    counts = inside.group_by("item").aggregate(found=_.count().cast("int64"))
    frequent = counts.cross_join(purchases).filter(_.found * PERMILLE >= _.purchases * given("item_permille", "int64"))
    kept = inside.semi_join(frequent, "item")
    left, right = kept, kept.view()
    joined = left.join(right, [left.basket == right.basket, left.item < right.item], rname="other_{name}")
    pairs = joined.group_by(first_item=joined.item, second_item=joined.other_item).aggregate(
        both=_.count().cast("int64"), members=_.member.nunique().cast("int64")
    )
    one = frequent.select(first_item=_.item, of_first=_.found)
    two = frequent.select(second_item=_.item, of_second=_.found)
    full = pairs.inner_join(one, "first_item").inner_join(two, "second_item").cross_join(purchases)
    strong = full.filter(
        _.both * PERMILLE >= _.purchases * given("pair_permille", "int64"), _.both >= given("least", "int64")
    )
    lift = strong.both.cast("float64") * strong.purchases / (strong.of_first.cast("float64") * strong.of_second)
    ranked = strong.mutate(lift=lift).order_by(ibis.desc("lift"), "first_item", "second_item").limit(limit)
    return ranked.select("first_item", "second_item", "both", "of_first", "of_second", "purchases", "members")


# ---- pieces -------------------------------------------------------------------------------------------------------


def _asked() -> Table:
    """The lines of the time that is asked for."""
    return LINES.filter(_.day >= given("first", "date"), _.day < given("end", "date"))


def _of_item() -> Table:
    """The lines of one item. A code of the member's own is nobody else's item."""
    found = _asked().filter(_.item == given("item", "string"), _.unit == given("unit", "string"))
    return found.filter((_.member == given("member", "string")) | ~_.item.startswith(OWN_CODE))


def _period(lines: Table) -> Any:
    gone = lines.day.delta(given("first", "date"), unit="day")
    return (gone // given("step", "int64")).cast("int64")


def _basket(lines: Table) -> Any:
    """One purchase: a receipt's number is its store's and day's."""
    parts = [lines.member, lines.store, lines.day.cast("string"), lines.receipt]
    return ibis.literal("|").join(parts)


def _by_member(lines: Table, keys: list[str]) -> Table:
    return lines.group_by([*keys, "member"]).aggregate(
        quantity=_.quantity.sum().cast("int64"), amount=_.amount.sum().cast("int64")
    )


def _ringed(table: Table) -> Table:
    """Rows of members that let theirs count, and the asking member's own, with ``ring`` and ``company``."""
    known = _places()
    joined = table.left_join(known, table.member == known.placed).drop("placed")
    own = joined.member == given("member", "string")
    ringed = joined.mutate(
        ring=ibis.ifelse(own, OWN, joined.around).cast("int64"),
        company=ibis.ifelse(own, given("company", "string"), joined.of_company),
    )
    return ringed.drop("around", "of_company").filter(_.ring >= OWN)  # not counted: no ring


def _places() -> Table:
    """Others with their ring: ``placed``, ``of_company``, ``around``.

    A company with shops in several rings counts in the innermost: in each ring it is one unit, and what an outer ring
    adds is of others. Shops of the asking member's own company are not others.
    """
    others = PLACES.filter(_.member != given("member", "string"), _.company != given("company", "string"))
    beside = others.near & (others.street != "") & (others.street == given("street", "string"))
    beside &= others.city == given("city", "string")
    around = ibis.cases(
        (beside & others.far, STREET),
        (beside, STREET_ONLY),
        (others.far & (others.city != "") & (others.city == given("city", "string")), CITY),
        (others.far, ALL),
        else_=-1,
    )
    placed = others.select(placed=others.member, of_company=others.company, around=around).filter(_.around >= OWN)
    nearest = placed.group_by(same=_.of_company).aggregate(nearest=_.around.min())
    chosen = placed.inner_join(nearest, [placed.of_company == nearest.same, placed.around == nearest.nearest])
    return chosen.select("placed", "of_company", "around")


def _cells(table: Table, keys: list[str], value: str) -> Table:
    """A cell for each of ``keys`` and ring, of rows that hold one member's sum each.

    ``companies``; ``quantity``, ``amount``: sums; and what disclosure is judged by, of the absolute values of
    ``value``: ``size`` (their sum), ``largest``, ``second``.
    """
    cell = [*keys, "ring"]
    summed = table.group_by([*cell, "company"]).aggregate(
        quantity=_.quantity.sum().cast("int64"), amount=_.amount.sum().cast("int64")
    )
    sized = summed.mutate(magnitude=summed[value].abs()).filter(_.magnitude > 0)
    place = ibis.row_number().over(group_by=cell, order_by=[ibis.desc("magnitude"), "company"])
    ranked = sized.mutate(place=place)
    zero = ibis.literal(0, "int64")
    return ranked.group_by(cell).aggregate(
        companies=_.count().cast("int64"),
        quantity=_.quantity.sum().cast("int64"),
        amount=_.amount.sum().cast("int64"),
        size=_.magnitude.sum().cast("int64"),
        largest=_.magnitude.max().cast("int64"),
        second=ibis.ifelse(_.place == 1, _.magnitude, zero).max().cast("int64"),
    )
