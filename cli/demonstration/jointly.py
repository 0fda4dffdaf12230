"""Buying together: a round for the shops of six places, its organiser killed before the deadline, settled to the yen.

Owns the story and its account. What each shop pledges is what its register sold; the wholesaler's bill is worked out
from the round's own terms, beside what the nodes do. Everything goes through the command line's own commands. Meanwhile
a group of the same shops loses its founder's node and forms anew.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple

from cli import client
from cli.cluster.nodes import Failed, Node, befriend
from cli.demonstration.lines import Lines
from cli.demonstration.sales import Shop
from cli.demonstration.sixnodes import PLACES
from node import places
from node.i18n import _

ORGANISER, DEPUTY, SECOND, SUPPLIER = 0, 1, 2, 5  # places
CONDUCTORS: Final = (ORGANISER, DEPUTY, SECOND)
PAIRS: Final = ((1, 2), (1, 3), (1, 4), (1, 5), (2, 3), (2, 4), (2, 5))  # beside those that the sales need
OPEN_S: Final = 15.0
SETTLED_S: Final = 90.0
WEEKS: Final = 4
ITEMS: Final = 3
PACK: Final = 12
REBATE: Final = 20  # thousandths
FREIGHT: Final = {"flat": 8_000, "drop": 1_500, "tax": 100}
TAXES: Final = (80, 80, 100)  # of the items, thousandths
REGISTRATION: Final = "T7000012050002"
GROUP: Final = "六つの町の仕入れ仲間"
CATEGORIES: Final = {80: {"category": "AA", "rate": {"value": 8}}, 100: {"category": "S", "rate": {"value": 10}}}


class Row(NamedTuple):
    """One place. Quantities in pieces, money in yen; ``pays``, ``alone``: net of tax; ``settled``: with tax, 0 where
    nothing was to settle."""

    place: int
    firms: int
    pledged: int
    granted: int
    came: int
    pays: int
    alone: int
    settled: int


class Found(NamedTuple):
    """The account. ``same``: conductors with one result; ``closed_s``: seconds from the deadline until a deputy had it;
    ``billed``: the wholesaler's bill; ``group``: members once it has formed anew, ``group_same``: homes that say so."""

    real: bool
    rows: tuple[Row, ...]
    prices: tuple[tuple[int, int], ...]  # alone, together
    same: int
    closed_s: float
    billed: int
    group: int
    group_same: int
    wrong: tuple[str, ...]

    @property
    def settled(self) -> int:
        """All settlements together."""
        return sum(row.settled for row in self.rows)


class _Item(NamedTuple):
    code: str
    tiers: tuple[tuple[int, int], ...]
    tax: int


