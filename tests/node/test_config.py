"""Configuration: the order of its sources, and errors that name the setting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from node.config import Config, load
from protocol.errors import CallerFault


def _write(folder: Path, text: str) -> None:
    (folder / "yui.toml").write_text(text, encoding="utf-8")


def test_defaults_without_anything(tmp_path: Path) -> None:
    assert load(tmp_path, {}) == Config()


def test_file_then_environment_then_flags(tmp_path: Path) -> None:
    _write(tmp_path, '[peer]\nport = 1\nhost = "10.0.0.1"\n[node]\nname = "豊田"\n[api]\nport = 3\n')
    environment = {"YUI_PEER__PORT": "2", "YUI_API__PORT": "4", "YUI_PASSPHRASE": "x", "OTHER": "y"}
    config = load(tmp_path, environment, {"api.port": 5, "peer.host": None})
    assert (config.peer.port, config.peer.host, config.api.port, config.node.name) == (2, "10.0.0.1", 5, "豊田")


def test_lists_in_the_environment(tmp_path: Path) -> None:
    environment = {"YUI_PEER__ADDRESSES": "https://a.example:1, https://b.example:2", "YUI_PEER__ALLOW_PRIVATE": "true"}
    config = load(tmp_path, environment)
    assert config.peer.addresses == ("https://a.example:1", "https://b.example:2")
    assert config.peer.allow_private is True


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[peer]\nprot = 1\n", "prot"),
        ("[pear]\nport = 1\n", "pear"),
        ('[peer]\nport = "x"\n', r"peer\.port"),
        ("[peer]\nport = 70000\n", "peer.port"),
        ('[peer]\naddresses = ["http://x"]\n', r"peer\.addresses\[0\]"),
        ('[api]\ntls = "own"\n', "api.certificate"),
        ('[node]\nnetwork = "prod"\n', r"node\.network"),
        ("[store]\nreaders = 0\n", "store.readers"),
        ("[backup]\nkeep = 0\n", "backup"),
        ("peer = 1\n", "peer"),
        ("not toml", "yui.toml"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, named: str) -> None:
    _write(tmp_path, text)
    with pytest.raises(CallerFault, match=named):
        load(tmp_path, {})


def test_mistakes_in_the_environment_and_flags(tmp_path: Path) -> None:
    with pytest.raises(CallerFault, match="nothing"):
        load(tmp_path, {"YUI_PEER__NOTHING": "1"})
    flags: dict[str, Any] = {"peer.port": 1, "peer.port.deep": 2}
    with pytest.raises(CallerFault, match="not a section"):
        load(tmp_path, {}, flags)


def test_frozen() -> None:
    with pytest.raises(AttributeError):
        Config().peer.port = 1  # type: ignore[misc]


@pytest.mark.parametrize("page", ["configuration.md", "configuration.ja.md"])
def test_the_page_names_every_setting_with_its_default(page: str) -> None:
    text = (Path(__file__).parents[2] / "docs" / "operate" / page).read_text("utf-8")
    rows = {
        line.split("|")[1].strip(): line.split("|")[2].strip() for line in text.splitlines() if line.startswith("| `")
    }
    said = {name.strip(" `"): value.strip("`") for names, value in rows.items() for name in names.split(",")}
    config = Config()
    made = {
        f"{section}.{field}": getattr(getattr(config, section), field)
        for section in config.__struct_fields__
        for field in getattr(config, section).__struct_fields__
    }
    assert said == {
        name: str(value).lower() if isinstance(value, bool) else "" if value == () else str(value)
        for name, value in made.items()
    }
