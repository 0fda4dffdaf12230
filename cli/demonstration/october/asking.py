"""One enquiry to several suppliers, as the buyer's owner sends it on the pages: one form, a dealing with each of them.

Owns that form. What the suppliers answer is told like every other paper.
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
from protocol.process.trade.papers import RequestForQuotation

WRITE = "/enquiries/write"


class Buyer:
    """Asks. ``people``: among them an owner of every firm."""

    def __init__(self, federation: Federation, people: Sequence[Person]) -> None:
        self._federation = federation
        self._people = people

    def ask(self, together: Sequence[Dealing], paper: RequestForQuotation, said: Paper) -> dict[str, str]:
        """Send the enquiry to the sellers of these dealings; key of a dealing → its id."""
        buyer = together[0].buyer
        owner = next(one for one in self._people if (one.house, one.role) == (FIRMS[buyer].name, "owner"))
        sellers = {self._federation.accounts[one.seller].member: one for one in together}
        visitor = Visitor(owner.page)
        visitor.log_in(owner.name, owner.password)
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
