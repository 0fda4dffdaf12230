"""`yui init`: a new node. Asks for what was not given when somebody sits at the terminal; never guesses a name."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import output
from cli.client import data_folder
from cli.exits import Exit, Failure
from node import rules
from node.i18n import _

_HOST = re.compile(
    r"(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)


def init(
    name: Annotated[str, typer.Option(help=_("Name of the association, as others see it."))] = "",
    host: Annotated[
        str, typer.Option(help=_("Host name under which members reach this node (passkeys need a name, not a number)."))
    ] = "",
    area: Annotated[str, typer.Option(help=_("Area code (全国地方公共団体コード, 5 or 6 digits)."))] = "",
    kind: Annotated[str, typer.Option(help=_("Kind of body: association, council, chamber, …"))] = "association",
    network: Annotated[str, typer.Option(help=_("live, or test: the two never mix."))] = "live",
    passphrase: Annotated[
        bool,
        typer.Option(
            "--passphrase", help=_("Keep the keys under a passphrase (YUI_PASSPHRASE or asked) instead of a key file.")
        ),
    ] = False,
    tls: Annotated[
        str, typer.Option(help=_("Member API: proxy (one in front speaks TLS), own (certificate files), self-signed."))
    ] = "proxy",
    certificate: Annotated[str, typer.Option(help=_("Certificate chain (PEM), with --tls own."))] = "",
    private_key: Annotated[str, typer.Option(help=_("Private key (PEM), with --tls own."))] = "",
    peer_port: Annotated[int, typer.Option(min=0, max=65535, help=_("Port for other nodes."))] = 7443,
    api_port: Annotated[int, typer.Option(min=0, max=65535, help=_("Port of the member API."))] = 7080,
    listen: Annotated[str, typer.Option(help=_("Address that the peer port listens on."))] = "0.0.0.0",
    api_listen: Annotated[str, typer.Option(help=_("Address that the member API listens on."))] = "",
    address: Annotated[
        list[str] | None,
        typer.Option(
            help=_(
                "Address for other nodes, https://host:port (may be repeated; default: from the host name; "
                "none: behind a home router)."
            )
        ),
    ] = None,
    guardian_only: Annotated[
        bool,
        typer.Option("--guardian-only", help=_("A node without members: it keeps encrypted copies for others.")),
    ] = False,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help=_("Peers may lie on private addresses (own networks, tests)."))
    ] = False,
) -> None:
    """Make the data folder."""
    folder = data_folder()
    if (folder / "yui.toml").exists():
        raise Failure(Exit.REFUSED, _("{folder} holds a node already").format(folder=folder))
    name = name or _ask(_("Name of the association"), "--name")
    host = host or _ask(_("Host name for members"), "--host")
    _check(name, host, area, network, tls, certificate, private_key)
    secret = _passphrase() if passphrase else None
    values = _values(
        name,
        host,
        area,
        kind,
        network,
        tls,
        certificate,
        private_key,
        peer_port,
        api_port,
        listen,
        api_listen,
        address,
        allow_private,
    )
    if guardian_only:
        values["node"]["guardian_only"] = True
    node = _make(folder, values, secret)
    answer = {
        "data": str(folder),
        "node": node,
        "name": name,
        "host": host,
        "network": network,
        "passphrase": passphrase,
    }
    output.facts(
        answer,
        [
            (_("Data folder"), folder),
            (_("Node"), node),
            (_("Name"), name),
            (_("Network"), network),
            (_("Member API"), values["api"]["base_url"]),
            (_("Addresses for other nodes"), ", ".join(values["peer"]["addresses"]) or "–"),
        ],
    )
    _advise(folder, passphrase)


def _make(folder: Path, values: dict[str, dict[str, Any]], passphrase: str | None) -> str:
    """Everything on the disk, or nothing: a folder that could not be finished is taken away again."""
    import shutil

    from node import opening, settings
    from node.store import open_sqlite
    from protocol.errors import YuiError

    fresh = not folder.exists() or not any(folder.iterdir())
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        settings.write(folder, values)
        _secret, node = opening.create_keys(folder, passphrase)
        open_sqlite(folder / opening.DATABASE).close()
        return node.hex()
    except (YuiError, OSError) as error:
        if fresh:
            shutil.rmtree(folder, ignore_errors=True)
        code = Exit.REFUSED if isinstance(error, OSError) else Exit.BAD_INPUT
        raise Failure(code, rules.text_of(error)) from None


def _check(name: str, host: str, area: str, network: str, tls: str, certificate: str, private_key: str) -> None:
    rules = [
        (bool(name.strip()) and len(name) <= 200, _("--name: 1 to 200 characters")),
        (
            bool(_HOST.fullmatch(host)) and not re.fullmatch(r"[0-9.]+", host),
            _("--host: a host name such as yui.example.jp or localhost, not a number"),
        ),
        (not area or bool(re.fullmatch(r"[0-9]{2}|[0-9]{5,6}", area)), _("--area: 2, 5 or 6 digits")),
        (network in ("live", "test"), _("--network: live or test")),
        (tls in ("proxy", "own", "self-signed"), _("--tls: proxy, own or self-signed")),
        (tls != "own" or bool(certificate and private_key), _("--tls own needs --certificate and --private-key")),
    ]
    for holds, rule in rules:
        if not holds:
            raise Failure(Exit.BAD_INPUT, rule)
    for path in (certificate, private_key):
        if path and not Path(path).is_file():
            raise Failure(Exit.BAD_INPUT, _("{path}: no such file").format(path=path))


def _values(
    name: str,
    host: str,
    area: str,
    kind: str,
    network: str,
    tls: str,
    certificate: str,
    private_key: str,
    peer_port: int,
    api_port: int,
    listen: str,
    api_listen: str,
    address: list[str] | None,
    allow_private: bool,
) -> dict[str, dict[str, Any]]:
    own = [f"https://{host}:{peer_port}"] if peer_port else []
    addresses = own if address is None else [item for item in address if item != "none"]
    base = f"https://{host}" if tls == "proxy" else f"https://{host}:{api_port}"
    return {
        "node": {"name": name, "kind": kind, "area": area, "network": network},
        "peer": {"host": listen, "port": peer_port, "addresses": addresses, "allow_private": allow_private},
        "api": {
            "host": api_listen or ("127.0.0.1" if tls == "proxy" else "0.0.0.0"),
            "port": api_port,
            "base_url": base,
            "tls": tls,
            "certificate": certificate and str(Path(certificate).absolute()),
            "key": private_key and str(Path(private_key).absolute()),
        },
        "backup": {"every_hours": 24, "keep": 7},
    }


def _ask(question: str, option: str) -> str:
    if not sys.stdin.isatty() or output.Mode.json:
        raise Failure(Exit.BAD_INPUT, _("{option} is needed").format(option=option))
    return str(typer.prompt(question, err=True))


def _passphrase() -> str:
    import os

    from node.opening import passphrase_of

    given = passphrase_of(os.environ)
    if given:
        return given
    if not sys.stdin.isatty():
        raise Failure(Exit.BAD_INPUT, _("--passphrase: set YUI_PASSPHRASE, or sit at a terminal"))
    return str(
        typer.prompt(_("Passphrase (at least 12 characters)"), hide_input=True, confirmation_prompt=True, err=True)
    )


def _advise(folder: Path, passphrase: bool) -> None:
    keys = folder / "keys"
    if not passphrase:
        output.say(
            _("Keep a copy of {path} in another place: backups never hold it, and without it no backup opens.").format(
                path=keys / "node.secret"
            )
        )
    output.say(
        _("The association's own key is {path}: move it to a medium that is kept offline.").format(
            path=keys / "association.key"
        )
    )
    output.say(_("Next: `yui serve`, then `yui member add NAME`."))
