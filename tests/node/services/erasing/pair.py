"""Two firms with a dealing, papers with personal parts in it, and the node's own errands run by hand."""

from __future__ import annotations

from node.services.erasing import asking, errands
from node.services.trade import Submission
from node.store import ErasureRow
from protocol.errors import YuiError
from protocol.process.trade import retention
from protocol.process.trade.papers import Message, Personal
from protocol.process.trade.papers.parties import Contact
from tests.node.services.town import Association, order, two_towns

YEAR_US = retention.YEAR_US
MARK = "浦島花子"


def personal() -> Personal:
    return Personal(contacts=(Contact(role="buyer", name=MARK, telephone="0565-00-0000"),))


def note(number: str) -> Message:
    return Message(number=number, issue_date="2026-10-06", kind="note", text="担当をお伝えします。")


def work(*towns: Association) -> None:
    """Let the towns do what is left to the nodes, and exchange it, until nothing is left."""
    for _ in range(6):
        for town in towns:
            run(town)
        for town in towns:
            for peer in town.peers:
                town.send_all(peer)


def run(town: Association) -> None:
    while town.do(lambda tx: errands.hear(town.house, tx)):
        pass
    for row in town.see(lambda tx: errands.due(town.house, tx)):
        try:
            town.do(lambda tx, row=row: errands.run(town.house, tx, row))
        except YuiError as error:
            why = str(error)
            town.do(lambda tx, row=row, why=why: errands.postpone(town.house, tx, row, why))


def has_part(town: Association, document: bytes) -> bool:
    found = town.see(lambda tx: tx.documents.full(document))
    assert found is not None
    return any(part.name == "personal" for part in found.parts)


def row_of(town: Association, member: bytes, document: bytes) -> ErasureRow:
    found = town.see(lambda tx: tx.erasing.get(member, document, "personal"))
    assert found is not None
    return found


class Dealing:
    """Toyota's buyer has ordered from Kyoto's seller and written a note; both papers name a person."""

    def __init__(self) -> None:
        self.toyota, self.kyoto, self.buyer, self.seller = two_towns()
        self.order = self.write(Submission(self.seller, order("PO-1"), personal()))
        self.note = self.write(Submission(self.seller, note("M-1"), personal(), thread=self.order))
        self.toyota.send_all(self.kyoto)

    def write(self, submission: Submission) -> bytes:
        return self.toyota.submit(self.buyer, submission)[0].id

    def write_note(self, number: str) -> bytes:
        return self.write(Submission(self.seller, note(number), personal(), thread=self.order))

    def ask(self, document: bytes) -> ErasureRow:
        town = self.toyota
        return town.do(lambda tx: asking.ask(town.house, tx, self.buyer, document, by="owner"))

    def ask_back(self, document: bytes) -> ErasureRow:
        town = self.kyoto
        return town.do(lambda tx: asking.ask(town.house, tx, self.seller, document, by="owner"))

    def work(self) -> None:
        work(self.toyota, self.kyoto)

    def pass_years(self, years: int) -> None:
        self.toyota.now += years * YEAR_US
        self.kyoto.now += years * YEAR_US
