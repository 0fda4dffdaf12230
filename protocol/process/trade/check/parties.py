"""Rules on parties, places and items: something to know them by, and check digits."""

from __future__ import annotations

from protocol.process import checks
from protocol.process.trade.check.rules import day_or_none, fail, identifier, one_of, period, scaled
from protocol.process.trade.papers import Delivery, InvolvedParty, Item, Party
from protocol.process.trade.papers.parties import PARTY_ROLES


def party(value: Party | None, field: str) -> None:
    """A firm is known by a name or a number; its strict numbers carry their check digits."""
    if value is None:
        return
    if not (value.name or value.trading_name or value.endpoint or value.identifiers or value.corporate_number):
        fail(field, "must state a name, an identifier or an endpoint")
    if value.corporate_number and not checks.is_corporate_number(value.corporate_number):
        fail(f"{field}.corporate_number", "must be 13 digits with a valid check digit (法人番号)")
    if value.registration_number and not checks.is_registration_number(value.registration_number):
        fail(f"{field}.registration_number", "must be T and 13 digits (登録番号)")
    if value.gln and not checks.is_gln(value.gln):
        fail(f"{field}.gln", "must be 13 digits with a valid check digit (GLN)")
    if value.endpoint is not None:
        identifier(value.endpoint, f"{field}.endpoint")
    if value.legal_id is not None:
        identifier(value.legal_id, f"{field}.legal_id")
    for index, other in enumerate(value.identifiers):
        identifier(other, f"{field}.identifiers[{index}]")


def involved(values: tuple[InvolvedParty, ...]) -> None:
    """Parties besides buyer and seller."""
    for index, value in enumerate(values):
        one_of(value.role, PARTY_ROLES, f"involved[{index}].role")
        party(value.party, f"involved[{index}].party")


def delivery(value: Delivery | None, field: str) -> None:
    """When and where."""
    if value is None:
        return
    if value.period is not None:
        period(value.period, f"{field}.period")
    if value.despatch_date:
        day_or_none(value.despatch_date, f"{field}.despatch_date")
    if value.party is not None:
        party(value.party, f"{field}.party")
    if value.location is not None:
        identifier(value.location.id, f"{field}.location.id")


def item(value: Item | None, field: str) -> None:
    """Goods or service."""
    if value is None:
        return
    if value.gtin and not checks.is_gtin(value.gtin):
        fail(f"{field}.gtin", "must be 8, 12, 13 or 14 digits with a valid check digit (JAN, GTIN)")
    if value.best_before:
        day_or_none(value.best_before, f"{field}.best_before")
    if value.standard_id is not None:
        identifier(value.standard_id, f"{field}.standard_id")
    for index, one in enumerate(value.properties):
        scaled(one.quantity, f"{field}.properties[{index}].quantity")
