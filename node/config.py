"""The node's configuration: one frozen structure, read once at start and passed down.

Owns the order (defaults → ``yui.toml`` → environment ``YUI_*`` → flags, later wins) and the check: an unknown name or
a wrong type is an error that names it. Must not know what a setting does.

Environment: ``YUI_`` + the path in capitals with ``__`` between levels: ``YUI_PEER__PORT=7443``. Lists are separated by
commas. Flags come as a mapping of dotted paths: ``{"peer.port": 7443}``; None means not given.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from federation.endpoint import DEFAULT_PORT, stated_endpoint
from protocol.errors import CallerFault, PeerFault

FILE_NAME = "yui.toml"
PREFIX = "YUI_"
MAX_FILE_BYTES = 256 * 1024
_SPARK = re.compile(r"spark://[A-Za-z0-9.-]{1,253}:[0-9]{1,5}")


class NodeSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who this node is."""

    name: str = ""
    kind: str = "association"
    area: str = ""  # 全国地方公共団体コード
    network: Literal["live", "test"] = "live"
    guardian_only: bool = False  # keeps copies for others and has no members


class PeerSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The peer port. ``addresses``: how others reach it, ``https://host:port``, as the descriptor says."""

    host: str = "0.0.0.0"
    port: int = DEFAULT_PORT
    addresses: tuple[str, ...] = ()
    allow_private: bool = False  # connect to private and loopback addresses of any peer


class DiscoverySection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """LAN discovery. ``interfaces``: addresses of this machine to listen on; none means off."""

    interfaces: tuple[str, ...] = ()


class ApiSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The member API. ``tls``: own certificate files, a self-made one, or a proxy in front that speaks TLS."""

    host: str = "127.0.0.1"
    port: int = 7080
    base_url: str = ""  # what members type, for example https://yui.example.jp
    tls: Literal["proxy", "own", "self-signed"] = "proxy"
    certificate: str = ""
    key: str = ""
    trusted_proxies: tuple[str, ...] = ()


class StoreSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where data is kept. ``database``: empty for SQLite in the data folder; nothing else can be served from yet."""

    database: str = ""
    readers: int = 3


class ReportsSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who answers reports of sales. ``cluster``: spark://host:port, empty for this machine (DuckDB); ``address``: by
    which the cluster reaches this node."""

    cluster: str = ""
    address: str = ""


class BackupSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Backups. ``every_hours`` 0 switches them off; ``folder`` empty means ``backups/`` in the data folder."""

    every_hours: int = 24
    keep: int = 7
    folder: str = ""


class SmtpSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Mail for notices. ``host`` empty: none. ``secret_file``: in the data folder or a whole path, mode 0600."""

    host: str = ""
    port: int = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    secret_file: str = "smtp.secret"  # noqa: S105 - the name of a file
    sender: str = ""  # the address in From, for example yui@example.jp


class LogSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Logs, to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole configuration."""

    node: NodeSection = NodeSection()
    peer: PeerSection = PeerSection()
    discovery: DiscoverySection = DiscoverySection()
    api: ApiSection = ApiSection()
    store: StoreSection = StoreSection()
    reports: ReportsSection = ReportsSection()
    backup: BackupSection = BackupSection()
    smtp: SmtpSection = SmtpSection()
    log: LogSection = LogSection()


def load(folder: Path, environment: Mapping[str, str], flags: Mapping[str, Any] | None = None) -> Config:
    """The configuration of data folder ``folder``. CallerFault names the setting and the rule."""
    values: dict[str, Any] = _read_file(folder / FILE_NAME)
    _merge(values, _from_environment(environment))
    for path, value in (flags or {}).items():
        if value is not None:
            _put(values, path.split("."), value)
    return convert(values)


def convert(values: Mapping[str, Any]) -> Config:
    """The checked configuration in ``values`` (nested as the file is)."""
    try:
        config = msgspec.convert(values, Config, strict=False)
    except msgspec.ValidationError as error:
        raise CallerFault("configuration", str(error)) from None
    _check(config)
    return config


def _check(config: Config) -> None:
    for name, port in (("peer.port", config.peer.port), ("api.port", config.api.port)):
        if not 0 <= port <= 65535:
            raise CallerFault(name, "must be from 0 to 65535")
    _check_smtp(config.smtp)
    for position, address in enumerate(config.peer.addresses):
        try:
            stated_endpoint(address)
        except PeerFault as error:
            raise CallerFault(f"peer.addresses[{position}]", str(error)) from None
    if config.api.tls == "own" and not (config.api.certificate and config.api.key):
        raise CallerFault("api.certificate", "tls = own needs the files api.certificate and api.key")
    if config.store.readers < 1:
        raise CallerFault("store.readers", "must be at least 1")
    if config.reports.cluster and not _SPARK.fullmatch(config.reports.cluster):
        raise CallerFault("reports.cluster", "must be spark://host:port, or empty for this machine")
    if config.backup.every_hours < 0 or config.backup.keep < 1:
        raise CallerFault("backup", "every_hours must not be negative and keep must be at least 1")


def _check_smtp(smtp: SmtpSection) -> None:
    if not smtp.host:
        return
    if not 1 <= smtp.port <= 65535:
        raise CallerFault("smtp.port", "must be from 1 to 65535")
    if not smtp.sender.isprintable() or "@" not in smtp.sender:
        raise CallerFault("smtp.sender", "must be a mail address")
    if smtp.user and smtp.tls == "none":
        raise CallerFault("smtp.tls", "a password is never sent without TLS")


def _read_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise CallerFault(path.name, f"larger than {MAX_FILE_BYTES} bytes")
        return tomllib.loads(data.decode())
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise CallerFault(path.name, str(error)) from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """Only names with a section count (``YUI_PEER__PORT``): ``YUI_DATA`` and the like belong to the command line."""
    values: dict[str, Any] = {}
    for name in sorted(environment):
        if name.startswith(PREFIX) and "__" in name:
            path = name.removeprefix(PREFIX).lower().split("__")
            _put(values, path, _text(path, environment[name]))
    return values


def _text(path: list[str], text: str) -> Any:
    return [item.strip() for item in text.split(",") if item.strip()] if _is_list(path) else text


def _is_list(path: list[str]) -> bool:
    if len(path) != 2:
        return False
    sections = {field.name: field.type for field in msgspec.structs.fields(Config)}
    section = sections.get(path[0])
    fields = {field.name: field.type for field in msgspec.structs.fields(section)} if section else {}
    return fields.get(path[1]) == tuple[str, ...]


def _put(values: dict[str, Any], path: list[str], value: Any) -> None:
    for name in path[:-1]:
        values = values.setdefault(name, {})
        if not isinstance(values, dict):
            raise CallerFault(".".join(path), "is not a section")
    values[path[-1]] = value


def _merge(values: dict[str, Any], more: dict[str, Any]) -> None:
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(values.get(name), dict):
            _merge(values[name], value)
        else:
            values[name] = value
