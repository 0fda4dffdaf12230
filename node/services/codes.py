"""Six-digit codes of an app as a second factor beside the password (TOTP). Owns enrolment and what a good code is.

A code counts once: the step of the last good one is kept, and neither it nor an earlier one is taken again. Secrets
are wrapped by the node's secret. Source: RFC 6238, 30 s steps, one step of clock difference each way.
"""

from __future__ import annotations

import base64
import hmac
from typing import Final, NamedTuple

from node.i18n import N_
from node.services import access
from node.services.house import House
from node.store import TotpRow, Tx, UserRow
from protocol.errors import CallerFault

PURPOSE: Final = "totp"
SECRET_BYTES: Final = 20
STEP_S: Final = 30
DRIFT: Final = 1
WRONG: Final = N_("The code is not right. Enter the six digits that the app shows now.")


class Setup(NamedTuple):
    """What the app needs: ``secret`` for typing, ``address`` (otpauth://…) for the QR code."""

    secret: str
    address: str


def begin(house: House, tx: Tx, user: UserRow) -> None:
    """A new secret, which counts only after a first good code."""
    if is_on(tx, user.id):
        raise CallerFault("code", N_("A code app is set up already. Remove it first."))
    secret = house.entropy(SECRET_BYTES)
    tx.totp.put(TotpRow(user.id, house.wrap.wrap(PURPOSE, user.id, secret), house.clock(), None, 0))


def is_on(tx: Tx, user: bytes) -> bool:
    """Whether a code is asked for after this user's password."""
    row = tx.totp.get(user)
    return row is not None and row.confirmed is not None


def setup(house: House, tx: Tx, user: UserRow) -> Setup | None:
    """What to show while the app is being set up; None before and after."""
    import pyotp

    row = tx.totp.get(user.id)
    if row is None or row.confirmed is not None:
        return None
    secret = _secret(house, row)
    address = pyotp.TOTP(secret).provisioning_uri(name=user.name, issuer_name=f"Yui {house.name}".strip())
    return Setup(" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)), address)


def _secret(house: House, row: TotpRow) -> str:
    return base64.b32encode(house.wrap.unwrap(PURPOSE, row.user, row.secret)).decode()


def confirm(house: House, tx: Tx, user: UserRow, code: str, address: str = "") -> None:
    """The first code of the app: from now on one is asked for. CallerFault if it is wrong."""
    row = tx.totp.get(user.id)
    if row is None or row.confirmed is not None:
        raise CallerFault("code", WRONG)
    step = _step_of(house, row, code)
    tx.totp.put(row._replace(confirmed=house.clock(), last_step=step))
    access.note(house, tx, "totp-added", member=user.member, user=user, address=address)


def use(house: House, tx: Tx, user: UserRow, code: str) -> None:
    """A code at the login. CallerFault if it is wrong, too old, or was used."""
    row = tx.totp.get(user.id)
    if row is None or row.confirmed is None:
        raise CallerFault("code", WRONG)
    tx.totp.put(row._replace(last_step=_step_of(house, row, code)))


def _step_of(house: House, row: TotpRow, code: str) -> int:
    import pyotp

    typed = "".join(digit for digit in code if digit.isdecimal())
    typed = "".join(str(int(digit)) for digit in typed)  # full-width digits too
    app = pyotp.TOTP(_secret(house, row), interval=STEP_S)
    now = house.clock() // (STEP_S * 1_000_000)
    for step in range(now - DRIFT, now + DRIFT + 1):
        if step > row.last_step and hmac.compare_digest(app.at(step * STEP_S).encode(), typed.encode()):
            return step
    raise CallerFault("code", WRONG)


def remove(house: House, tx: Tx, user: UserRow, address: str = "") -> None:
    """No code is asked for any more."""
    if tx.totp.drop(user.id):
        access.note(house, tx, "totp-removed", member=user.member, user=user, address=address)
