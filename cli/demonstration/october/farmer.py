"""The farmer: a partner without a node. Her customer adds her and hands over a link; she trades on the page behind it.

Owns her side of the story and her customer's. Everything goes through the pages, as both would do it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import msgspec

from cli.demonstration.federation import Federation
from cli.demonstration.firms import FIRMS
from cli.demonstration.october.dealings import Dealing
from cli.demonstration.october.people import Person
from cli.demonstration.october.visiting import Visitor, day_fields
from protocol.process.trade import papers as trade

FARM, CUSTOMER = "F12", "F06"
PERSON: Final = {"person": "さるかに農園 直売係", "telephone": "000-0000-0000", "fax": "000-0000-0000"}
STEPS: Final = {"order_response": "answer", "despatch_advice": "ship", "invoice": "bill"}


class Farmer:
    """``link``: the address of her page, once there is an order."""

    def __init__(self, federation: Federation, people: Sequence[Person]) -> None:
        self._federation = federation
        self._owner = next(one for one in people if (one.house, one.role) == (FIRMS[CUSTOMER].name, "owner"))
        self._customer = Visitor(self._owner.page)
        self._farmer = Visitor(self._owner.page)
        self._partner = ""
        self.link = ""

    def settle(self) -> str:
        """Her customer adds her to its partners, and asks its association to enrol her; her id as a partner."""
        firm = FIRMS[FARM]
        self._customer.log_in(self._owner.name, self._owner.password)
        self._customer.open("/partners/outside/edit")
        number = {"registration_number": f"T{firm.corporate_number}"}
        self._customer.send("/partners/outside/edit", {"name": firm.name, **PERSON, **number})
        self._partner = urlsplit(self._customer.address).path.rsplit("/", 1)[-1]
        self._customer.send(f"/partners/{self._partner}/enrol")
        return self._partner

    def carry(self, dealing: Dealing, paper: trade.Paper, thread: str) -> tuple[str, str]:
        """The next paper of her dealing, hers or her customer's: the dealing's id, the paper's number."""
        kind = trade.TYPE_OF[type(paper)]
        if kind in STEPS:
            self._answer(STEPS[kind], paper)
            latest = self._federation.api(dealing.buyer).get("/v1/documents", direction="received", limit=1)
            return thread, str(latest["documents"][0]["number"])
        asked = {"type": kind, "to": self._partner, "body": msgspec.to_builtins(paper)}
        answer = self._federation.api(dealing.buyer).post(
            "/v1/documents", {"documents": [asked | ({"thread": thread} if thread else {})]}
        )
        found = str(answer["documents"][0]["thread"])
        if not self.link:
            self._customer.open(f"/dealings/{found}")
            self._customer.send(f"/dealings/{found}/link")
            self.link = self._customer.text("//code[@class='secret']")
        return found, paper.number

    def _answer(self, step: str, paper: trade.Paper) -> None:
        """She opens the form, which is filled in, puts in the days of the story, and sends it."""
        path = urlsplit(self.link).path
        self._farmer.open(f"{path}/{step}")
        base = msgspec.json.encode(msgspec.structs.replace(paper, origin="", kept=())).decode()
        self._farmer.send(f"{path}/{step}", {"base": base, "action": "send", **_days(paper)})

    def person(self) -> Person:
        """How somebody looks at her page."""
        return Person(FIRMS[FARM].name, "guest", self.link, "", "")


def _days(paper: trade.Paper) -> dict[str, str]:
    """The form's fields for days."""
    if isinstance(paper, trade.DespatchAdvice) and paper.shipment is not None:
        return day_fields({"leaves": paper.shipment.despatch_date, "arrives": paper.shipment.arrival_date})
    if isinstance(paper, trade.Invoice):
        due = paper.terms.due_date if paper.terms is not None else ""
        return day_fields({"delivered": paper.transaction_date, "due": due})
    return {}
