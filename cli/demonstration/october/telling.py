"""Tells October 2026 to three running nodes: goods, terms, catalogues, then every paper in the order of its days.

Owns the order. Everything is said over the member API, each paper when its writer has what was written before. The
nodes' clocks are not touched: papers carry business dates of October, signatures the true time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from cli.cluster.nodes import Failed
from cli.demonstration.federation import Federation
from cli.demonstration.firms import FIRMS
from cli.demonstration.october.asking import Buyer
from cli.demonstration.october.dealings import Dealing, Paper, dealings, goods
from cli.demonstration.october.farmer import CUSTOMER, FARM, Farmer
from cli.demonstration.october.people import Person
from cli.demonstration.october.writing import Writer, account, writer_of
from node.i18n import _
from protocol.process.trade.papers import BankAccount, Order, PaymentTerms, RequestForQuotation

MONTH: Final = {"closing_day": 31, "pay_months": 1, "pay_day": 31}  # 月末締め翌月末払い
PAYERS: Final = ("F06", "F08")
LATE: Final = "取適法3条"


class October:
    """One telling. ``threads``: key of a dealing → its id, once its first paper is sent."""

    def __init__(self, federation: Federation, people: Sequence[Person], tell: Callable[[str], None]) -> None:
        self._federation = federation
        self.farmer = Farmer(federation, people)
        self._buyer = Buyer(federation, people)
        self._tell = tell
        self._writers = {one.key: Writer(one) for one in dealings()}
        self.threads: dict[str, str] = {}

    def tell(self) -> None:
        """Everything."""
        self._shelves()
        self._agree_with(CUSTOMER, self.farmer.settle(), account(FARM))
        for firm in PAYERS:
            self._buyer.bank(firm)
        steps = [(said.day, one, said) for one in dealings() for said in one.papers]
        steps.sort(key=lambda step: step[0])
        for _day, dealing, said in steps:
            self._send(dealing, said)
        self._tell(
            _("October 2026: {dealings} dealings, {papers} papers").format(dealings=len(dealings()), papers=len(steps))
        )

    # --- what is there before the first order

    def _shelves(self) -> None:
        for firm in self._federation.accounts:
            own = [_item(one) for one in goods().items if one.firm == firm]
            if own:
                self._put(firm, "/v1/items", {"items": own})
        pairs = {(one.buyer, one.seller) for one in dealings() if not one.by_link and not one.draft}
        pairs |= {(buyer, one.seller) for one in goods().catalogues for buyer in one.buyers}
        for buyer, seller in sorted(pairs):
            self._agree(buyer, seller)
        for one in goods().catalogues:
            for buyer in one.buyers:
                path = f"/v1/partners/{FIRMS[buyer].corporate_number}/catalogue"
                self._federation.api(one.seller).post(path, {"name": "2026年秋の品目表"})

    def _agree(self, buyer: str, seller: str) -> None:
        """Both write down what they agreed: closing at the end of the month, paid a month later."""
        self._put(seller, f"/v1/partners/{FIRMS[buyer].corporate_number}/terms", {"terms": MONTH})
        self._agree_with(buyer, FIRMS[seller].corporate_number, account(seller))

    def _agree_with(self, buyer: str, seller: str, paid_to: BankAccount) -> None:
        paid = {"account": msgspec.to_builtins(paid_to), "account_kana": paid_to.holder}
        self._put(buyer, f"/v1/partners/{seller}/terms", {"terms": MONTH | paid})

    def _put(self, firm: str, path: str, value: object) -> None:
        self._federation.api(firm).call("PUT", path, msgspec.json.encode(value))

    # --- the papers

    def _send(self, dealing: Dealing, said: Paper) -> None:
        paper = self._writers[dealing.key].write(said)
        author, recipient = (
            (dealing.buyer, dealing.seller) if writer_of(said) == "buyer" else (dealing.seller, dealing.buyer)
        )
        if said.first_due and isinstance(paper, Order):
            self._think_again(author, paper, said.first_due)
        thread = self.threads.get(dealing.key, "")
        if dealing.draft and isinstance(paper, Order):
            self._buyer.begin(dealing, paper)
            return
        if dealing.by_link:
            self.threads[dealing.key], number = self.farmer.carry(dealing, paper, thread)
            self._writers[dealing.key].renumber(number)
            return
        if dealing.enquiry and isinstance(paper, RequestForQuotation):
            if not thread:
                together = [one for one in dealings() if one.enquiry == dealing.enquiry]
                self.threads |= self._buyer.ask(together, paper, said)
            return
        sent = self._federation.send(author, recipient, said.type, msgspec.to_builtins(paper), thread)
        if sent["verdict"] != "applied":
            raise Failed(f"{dealing.key} {said.type}: {sent['verdict']} {sent['reason']}")
        self.threads.setdefault(dealing.key, sent["thread"])
        self._federation.await_arrivals(recipient, [sent["id"]])

    def _think_again(self, author: str, paper: Order, first_due: str) -> None:
        """The day of payment first thought of: the node advises against it, so the order names an earlier one."""
        terms = paper.terms or PaymentTerms()
        late = msgspec.structs.replace(paper, terms=msgspec.structs.replace(terms, due_date=first_due))
        asked = {"type": "order", "body": msgspec.to_builtins(late)}
        notes: list[dict[str, Any]] = self._federation.api(author).post("/v1/advice", asked)["advice"]
        found = next((note for note in notes if note["rule"] == LATE), None)
        if found is None:
            raise Failed(f"{paper.number}: nothing is said of payment on {first_due}")
        self._tell(f"{FIRMS[author].name} {paper.number}: {found['text']}")


def _item(one: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "number": one.number,
        "name": one.name,
        "kana": one.kana,
        "description": one.description,
        "unit": one.unit,
        "price": {"value": one.price},
        "tax": {"category": "AA" if one.reduced else "S", "rate": {"value": one.percent}},
    }
    if one.gtin:
        found["gtin"] = one.gtin
    if one.tiers:
        found["tiers"] = [
            {"minimum": {"value": least}, "price": {"value": {"value": price}}} for least, price in one.tiers
        ]
    return found
