"""Writing ``yui.toml``: rendered from values, replaced in one step. Reading and checking is :mod:`node.config`."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from node import config
from node.config import Config
from node.keyfile import write_private

HEAD = "# Written by `yui init`. Names and defaults: docs/operate/configuration.md\n"


def write(folder: Path, values: Mapping[str, Mapping[str, Any]]) -> Config:
    """Write the whole file (mode 0600) after checking it; the configuration it means."""
    checked = config.convert(values)
    part = folder / f".{config.FILE_NAME}.part"
    part.unlink(missing_ok=True)
    write_private(part, render(values).encode())
    part.replace(folder / config.FILE_NAME)
    return checked


def change(folder: Path, changes: Mapping[str, Mapping[str, Any]]) -> Config:
    """Replace some values and keep the rest."""
    values = tomllib.loads((folder / config.FILE_NAME).read_text("utf-8"))
    for section, items in changes.items():
        values.setdefault(section, {}).update(items)
    return write(folder, values)


def render(values: Mapping[str, Mapping[str, Any]]) -> str:
    """TOML of sections of plain values."""
    text = [HEAD]
    for section, items in values.items():
        text.append(f"\n[{section}]\n")
        text += [f"{name} = {_value(value)}\n" for name, value in items.items()]
    return "".join(text)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    # a JSON string is a TOML basic string, but for DEL, which both may write as an escape
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
