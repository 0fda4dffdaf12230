"""共同発注 of the association: open a round, see how it stands, send the one order, share out the supplier's bill.

Owns what these pages show. Conductors see every pledge's outcome; competing firms see none of it (ADR 55).
"""

from __future__ import annotations

import asyncio
import csv
import datetime
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, NamedTuple

from aiohttp import web

from node import places, units
from node.bookarchive import safe
from node.i18n import N_
from node.prefectures import PREFECTURES
from node.services import access, addressing, reading
from node.services.joint import overview, receiving, rounds, seats, settling, stopping
from node.services.joint.overview import Card
from node.services.transaction import Tx
from node.web.forms import Form
from node.web.page import Page
from node.web.pages.together import RULES, words
from node.web.visit import Visit
from protocol.errors import CallerFault, Malformed, NotFound
from protocol.limits import MAX_JOINT_MONEY, MAX_JOINT_QUANTITY
from protocol.process.checks import is_registration_number
from protocol.process.joint import billing, shortage
from protocol.process.joint.closing import Outcome
from protocol.process.joint.terms import Conductor, Drop, Freight, Item, Market, Rebate, Round, Rule, Tier

STAFF: Final = "/association/together"
NEW: Final = f"{STAFF}/new"
DEADLINE, AGAIN = N_("Deadline"), N_("Second deadline")
TIME: Final = N_("Time of day")
SINCE, PRICE = N_("Together from"), N_("Price of one, without tax")
PREFECTURE, CITY = N_("Prefecture"), N_("City, town or village")
NO_PLACE: Final = N_("{label}: there is no such municipality in this prefecture ({value}).")
NO_TIME: Final = N_("{label}: enter a time such as 17:00 (you entered {value}).")
NO_UNIT: Final = N_("{label}: there is no such unit ({value}). For example 箱, 個, kg.")
NO_TIER: Final = N_("Enter a price by total quantity for {item}.")
UNKNOWN_ITEM: Final = N_("{label}: no item above has this code ({value}).")
BOTH: Final = N_("Enter either a supplier of the directory or the name of one outside it.")
FEW: Final = N_("At least two other associations: any two of three then close the round, whichever is dark.")
INVOICE, INVOICE_DAY = N_("Number of the supplier's invoice"), N_("Day of the supplier's invoice")
DUE: Final = N_("Day by which firms pay")
SILENT: Final = N_("Some firms have not said what came. Ask them, or tick that they got everything.")
REGISTRATION: Final = N_("Registration number of the supplier")
NO_REGISTRATION: Final = N_("Registration number: T and 13 digits (you entered {value}).")
TAXES: Final = (("100", "10%"), ("80", "8%"), ("0", "0%"))
FIRST_ROWS: Final = {"deputies": 2, "items": 1, "tiers": 3, "drops": 3, "rebates": 1}
MAX_ROWS: Final = 64


async def index(visit: Visit) -> web.StreamResponse:
    """The rounds that are known here."""
    house = visit.context.house
    cards = await visit.read(lambda tx: overview.listed(house, tx))
    ours = {card.name for card in cards if overview.conducts(house, card.round)}
    return visit.render("together/staff.html", cards=cards, ours=ours, **words(visit))


# ---------------------------------------------------------------------- a new round


async def new(visit: Visit) -> web.StreamResponse:
    """An empty form."""
    form = Form.of(visit.say, {"deadline_time": "17:00", "extended_time": "17:00"})
    for name, count in FIRST_ROWS.items():
        for at in range(count):
            form.values[f"{name}.{at}.x"] = [""]
    return await _form(visit, form)


