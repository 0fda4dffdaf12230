"""What a buyer's owner does on the pages: one enquiry to several suppliers, an order that stays a draft.

Owns these forms. What the suppliers answer is told like every other paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec

from cli.demonstration.federation import Federation
from cli.demonstration.firms import FIRMS
from cli.demonstration.october.dealings import Dealing, Paper
from cli.demonstration.october.people import Person
from cli.demonstration.october.visiting import Visitor, day_fields
from cli.demonstration.october.writing import account
from protocol.process.trade.papers import Order, RequestForQuotation

WRITE = "/enquiries/write"
ACCOUNT = "/settings/account"


class Buyer:
    """Asks. ``people``: among them an owner of every firm."""

    def __init__(self, federation: Federation, people: Sequence[Person]) -> None:
        self._federation = federation
        self._people = people

    def ask(self, together: Sequence[Dealing], paper: RequestForQuotation, said: Paper) -> dict[str, str]:
        """Send the enquiry to the sellers of these dealings; key of a dealing → its id."""
        buyer = together[0].buyer
        sellers = {self._federation.accounts[one.seller].member: one for one in together}
        visitor = self._owner(buyer)
        visitor.open(f"{WRITE}?{urlencode({'partner': list(sellers)}, doseq=True)}")
        line = paper.lines[0]
        fields = {
            "base": msgspec.json.encode(paper).decode(),
            "lines.0.name": line.item.name,
            "lines.0.gtin": line.item.gtin,
            "lines.0.quantity": str(line.quantity.value),
            "lines.0.unit": line.unit,
            "action": "send",
        }
        visitor.send(WRITE, fields | day_fields({"reply": said.reply_by, "wanted": said.wanted}))
        sent = self._federation.api(buyer).get("/v1/documents", direction="sent", type="request_for_quotation")
        threads = {}
        for one in sent["documents"]:
            if one["partner"] in sellers:
                dealing = sellers[one["partner"]]
                threads[dealing.key] = str(one["thread"])
                self._federation.await_arrivals(dealing.seller, [one["id"]])
        return threads

    def begin(self, dealing: Dealing, order: Order) -> None:
        """Fill in an order's form and keep it as a draft."""
        visitor = self._owner(dealing.buyer)
        write = f"/partners/{self._federation.accounts[dealing.seller].member}/order"
        visitor.open(write)
        fields = {"action": "draft"}
        for at, line in enumerate(order.lines):
            assert line.price is not None
            fields |= {
                f"lines.{at}.name": line.item.name,
                f"lines.{at}.gtin": line.item.gtin,
                f"lines.{at}.quantity": str(line.quantity.value),
                f"lines.{at}.unit": line.unit,
                f"lines.{at}.price": str(line.price.value.value),
                f"lines.{at}.tax": "AA8",
            }
        visitor.send(write, fields, to="/drafts")

    def bank(self, firm: str) -> None:
        """Say from which account the firm pays, for its bank's files."""
        visitor, own = self._owner(firm), account(firm)
        visitor.open(ACCOUNT)
        fields = {"bank": own.bank, "branch": own.branch, "kind": own.kind, "number": own.number, "kana": own.holder}
        visitor.send(ACCOUNT, {**fields, "code": f"99999000{firm[1:]}"})

    def _owner(self, firm: str) -> Visitor:
        """The firm's owner, logged in."""
        owner = next(one for one in self._people if (one.house, one.role) == (FIRMS[firm].name, "owner"))
        visitor = Visitor(owner.page)
        visitor.log_in(owner.name, owner.password)
        return visitor
