"""The words of offers for people: kinds, sides, fields, choices, outcomes.

Owns the tables; the vocabulary is :mod:`protocol.offer.kinds`, of which every name has a word here (a test says so). A
field that several kinds have has one word.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from node import prefectures, units
from node.i18n import N_
from node.words import Say
from protocol.offer.fields import Field, Type

KINDS: Final[Mapping[str, str]] = {
    "joint_purchase": N_("Joint purchase"),
    "joint_transport": N_("Joint transport"),
    "stock": N_("Stock"),
    "goods": N_("Goods and services for sale"),
    "capacity": N_("Production line or idle machine"),
    "people": N_("People who help"),
    "gap_filling": N_("Gap-filling"),
    "overflow": N_("Overflow work"),
    "referral": N_("Referral by speciality"),
    "joint_investment": N_("Joint investment"),
    "joint_machine": N_("Joint machine order"),
    "shared_equipment": N_("Shared equipment"),
    "abroad": N_("Going abroad"),
}
#: What each side of a kind means, as a shopkeeper would say it.
MEANT: Final[Mapping[tuple[str, str], str]] = {
    ("joint_purchase", "offer"): N_("We organise a purchase that others can join."),
    ("joint_purchase", "request"): N_("We want to buy this together with others."),
    ("joint_transport", "offer"): N_("We have room on a lorry."),
    ("joint_transport", "request"): N_("We have goods that could ride along."),
    ("stock", "offer"): N_("We have stock to pass on."),
    ("stock", "request"): N_("We are short of this."),
    ("goods", "offer"): N_("We sell this."),
    ("goods", "request"): N_("We want to buy this."),
    ("capacity", "offer"): N_("A line or machine of ours is idle."),
    ("capacity", "request"): N_("We look for an idle line or machine."),
    ("people", "offer"): N_("People of ours can help elsewhere."),
    ("people", "request"): N_("We need people for a time."),
    ("gap_filling", "offer"): N_("We can do a part of it and look for who does the rest."),
    ("gap_filling", "request"): N_("We have a plan and lack a part of it."),
    ("overflow", "offer"): N_("We take on work of others."),
    ("overflow", "request"): N_("We have more work than we can do."),
    ("referral", "offer"): N_("This is what we are good at."),
    ("referral", "request"): N_("We look for somebody who is good at this."),
    ("joint_investment", "offer"): N_("We plan this and look for others who share it."),
    ("joint_investment", "request"): N_("We would like to share in something like this."),
    ("joint_machine", "offer"): N_("We organise an order of machines that others can join."),
    ("joint_machine", "request"): N_("We want this machine and would order together."),
    ("shared_equipment", "offer"): N_("Others can use equipment of ours."),
    ("shared_equipment", "request"): N_("We look for equipment to use for a time."),
    ("abroad", "offer"): N_("We can help others abroad."),
    ("abroad", "request"): N_("We want to go abroad and look for company."),
}
SIDES: Final[Mapping[str, str]] = {"offer": N_("Offer"), "request": N_("Request")}
FIELDS: Final[Mapping[str, str]] = {
    "item": N_("Item"),
    "gtin": N_("JAN code"),
    "quantity": N_("Quantity"),
    "unit": N_("Unit"),
    "pack": N_("Pack size"),
    "decide_until": N_("To be decided by"),
    "market_share": N_("Share of what is bought in the market (‰)"),
    "origin": N_("From where"),
    "destination": N_("Where to"),
    "temperature": N_("Temperature"),
    "weight_kg": N_("Weight"),
    "volume_l": N_("Volume"),
    "pallets": N_("Pallets"),
    "vehicle": N_("Vehicle"),
    "return_trip": N_("A return trip that would be empty"),
    "loading": N_("Who loads"),
    "carrier": N_("By whose permit goods of others are carried"),
    "permit_number": N_("Number of the permit or registration"),
    "price_yen": N_("Price for one (yen, without tax)"),
    "best_before": N_("Best before"),
    "regulated": N_("Goods that take a permit to sell"),
    "process": N_("Process"),
    "materials": N_("Materials"),
    "length_mm": N_("Length"),
    "width_mm": N_("Width"),
    "height_mm": N_("Height"),
    "force_kn": N_("Force"),
    "tolerance_um": N_("Tolerance (±)"),
    "roughness_nm": N_("Surface roughness Ra"),
    "certificates": N_("Certificates"),
    "machine": N_("Machine"),
    "machines": N_("How many machines"),
    "axes": N_("Axes"),
    "hours_week": N_("Hours a week"),
    "lot_least": N_("Smallest lot"),
    "lead_days": N_("Days until delivery"),
    "capability_ref": N_("Reference of the capability (ECLASS)"),
    "export_class": N_("Export control"),
    "export_item": N_("Item of the export control list"),
    "terms": N_("Terms of sale"),
    "trade": N_("Kind of work"),
    "skill": N_("Skill"),
    "persons": N_("How many people"),
    "hours_day": N_("Hours a day"),
    "form": N_("Form"),
    "purpose": N_("Purpose of the secondment"),
    "consent": N_("Those who would go have agreed"),
    "theme": N_("Theme"),
    "brings": N_("What we can do"),
    "seeks": N_("What we lack"),
    "drawing": N_("There is a drawing"),
    "customer_consent": N_("Consent of the customer"),
    "specialities": N_("Specialities"),
    "languages": N_("Languages"),
    "object": N_("Into what"),
    "purpose_text": N_("What the money is for"),
    "amount_yen": N_("Amount in all (yen)"),
    "share_yen": N_("Our share (yen)"),
    "term_months": N_("For how many months"),
    "parties_most": N_("At most how many firms"),
    "not_solicitation": N_("This is an invitation to talk and asks nobody to subscribe"),
    "maker_model": N_("Maker and model"),
    "category": N_("Kind of equipment"),
    "equipment": N_("Equipment"),
    "price_hour_yen": N_("Price for an hour (yen, without tax)"),
    "operator": N_("Who operates it"),
    "permit": N_("Permit that its use takes"),
    "insured": N_("Insured for users"),
    "countries": N_("Countries"),
    "activities": N_("What is done there"),
    "product": N_("Goods or service"),
    "area": N_("Area"),
    "days": N_("Days"),
}
CHOICES: Final[Mapping[str, str]] = {
    # processes
    "cutting": N_("cutting"), "pressing": N_("pressing"), "sheet_metal": N_("sheet metal"), "welding": N_("welding"),
    "casting": N_("casting"), "forging": N_("forging"), "moulding": N_("plastics moulding"), "plating": N_("plating"),
    "heat_treatment": N_("heat treatment"), "painting": N_("painting"), "assembly": N_("assembly"),
    "inspection": N_("measuring and inspection"), "printing": N_("printing"), "sewing": N_("sewing"),
    "weaving": N_("weaving"), "woodwork": N_("woodwork"), "bottling": N_("bottling and filling"),
    "food": N_("food"), "packing": N_("packing"), "electronics": N_("electronics"), "software": N_("software"),
    "design": N_("design"), "other": N_("other"),
    # temperatures, carriage
    "ambient": N_("ambient"), "chilled": N_("chilled"), "frozen": N_("frozen"),
    "kei": N_("light van"), "t2": N_("2 t"), "t4": N_("4 t"), "t10": N_("10 t"), "trailer": N_("trailer"),
    "rail": N_("rail"), "ship": N_("ship"), "shipper": N_("the shipper"), "carrier": N_("the carrier"),
    "general": N_("permit for general carriage (一般貨物)"), "light": N_("notified light carriage (軽貨物)"),
    "forwarding": N_("registered forwarding (利用運送)"), "hired_carrier": N_("a carrier that we hire together"),
    # goods
    "none": N_("nothing of the kind"), "alcohol": N_("alcohol"), "used": N_("used goods"),
    "medicine": N_("medicines and cosmetics"), "hazardous": N_("dangerous goods"),
    # people
    "secondment": N_("secondment (在籍型出向)"), "dispatch": N_("dispatch by a licensed agency (労働者派遣)"),
    "contract": N_("work contract (請負)"), "side_job": N_("side job by agreement with each person"),
    "keep_jobs": N_("to keep people in work"), "guidance": N_("to guide management or technique"),
    "training": N_("to train people"), "group": N_("within a group of companies"),
    "management": N_("management"), "expert": N_("experts and engineers"), "office": N_("office work"),
    "sales": N_("sales work"),
    "service": N_("service"),
    "security": N_("security"),
    "farming": N_("farming and fishing"),
    "manufacturing": N_("manufacturing"), "transport": N_("driving"), "construction": N_("construction"),
    "carrying": N_("carrying and cleaning"), "port": N_("port work"),
    # stages
    "research": N_("research"), "prototyping": N_("prototypes"), "making": N_("making"), "storage": N_("storage"),
    "delivery": N_("delivery"),
    "selling": N_("selling"),
    "export": N_("export"),
    "after_sales": N_("service after sale"),
    "promotion": N_("promotion"),
    # consent of the customer
    "obtained": N_("obtained"),
    "to_be_asked": N_("to be asked before it begins"),
    "no_customer": N_("no customer is concerned"),
    # investment
    "facility": N_("facility"), "vehicle": N_("vehicle"), "brand": N_("brand"), "company": N_("company"),
    "building": N_("building"), "co_ownership": N_("co-ownership"), "partnership": N_("partnership (民法上の組合)"),
    "llp": N_("limited liability partnership (有限責任事業組合)"),
    "cooperative": N_("business cooperative (事業協同組合)"),
    # equipment
    "machine_tool": N_("machine tool"), "measuring": N_("measuring instrument"), "kitchen": N_("kitchen"),
    "cold_store": N_("cold store"), "warehouse": N_("warehouse"), "room": N_("room"), "laboratory": N_("laboratory"),
    "with": N_("with our people"), "self": N_("the users themselves"), "food_business": N_("food business"),
    "crane": N_("crane"), "pressure": N_("pressure vessel"),
    # abroad
    "exporting": N_("selling goods abroad"), "importing": N_("importing"), "exhibition": N_("exhibition"),
    "partner": N_("partner there"), "production": N_("production there"), "online": N_("online shop"),
    "visitors": N_("visitors"), "legal": N_("law and customs"),
    "not_listed": N_("not listed"),
    "listed": N_("listed"),
    "catch_all_checked": N_("not listed, use and user checked"),
    "not_yet_classified": N_("not yet classified"), "no_goods": N_("no goods or technology"),
    # certificates
    "jas_organic": N_("organic JAS"), "halal": N_("halal"), "kosher": N_("kosher"),
}  # fmt: skip
_PLAIN: Final[Mapping[str, str]] = {
    "iso9001": "ISO 9001", "iso14001": "ISO 14001", "iatf16949": "IATF 16949", "jisq9100": "JIS Q 9100",
    "iso13485": "ISO 13485", "iso22000": "ISO 22000", "fssc22000": "FSSC 22000", "haccp": "HACCP", "jfs": "JFS",
    "gmp": "GMP", "ce": "CE", "fda": "FDA",
}  # fmt: skip
OUTCOMES: Final[Mapping[str, str]] = {"fits": N_("fits"), "not": N_("does not fit"), "unknown": N_("not known")}
SCOPES: Final[Mapping[str, str]] = {
    "federation": N_("All connected associations"),
    "members": N_("Firms of our association only"),
    "named": N_("Associations that we choose"),
}
REASONS: Final[Mapping[str, str]] = {
    "full": N_("no more room"),
    "member-full": N_("too many of one firm"),
    "expired": N_("over already"),
    "withdrawn": N_("withdrawn already"),
    "older": N_("an older version"),
    "other-home": N_("from another association than the firm's"),
    "not-for-us": N_("not meant for us"),
}
UNITS: Final[Mapping[str, str]] = {"d": N_("days"), "h": N_("hours"), "yen": N_("yen")}


def choice(name: str, say: Say) -> str:
    """The word of a choice."""
    return say(CHOICES[name]) if name in CHOICES else _PLAIN.get(name, name)


def unit(field: Field, say: Say) -> str:
    """The unit behind a number."""
    return say(UNITS[field.unit]) if field.unit in UNITS else field.unit


def value(field: Field | None, given: Any, say: Say, language: str) -> str:
    """A value as people read it; empty where nothing is said."""
    if given is None:
        return ""
    if isinstance(given, tuple | list):
        if field is None:  # days
            return " – ".join(str(one) for one in given)
        return say(N_(", ")).join(choice(one, say) if field.type is Type.CHOICES else one for one in given)
    if isinstance(given, bool):
        return say(N_("yes")) if given else say(N_("no"))
    if isinstance(given, int):
        behind = unit(field, say) if field is not None else ""
        return f"{given:,} {behind}".strip()
    if field is None or field.type is Type.AREA:
        return place(given, language)
    if field.type is Type.CHOICE:
        return choice(given, say)
    return units.word(given, say) if field.type is Type.UNIT else str(given)


def place(code: str, language: str) -> str:
    """A prefecture, with the municipality's code where there is one."""
    name = prefectures.name_of(code[:2], language)
    return f"{name} ({code})" if len(code) > 2 else name