async def _form(visit: Visit, form: Form, preview: Round | None = None, status: int = 200) -> web.Response:
    house = visit.context.house

    def work(tx: Tx) -> tuple[list[tuple[str, str]], list[tuple[str, str]], list[str]]:
        peers = [(row.node.hex(), row.name or row.node.hex()[:12]) for row in tx.peers.all("accepted")]
        locals_ = [(row.member.hex(), row.name) for row in tx.members.all(local=True)]
        return peers, locals_, overview.runs(house, tx, preview) if preview else []

    peers, firms, runs = await visit.read(work)
    return visit.render(
        "together/new.html", status=status, form=form, peers=peers, firms=firms, preview=preview, runs=runs,
        prefectures=[(one.name, one.name if visit.language == "ja" else one.english) for one in PREFECTURES.values()],
        rows={name: form.rows(name) or [0] for name in FIRST_ROWS}, taxes=TAXES,
        rule_choices=[(rule.value, visit.say(RULES[rule])) for rule in Rule],
        rebate_choices=[(rule.value, visit.say(RULES[rule])) for rule in Rule if rule is not Rule.DROP],
        tiers=[(item, None, None) for item in preview.items] if preview else [], **words(visit),
    )  # fmt: skip


async def announce(visit: Visit) -> web.StreamResponse:
    """Look it over, add a line, or announce."""
    form, house, who, address = await visit.form(), visit.context.house, visit.who, visit.address
    action = form.value("action")
    if action.startswith("more-") and action[5:] in FIRST_ROWS:
        rows = form.rows(action[5:])
        if len(rows) < MAX_ROWS:
            form.values[f"{action[5:]}.{max(rows, default=-1) + 1}.x"] = [""]
        return await _form(visit, form)
    found = await visit.read(lambda tx: _read(visit, form, tx))
    if found is None or not form.ok:
        return await _form(visit, form, status=422)
    if action != "send":
        return await _form(visit, form, preview=found)

    def work(tx: Tx) -> bytes:
        name = rounds.announce(house, tx, found)
        access.note(house, tx, "joint-announced", member=None, user=who.user, detail=found.name, address=address)
        return name

    try:
        name = await visit.write(work)
    except CallerFault as fault:
        form.refuse(fault)
    except Malformed as fault:
        form.wrong("", str(fault))
    else:
        return visit.see_other(f"{STAFF}/{name.hex()}", visit.say(N_("Announced to all connected associations.")))
    return await _form(visit, form, status=422)


