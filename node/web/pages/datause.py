"""数字の使われ方: an owner decides in which sums the firm's figures may be counted, and reads in which they were."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from node.i18n import N_
from node.services import access, datause
from node.services.datause import CHOICES, Data, Reach
from node.services.transaction import Tx
from node.web.forms import Form
from node.web.page import Page
from node.web.visit import Visit
from protocol.errors import CallerFault

PATH: Final = "/settings/data-use"
DATA: Final = {Data.SALES: N_("Sales of your shop (register)"), Data.DEALINGS: N_("Orders and bills")}
REACHES: Final = {
    Reach.STREET: N_("Beside the other shops of your street"),
    Reach.AREA: N_("In sums of your town"),
    Reach.FEDERATION: N_("In sums with other regions"),
}


def _name(data: Data, reach: Reach) -> str:
    return f"{data.value}.{reach.value}"


async def index(visit: Visit) -> web.StreamResponse:
    """What is allowed, and what was counted."""

    def work(tx: Tx) -> dict[str, str]:
        allowed = {_name(*choice): "1" for choice in datause.chosen(tx, visit.member)}
        return {"street": datause.street_of(tx, visit.member), **allowed}

    return await _page(visit, Form.of(visit.say, await visit.read(work)))


async def _page(visit: Visit, form: Form, status: int = 200) -> web.Response:
    def work(tx: Tx) -> tuple[list[datause.Use], tuple[str, ...]]:
        return datause.uses_of(tx, visit.member), datause.streets(tx)

    uses, streets = await visit.read(work)
    kinds = [
        (
            visit.say(DATA[data]),
            [(_name(data, reach), visit.say(REACHES[reach])) for of, reach in CHOICES if of is data],
        )
        for data in Data
    ]
    shown = [(use.day, visit.say(DATA[Data(use.data)]), visit.say(REACHES[Reach(use.reach)]), use) for use in uses]
    return visit.render(
        "settings/datause.html", status=status, form=form, kinds=kinds, uses=shown, streets=", ".join(streets)
    )


async def choose(visit: Visit) -> web.StreamResponse:
    """All choices and the street at once."""
    form, member, house, who = await visit.form(), visit.member, visit.context.house, visit.who
    wanted = [choice for choice in CHOICES if form.value(_name(*choice))]
    street = form.text("street", visit.say(N_("Your street")), required=False, most=datause.MAX_STREET_CHARS)

    def work(tx: Tx) -> None:
        datause.set_street(tx, member, street)
        if datause.choose(house, tx, member, wanted, who.user.name):
            access.note(house, tx, "data-use-changed", member=member, user=who.user, address=visit.address)

    if form.ok:
        try:
            await visit.write(work)
        except CallerFault as fault:
            form.refuse(fault)
    if form.ok:
        return visit.see_other(PATH, visit.say(N_("Saved.")))
    return await _page(visit, form, status=422)


PAGES = (
    Page("GET", PATH, "datause.choose", index),
    Page("POST", PATH, "datause.choose", choose),
)
