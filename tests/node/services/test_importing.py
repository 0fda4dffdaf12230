"""A layout that a person chose is proposed for the next file of the same partner."""

from __future__ import annotations

import pytest

from node.papers.tabular import Mapping, read
from node.services import importing
from protocol.errors import CallerFault
from tests.node.services.town import Association

FILE = read("名前,ねだん\n釘,5\nねじ,x\n".encode("cp932"), "a.csv")
OTHER = read("品名,単価\n釘,5\n".encode("cp932"), "a.csv")
CHOSEN = Mapping(kind="items", columns={"name": "名前", "price": "ねだん"})
PARTNER, STRANGER = b"P" * 32, b"S" * 32


def test_a_chosen_layout_comes_back_for_its_partner_and_only_where_it_fits() -> None:
    town = Association("豊田")
    member, neighbour = town.enrol("金太郎機械"), town.enrol("花咲堂")
    assert town.do(lambda tx: importing.propose(tx, member, FILE, "items", PARTNER))[1] is False
    seen = town.do(lambda tx: importing.remember(town.house, tx, member, FILE, CHOSEN, PARTNER))
    assert ([one.line for one in seen.records], [one.line for one in seen.problems]) == ([2], [3])
    assert town.do(lambda tx: importing.propose(tx, member, FILE, "items", PARTNER)) == (CHOSEN, True)
    assert town.do(lambda tx: importing.propose(tx, member, FILE, "items", STRANGER))[1] is False
    assert town.do(lambda tx: importing.propose(tx, neighbour, FILE, "items", PARTNER))[1] is False
    guessed, remembered = town.do(lambda tx: importing.propose(tx, member, OTHER, "items", PARTNER))
    assert (guessed.columns, remembered) == ({"name": "品名", "price": "単価"}, False)
    town.do(lambda tx: importing.forget(tx, member, "items", PARTNER))
    assert town.do(lambda tx: importing.propose(tx, member, FILE, "items", PARTNER))[1] is False


def test_a_layout_that_does_not_fit_is_not_kept() -> None:
    town = Association("豊田")
    member = town.enrol("金太郎機械")
    with pytest.raises(CallerFault):
        town.do(lambda tx: importing.remember(town.house, tx, member, OTHER, CHOSEN))
    assert town.do(lambda tx: tx.importing.all(member)) == []
    with pytest.raises(CallerFault):
        town.do(lambda tx: importing.forget(tx, member, "poems"))