class _Reader(NamedTuple):
    """The form of a round, read piece by piece; what is wrong stands beside its field."""

    form: Form
    say: Callable[..., str]

    def number(self, name: str, label: str, *, most: int, least: int = 0, default: int = 0) -> int:
        found = self.form.integer(name, self.say(label), required=False, least=least, most=most)
        return default if found is None else found

    def money(self, name: str, label: str) -> int:
        return self.number(name, label, most=MAX_JOINT_MONEY)

    def percent(self, name: str, label: str, *, required: bool = False) -> int:
        found = self.form.decimal(name, self.say(label), required=required, places=1, most=100)
        return int(found * 10) if found is not None else 0

    def moment(self, day: str, time: str, label: str, *, required: bool = True) -> int:
        found = self.form.day(day, self.say(label), required=required)
        if found is None:
            return 0
        typed = self.form.value(time).strip()
        try:
            at = datetime.time.fromisoformat(typed.replace("：", ":").rjust(5, "0"))
        except ValueError:
            self.form.wrong(time, NO_TIME, label=self.say(TIME), value=typed[:20])
            return 0
        return int(datetime.datetime.combine(found, at, rounds.JAPAN).timestamp()) * 1_000_000

    def place(self, name: str, code: str, title: str) -> Drop:
        prefecture = self.form.choice(
            f"{name}.prefecture", self.say(PREFECTURE), [one.name for one in PREFECTURES.values()]
        )
        city = self.form.text(f"{name}.city", self.say(CITY), most=40)
        found = places.find(prefecture, city) if prefecture and city else None
        if found is None and prefecture and city:
            self.form.wrong(f"{name}.city", NO_PLACE, label=self.say(CITY), value=city[:40])
        return Drop(code, title, "", found.latitude if found else 0, found.longitude if found else 0)

    def items(self) -> tuple[Item, ...]:
        tiers = self._tiers()
        found = []
        for at in self.form.rows("items"):
            name = f"items.{at}"
            if self.form.blank("items", at, ("code", "name", "unit")):
                continue
            code = self.form.text(f"{name}.code", self.say(N_("Code")), most=64)
            title = self.form.text(f"{name}.name", self.say(N_("Item")), most=200)
            unit = units.code_of(self.form.value(f"{name}.unit"))
            if not unit:
                typed = self.form.value(f"{name}.unit")[:20]
                self.form.wrong(f"{name}.unit", NO_UNIT, label=self.say(N_("Unit")), value=typed)
            pack = self.number(f"{name}.pack", N_("Pack"), least=1, most=MAX_JOINT_QUANTITY, default=1)
            least = self.number(f"{name}.minimum", N_("Least quantity"), most=MAX_JOINT_QUANTITY)
            grams = self.number(f"{name}.grams", N_("Weight of one (g)"), most=10**9)
            rates = {value: int(value) for value, _ in TAXES}
            tax = rates.get(self.form.choice(f"{name}.tax", self.say(N_("Tax")), rates), 0)
            if code and not tiers.get(code):
                self.form.wrong("tiers", NO_TIER, item=title or code)
            found.append(Item(code, title, unit, grams, pack, 1, least, tax, tuple(sorted(tiers.pop(code, ())))))
        for code, (tier, *_) in tiers.items():
            self.form.wrong(f"tiers.{tier.price}", UNKNOWN_ITEM, label=self.say(N_("Code")), value=code[:40])
        return tuple(found)

    def _tiers(self) -> dict[str, list[Tier]]:
        found: dict[str, list[Tier]] = {}
        first = next((self.form.value(f"items.{at}.code").strip() for at in self.form.rows("items")), "")
        for at in self.form.rows("tiers"):
            if self.form.blank("tiers", at, ("code", "since", "price")):
                continue
            since = self.form.integer(f"tiers.{at}.since", self.say(SINCE), least=1, most=MAX_JOINT_QUANTITY)
            price = self.form.integer(f"tiers.{at}.price", self.say(PRICE), most=MAX_JOINT_MONEY)
            code = self.form.value(f"tiers.{at}.code").strip() or first
            if since is not None and price is not None:
                found.setdefault(code, []).append(Tier(since, price))
        return found

    def rebates(self) -> tuple[Rebate, ...]:
        found = []
        for at in self.form.rows("rebates"):
            if not self.form.blank("rebates", at, ("since", "percent")):
                since = self.money(f"rebates.{at}.since", N_("From what amount"))
                percent = self.percent(f"rebates.{at}.percent", N_("Discount in percent"), required=True)
                found.append(Rebate(since, percent))
        return tuple(sorted(found))

    def drops(self) -> tuple[Drop, ...]:
        found: list[Drop] = []
        for at in self.form.rows("drops"):
            if self.form.blank("drops", at, ("name", "city")):
                continue
            title = self.form.text(f"drops.{at}.name", self.say(N_("Name of the place")), most=200)
            found.append(self.place(f"drops.{at}", f"{len(found) + 1:02d}", title))
        if not found:
            self.form.wrong("drops", N_("Enter at least one place of delivery."))
        return tuple(found)

    def conductors(self, house: Any, tx: Tx) -> tuple[Conductor, ...]:
        locals_ = [row.member.hex() for row in tx.members.all(local=True)]
        buyer = self.form.choice("buyer", self.say(N_("In whose name we order")), locals_)
        found = [Conductor(house.node.public, bytes.fromhex(buyer) if buyer in locals_ else bytes(32))]
        peers = {row.node.hex(): row for row in tx.peers.all("accepted")}
        for at in self.form.rows("deputies"):
            if self.form.blank("deputies", at, ("node", "buyer")):
                continue
            node = self.form.choice(f"deputies.{at}.node", self.say(N_("Association")), peers)
            name = self.form.text(f"deputies.{at}.buyer", self.say(N_("Firm in whose name it orders")))
            try:
                member = addressing.resolve_loosely(tx, name, "deputies") if name else bytes(32)
            except CallerFault as fault:
                self.form.wrong(f"deputies.{at}.buyer", fault.rule)
                continue
            if node in peers:
                found.append(Conductor(peers[node].key, member))
        if len(found) < 3:
            self.form.wrong("deputies", FEW)
        return tuple(found)

    def supplier(self, tx: Tx) -> tuple[bytes, str]:
        inside, outside = (self.form.value(name).strip() for name in ("supplier", "supplier_name"))
        if bool(inside) == bool(outside):
            self.form.wrong("supplier", BOTH)
            return b"", ""
        if outside:
            return b"", self.form.text("supplier_name", self.say(N_("Supplier")))
        try:
            member = addressing.resolve_loosely(tx, inside, "supplier")
        except CallerFault as fault:
            self.form.wrong("supplier", fault.rule)
            return b"", ""
        return member, reading.names_of(tx, {member}).get(member, inside)


