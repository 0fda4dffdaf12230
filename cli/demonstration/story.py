"""What happens in the demo, in its order. Every document that a node acknowledged is entered in the books.

Owns the order of events: orders out of UBL files and their answers; one dealing from request to payment; meanwhile the
machine of one association is killed and comes back, and the line of another is cut and mended. Knows no counting.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from cli.demonstration import dealing, papers
from cli.demonstration.accounts import Books, Entry
from cli.demonstration.federation import Federation
from cli.demonstration.firms import ASSOCIATIONS, FIRMS, KYOTO, SHIKOKU, TOYOTA, partners
from node.i18n import N_, _, ngettext

WAVE = 12  # orders to an association that is down, and from it
CUT_S = 3.0
SETTLE_S = 120.0
ORDERS = N_("orders out of UBL files")
ANSWERS = N_("answers to them")
DEALING = N_("one dealing, request to payment")
AROUND_CUT = N_("orders to the one cut off")
AROUND_KILL = N_("orders around the kill")

Tell = Callable[[str], None]


class Story:
    """One telling. ``mark`` makes its numbers different from those of another."""

    def __init__(self, federation: Federation, books: Books, mark: str, tell: Tell) -> None:
        self._federation = federation
        self._books = books
        self._mark = mark
        self._tell = tell
        self._thread = ""
        self._files = federation.folder / "ubl"
        self._files.mkdir()

    def tell(self) -> None:
        """Everything."""
        self.orders_and_answers()
        steps = dealing.steps(
            dict(papers.party(FIRMS[dealing.BUYER])), dict(papers.party(FIRMS[dealing.SELLER])), self._mark
        )
        self.carry(steps[:4])
        self.cut_off(steps[4:6])
        self.kill(steps[6:8])
        self.carry(steps[8:])
        self._tell(
            _("{number}: {count} papers from the request for quotation to the payment notice").format(
                number=f"{dealing.NUMBER}-{self._mark}", count=len(steps)
            )
        )
        self.settle()

    # --- orders out of UBL files

    def orders_and_answers(self) -> None:
        """Each shipped order once, from the command line; each is answered, some by a shipped UBL answer."""
        files = papers.names("order")
        pairs = partners()[: len(files)]
        answers = {papers.order_of(name): name for name in papers.names("response")}
        for name, (buyer, seller) in zip(files, pairs, strict=False):
            number = f"{papers.number_of(name)}-{self._mark}"
            path = papers.write(name, self._files / name, number, buyer, seller)
            sent = self._federation.node_of(buyer).yui(
                "order",
                "send",
                "--from",
                self._federation.accounts[buyer].member,
                "--to",
                self._federation.accounts[seller].member,
                str(path),
            )
            self._enter(sent["document"], buyer, seller, "order", number, ORDERS)
            self._federation.await_arrivals(seller, [sent["document"]])
            self._answer(name, sent, number, (buyer, seller), answers)
        self._tell(
            ngettext(
                "{count} order out of a UBL file, answered", "{count} orders out of UBL files, answered", len(files)
            ).format(count=len(files))
        )

    def _answer(
        self, name: str, order: dict[str, Any], number: str, pair: tuple[str, str], answers: dict[str, str]
    ) -> None:
        buyer, seller = pair
        sample = answers.get(papers.number_of(name))
        if sample is None:
            made = self._federation.node_of(seller).yui("order", "answer", order["document"], "--accept")
            self._enter(made["document"], seller, buyer, "order_response", made["number"], ANSWERS)
            return
        own = f"{papers.number_of(sample)}-{self._mark}"
        path = papers.write(sample, self._files / sample, own, buyer, seller, order=number)
        sent = self._federation.send_ubl(seller, buyer, path)
        self._enter(sent["id"], seller, buyer, "order_response", own, ANSWERS)
        self._federation.await_arrivals(buyer, [sent["id"]])
        if self._state(buyer, order["thread"]) == "countered":
            self._accept_changes(buyer, seller, order["thread"], own, number)

    def _accept_changes(self, buyer: str, seller: str, thread: str, answers: str, order: str) -> None:
        body = {
            "number": f"{answers}-OK",
            "issue_date": "2026-11-21",
            "response": "accepted",
            "answers": answers,
            "order": order,
        }
        sent = self._federation.send(buyer, seller, "change_response", body, thread)
        self._enter(sent["id"], buyer, seller, "change_response", body["number"], ANSWERS)

    def _state(self, firm: str, thread: str) -> str:
        return str(self._federation.api(firm).get(f"/v1/threads/{thread}")["thread"]["state"])

    # --- the long dealing

    def carry(self, steps: Sequence[dealing.Step]) -> None:
        """Send these papers, each when its writer has what was written before."""
        for step in steps:
            recipient = dealing.SELLER if step.writer == dealing.BUYER else dealing.BUYER
            sent = self._federation.send(step.writer, recipient, step.type, step.body, self._thread)
            self._thread = self._thread or sent["thread"]
            self._enter(sent["id"], step.writer, recipient, step.type, step.body["number"], DEALING)
            self._federation.await_arrivals(recipient, [sent["id"]])

    # --- what goes wrong

    def cut_off(self, steps: Sequence[dealing.Step]) -> None:
        """The line to Kyoto is cut: orders to its firms wait, the dealing of others goes on; then it catches up."""
        name = ASSOCIATIONS[KYOTO].name
        cut = self._federation.nodes[KYOTO]
        cut.freeze()
        try:
            self._tell(_("{name} is cut off").format(name=name))
            began = time.monotonic()
            sent = self._wave(AROUND_CUT, "C", lambda _buyer, seller: FIRMS[seller].association == KYOTO)
            self.carry(steps)
            time.sleep(max(0.0, CUT_S - (time.monotonic() - began)))
            waiting = len(self._books.unreceipted(sent))
        finally:
            cut.thaw()
        self._tell(_("{count} orders waited for {name}; the line is mended").format(count=waiting, name=name))
        self._await(sent)
        self._tell(_("{name} has caught up").format(name=name))

    def kill(self, steps: Sequence[dealing.Step]) -> None:
        """Shikoku's machine dies while orders go out of it and into it; a paper of the dealing is written meanwhile."""
        name = ASSOCIATIONS[SHIKOKU].name
        killed = self._federation.nodes[SHIKOKU]
        outgoing = self._wave(AROUND_KILL, "O", lambda buyer, _seller: FIRMS[buyer].association == SHIKOKU)
        incoming: list[Entry] = []
        sender = threading.Thread(
            target=lambda: incoming.extend(
                self._wave(AROUND_KILL, "I", lambda _buyer, seller: FIRMS[seller].association == SHIKOKU)
            )
        )
        sender.start()
        killed.kill()
        self._tell(_("{name} is killed (kill -9)").format(name=name))
        sender.join()
        killed.start()
        killed.wait_ready()
        for node in (self._federation.nodes[TOYOTA], self._federation.nodes[KYOTO]):
            node.yui("peer", "retry", killed.name)
        self._tell(_("{name} is back").format(name=name))
        self.carry(steps)
        self._await([*outgoing, *incoming])

    def _wave(self, origin: str, letter: str, wanted: Callable[[str, str], bool]) -> list[Entry]:
        """Orders out of UBL files between the firms that are ``wanted``, over the API."""
        pairs = [pair for pair in partners() if wanted(*pair)][:WAVE]
        files = papers.names("order")
        entries = []
        for at, (buyer, seller) in enumerate(pairs):
            name = files[at % len(files)]
            number = f"{papers.number_of(name)}-{self._mark}-{letter}{at + 1}"
            path = papers.write(name, self._files / f"{number}.xml", number, buyer, seller)
            sent = self._federation.send_ubl(buyer, seller, path)
            entries.append(self._enter(sent["id"], buyer, seller, "order", number, origin))
        return entries

    def _await(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self._federation.await_arrivals(entry.recipient, [entry.document])

    def settle(self) -> None:
        """Return when every sender holds a receipt for everything, or when that takes too long."""
        until = time.monotonic() + SETTLE_S
        while self._books.unreceipted(self._books.entries) and time.monotonic() < until:
            time.sleep(0.2)

    def _enter(self, document: str, author: str, recipient: str, type: str, number: str, origin: str) -> Entry:
        entry = Entry(document, author, recipient, type, number, origin)
        self._books.enter(entry)
        return entry
