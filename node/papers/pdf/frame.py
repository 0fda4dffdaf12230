"""What every sheet has: title, numbers, whom it is for and from, notes, proof. Knows no single paper."""

from __future__ import annotations

from collections.abc import Iterable

from node.i18n import N_
from node.papers.pdf.context import Context
from node.papers.pdf.sheet import Block, Code, Column, Facts, Foot, Row, Sheet, Sums, Table, Words
from node.papers.pdf.wording import REDUCED, Wording
from node.words import PAPERS
from protocol.process.trade.papers import (
    AllowanceCharge,
    Contact,
    InvolvedParty,
    Paper,
    Party,
    Reference,
    TaxCategory,
    TaxSubtotal,
    Totals,
)
from protocol.process.trade.papers.base import THROUGH_LINK

STAMP = "yui:document:{id}"
ROLES = {
    "accounting": N_("who is invoiced"),
    "carrier": N_("carrier"),
    "consignee": N_("consignee"),
    "delivery": N_("where it is delivered"),
    "despatch": N_("who ships"),
    "end_customer": N_("end customer"),
    "manufacturer": N_("maker"),
    "originator": N_("for whom it is bought"),
    "payee": N_("payee"),
    "payer": N_("payer"),
    "tax_representative": N_("tax representative"),
    "buyer": N_("buyer"),
    "seller": N_("seller"),
}
KINDS = {
    "catalogue": N_("catalogue"),
    "contract": N_("contract"),
    "drawing": N_("drawing"),
    "project": N_("project"),
    "previous_order": N_("earlier order"),
    "sales_order": N_("seller's order number"),
    "originator": N_("originator's document"),
    "other": N_("other document"),
}


class Frame:
    """Gathers the parts of one sheet. ``to`` and ``by``: the party that reads and the one that made the paper."""

    def __init__(self, paper: Paper, context: Context, title: str, *, to: Party | None, by: Party | None) -> None:
        self.paper = paper
        self.context = context
        self.words = Wording(context.language, paper.currency)
        self.say = self.words.say
        self.title = self.say(title)
        self.subtitle = ""
        self.lead = ""
        self.to = to or context.recipient or Party()
        self.by = by or context.writer or Party()
        self.numbers: list[tuple[str, str]] = []
        self.blocks: list[Block] = []

    def number(self, label: str, value: str) -> None:
        """A labelled number at the top right; nothing, if it is empty."""
        if value:
            self.numbers.append((self.say(label), value))

    def add(self, *blocks: Block | None) -> None:
        """Blocks in their order; what is None or has no rows is left out."""
        for block in blocks:
            if block is None or (isinstance(block, Facts | Table) and not block.rows):
                continue
            if isinstance(block, Foot) and not (block.taxes.rows or block.sums or block.notes):
                continue
            self.blocks.append(block)

    def facts(self, heading: str, *rows: tuple[str, str]) -> Facts:
        """Labels with values that are not empty."""
        kept = tuple((self.say(label), value) for label, value in rows if value)
        return Facts(kept, self.say(heading) if heading else "")

    def sheet(self) -> Sheet:
        """The whole paper."""
        self.add(*self._notes(), self._reply())
        say, paper = self.say, self.paper
        head = [(say("Number"), paper.number)]
        if self.context.revision:
            head.append((say("Version"), str(self.context.revision + 1)))
        head.append((say("Date of issue"), self.words.day(paper.issue_date)))
        return Sheet(
            title=self.title,
            language=self.context.language,
            subtitle=self.subtitle,
            marks=(say("SAMPLE"),) if self.context.sample else (),
            numbers=(*head, *self.numbers),
            to=self._addressee(),
            by=self._issuer(),
            lead=self.lead,
            blocks=tuple(self.blocks),
            footing=self._footing(),
            stamp=STAMP.format(id=self.context.document) if self.context.document and not self.context.link else "",
            author=self.by.name,
            subject=f"{self.title} {paper.number}",
        )

    # ---- the parts of the frame

    def _addressee(self) -> tuple[str, ...]:
        name = self.to.name or self.to.trading_name
        if not name:
            return ()
        lines = [f"{name} 御中" if self.words.japanese else name, self.words.address(self.to.address)]
        for contact in self._contacts(self._role(self.to, reader=True)):
            person = " ".join(filter(None, (contact.department, contact.name)))
            lines.append(f"{person} 様" if person and self.words.japanese else person)
            lines.append(f"FAX {contact.fax}" if contact.fax else "")
        return tuple(line for line in lines if line)

    def _issuer(self) -> tuple[str, ...]:
        party = self.by
        name = party.name or party.trading_name
        if not name:
            return ()
        lines = [name]
        if party.trading_name and party.trading_name != name:
            lines.append(party.trading_name)
        lines += [self.words.address(party.address), *self.words.identifiers(party)]
        for contact in self._contacts(self._role(party)):
            lines += self.words.contact(contact)
        return tuple(line for line in lines if line)

    def _role(self, party: Party, *, reader: bool = False) -> str:
        """On which side of the dealing a party is: as the paper names it, else as the context does."""
        for role in ("buyer", "seller"):
            if getattr(self.paper, role, None) == party and party.name:
                return role
        if self.context.writer_role and reader:
            return "seller" if self.context.writer_role == "buyer" else "buyer"
        return self.context.writer_role

    def _contacts(self, role: str) -> list[Contact]:
        personal = self.context.personal
        return [] if personal is None or not role else [one for one in personal.contacts if one.role == role]

    def _notes(self) -> Iterable[Block]:
        paper, say = self.paper, self.say
        if paper.origin == THROUGH_LINK:
            yield Words(
                say("Given on the partner's page, opened by a link. The association's node signed it for the partner."),
                say("How this came"),
            )
        if paper.note:
            yield Words(paper.note, say("Notes"))
        rows = tuple(self._reference(one) for one in paper.references)
        yield Table(
            (Column(say("Document"), 22), Column(say("Number"), 34), Column(say("Date"), 16), Column("", 28)),
            rows,
            say("Related documents"),
        )
        yield self.facts(N_("Others concerned"), *self._others())
        personal = self.context.personal
        if personal is not None and personal.notes:
            yield Words("\n".join(personal.notes), say("Messages"))

    def _reference(self, one: Reference) -> Row:
        say = self.say
        kind = KINDS.get(one.kind) or PAPERS.get(one.kind)
        line = say("line {line}").format(line=one.line_id) if one.line_id else ""
        number = f"{one.number} ({line})" if line else one.number
        return Row(
            (say(kind) if kind else one.kind, number, self.words.short_day(one.date), one.description or one.uri)
        )

    def _others(self) -> Iterable[tuple[str, str]]:
        involved: tuple[InvolvedParty, ...] = getattr(self.paper, "involved", ())
        for one in involved:
            lines = (one.party.name or one.party.trading_name, self.words.address(one.party.address))
            yield ROLES.get(one.role, one.role), "\n".join(line for line in lines if line)
        for contact in self.context.personal.contacts if self.context.personal else ():
            if contact.role not in (self._role(self.by), self._role(self.to, reader=True)):
                label = self.say("contact, {role}").format(role=self.say(ROLES.get(contact.role, contact.role)))
                yield label, self.words.join(self.words.contact(contact))

    def _reply(self) -> Block | None:
        if not self.context.link:
            return None
        text = self.say("You can read and answer this document on a page of its own. No account is needed.")
        return Code(self.context.link, text, self.context.link, self.say("Answer by smartphone or computer"))

    def _footing(self) -> tuple[str, ...]:
        context, say = self.context, self.say
        lines = []
        if context.document:
            lines.append(say("Document ID {id}").format(id=context.document))
        if context.signature:
            when = self.words.moment(context.time, context.zone_minutes) if context.time else ""
            proof = say("Signed electronically by {name} ({member}) {when}, signature {signature}…")
            name = self.by.name or say("its writer")
            lines.append(
                proof.format(name=name, member=context.author[:12], when=when, signature=context.signature[:16])
            )
            lines.append(say("This print is a copy. The signed document itself can be checked with its proof file."))
        return tuple(lines)