def _read(visit: Visit, form: Form, tx: Tx) -> Round | None:
    """The round that the form says; None, or a form with errors, where it says none."""
    house, read = visit.context.house, _Reader(form, visit.say)
    title = form.text("name", visit.say(N_("Name of the joint order")))
    member, supplier = read.supplier(tx)
    conductors = read.conductors(house, tx)
    deadline = read.moment("deadline", "deadline_time", DEADLINE)
    extended = read.moment("extended", "extended_time", AGAIN, required=False)
    items, drops = read.items(), read.drops()
    if not items:
        form.wrong("items", N_("Enter at least one item."))
    freight = Freight(
        read.money("freight.flat", N_("Freight")),
        read.money("freight.drop", N_("For each place")),
        read.money("freight.free", N_("Free from")),
        100,
    )
    alone = Freight(
        read.money("alone.flat", N_("A delivery of one's own")), 0, read.money("alone.free", N_("Free from")), 100
    )
    origin = read.place("origin", "origin", supplier or "–")
    market = Market(
        form.text("market.name", visit.say(N_("Market"))),
        read.percent("market.share", N_("The group's share in percent"), required=True),
        form.text("market.source", visit.say(N_("Where this figure comes from"))),
    )
    freight_rule = form.choice("freight_rule", visit.say(N_("Freight is shared")), [rule.value for rule in Rule])
    rebate_rule = form.choice(
        "rebate_rule", visit.say(N_("Discount is shared")), [rule.value for rule in Rule if rule is not Rule.DROP]
    )
    rebates = read.rebates()
    if deadline and deadline <= house.clock():
        form.wrong("deadline", N_("The deadline lies in the past."))
    if extended and extended <= deadline:
        form.wrong("extended", N_("The second deadline comes after the first one."))
    if not form.ok:
        return None
    return Round(
        house.network, house.entropy(16), title, member, supplier, conductors, deadline, extended, items, freight,
        alone, rebates, Rule(freight_rule), Rule(rebate_rule), origin, drops, market, house.clock(),
    )  # fmt: skip


# ---------------------------------------------------------------------- one round


class _Shown(NamedTuple):
    """A concluded round at a conductor. ``stops``: (place, metres from the stop before); ``settled``: by what came;
    ``came``: by member what it said came; ``missing``: (drop, item, how many); ``sent``: settlements, by member."""

    outcome: Outcome
    names: dict[bytes, str]
    stops: list[tuple[str, int]]
    rates: list[int]
    settled: Outcome
    came: dict[bytes, dict[int, int]]
    missing: list[tuple[str, Item, int]]
    sent: dict[bytes, bytes]


async def show(visit: Visit) -> web.StreamResponse:
    """How it stands."""
    return await _show(visit, Form.empty(visit.say))


