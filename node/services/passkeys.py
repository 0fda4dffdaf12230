"""Passkeys: enrolled, used, removed. Owns what is asked of an authenticator and what counts as proof.

A passkey is proof enough alone: the device asks its owner for finger, face or PIN (user verification is required).
``site`` is where people reach us; a number is no name, so passkeys need one. Source: WebAuthn Level 3.
"""

from __future__ import annotations

import ipaddress
import json
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from node.i18n import N_
from node.services import access, login
from node.services.house import House
from node.services.sessions import Opened
from node.store import PasskeyRow, Tx, UserRow
from protocol.errors import CallerFault, NotFound

MAX_PASSKEYS: Final = 10
MAX_LABEL_CHARS: Final = 40
CHALLENGE_BYTES: Final = 32
NO_NAME: Final = N_("Passkeys need an address with a name. This server is reached by a number.")
REFUSED: Final = N_("The passkey was not accepted. Try again, or use your password.")


class Site(NamedTuple):
    """Where people reach the pages: ``origin`` https://yui.example.jp, ``host`` yui.example.jp."""

    origin: str

    @property
    def host(self) -> str:
        """The name that passkeys are bound to."""
        return urlsplit(self.origin).hostname or ""

    @property
    def usable(self) -> bool:
        """Whether browsers let us: a name, over TLS, or this very machine."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return self.origin.startswith("https://") or self.host == "localhost"
        return False


def enrolment(house: House, tx: Tx, site: Site, user: UserRow, shown_name: str) -> tuple[dict[str, Any], bytes]:
    """What the browser asks the authenticator for a new passkey, and the challenge to keep."""
    import webauthn
    from webauthn.helpers import structs

    _require(site)
    known = [structs.PublicKeyCredentialDescriptor(id=row.id) for row in tx.passkeys.of(user.id)]
    if len(known) >= MAX_PASSKEYS:
        raise CallerFault("label", N_("There are ten passkeys already. Remove one first."))
    challenge = house.entropy(CHALLENGE_BYTES)
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=f"結 {house.name}".strip(),
        user_name=user.name,
        user_id=user.id,
        user_display_name=shown_name,
        challenge=challenge,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=known,
    )
    return json.loads(webauthn.options_to_json(options)), challenge


def enrol(
    house: House,
    tx: Tx,
    site: Site,
    user: UserRow,
    credential: dict[str, Any],
    challenge: bytes,
    label: str,
    address: str = "",
) -> PasskeyRow:
    """Keep a new passkey. CallerFault if the authenticator's answer proves nothing."""
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    label = label.strip()[:MAX_LABEL_CHARS] or "passkey"
    try:
        found = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise CallerFault("passkey", REFUSED) from None
    if tx.passkeys.get(found.credential_id) is not None:
        raise CallerFault("passkey", REFUSED)
    now = house.clock()
    row = PasskeyRow(
        found.credential_id,
        user.id,
        found.credential_public_key,
        found.sign_count,
        label,
        _transports(credential),
        now,
        0,
    )
    tx.passkeys.add(row)
    access.note(house, tx, "passkey-added", member=user.member, user=user, detail=label, address=address)
    return row


def _transports(credential: dict[str, Any]) -> str:
    response = credential.get("response")
    given = response.get("transports") if isinstance(response, dict) else None
    return " ".join(str(item)[:20] for item in given[:8]) if isinstance(given, list) else ""


def question(house: House, site: Site) -> tuple[dict[str, Any], bytes]:
    """What the browser asks any passkey of ours at the login, and the challenge to keep."""
    import webauthn
    from webauthn.helpers import structs

    _require(site)
    challenge = house.entropy(CHALLENGE_BYTES)
    options = webauthn.generate_authentication_options(
        rp_id=site.host, challenge=challenge, user_verification=structs.UserVerificationRequirement.REQUIRED
    )
    return json.loads(webauthn.options_to_json(options)), challenge


def log_in(
    house: House,
    tx: Tx,
    site: Site,
    credential: dict[str, Any],
    challenge: bytes,
    *,
    address: str = "",
    agent: str = "",
) -> Opened:
    """A session for whoever's passkey answered. CallerFault for any other answer, whatever is wrong with it."""
    row, user = _owner(tx, credential)
    count = _proved(site, row, credential, challenge)
    tx.passkeys.used(row.id, count, house.clock())
    return login.succeeded(house, tx, user, "passkey", address=address, agent=agent)


def _owner(tx: Tx, credential: dict[str, Any]) -> tuple[PasskeyRow, UserRow]:
    from webauthn.helpers import base64url_to_bytes

    try:
        row = tx.passkeys.get(base64url_to_bytes(str(credential.get("id", ""))))
    except ValueError:
        row = None
    user = None if row is None else tx.users.get(row.user)
    if row is None or user is None or not login.may_come(tx, user):
        raise CallerFault("passkey", REFUSED)
    return row, user


def _proved(site: Site, row: PasskeyRow, credential: dict[str, Any], challenge: bytes) -> int:
    """The count that the passkey showed."""
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        found = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise CallerFault("passkey", REFUSED) from None
    return found.new_sign_count


def list_of(tx: Tx, user: bytes) -> list[PasskeyRow]:
    """A user's passkeys, oldest first."""
    return tx.passkeys.of(user)


def remove(house: House, tx: Tx, user: UserRow, text: str, address: str = "") -> None:
    """Take one out, named by the hexadecimal digits of its id. NotFound for anybody else's."""
    try:
        found = tx.passkeys.drop(user.id, bytes.fromhex(text))
    except ValueError:
        found = False
    if not found:
        raise NotFound("passkey", "no such passkey")
    access.note(house, tx, "passkey-removed", member=user.member, user=user, address=address)


def _require(site: Site) -> None:
    if not site.usable:
        raise CallerFault("passkey", NO_NAME)
