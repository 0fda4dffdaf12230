"""Commands on a data folder whose node does not run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from node.store import open_sqlite
from tests.cli.running import made, yui


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made(tmp_path / "data")


def test_a_member_is_enrolled_and_listed(folder: Path) -> None:
    added = yui(folder, "member", "add", "金太郎機械", "--corporate-number", "7000012050002", "--json")
    assert added.code == 0, added.err
    assert len(added.json["words"]) == 24
    assert added.json["card"]["corporate_number"] == "7000012050002"
    listed = yui(folder, "member", "list", "--json").json
    assert [(row["name"], row["member"], row["epoch"]) for row in listed] == [("金太郎機械", added.json["member"], 1)]
    shown = yui(folder, "member", "show", added.json["member"][:8], "--json").json
    assert shown["member"] == added.json["member"]
    found = yui(folder, "member", "find", "金太郎", "--json").json
    assert [card["name"] for card in found] == ["金太郎機械"]


def test_wrong_values_name_field_and_rule(folder: Path) -> None:
    wrong = yui(folder, "member", "add", "A", "--corporate-number", "1234567890123", "--json")
    assert wrong.code == 4
    problem = json.loads(wrong.err)
    assert problem["field"] == "corporate_number"
    assert "check digit" in problem["rule"]
    assert yui(folder, "member", "list", "--json").json == []
    assert yui(folder, "member", "show", "nobody").code == 1


def test_one_firm_is_enrolled_once_unless_it_is_a_branch(folder: Path) -> None:
    number = ("--corporate-number", "7000012050002", "--json")
    assert yui(folder, "member", "add", "金太郎機械", *number).code == 0
    twice = yui(folder, "member", "add", "金太郎機械", *number)
    assert twice.code == 4
    assert "金太郎機械 is in the directory" in json.loads(twice.err)["rule"]
    assert len(yui(folder, "member", "list", "--json").json) == 1
    assert yui(folder, "member", "add", "金太郎機械 京都支店", *number, "--branch").code == 0


def test_people_read_sentences_and_programs_read_json(folder: Path) -> None:
    plain = yui(folder, "member", "add", "花咲堂")
    assert "花咲堂" in plain.out
    assert " 1 " in plain.out
    assert yui(folder, "status", "--json").json["members"] == 1
    assert "花咲堂" in yui(folder, "member", "list").out


def test_users_and_tokens(folder: Path) -> None:
    yui(folder, "member", "add", "花咲堂")
    short = yui(folder, "user", "add", "花咲堂", "hanako", "--json", given="short\n")
    assert short.code == 4
    assert json.loads(short.err)["field"] == "password"
    assert yui(folder, "user", "add", "花咲堂", "hanako", "--role", "viewer", given="a long password\n").code == 0
    assert yui(folder, "user", "add", "花咲堂", "hanako", given="a long password\n").code == 4
    assert yui(folder, "user", "add", "花咲堂", "taro", "--role", "king", given="a long password\n").code == 4
    assert [row["name"] for row in yui(folder, "user", "list", "--json").json] == ["hanako"]
    made_token = yui(folder, "token", "create", "till", "--member", "花咲堂", "--user", "hanako", "--json").json
    assert made_token["token"].startswith("yui_")
    assert made_token["scopes"] == "documents:read directory:read"
    listed = yui(folder, "token", "list", "--json").json
    assert "token" not in listed[0]
    assert yui(folder, "token", "create", "x", "--member", "花咲堂", "--scope", "everything").code == 4
    assert yui(folder, "token", "revoke", made_token["id"], "--json").json["revoked"]
    assert yui(folder, "token", "revoke", "00000000").code == 1


def test_what_needs_the_node_says_so(folder: Path) -> None:
    for command in (
        ("peer", "invite", "https://127.0.0.1:1"),
        ("peer", "check", "x"),
        ("key", "rotate", "x"),
        ("held", "decide", "0" * 64, "--apply"),
        ("address", "change", "https://a.example:1"),
    ):
        ran = yui(folder, *command, "--json")
        assert ran.code == 3, (command, ran.err)
        assert json.loads(ran.err)["code"] == "not-running"


def test_no_folder_no_node(tmp_path: Path) -> None:
    ran = yui(tmp_path / "nowhere", "status")
    assert ran.code == 3
    assert "yui init" in ran.err


def test_a_store_in_use_is_left_alone(folder: Path) -> None:
    store = open_sqlite(folder / "node.db")
    try:
        ran = yui(folder, "member", "list")
    finally:
        store.close()
    assert ran.code == 3
    assert "open in another process" in ran.err


def test_doctor_finds_nothing_and_then_something(folder: Path) -> None:
    yui(folder, "member", "add", "花咲堂")
    assert yui(folder, "doctor", "--json").code == 0
    (folder / "keys" / "node.key").chmod(0o644)
    found = yui(folder, "doctor")
    assert found.code != 0


def test_unknown_commands_and_options_are_usage_errors(folder: Path) -> None:
    assert yui(folder, "nonsense").code == 2
    assert yui(folder, "member", "add").code == 2
    assert yui(folder, "member", "list", "--colour", "red").code == 2


def test_migrate_has_nothing_to_do_and_no_folder_is_an_error(folder: Path, tmp_path: Path) -> None:
    assert yui(folder, "migrate", "--json").json == {"steps": [], "backup": ""}
    assert yui(tmp_path / "nowhere", "migrate").code == 4
    assert not (tmp_path / "nowhere").exists()


def test_one_time_links(folder: Path) -> None:
    yui(folder, "member", "add", "花咲堂")
    made_link = yui(
        folder, "user", "invite", "--member", "花咲堂", "--role", "owner", "--note", "桜井さん", "--json"
    ).json
    assert "/join/" in made_link["link"]
    assert made_link["link"].startswith("http")
    assert "/join/" in yui(folder, "user", "invite", "--role", "admin").out
    assert yui(folder, "user", "invite", "--role", "owner").code == 4  # an owner needs a member
    assert yui(folder, "user", "invite", "--member", "花咲堂", "--role", "staff").code == 4
    assert yui(folder, "user", "invite", "--login", "nobody").code == 1
    yui(folder, "user", "add", "花咲堂", "hanako", given="a long password\n")
    again = yui(folder, "user", "invite", "--login", "Hanako", "--json").json
    assert again["link"] != made_link["link"]
