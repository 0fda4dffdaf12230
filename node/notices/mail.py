"""Notices by mail: the message, and one conversation with the configured SMTP server for each.

Owns the settings' meaning (TLS before any password, the server's certificate checked) and which answers of a server are
final. Headers are set through :class:`email.message.EmailMessage`, which refuses line breaks.
"""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from pathlib import Path
from typing import Final

from node.config import SmtpSection
from node.i18n import N_, translations
from node.notices.wording import words_of
from node.services.notices.sending import Bundle, Result
from protocol.errors import CallerFault

TIMEOUT_S: Final = 20.0
MAX_SECRET_BYTES: Final = 1024


class Mailer:
    """The way to one SMTP server. ``tls``: replaces the checks of the system's certificates (tests)."""

    def __init__(
        self, settings: SmtpSection, folder: Path, base_url: str, node: bytes, tls: ssl.SSLContext | None = None
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._base_url = base_url.rstrip("/")
        self._node = node
        self._tls = tls

    @property
    def is_on(self) -> bool:
        """Whether a server is configured."""
        return bool(self._settings.host)

    def test(self, address: str, name: str, now: int) -> str:
        """Send a mail that only says it arrived; what went wrong, or empty."""
        made = EmailMessage(policy=SMTP)
        try:
            made["Subject"] = "Yui"
            made["From"] = self._settings.sender
            made["To"] = address
            made["Date"] = formatdate(now / 1_000_000)
            made.set_content(f"{name}\n")
            self.send(address, made)
        except (OSError, smtplib.SMTPException, ValueError, CallerFault) as error:
            return str(error) or type(error).__name__
        return ""

    def carry(self, bundle: Bundle, now: int) -> Result:
        """Send one bundle. Never raises for what a server or network does."""
        try:
            self.send(bundle.address, self.message(bundle, now))
        except smtplib.SMTPRecipientsRefused as refused:
            code, text = next(iter(refused.recipients.values()))
            return Result(False, final=500 <= code < 600, error=f"{code} {_text(text)}")
        except smtplib.SMTPResponseException as error:
            final = 500 <= error.smtp_code < 600 and isinstance(error, smtplib.SMTPDataError)
            return Result(False, final=final, error=f"{error.smtp_code} {_text(error.smtp_error)}")
        except (OSError, smtplib.SMTPException) as error:
            return Result(False, error=str(error) or type(error).__name__)
        except (ValueError, CallerFault) as error:
            return Result(False, error=str(error))
        return Result(True)

    def message(self, bundle: Bundle, now: int) -> EmailMessage:
        """The mail of a bundle: what waits, the link, how to stop."""
        say = translations(bundle.language).gettext
        words = words_of(bundle)
        made = EmailMessage(policy=SMTP)
        made["Subject"] = words.title
        made["From"] = self._settings.sender
        made["To"] = bundle.address
        made["Date"] = formatdate(now / 1_000_000)
        host = parseaddr(self._settings.sender)[1].rpartition("@")[2] or "localhost"
        made["Message-ID"] = f"<{bundle.id.hex()}.{self._node.hex()[:16]}@{host}>"
        made["Auto-Submitted"] = "auto-generated"
        text = [*words.lines, ""]
        if self._base_url:
            stop = f"{self._base_url}/notices/stop/{bundle.token}"
            made["List-Unsubscribe"] = f"<{stop}>"
            text += [f"{self._base_url}{words.path}", "", say(N_("No more notices by mail:")), stop]
        made.set_content("\n".join(text) + "\n")
        return made

    def send(self, address: str, message: EmailMessage) -> None:
        """Hand a message to the server. Raises what :mod:`smtplib` raises; CallerFault for a bad secret file."""
        settings = self._settings
        context = self._tls or ssl.create_default_context()
        if settings.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, settings.port, timeout=TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT_S)
        with server:
            if settings.tls == "starttls":
                server.starttls(context=context)
            if settings.user:
                server.login(settings.user, secret_of(self._folder, settings.secret_file))
            server.send_message(message, to_addrs=[address])


def secret_of(folder: Path, name: str) -> str:
    """The password in the file ``name`` (in the data folder, or a whole path), which only its owner may read."""
    path = folder / name
    try:
        status = path.stat()
        if status.st_mode & 0o077:
            raise CallerFault("smtp.secret_file", "others may read it: chmod 600")
        with path.open("rb") as file:
            return file.read(MAX_SECRET_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CallerFault("smtp.secret_file", str(error)) from None


def _text(said: object) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