async def _show(visit: Visit, form: Form, passed: Any = None, status: int = 200) -> web.Response:
    house, name = visit.context.house, visit.path_hash("round")

    def work(tx: Tx) -> tuple[Card, list[str], bool]:
        card = overview.one(house, tx, name)
        return card, overview.runs(house, tx, card.round), overview.conducts(house, card.round)

    card, runs, ours = await visit.read(work)
    shown = await _outcome(visit, name) if ours and card.state == overview.CONCLUDED else None
    return visit.render(
        "together/staffround.html", status=status, card=card, runs=runs, ours=ours, shown=shown, form=form,
        passed=passed, tiers=[(item, None, None) for item in card.round.items],
        number=billing.names_round(name), **words(visit),
    )  # fmt: skip


async def _outcome(visit: Visit, name: bytes) -> _Shown | None:
    """What it came to, as this conductor computed it; None where the words of the others have not come yet."""
    context = visit.context
    machines = context.joint.seats if context.joint is not None else seats.Seats()

    def work(tx: Tx) -> _Shown | None:
        try:
            outcome = rounds.require_outcome(context.house, tx, machines, name)
        except CallerFault:
            return None
        found = outcome.round
        members = {share.pledge.member for share in outcome.shares}
        stops = [(found.drops[at].name, metres) for at, metres in stopping.plan_of(outcome)]
        came, settled = receiving.known(tx, name), receiving.arrived(tx, name, outcome)
        rates = sorted({tax for share in settled.shares for tax in billing.net_by_tax(settled, share)})
        short = [
            (found.drops[one.drop].name, found.items[one.item], one.quantity) for one in shortage.missing(outcome, came)
        ]
        sent = tx.joint.settled(name)
        return _Shown(outcome, reading.names_of(tx, members), stops, rates, settled, came, short, sent)

    return await visit.write(work)


async def order(visit: Visit) -> web.StreamResponse:
    """Send the one order, in the name of this association's buyer."""
    await visit.form()
    name, context, who, address = visit.path_hash("round"), visit.context, visit.who, visit.address
    machines = context.joint.seats if context.joint is not None else seats.Seats()

    def work(tx: Tx) -> frozenset[bytes]:
        _, news = rounds.send_order(context.house, tx, machines, name)
        access.note(context.house, tx, "joint-ordered", member=None, user=who.user, detail=name.hex(), address=address)
        return news

    try:
        news = await visit.write(work)
    except NotFound:
        raise
    except CallerFault as fault:
        return visit.see_other(f"{STAFF}/{name.hex()}", visit.say(fault.rule))
    context.news(news)
    return visit.see_other(f"{STAFF}/{name.hex()}", visit.say(N_("The order was sent to the supplier.")))