# ---- blocks that several papers share


def sums(frame: Frame, totals: Totals | None, *, strong: str = "") -> Sums | None:
    """The sums at the foot, those that are stated, in the order in which they are added up."""
    if totals is None:
        return None
    say = frame.say
    plain = not totals.prepaid and not totals.rounding and totals.payable is not None
    rows = [
        (say("Sum of the lines"), None if totals.lines == totals.net else totals.lines),
        (say("Allowances"), None if totals.allowances is None else -totals.allowances),
        (say("Charges"), totals.charges),
        (say("Sum without tax"), totals.net),
        (say("Consumption tax"), totals.tax),
        (say("Sum with tax"), None if plain and totals.gross == totals.payable else totals.gross),
        (say("Paid already"), None if totals.prepaid is None else -totals.prepaid),
        (say("Rounding"), totals.rounding),
        (strong or (say("Balance payable") if totals.prepaid else say("Sum payable")), totals.payable),
    ]
    shown = tuple((label, frame.words.money(value)) for label, value in rows if value is not None)
    last = {rows[-1][0], say("Sum with tax") if totals.payable is None else ""}
    return Sums(shown, frozenset(last)) if shown else None


def tax_table(frame: Frame, taxes: tuple[TaxSubtotal, ...], *, included: bool) -> Table:
    """One row for each rate: what is taxed, and the tax."""
    say, words = frame.say, frame.words
    basis = say("Total for the rate (with tax)") if included else say("Total for the rate (without tax)")
    columns = (
        Column(say("Rate"), 44),
        Column(basis, 30, "right"),
        Column(say("Consumption tax"), 24, "right"),
    )
    rows = tuple(
        Row(
            (
                "\n".join(filter(None, (words.taxed(one.category, one.rate), one.exemption_reason))),
                words.money(one.basis),
                words.money(one.tax),
            )
        )
        for one in taxes
    )
    return Table(columns, rows, say("Totals by tax rate"))


def allowance_table(frame: Frame, allowances: tuple[AllowanceCharge, ...]) -> Table:
    """Allowances and charges of the whole paper."""
    say, words = frame.say, frame.words
    columns = (Column(say("Allowance or charge"), 56), Column(say("Tax"), 18), Column(say("Amount"), 26, "right"))
    rows = []
    for one in allowances:
        label = one.reason or (say("Charge") if one.charge else say("Allowance"))
        of = f" {words.rate(one.percent)}" if one.percent is not None else ""
        amount = one.amount if one.charge else -one.amount
        rows.append(Row((label + of, words.tax(one.tax), words.money(amount))))
    return Table(columns, tuple(rows), say("Allowances and charges"))


def foot(
    frame: Frame,
    taxes: tuple[TaxSubtotal, ...],
    summed: Sums | None,
    lines: Iterable[TaxCategory | None],
    *,
    included: bool,
    note: str = "",
) -> Foot:
    """Totals by rate, sums, what ※ means where it stands, and one more note."""
    marked = any(one is not None and one.category == REDUCED for one in (*taxes, *lines))
    mark = frame.say("※ marks what is subject to the reduced tax rate (8%).") if marked else ""
    notes = tuple(text for text in (mark, note) if text)
    return Foot(tax_table(frame, taxes, included=included), summed, notes)
