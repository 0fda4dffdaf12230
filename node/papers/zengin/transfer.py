"""総合振込 files: written from payments, byte for byte, and read back. Pure; marks nothing as paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from node.papers.zengin import kana, records
from node.papers.zengin.checks import MAX_COUNT, preview
from node.papers.zengin.payments import Account, Payer, Payment, Row
from protocol.errors import CallerFault

CRLF: Final = b"\r\n"
TRANSFER: Final = "21"
BY_WIRE: Final = "7"  # 電信
_EOF: Final = b"\x1a"


@dataclass(frozen=True)
class File:
    """A file for the bank and what stands in its trailer. ``name`` is a proposal."""

    data: bytes
    name: str
    count: int
    total: int


def write(payer: Payer, payments: Sequence[Payment], day: date, *, line_ends: bool = True) -> File:
    """The file for banking day ``day``: records of 120 bytes, each followed by CR LF, or by nothing.

    CallerFault names the payment, the payee and the rule of the first problem; see :func:`checks.preview` for all.
    """
    checked = preview(payer, payments, day)
    for problem in checked.problems:
        field = f"payments[{problem.place}].{problem.field}" if problem.place is not None else problem.field
        raise CallerFault(field, problem.text(str), code="zengin")
    rows = [records.encode(records.HEADER, _header(payer, day))]
    rows += [records.encode(records.DATA, _data(row)) for row in checked.rows]
    trailer = {"record": "8", "count": str(checked.count), "total": str(checked.total)}
    rows += [records.encode(records.TRAILER, trailer), records.encode(records.END, {"record": "9"})]
    ending = CRLF if line_ends else b""
    data = b"".join(row + ending for row in rows)
    return File(data, f"sougou-furikomi-{day:%Y%m%d}.txt", checked.count, checked.total)


def _header(payer: Payer, day: date) -> dict[str, str]:
    account = payer.account
    return {
        "record": "1",
        "type": TRANSFER,
        "payer_code": payer.code,
        "payer_name": kana.party(payer.name),
        "day": f"{day:%m%d}",
        "bank": account.bank,
        "bank_name": kana.fit(kana.narrow(account.bank_name), 15),
        "branch": account.branch,
        "branch_name": kana.fit(kana.narrow(account.branch_name), 15),
        "kind": account.kind,
        "number": account.number,
    }


def _data(row: Row) -> dict[str, str]:
    payment = row.payment
    edi = kana.narrow(payment.edi)
    first, second = (edi[:10], edi[10:]) if edi else payment.customer_codes
    return {
        "record": "2",
        "bank": payment.account.bank,
        "bank_name": row.bank_name,
        "branch": payment.account.branch,
        "branch_name": row.branch_name,
        "kind": payment.account.kind,
        "number": payment.account.number,
        "holder": row.holder,
        "amount": str(payment.amount),
        "new_code": "1" if payment.first else ("2" if payment.changed else "0"),
        "customer_code_1": first.ljust(10) if edi else first,
        "customer_code_2": second,
        "method": BY_WIRE,
        "edi_mark": "Y" if edi else "",
    }


@dataclass(frozen=True)
class Transfer:
    """What a file says. ``month_and_day`` (MMDD) names no year."""

    payer: Payer
    month_and_day: str
    payments: tuple[Payment, ...]
    count: int
    total: int


def parse(data: bytes) -> Transfer:
    """Read a file strictly: records of 120 bytes with CR LF or nothing between, header, data, trailer, end; sums right.

    CallerFault names the record (counted from 1) and the rule.
    """
    rows = _split(data)
    marks = "".join(row[:1].decode("ascii", "replace") for row in rows)
    if len(rows) < 3 or marks[0] != "1" or marks[-2:] != "89" or marks[1:-2].strip("2"):
        raise _fault(0, "records must be one header (1), data (2), one trailer (8), one end (9)")
    values = [_values(place, row) for place, row in enumerate(rows)]
    header, trailer = values[0], values[-2]
    if header["type"] != TRANSFER or header["characters"] != "0":
        raise _fault(1, "must be of type 21 (総合振込) in JIS characters (0)")
    payments = tuple(_payment(one) for one in values[1:-2])
    count, total = int(trailer["count"]), int(trailer["total"])
    if count != len(payments) or total != sum(one.amount for one in payments):
        raise _fault(len(rows) - 1, "count and total must be those of the data records")
    payer = Payer(header["payer_code"], header["payer_name"], _account(header))
    return Transfer(payer, header["day"], payments, count, total)


def _split(data: bytes) -> list[bytes]:
    data = data.removesuffix(_EOF)
    if len(data) > (MAX_COUNT + 3) * 122:
        raise CallerFault("file", "is larger than any such file can be", code="zengin")
    if CRLF in data:
        rows = data.removesuffix(CRLF).split(CRLF)
    elif b"\n" in data or b"\r" in data:
        raise CallerFault("file", "lines end with CR LF or not at all", code="zengin")
    else:
        rows = [data[at : at + records.LENGTH] for at in range(0, len(data), records.LENGTH)]
    for place, row in enumerate(rows):
        if len(row) != records.LENGTH:
            raise _fault(place + 1, f"has {len(row)} bytes, must have {records.LENGTH}")
    return rows


def _values(place: int, row: bytes) -> dict[str, str]:
    try:
        fields = records.BY_MARK[row[:1].decode("ascii")]
        values = records.decode(fields, row)
    except (KeyError, UnicodeDecodeError):
        raise _fault(place + 1, "is not in half-width characters") from None
    for field in fields:
        value = values[field.name]
        if field.kind == "N" and not (value.isascii() and value.isdigit()):
            raise _fault(place + 1, f"{field.name} must be digits")
        if (
            field.kind == "C"
            and not value.isascii()
            and any(not "｡" <= char <= "ﾟ" and ord(char) > 126 for char in value)
        ):
            raise _fault(place + 1, f"{field.name} is not in half-width characters")
    return values


def _payment(values: dict[str, str]) -> Payment:
    edi = values["edi_mark"] == "Y"
    both = values["customer_code_1"].ljust(10) + values["customer_code_2"]
    return Payment(
        payee=values["holder"],
        account=_account(values),
        holder=values["holder"],
        amount=int(values["amount"]),
        edi=both.rstrip() if edi else "",
        customer_codes=("", "") if edi else (values["customer_code_1"], values["customer_code_2"]),
        first=values["new_code"] == "1",
        changed=values["new_code"] == "2",
    )


def _account(values: dict[str, str]) -> Account:
    return Account(
        values["bank"], values["branch"], values["kind"], values["number"], values["bank_name"], values["branch_name"]
    )


def _fault(record: int, rule: str) -> CallerFault:
    return CallerFault(f"record {record}" if record else "file", rule, code="zengin")