async def bill(visit: Visit) -> web.StreamResponse:
    """Share out the supplier's bill: its tax by rate, to the yen; as a table, or as a file."""
    form, name = await visit.form(), visit.path_hash("round")
    shown = await _outcome(visit, name)
    if shown is None:
        raise NotFound("round", "not concluded, or not run from here")
    label = N_("Tax on the bill at {rate}%")
    taxes = {rate: form.integer(f"tax.{rate}", visit.say(label, rate=rate // 10)) for rate in shown.rates}
    if not form.ok:
        return await _show(visit, form, status=422)
    billed = {rate: yen or 0 for rate, yen in taxes.items()}
    try:
        passed = billing.pass_on(shown.settled, billed)
    except CallerFault as fault:
        form.refuse(fault)
        return await _show(visit, form, status=422)
    if form.value("action") == "send":
        return await _send(visit, form, name, billed)
    if form.value("action") == "paper":
        return await _papers(visit, form, name, shown, billed)
    if form.value("action") != "file":
        return await _show(visit, form, passed)
    return _file(visit, name, shown, passed)


async def _papers(visit: Visit, form: Form, name: bytes, shown: _Shown, taxes: dict[int, int]) -> web.Response:
    """立替金精算書 of every firm as one PDF: what it has to keep, with what the supplier's invoice says."""
    context, outcome, bill = visit.context, shown.settled, _bill(visit, form, taxes)
    if bill is None:
        return await _show(visit, form, status=422)
    made = await visit.read(lambda tx: settling.settlements(context.house, tx, name, outcome, bill, visit.language))
    body = await asyncio.to_thread(context.pdf.settlements, made)
    file = f'inline; filename="{billing.names_round(name)}.pdf"'
    return web.Response(body=body, content_type="application/pdf", headers={"Content-Disposition": file})


def _bill(visit: Visit, form: Form, taxes: dict[int, int]) -> settling.Bill | None:
    """The supplier's invoice as it was typed; None, and a form with errors, where something is wrong."""
    number = form.text("invoice", visit.say(INVOICE), most=64)
    day = form.day("invoice_day", visit.say(INVOICE_DAY))
    registration = form.text("registration", visit.say(REGISTRATION), required=False, most=14)
    if registration and not is_registration_number(registration):
        form.wrong("registration", NO_REGISTRATION, value=registration)
    if not form.ok or day is None:
        return None
    return settling.Bill(number, day.isoformat(), registration, taxes)


async def _send(visit: Visit, form: Form, name: bytes, taxes: dict[int, int]) -> web.Response:
    """立替金精算書 to every firm, as a bill of this association's buyer."""
    context, who, address = visit.context, visit.who, visit.address
    bill, due = _bill(visit, form, taxes), form.day("due", visit.say(DUE), required=False)
    if bill is None or not form.ok:
        return await _show(visit, form, status=422)
    machines = context.joint.seats if context.joint is not None else seats.Seats()
    assume, day = form.ticked("assume"), due.isoformat() if due is not None else ""

    def work(tx: Tx) -> settling.Sent:
        sent = settling.send(context.house, tx, machines, name, bill, due=day, assume=assume)
        access.note(context.house, tx, "joint-settled", member=None, user=who.user, detail=name.hex(), address=address)
        return sent

    try:
        sent = await visit.write(work)
    except NotFound:
        raise
    except CallerFault as fault:
        form.wrong("", SILENT if fault.code == "silent" else fault.rule)
        return await _show(visit, form, status=422)
    context.news(sent.news)
    return visit.see_other(f"{STAFF}/{name.hex()}", visit.say(N_("The settlements were sent to the firms.")))


def _file(visit: Visit, name: bytes, shown: _Shown, passed: tuple[billing.Passed, ...]) -> web.Response:
    """立替金精算書 as CSV with a byte order mark: a line for each firm and rate; the sums are the bill's."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    head = (N_("Firm"), N_("Delivered to"), N_("Tax rate"), N_("Net"), N_("Tax"), N_("Total"), N_("Order number"))
    writer.writerow([visit.say(word) for word in head])
    for part in passed:
        firm = shown.names.get(part.share.pledge.member, part.share.pledge.member.hex()[:12])
        drop = shown.outcome.round.drops[part.share.pledge.drop].name
        for rate, net, tax in part.rates:
            row = (firm, drop, f"{Decimal(rate) / 10}%", net, tax, net + tax, billing.names_round(name))
            writer.writerow([safe(str(cell)) for cell in row])
    return web.Response(
        body=b"\xef\xbb\xbf" + out.getvalue().encode(),
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{billing.names_round(name)}.csv"',
        },
    )


PAGES = (
    Page("GET", STAFF, "association.joint", index),
    Page("GET", NEW, "association.joint", new),
    Page("POST", NEW, "association.joint", announce),
    Page("GET", f"{STAFF}/{{round}}", "association.joint", show),
    Page("POST", f"{STAFF}/{{round}}/order", "association.joint", order),
    Page("POST", f"{STAFF}/{{round}}/bill", "association.joint", bill),
)