class Jointly:
    """What happens on the six nodes of the sales, after them."""

    def __init__(self, nodes: dict[str, Node], shops: Iterable[Shop], lines: Lines, say: Callable[[str], None]) -> None:
        self.nodes = [nodes[key] for key in PLACES]
        self.shops = list(shops)
        self.lines = lines
        self.say = say
        self.names = [item.name for item in PLACES.values()]
        self.members: dict[str, str] = {}  # buyers by place, and the wholesaler
        self.round = ""

    def tell(self) -> Found:
        """The whole story."""
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda pair: befriend(self.nodes[pair[0]], self.nodes[pair[1]]), PAIRS))
        self._enrol()
        sold, items = self._sold()
        group = self._found_group()
        deadline = self._open(items)
        pledged = self._pledge(items, sold)
        self._await_receipts(deadline)
        self.say(
            _("{n} shops have pledged what their registers sold, each receipted by three associations").format(
                n=len(pledged)
            )
        )
        self._point(group)
        self.nodes[ORGANISER].kill()
        if time.time() >= deadline:
            raise Failed("this machine is too slow: the deadline passed before the organiser's node was killed")
        self.say(_("{name}, which organises it, is killed (kill -9) before the deadline").format(name=self._name()))
        self._form_anew(group)
        closed_s = self._await_result(deadline)
        self.say(_("the deputies have closed it, each with the same result"))
        order = self._order()
        self.nodes[ORGANISER].start(directly=True)
        self.nodes[ORGANISER].wait_ready()
        same = self._results(CONDUCTORS, SETTLED_S)
        granted, came = self._deliver()
        billed, taxes = self._bill(order, items)
        settled = self._settle(taxes)
        self.say(_("the goods have come but for one pack; every shop has its settlement"))
        members, homes = self._group_at_all(group)
        return self._account(items, pledged, granted, came, same, closed_s, billed, settled, (members, homes))

    def _name(self) -> str:
        return self.names[ORGANISER]

    def _ask(self, place: int, command: str, **given: Any) -> Any:
        return client.ask(self.nodes[place].folder, command, **given)

    def _until(self, what: str, ready: Callable[[], Any], seconds: float = SETTLED_S) -> Any:
        until = time.monotonic() + seconds
        while not (found := ready()):
            if time.monotonic() > until:
                raise Failed(what)
            time.sleep(0.2)
        return found

    # --- before

    def _enrol(self) -> None:
        """A purchasing member of each association that runs the round, and the wholesaler."""
        wanted = [(str(at), at, f"共同仕入部 {self.names[at]}") for at in CONDUCTORS]
        wanted.append(("supplier", SUPPLIER, "見本問屋（架空）"))
        areas = [item.area for item in PLACES.values()]
        for key, place, name in wanted:
            profile = {"name": name, "area": areas[place], "industry": "58"}
            made = self._ask(place, "member.add", profile=profile, listed=True, branch=False)
            self.members[key] = made["member"]
        needed = set(self.members.values())

        def known(place: int) -> bool:
            found = {row["member"] for row in self._ask(place, "directory.search", text="", limit=200)}
            return needed <= found

        for place in CONDUCTORS:
            self._until(f"{self.names[place]}: the directory does not fill", lambda place=place: known(place))  # type: ignore[misc]

    def _sold(self) -> tuple[dict[tuple[int, int], list[int]], list[_Item]]:
        """What each shop's register sold of the items in four weeks, and the wholesaler's terms for them.

        The best price begins above what all want, within what they would take beside it.
        """
        since = self.lines.end - datetime.timedelta(days=7 * WEEKS)
        given = {"since": since, "until": self.lines.end}
        within = "quantity BETWEEN 1 AND 100 AND day > $since AND day <= $until"
        best = self.lines.rows(
            f"SELECT item, sum(quantity)::BIGINT, sum(amount)::BIGINT FROM lines WHERE {within} GROUP BY 1"  # noqa: S608
            f" ORDER BY count(DISTINCT (place, shop)) DESC, count(*) DESC, item LIMIT {ITEMS}",
            **given,
        )
        sold: dict[tuple[int, int], list[int]] = {(shop.place, shop.number): [0] * len(best) for shop in self.shops}
        items = []
        for at, (code, pieces, yen) in enumerate(best):
            rows = self.lines.rows(
                f"SELECT place, shop, sum(quantity)::BIGINT FROM lines WHERE item = $item AND {within} GROUP BY 1, 2",  # noqa: S608
                item=code, **given,
            )  # fmt: skip
            for place, shop, quantity in rows:
                sold[place, shop][at] = quantity
            more = sum(_tolerance(quantity) for *_where, quantity in rows)
            full = -(-(pieces + more // 2) // PACK) * PACK
            price = max(50, yen // pieces)
            tiers = ((1, price), (max(2, pieces // 2), price * 94 // 100), (full, price * 88 // 100))
            items.append(_Item(code, tiers, TAXES[at]))
        return sold, items

    def _open(self, items: list[_Item]) -> float:
        """Announce the round; the deadline by this machine's clock. Return once all six nodes know it."""
        deadline = time.time() + OPEN_S
        drops = []
        for key, item in PLACES.items():
            where = places.find(item.region, item.city)
            assert where is not None
            drops.append(
                {
                    "code": key, "name": item.city, "area": item.area,
                    "latitude": where.latitude, "longitude": where.longitude,
                }
            )  # fmt: skip
        made = self._ask(
            ORGANISER,
            "joint.open",
            name="六つの町の共同発注",
            buyer=self.members[str(ORGANISER)],
            deputies=[{"node": self.names[at], "buyer": self.members[str(at)]} for at in (DEPUTY, SECOND)],
            supplier=self.members["supplier"],
            deadline=datetime.datetime.fromtimestamp(deadline, datetime.UTC).isoformat(),
            items=[
                {
                    "code": item.code, "name": f"品 {item.code}", "unit": "H87", "pack": PACK, "tax": item.tax,
                    "tiers": [list(tier) for tier in item.tiers],
                }
                for item in items
            ],
            drops=drops,
            origin=drops[SUPPLIER] | {"code": "origin"},
            freight=FREIGHT,
            alone={"flat": 3_000, "tax": 100},
            rebates=[[1, REBATE]],
            market={"name": "六つの町の小売の仕入れ", "share": 8, "source": "見本の数字"},
        )  # fmt: skip
        self.round = made["round"]
        for place, name in enumerate(self.names):
            self._until(
                f"{name}: has not heard of the joint order",
                lambda place=place: any(row["round"] == self.round for row in self._ask(place, "joint.list")),  # type: ignore[misc]
            )
        return deadline

    def _pledge(self, items: list[_Item], sold: dict[tuple[int, int], list[int]]) -> dict[str, list[int]]:
        """Every shop pledges what it sold, a tenth more or less would do."""
        codes = list(PLACES)
        said = {}
        for shop in self.shops:
            quantities = sold[shop.place, shop.number]
            wants = [
                {"item": item.code, "wanted": many, "less": _tolerance(many), "more": _tolerance(many)}
                for item, many in zip(items, quantities, strict=True)
                if many
            ]
            if wants:
                self._ask(
                    shop.place, "joint.pledge", round=self.round, wants=wants, member=shop.member,
                    drop=codes[shop.place], extra=0,
                )  # fmt: skip
                said[shop.member] = quantities
        return said

    def _await_receipts(self, deadline: float) -> None:
        for place, name in enumerate(self.names):
            self._until(
                f"{name}: pledges are not receipted",
                lambda place=place: all(  # type: ignore[misc]
                    own["taken"] == len(CONDUCTORS)
                    for own in self._ask(place, "joint.show", round=self.round)["pledges"]
                ),
                max(1.0, deadline - time.time()),
            )

    # --- the deadline

    def _results(self, at: Iterable[int], seconds: float) -> int:
        """How many of these conductors say the same about the closing, once all of them say something."""

        def said(place: int) -> Any:
            found = self._ask(place, "joint.show", round=self.round)["results"]
            return found[-1] if found and found[-1]["state"] != "extended" else None

        found = [
            self._until(f"{self.names[place]}: no result", lambda place=place: said(place), seconds)  # type: ignore[misc]
            for place in at
        ]
        if any(one["state"] != "concluded" for one in found):
            raise Failed(f"the joint order came to nothing: {found[0]['reason']}")
        return sum(one == found[0] for one in found)

    def _await_result(self, deadline: float) -> float:
        if self._results((DEPUTY, SECOND), max(1.0, deadline - time.time()) + SETTLED_S) != len((DEPUTY, SECOND)):
            raise Failed("the deputies have different results")
        return time.time() - deadline

    def _order(self) -> dict[str, Any]:
        """A deputy sends the one order; the wholesaler has it."""
        shown: dict[str, Any] = self._until(
            "the deputy has no outcome", lambda: self._ask(DEPUTY, "joint.orders", round=self.round, send=True)
        )

        def arrived() -> bool:
            found = self._ask(
                SUPPLIER, "books.search", member=self.members["supplier"], type="order", number=shown["number"]
            )
            return bool(found["lines"])

        self._until("the order does not arrive", arrived)
        return shown

    # --- afterwards

    def _deliver(self) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, int]]]:
        """Every shop says what came: all but one pack of the first item, which the first shops lack."""
        shares = self._ask(DEPUTY, "joint.orders", round=self.round)["shares"]
        granted: dict[str, dict[str, int]] = {one["member"]: one["granted"] for one in shares}
        first, missing = next(iter(shares[0]["granted"])), PACK
        came: dict[str, dict[str, int]] = {}
        for member, goods in granted.items():
            short = min(missing, goods.get(first, 0))
            missing -= short
            came[member] = goods | ({first: goods[first] - short} if short else {})
        homes = {shop.member: shop.place for shop in self.shops}

        def told(member: str) -> bool:
            found = self._ask(homes[member], "joint.show", round=self.round, member=member)
            return bool(found["slips"])

        for member in granted:
            self._until("a shop has not heard what it gets", lambda member=member: told(member))  # type: ignore[misc]
            self._ask(homes[member], "joint.arrived", round=self.round, member=member, came=came[member])
        self._until(
            "the deputy has not heard what came",
            lambda: all(one["came"] for one in self._ask(DEPUTY, "joint.orders", round=self.round)["shares"]),
        )
        return granted, came

    def _bill(self, order: dict[str, Any], items: list[_Item]) -> tuple[int, dict[int, int]]:
        """The wholesaler bills what came, by its own terms: the whole bill, and its tax by rate."""
        shown = self._ask(DEPUTY, "joint.orders", round=self.round)
        result = self._ask(DEPUTY, "joint.show", round=self.round)["results"][-1]
        prices = {item.code: price for item, (_total, price) in zip(items, result["items"], strict=True)}
        taxes = {item.code: item.tax for item in items}
        places_ = {item.code: at for at, item in enumerate(items, 1)}
        found: list[dict[str, Any]] = []
        goods = dict.fromkeys(sorted(set(TAXES)), 0)
        for number, share in enumerate(shown["shares"], 1):
            for code, quantity in share["came"].items():
                if quantity:
                    amount = quantity * prices[code]
                    goods[taxes[code]] += amount
                    found.append(
                        {
                            "line_id": str(len(found) + 1), "item": {"name": f"品 {code}"},
                            "quantity": {"value": quantity}, "unit": "H87", "price": {"value": {"value": prices[code]}},
                            "amount": amount, "tax": CATEGORIES[taxes[code]],
                            "order": order["number"], "order_line_id": f"{number}-{places_[code]}",
                        }
                    )  # fmt: skip
        off = {tax: yen * REBATE // 1_000 for tax, yen in goods.items()}
        drops = {one["drop"] for one in shown["shares"] if any(one["came"].values())}
        freight = FREIGHT["flat"] + len(drops) * FREIGHT["drop"]
        nets = {tax: yen - off[tax] + (freight if tax == FREIGHT["tax"] else 0) for tax, yen in goods.items()}
        owed = {tax: net * tax // 1_000 for tax, net in nets.items()}
        allowances = [
            {"amount": yen, "reason": "rebate", "tax": CATEGORIES[tax]} for tax, yen in off.items() if yen
        ]  # fmt: skip
        allowances.append(
            {"charge": True, "amount": freight, "reason": "freight", "tax": CATEGORIES[FREIGHT["tax"]]}
        )  # fmt: skip
        net, gross = sum(nets.values()), sum(nets.values()) + sum(owed.values())
        body = {
            "number": "W-77", "issue_date": str(self.lines.last), "currency": "JPY", "order": order["number"],
            "buyer": {"name": f"共同仕入部 {self.names[DEPUTY]}"},
            "seller": {"name": "見本問屋（架空）", "registration_number": REGISTRATION},
            "kind": "380", "rounding": "down", "transaction_date": str(self.lines.last), "lines": found,
            "allowances": allowances,
            "taxes": [
                {**CATEGORIES[tax], "basis": basis, "tax": owed[tax]}
                for tax, basis in sorted(nets.items(), reverse=True)
            ],
            "totals": {
                "lines": sum(goods.values()), "allowances": sum(off.values()), "charges": freight, "net": net,
                "tax": sum(owed.values()), "gross": gross, "payable": gross,
            },
        }  # fmt: skip
        sent = self._ask(
            SUPPLIER, "document.send", member=self.members["supplier"], to=self.members[str(DEPUTY)], type="invoice",
            body=body, thread=order["order"],
        )  # fmt: skip
        assert sent
        buyer = self.members[str(DEPUTY)]
        self._until(
            "the bill does not arrive",
            lambda: self._ask(DEPUTY, "books.search", member=buyer, type="invoice", number="W-77")["lines"],
        )
        return gross, owed

    def _settle(self, taxes: dict[int, int]) -> dict[str, int]:
        """The deputy that ordered settles; what stands in the books of each shop, at its home."""
        done = self._ask(
            DEPUTY, "joint.settle", round=self.round, taxes={str(rate): yen for rate, yen in taxes.items()},
            invoice="W-77", day=str(self.lines.last), registration=REGISTRATION,
        )  # fmt: skip
        homes = {shop.member: shop.place for shop in self.shops}
        booked = {}
        for one in done["settlements"]:
            member = one["member"]

            def lines(member: str = member, number: str = one["number"]) -> Any:
                return self._ask(homes[member], "books.search", member=member, type="invoice", number=number)["lines"]

            found = self._until("a settlement does not arrive", lines)
            booked[member] = found[0]["amount"] if len(found) == 1 else -1
        return booked

    # --- the group beside it

    def _first_of(self, place: int, number: int = 0) -> str:
        return next(shop.member for shop in self.shops if (shop.place, shop.number) == (place, number))

    def _act(self, place: int, group: str, kind: str, member: str, **given: str) -> None:
        self._ask(place, "group.act", group=group, kind=kind, member=member, **given)

    def _members(self, place: int, group: str, member: str) -> list[dict[str, Any]]:
        found = self._ask(place, "group.show", group=group, member=member)
        return [] if found["state"] == "former" else found["members"]

    def _enter(self, keeper: int, group: str, place: int, member: str) -> None:
        """One is invited by a keeper's shop and joins."""
        self._act(keeper, group, "invite", self._first_of(keeper), subject=member)
        self._until(
            "an invitation does not arrive",
            lambda: any(one["group"] == group for one in self._ask(place, "group.list", member=member)),
        )
        self._act(place, group, "join", member)

    def _found_group(self) -> str:
        """The organiser's first shop founds a group; three shops elsewhere join."""
        founder = self._first_of(ORGANISER)
        group: str = self._ask(ORGANISER, "group.found", name=GROUP, member=founder)["group"]
        for place in (1, 2, 3):
            self._enter(ORGANISER, group, place, self._first_of(place))
        self._until(
            "the group does not fill",
            lambda: all(len(self._members(place, group, self._first_of(place))) == 4 for place in (0, 1, 2, 3)),
        )
        self.say(_("four shops of four places have founded a group"))
        return group

    def _point(self, group: str) -> None:
        """The group points at the round, and all of it hears so."""
        self._act(ORGANISER, group, "order", self._first_of(ORGANISER), target=self.round, text=GROUP)
        self._until(
            "the group does not hear of the round",
            lambda: all(
                any(fact["kind"] == "order" for fact in self._ask(place, "group.show", group=group,
                                                                  member=self._first_of(place))["facts"])
                for place in (1, 2, 3)
            ),
        )  # fmt: skip

    def _form_anew(self, group: str) -> None:
        """Its only keeper's node is dead: the others vote one of them keeper, who invites another; one leaves."""
        keeper = self._first_of(1)
        for place in (1, 2, 3):
            self._act(place, group, "vote-keeper", self._first_of(place), subject=keeper)
        self._until("the votes do not arrive", lambda: self._try_keeper(group, keeper))
        self._enter(1, group, 2, self._first_of(2, 1))
        self._act(3, group, "leave", self._first_of(3))
        self.say(_("the group has a new keeper, a new member, and one less; the order runs on"))

    def _try_keeper(self, group: str, keeper: str) -> bool:
        kinds = [fact["kind"] for fact in self._ask(1, "group.show", group=group, member=keeper)["facts"]]
        if kinds.count("vote-keeper") < 3:
            return False
        self._act(1, group, "keeper", keeper, subject=keeper)
        return True

    def _group_at_all(self, group: str) -> tuple[int, int]:
        """Who belongs to it now, once the founder's node has come back: members, and homes that say the same."""
        wanted = {self._first_of(0), self._first_of(1), self._first_of(2), self._first_of(2, 1)}

        def same(place: int) -> bool:
            return {one["member"] for one in self._members(place, group, self._first_of(place))} == wanted

        homes = 0
        for place in (0, 1, 2):
            self._until(f"{self.names[place]}: sees another group", lambda place=place: same(place))  # type: ignore[misc]
            homes += 1
        return len(wanted), homes

    # --- the account

    def _account(
        self,
        items: list[_Item],
        pledged: dict[str, list[int]],
        granted: dict[str, dict[str, int]],
        came: dict[str, dict[str, int]],
        same: int,
        closed_s: float,
        billed: int,
        settled: dict[str, int],
        group: tuple[int, int],
    ) -> Found:
        shown = self._ask(DEPUTY, "joint.orders", round=self.round)
        result = self._ask(DEPUTY, "joint.show", round=self.round)["results"][-1]
        shares = {one["member"]: one for one in shown["shares"]}
        rows = []
        for place in range(len(self.names)):
            here = [shop.member for shop in self.shops if shop.place == place and shop.member in shares]
            rows.append(
                Row(
                    place,
                    len(here),
                    sum(sum(pledged[member]) for member in here),
                    sum(sum(granted[member].values()) for member in here),
                    sum(sum(came[member].values()) for member in here),
                    sum(shares[member]["pays"] for member in here),
                    sum(shares[member]["alone"] for member in here),
                    sum(settled.get(member, 0) for member in here),
                )
            )
        wrong = []
        if same != len(CONDUCTORS):
            wrong.append(_("only {n} associations have the same result").format(n=same))
        if sum(one["pays"] for one in shown["shares"]) != result["goods"] - result["rebate"] + result["freight"]:
            wrong.append(_("the shares are not the order"))
        if any(one["pays"] > one["alone"] for one in shown["shares"]):
            wrong.append(_("somebody pays more than alone"))
        for member, quantities in pledged.items():
            for item, wanted in zip(items, quantities, strict=True):
                got = granted[member].get(item.code, 0)
                if not wanted - _tolerance(wanted) <= got <= wanted + _tolerance(wanted):
                    wrong.append(_("a shop gets {got} where it wanted {wanted}").format(got=got, wanted=wanted))
        if shown["missing"] and sum(one["quantity"] for one in shown["missing"]) != PACK:
            wrong.append(_("another quantity is missing than did not come"))
        if not shown["missing"]:
            wrong.append(_("nobody saw what is missing"))
        if sum(settled.values()) != billed:
            wrong.append(_("settlements of {settled} yen for a bill of {billed}").format(
                settled=sum(settled.values()), billed=billed))  # fmt: skip
        prices = tuple(
            (item.tiers[0][1], price) for item, (_total, price) in zip(items, result["items"], strict=True)
        )  # fmt: skip
        return Found(self.lines.real, tuple(rows), prices, same, closed_s, billed, *group, tuple(wrong))


def _tolerance(wanted: int) -> int:
    """What is taken more or less than was sold: a tenth, at least one piece of three."""
    return max(wanted // 10, 1 if wanted > 2 else 0)
