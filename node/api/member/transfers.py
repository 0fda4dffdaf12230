"""Bank files (総合振込) over the API: looked over, made, taken, withdrawn, marked as paid when the bank paid."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from msgspec import Meta

from node.api.member.books import PaymentList, by, payment
from node.api.member.desk import Limit, day_at
from node.api.member.shapes import Answer, Hash, Shape
from node.api.operation import Call, Operation, Written
from node.services import transfers
from node.services.policy import Scope
from node.services.transaction import Tx
from node.services.transfers import Chosen, Made

FileId = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
BYTES = "application/octet-stream"


class BillNamed(Shape, frozen=True):
    """A bill to be paid."""

    thread: Hash
    kind: Annotated[str, Meta(min_length=1, max_length=64)]
    number: Annotated[str, Meta(min_length=1, max_length=128)]


class TransferGiven(Shape, frozen=True):
    """Which bills, on which banking day. ``again``: also with bills that stand in another file."""

    bills: Annotated[list[BillNamed], Meta(min_length=1, max_length=500)]
    day: str
    again: bool = False


class FilesQuery(Shape, frozen=True):
    """How many."""

    limit: Limit = 50


class FileQuery(Shape, frozen=True):
    """``id`` of a file."""

    id: FileId


class FileNamed(Shape, frozen=True):
    """A file."""

    id: FileId


class PaidGiven(Shape, frozen=True):
    """The bank paid the file on ``day``. ``notify``: tell the partners by payment notices."""

    id: FileId
    day: str
    notify: bool = True


class PaidBill(Answer, frozen=True):
    """A bill in a file; ``amount`` in yen."""

    thread: str
    kind: str
    number: str
    partner: str
    amount: int


class TransferShown(Answer, frozen=True):
    """A file. ``state``: made, paid or withdrawn; ``time`` and ``ended`` in µs, ``total`` in yen."""

    id: str
    name: str
    day: str
    total: int
    state: str
    time: int
    by: str
    ended: int
    ended_by: str
    bills: list[PaidBill]


class TransferList(Answer, frozen=True):
    """Latest first."""

    transfers: list[TransferShown]


class ProblemShown(Answer, frozen=True):
    """What hinders the file: ``payee`` is empty where it is the payer's or the day's."""

    field: str
    text: str
    payee: str


class PreviewShown(Answer, frozen=True):
    """What a file would hold. ``again``: numbers of bills that stand in another file already."""

    payments: int
    total: int
    problems: list[ProblemShown]
    again: list[str]


def shown(made: Made) -> TransferShown:
    """As the API shows it."""
    bills = [
        PaidBill(
            thread=one.thread.hex(), kind=one.kind, number=one.number, partner=one.partner.hex(), amount=one.amount
        )
        for one in made.record.bills
    ]
    return TransferShown(
        id=made.id.hex(),
        name=made.record.name,
        day=made.day,
        total=made.total,
        state=made.state,
        time=made.time,
        by=made.by,
        ended=made.ended,
        ended_by=made.ended_by,
        bills=bills,
    )


def _chosen(given: TransferGiven) -> list[Chosen]:
    return [(bytes.fromhex(one.thread), one.kind, one.number) for one in given.bills]


async def listed(call: Call) -> object:
    """GET /v1/transfers."""
    member, limit = call.member, call.query.limit
    return TransferList(
        transfers=[shown(one) for one in await call.read(lambda tx: transfers.files(tx, member, limit))]
    )


async def preview(call: Call) -> object:
    """POST /v1/transfers/preview."""
    given: TransferGiven = call.body
    member, today, day, chosen = call.member, day_at(call, ""), day_at(call, given.day), _chosen(given)
    found = await call.read(lambda tx: transfers.prepare(tx, member, chosen, day, today))
    return PreviewShown(
        payments=found.preview.count,
        total=found.preview.total,
        problems=[ProblemShown(field=one.field, text=one.text(str), payee=one.payee) for one in found.preview.problems],
        again=[one.due.bill.number for one in found.again],
    )


async def make(call: Call) -> object:
    """POST /v1/transfers."""
    given: TransferGiven = call.body
    house, member, today, day = call.context.house, call.member, day_at(call, ""), day_at(call, given.day)

    def work(tx: Tx) -> Written:
        made = transfers.make(house, tx, member, by(call), _chosen(given), day, today, again=given.again)
        return Written(shown(made))

    return await call.write(work)


async def take(call: Call) -> object:
    """GET /v1/transfers/file."""
    member, identity = call.member, bytes.fromhex(call.query.id)
    made = await call.read(lambda tx: transfers.file(tx, member, identity))
    headers = {"Content-Disposition": f'attachment; filename="{made.id.hex()[:12]}.txt"', "Cache-Control": "no-store"}
    return web.Response(body=made.record.data, content_type=BYTES, headers=headers)


async def withdraw(call: Call) -> object:
    """POST /v1/transfers/withdrawal."""
    house, member, identity = call.context.house, call.member, bytes.fromhex(call.body.id)

    def work(tx: Tx) -> Written:
        transfers.withdraw(house, tx, member, by(call), identity)
        return Written(shown(transfers.file(tx, member, identity)), 200)

    return await call.write(work)


async def settle(call: Call) -> object:
    """POST /v1/transfers/paid."""
    given: PaidGiven = call.body
    house, member, today, day = call.context.house, call.member, day_at(call, ""), day_at(call, given.day)

    def work(tx: Tx) -> Written:
        identity = bytes.fromhex(given.id)
        done = transfers.settle(house, tx, member, by(call), identity, day, today, notify=given.notify)
        return Written(PaymentList(payments=[payment(row) for row in done.marked]), 201, done.news)

    return await call.write(work)


OPERATIONS = (
    Operation("GET", "/v1/transfers", "list_transfers", "Bank files that were made, latest first", listed, Scope.READ,
              query=FilesQuery, answer=TransferList),
    Operation("POST", "/v1/transfers/preview", "preview_transfer", "What a bank file would hold, and what hinders it",
              preview, Scope.WRITE, body=TransferGiven, answer=PreviewShown),
    Operation("POST", "/v1/transfers", "make_transfer", "Make a bank file (総合振込); nothing is paid by it", make,
              Scope.WRITE, body=TransferGiven, answer=TransferShown, status=201, idempotent_key=True),
    Operation("GET", "/v1/transfers/file", "take_transfer", "The bytes of a bank file", take, Scope.READ,
              query=FileQuery, answer_media=BYTES),
    Operation("POST", "/v1/transfers/withdrawal", "withdraw_transfer", "The file was not given to the bank", withdraw,
              Scope.WRITE, body=FileNamed, answer=TransferShown, idempotent_key=True),
    Operation("POST", "/v1/transfers/paid", "settle_transfer", "The bank paid a file: its bills are paid", settle,
              Scope.PAY, body=PaidGiven, answer=PaymentList, status=201, idempotent_key=True),
)  # fmt: skip
