"""提供・募集: find them over all associations, read one, see what fits ours and what does not, publish, withdraw.

Owns what these pages show. A form is made from the table of a kind's fields: a new field needs a word and nothing here.
"""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from node import offerwords, units
from node.i18n import N_
from node.prefectures import PREFECTURES
from node.services import deeds, items
from node.services.items import OwnItem
from node.services.offers import finding, fits, holding, publishing
from node.services.offers.finding import OfferRow, Wanted
from node.services.offers.fits import Found
from node.services.offers.publishing import Draft
from node.services.transaction import Tx
from node.web.forms import Form
from node.web.page import Page
from node.web.pages.deeds import STATES as DEED_STATES
from node.web.sessions import CSRF_FIELD
from node.web.visit import Visit
from protocol.errors import CallerFault, NotFound
from protocol.limits import MAX_OFFER_LIST, MAX_OFFER_TEXT_CHARS, MAX_OFFER_TITLE_CHARS
from protocol.offer.fields import Field, Type
from protocol.offer.kinds import KINDS, Kind, Side

PATH: Final = "/offers"
MINE: Final = "/offers/mine"
FITS: Final = "/offers/fits"
TILE: Final = 40
PAGE_ROWS: Final = 30
PREFIX: Final = "d_"  # of the fields of the typed part
STANDS: Final = {
    "7": N_("a week"),
    "30": N_("30 days"),
    "90": N_("90 days"),
    "180": N_("180 days"),
    "365": N_("a year"),
}
TITLE, TEXT, AREA = N_("Title"), N_("Description"), N_("Area")
STARTS, ENDS = N_("First day"), N_("Last day")
SCOPE, NODES, DAYS = N_("Who may see it"), N_("Associations"), N_("How long it stands")
TICKED: Final = "1"


# ---------------------------------------------------------------------- find


async def index(visit: Visit) -> web.StreamResponse:
    """The list of what is open, by words and filters, and where it is."""
    names = ("text", "kind", "side", "area", "industry")
    form = Form.of(visit.say, {name: visit.query.get(name, "") for name in names})
    starts, ends = _day_of(visit, form, "starts", STARTS), _day_of(visit, form, "ends", ENDS)
    before = visit.query.get("before", "")
    wanted = Wanted(
        **{name: form.value(name).strip() for name in names},
        starts=starts,
        ends=ends,
        limit=PAGE_ROWS,
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 18 else 2**62,
    )
    house, member = visit.context.house, visit.member

    def work(tx: Tx) -> dict[str, Any]:
        try:
            page = finding.search(house, tx, wanted)
        except CallerFault as fault:
            form.refuse(fault, {"q": "text"})
            page = finding.Page([], 0)
        return {
            "rows": [row_of(visit, tx, row) for row in page.rows],
            "next": page.next,
            "counts": finding.by_prefecture(house, tx),
            "sources": sources(tx),
            "news": tx.offers.new_fits(member),
        }

    found = await visit.read(work)
    return visit.render(
        "offers/index.html",
        status=200 if form.ok else 422,
        form=form,
        kinds=_kinds(visit),
        sides=[(name, visit.say(word)) for name, word in offerwords.SIDES.items()],
        places=places(visit),
        tiles=_tiles(visit, found["counts"]),
        tile=TILE,
        further=_further(visit, found["next"]),
        narrowed=any((wanted.text, wanted.kind, wanted.side, wanted.area, wanted.industry, starts, ends)),
        **found,
    )


def _day_of(visit: Visit, form: Form, name: str, label: str) -> str:
    for part in ("year", "month", "day"):
        form.values[f"{name}.{part}"] = [visit.query.get(f"{name}.{part}", "")]
    found = form.day(name, visit.say(label), required=False)
    return found.isoformat() if found is not None else ""


def _further(visit: Visit, before: int) -> str:
    if not before:
        return ""
    return "?" + str(visit.request.rel_url.update_query(before=str(before)).query_string)


def _kinds(visit: Visit) -> list[tuple[str, str]]:
    return [(name, visit.say(word)) for name, word in offerwords.KINDS.items()]


def places(visit: Visit, own: str = "") -> list[tuple[str, str]]:
    """Prefectures to choose from; before them the own municipality."""
    found = [(own, offerwords.place(own, visit.language))] if len(own) > len("00") else []
    return found + [(code, offerwords.place(code, visit.language)) for code in PREFECTURES]


def row_of(visit: Visit, tx: Tx, row: OfferRow) -> dict[str, Any]:
    """One line of a list."""
    said = holding.said(row)
    return {
        "row": row,
        "said": said,
        "name": finding.name_of(tx, row.member),
        "kind": visit.say(offerwords.KINDS[row.kind]),
        "side": visit.say(offerwords.SIDES[row.side]),
        "place": offerwords.place(said.area, visit.language) if said.area else "",
        "as_of": finding.as_of(visit.context.house, tx, row),
        "ours": row.member == visit.member,
    }


def _tiles(visit: Visit, counts: dict[str, int]) -> list[dict[str, Any]]:
    most = max((count for code, count in counts.items() if code), default=0)
    return [
        {
            "code": code,
            "x": place.column * TILE,
            "y": place.row * TILE,
            "short": place.short,
            "count": counts.get(code, 0),
            "shade": min(4, 1 + 4 * counts[code] // most) if counts.get(code) and most else 0,
        }
        for code, place in PREFECTURES.items()
    ]


def sources(tx: Tx) -> list[tuple[str, int]]:
    """(association, when it was heard last) of each that is connected."""
    found = []
    for one in finding.sources(tx):
        peer = tx.peers.get(one.node)
        found.append((peer.name if peer is not None else one.node.hex()[:12], one.told))
    return found


# ---------------------------------------------------------------------- one


async def show(visit: Visit) -> web.StreamResponse:
    """One offer; ours with what fits it."""
    series, house, member = visit.path_hash("series"), visit.context.house, visit.member

    def work(tx: Tx) -> dict[str, Any]:
        row = finding.one(house, tx, series, member)
        if row.withdrawn:
            raise NotFound("offer", "no such offer, or it has ended")
        ours = row.member == member
        return {
            "one": row_of(visit, tx, row),
            "facts": _facts(visit, row),
            "answered": deeds.on_offer(tx, member, series),
            "fits": [_fit(visit, tx, row, each) for each in fits.of_series(house, tx, series)] if ours else [],
            "with_ours": [] if ours else _with_ours(visit, tx, row),
        }

    return visit.render("offers/one.html", now=house.clock(), deed_states=DEED_STATES, **await visit.read(work))


def _facts(visit: Visit, row: OfferRow) -> list[tuple[str, str, str]]:
    """(label, value, law) of the typed part, in the order of the kind's table."""
    details = holding.said(row).details
    return [
        (
            visit.say(offerwords.FIELDS[field.name]),
            offerwords.value(field, details[field.name], visit.say, visit.language),
            field.law,
        )
        for field in KINDS[row.kind].fields
        if field.name in details
    ]


def _with_ours(visit: Visit, tx: Tx, row: OfferRow) -> list[dict[str, Any]]:
    """How an offer of another fits those of the visitor's firm."""
    found = []
    for kept in tx.offers.fits_of_member(visit.member, fits.MAX_OURS):
        if kept.other == row.series:
            ours = tx.offers.get(kept.own)
            both = fits.of_series(visit.context.house, tx, kept.own) if ours is not None else []
            found += [
                _fit(visit, tx, ours, each) | {"one": row_of(visit, tx, ours)}
                for each in both
                if ours is not None and each.row.series == row.series
            ]
    return found


def _fit(visit: Visit, tx: Tx, ours: OfferRow, found: Found) -> dict[str, Any]:
    """How another fits ours: each criterion with both values."""
    offering = ours.side == Side.OFFER.value
    lines = []
    for verdict in found.fit.verdicts:
        field = KINDS[ours.kind].field(verdict.name) or KINDS[found.row.kind].field(verdict.name)
        pair = (verdict.offered, verdict.requested) if offering else (verdict.requested, verdict.offered)
        mine, theirs = (offerwords.value(field, each, visit.say, visit.language) for each in pair)
        lines.append((visit.say(offerwords.FIELDS[verdict.name]), verdict.outcome.value, mine, theirs))
    return {
        "one": row_of(visit, tx, found.row),
        "fit": found.fit,
        "lines": lines,
        "ours": row_of(visit, tx, ours),
        "number": found.row.series.hex()[:6],
    }


# ---------------------------------------------------------------------- ours


async def mine(visit: Visit) -> web.StreamResponse:
    """What we have out, with how much fits it."""
    house, member = visit.context.house, visit.member

    def work(tx: Tx) -> list[dict[str, Any]]:
        rows = [row for row in publishing.own(house, tx, member) if not row.withdrawn]
        return [row_of(visit, tx, row) | {"fits": len(fits.of_series(house, tx, row.series))} for row in rows]

    return visit.render("offers/mine.html", rows=await visit.read(work))


async def matches(visit: Visit) -> web.StreamResponse:
    """Everything that fits ours; from now on it is not new."""
    house, member = visit.context.house, visit.member

    def work(tx: Tx) -> list[dict[str, Any]]:
        return [
            _fit(visit, tx, row, one)
            for row in publishing.own(house, tx, member)
            for one in fits.of_series(house, tx, row.series)
        ]

    found = await visit.read(work)
    if not visit.by_itself and await visit.read(lambda tx: tx.offers.new_fits(member) > 0):
        await visit.write(lambda tx: tx.offers.set_seen(member))
    return visit.render("offers/fits.html", found=found)


async def withdraw(visit: Visit) -> web.StreamResponse:
    """End one of ours."""
    series, house, member = visit.path_hash("series"), visit.context.house, visit.member
    await visit.write(lambda tx: publishing.withdraw(house, tx, member, series))
    return visit.see_other(MINE, visit.say(N_("It was withdrawn. Other associations are told.")))


# ---------------------------------------------------------------------- write


async def choose(visit: Visit) -> web.StreamResponse:
    """Which kind, and which side of it."""
    found = [
        (name, visit.say(word), [(side, visit.say(offerwords.MEANT[name, side])) for side in offerwords.SIDES])
        for name, word in offerwords.KINDS.items()
    ]
    return visit.render("offers/choose.html", kinds=found)


def _kind(visit: Visit) -> tuple[Kind, str]:
    kind, side = KINDS.get(visit.path("kind")), visit.path("side")
    if kind is None or side not in offerwords.SIDES:
        raise NotFound("kind", "no such kind")
    return kind, side


async def new(visit: Visit) -> web.StreamResponse:
    """An empty form of a kind."""
    kind, side = _kind(visit)
    form = await visit.form()
    if not form.values:
        card = await visit.read(lambda tx: tx.cards.get(visit.member))
        area = card.area[:5] if card is not None and kind.placed else ""
        form = Form.of(visit.say, {"area": area, "days": "30", "scope": "federation"})
        number = visit.query.get("item", "")
        if number:
            kept = await visit.read(lambda tx: items.get(tx, visit.member, number))
            _put_item(form, kind, kept.item)
    return await _edit(visit, form, kind, side)


def _put_item(form: Form, kind: Kind, item: OwnItem) -> None:
    """One of our own items into the fields that it answers; a price only where it is whole yen."""
    form.values |= {"title": [item.name[:MAX_OFFER_TITLE_CHARS]], "text": [item.description[:MAX_OFFER_TEXT_CHARS]]}
    yen, rest = divmod(item.price.value, 10**item.price.scale) if item.price is not None else (0, 0)
    known: dict[str, Any] = {
        "item": item.name[:MAX_OFFER_TITLE_CHARS],
        "gtin": item.gtin or None,
        "unit": item.unit,
        "price_yen": yen if yen and not rest and item.currency == "JPY" else None,
    }
    for field in kind.fields:
        _put(form, field, known.get(field.name))


async def publish(visit: Visit) -> web.StreamResponse:
    """Look it over, then publish it."""
    kind, side = _kind(visit)
    return await _save(visit, kind, side, b"")


async def change(visit: Visit) -> web.StreamResponse:
    """The form of one that is out."""
    row = await visit.read(lambda tx: publishing.require_own(tx, visit.member, visit.path_hash("series")))
    if row.withdrawn:
        raise NotFound("offer", "no such offer, or it has ended")
    said = holding.said(row)
    values: dict[str, Any] = {
        "title": said.title, "text": said.text, "area": said.area, "days": "30", "scope": said.scope.value,
        "nodes": [node.hex() for node in said.nodes],
    }  # fmt: skip
    form = Form.of(visit.say, values)
    for name, text in (("starts", said.starts), ("ends", said.ends)):
        _put_day(form, name, text)
    for field in KINDS[row.kind].fields:
        _put(form, field, said.details.get(field.name))
    return await _edit(visit, form, KINDS[row.kind], row.side, row.series)


async def renew(visit: Visit) -> web.StreamResponse:
    """Say it anew."""
    row = await visit.read(lambda tx: publishing.require_own(tx, visit.member, visit.path_hash("series")))
    if row.withdrawn:
        raise NotFound("offer", "no such offer, or it has ended")
    return await _save(visit, KINDS[row.kind], row.side, row.series)


def _put_day(form: Form, name: str, text: str) -> None:
    for part, piece in zip(("year", "month", "day"), text.split("-") if text else ("", "", ""), strict=True):
        form.values[f"{name}.{part}"] = [piece.lstrip("0")]


def _put(form: Form, field: Field, value: Any) -> None:
    """A value into its field, as it is typed."""
    name = PREFIX + field.name
    if value is None:
        return
    if field.type is Type.DATE:
        _put_day(form, name, value)
    elif field.type is Type.CHOICES:
        form.values[name] = list(value)
    elif field.type in {Type.WORDS, Type.COUNTRIES}:
        form.values[name] = ["\n".join(value)]
    else:
        form.values[name] = [(TICKED if value else "") if field.type is Type.FLAG else str(value)]


async def _edit(
    visit: Visit, form: Form, kind: Kind, side: str, series: bytes = b"", status: int = 200
) -> web.Response:
    def work(tx: Tx) -> tuple[list[tuple[str, str]], str]:
        card = tx.cards.get(visit.member)
        peers = [(peer.node.hex(), peer.name) for peer in tx.peers.all() if peer.state == "accepted"]
        return peers, card.area[:5] if card is not None else ""

    peers, own = await visit.read(work)
    return visit.render(
        "offers/form.html",
        status=status,
        form=form,
        kind=kind,
        side=side,
        kind_word=visit.say(offerwords.KINDS[kind.name]),
        side_word=visit.say(offerwords.SIDES[side]),
        meant=visit.say(offerwords.MEANT[kind.name, side]),
        fields=[_control(visit, field, side, own) for field in kind.fields],
        places=places(visit, own),
        peers=peers,
        scopes=[(name, visit.say(word)) for name, word in offerwords.SCOPES.items() if peers or name != "named"],
        stands=[(name, visit.say(word)) for name, word in STANDS.items()],
        series=series.hex(),
        action=f"{PATH}/{series.hex()}/change" if series else f"{PATH}/new/{kind.name}/{side}",
        most_title=MAX_OFFER_TITLE_CHARS,
        most_text=MAX_OFFER_TEXT_CHARS,
    )


def _control(visit: Visit, field: Field, side: str, own: str) -> dict[str, Any]:
    """What the template needs to draw one field of the table."""
    choices: list[tuple[str, str]] = [(name, offerwords.choice(name, visit.say)) for name in field.choices]
    if field.type is Type.AREA:
        choices = places(visit, own)
    elif field.type is Type.UNIT:
        choices = [(code, units.word(code, visit.say)) for code in (*units.UNITS, *units.MEASURES)]
    return {
        "name": PREFIX + field.name,
        "type": field.type.value,
        "label": visit.say(offerwords.FIELDS[field.name]),
        "needed": field.needed_by(side),
        "choices": choices,
        "unit": offerwords.unit(field, visit.say),
        "most": field.high if field.type is Type.TEXT else 40,
        "law": LAW_WORDS.get(field.law, ""),
    }


#: What stands above a field for the sake of a law, as the adviser at the association would say it.
LAW_WORDS: Final = {
    "antimonopoly": N_(
        "Joint buying: state the share if you know it (独占禁止法). No sales prices are asked or shown."
    ),
    "carriage": N_("Goods of others are carried for pay by a permitted carrier only (貨物自動車運送事業法)."),
    "subcontract": N_("State it before the work begins (取適法)."),
    "food": N_("Food: name the permit or notification (食品衛生法)."),
    "regulated": N_("Some goods take a permit to sell (酒税法, 古物営業法, 薬機法 and others)."),
    "labour": N_("Lending people is limited: a secondment needs one of four purposes (職業安定法44条)."),
    "dispatch": N_("Needed for dispatch: the number of the licence (労働者派遣法)."),
    "consent": N_("They have to agree themselves (民法625条, 労働契約法14条)."),
    "securities": N_("Asking others to invest is regulated (金融商品取引法). This is only to begin a talk."),
    "equipment": N_("Some equipment takes a permit or a licence to use."),
    "export": N_("Goods and drawings for abroad: the class under 外為法 (輸出貿易管理令)."),
}


async def _save(visit: Visit, kind: Kind, side: str, series: bytes) -> web.StreamResponse:
    form, house, member = await visit.form(), visit.context.house, visit.member
    draft = _draft(visit, form, kind, side)
    if form.value("action") == "edit" or not form.ok:
        return await _edit(visit, form, kind, side, series, 200 if form.ok else 422)

    def work(tx: Tx) -> OfferRow:
        if series:
            return publishing.revise(house, tx, member, series, draft)
        return publishing.publish(house, tx, member, draft)

    if form.value("action") != "send":
        try:
            await visit.read(lambda tx: publishing.check(house, tx, member, draft))
        except CallerFault as fault:
            return await _refused(visit, form, fault, kind, side, series)
        return _preview(visit, form, draft, kind, series)
    try:
        row = await visit.write(work)
    except CallerFault as fault:
        return await _refused(visit, form, fault, kind, side, series)
    return visit.see_other(f"{PATH}/{row.series.hex()}", visit.say(N_("It is out. You will see here what fits.")))


async def _refused(
    visit: Visit, form: Form, fault: CallerFault, kind: Kind, side: str, series: bytes
) -> web.StreamResponse:
    if isinstance(fault, NotFound):
        raise fault
    form.refuse(fault, {field.name: PREFIX + field.name for field in kind.fields} | {"offer": ""})
    return await _edit(visit, form, kind, side, series, 422)


def _preview(visit: Visit, form: Form, draft: Draft, kind: Kind, series: bytes) -> web.StreamResponse:
    """As others will see it, with everything that was typed kept in the form."""
    facts = [
        (
            visit.say(offerwords.FIELDS[field.name]),
            offerwords.value(field, draft.details[field.name], visit.say, visit.language),
        )
        for field in kind.fields
        if field.name in draft.details
    ]
    kept = [
        (name, value) for name, given in form.values.items() if name not in {"action", CSRF_FIELD} for value in given
    ]
    return visit.render(
        "offers/preview.html",
        form=form,
        draft=draft,
        facts=facts,
        kept=kept,
        kind_word=visit.say(offerwords.KINDS[kind.name]),
        side_word=visit.say(offerwords.SIDES[draft.side]),
        place=offerwords.place(draft.area, visit.language) if draft.area else "",
        scope=visit.say(offerwords.SCOPES[draft.scope]),
        action=f"{PATH}/{series.hex()}/change" if series else f"{PATH}/new/{kind.name}/{draft.side}",
    )


def _draft(visit: Visit, form: Form, kind: Kind, side: str) -> Draft:
    """What was typed; what is wrong stands in the form."""
    say = visit.say
    details = {}
    for field in kind.fields:
        value = _typed(visit, form, field, side)
        if value is not None:
            details[field.name] = value
    starts = form.day("starts", say(STARTS), required=kind.dated)
    ends = form.day("ends", say(ENDS), required=kind.dated)
    scope = form.choice("scope", say(SCOPE), offerwords.SCOPES)
    nodes = form.all("nodes") if scope == "named" else []
    if any(len(node) != 64 or set(node) - set("0123456789abcdef") for node in nodes):
        nodes = []
    if scope == "named" and not nodes:
        form.wrong("nodes", N_("Choose: {label}."), label=say(NODES))
    return Draft(
        kind=kind.name,
        side=side,
        title=form.text("title", say(TITLE), most=MAX_OFFER_TITLE_CHARS),
        text=form.value("text"),
        area=form.value("area") if kind.placed else "",
        starts=starts.isoformat() if starts else "",
        ends=ends.isoformat() if ends else "",
        days=int(form.choice("days", say(DAYS), STANDS) or 0) if form.value("days") in STANDS else 0,
        scope=scope or "members",
        nodes=tuple(bytes.fromhex(node) for node in nodes),
        details=details,
    )


def _typed(visit: Visit, form: Form, field: Field, side: str) -> Any:
    """One value of the typed part; None where nothing (good) was typed."""
    name, label, needed = PREFIX + field.name, visit.say(offerwords.FIELDS[field.name]), field.needed_by(side)
    if field.type in {Type.NUMBER, Type.YEN}:
        return form.integer(name, label, required=needed, least=field.low, most=field.high)
    if field.type is Type.FLAG:
        return True if form.ticked(name) else False if needed else None
    if field.type is Type.DATE:
        day = form.day(name, label, required=needed)
        return day.isoformat() if day is not None else None
    if field.type is Type.CHOICES:
        return _some(form, name, label, form.all(name), needed)
    if field.type in {Type.WORDS, Type.COUNTRIES}:
        lines = [line.strip() for line in form.value(name).replace("、", "\n").replace(",", "\n").splitlines()]
        return _some(form, name, label, [line for line in lines if line][: MAX_OFFER_LIST + 1], needed)
    if field.type in {Type.CHOICE, Type.UNIT, Type.AREA}:
        return form.value(name) or (form.choice(name, label, (), required=True) or None if needed else None)
    return form.text(name, label, required=needed, most=field.high or 40) or None


def _some(form: Form, name: str, label: str, given: list[str], needed: bool) -> tuple[str, ...] | None:
    if not given and needed:
        form.wrong(name, N_("Choose: {label}."), label=label)
    return tuple(dict.fromkeys(given)) or None


PAGES = (
    Page("GET", PATH, "offers.read", index),
    Page("GET", MINE, "offers.read", mine),
    Page("GET", FITS, "offers.read", matches),
    Page("GET", f"{PATH}/new", "offers.write", choose),
    Page("GET", f"{PATH}/new/{{kind}}/{{side}}", "offers.write", new),
    Page("POST", f"{PATH}/new/{{kind}}/{{side}}", "offers.write", publish),
    Page("GET", f"{PATH}/{{series}}", "offers.read", show),
    Page("POST", f"{PATH}/{{series}}/withdraw", "offers.write", withdraw),
    Page("GET", f"{PATH}/{{series}}/change", "offers.write", change),
    Page("POST", f"{PATH}/{{series}}/change", "offers.write", renew),
)
