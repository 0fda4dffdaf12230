"""Who trades in the demo. Firms out of folk tales, plainly fictitious: numbers of an office that does not exist.

Owns names and numbers only. Corporate numbers have 9999 where the office's code stands, and a valid check digit.
"""

from __future__ import annotations

from typing import NamedTuple


class Association(NamedTuple):
    """One node. ``key`` names it in folders and on screens; ``area``: 全国地方公共団体コード."""

    key: str
    name: str
    area: str
    region: str
    city: str


class Firm(NamedTuple):
    """One member firm. ``industry``: JSIC medium group."""

    key: str
    name: str
    kana: str
    association: str
    corporate_number: str
    industry: str


TOYOTA, KYOTO, SHIKOKU = "toyota", "kyoto", "shikoku"

ASSOCIATIONS = {
    item.key: item
    for item in (
        Association(TOYOTA, "豊田地域協議会（見本）", "23211", "愛知県", "豊田市"),
        Association(KYOTO, "京都地域協議会（見本）", "26100", "京都府", "京都市"),
        Association(SHIKOKU, "四国地域協議会（見本）", "37201", "香川県", "高松市"),
    )
}

FIRMS = {
    item.key: item
    for item in (
        Firm("F01", "一寸法師精密", "イッスンボウシセイミツ", TOYOTA, "8999900000001", "24"),
        Firm("F02", "金太郎機械", "キンタロウキカイ", TOYOTA, "7999900000002", "25"),
        Firm("F03", "ぶんぶく商店", "ブンブクショウテン", TOYOTA, "6999900000003", "60"),
        Firm("F04", "わらしべ商会", "ワラシベショウカイ", TOYOTA, "5999900000004", "55"),
        Firm("F05", "鶴織物", "ツルオリモノ", KYOTO, "4999900000005", "11"),
        Firm("F06", "花咲堂", "ハナサカドウ", KYOTO, "3999900000006", "09"),
        Firm("F07", "かぐや竹工房", "カグヤタケコウボウ", KYOTO, "2999900000007", "12"),
        Firm("F08", "すずめ屋", "スズメヤ", KYOTO, "1999900000008", "60"),
        Firm("F09", "浦島水産食品", "ウラシマスイサンショクヒン", SHIKOKU, "9999900000009", "09"),
        Firm("F10", "打出小槌プレス", "ウチデノコヅチプレス", SHIKOKU, "7999900000010", "24"),
        Firm("F11", "桃の里商店", "モモノサトショウテン", SHIKOKU, "6999900000011", "58"),
        Firm("F12", "さるかに農園", "サルカニノウエン", SHIKOKU, "5999900000012", "01"),
    )
}


def partners() -> list[tuple[str, str]]:
    """(buyer, seller) of firms at different nodes, in an order that goes round all six links."""
    keys = list(FIRMS)
    pairs = [
        (buyer, seller) for buyer in keys for seller in keys if FIRMS[buyer].association != FIRMS[seller].association
    ]
    links = sorted({(FIRMS[buyer].association, FIRMS[seller].association) for buyer, seller in pairs})
    by_link = {
        link: [pair for pair in pairs if (FIRMS[pair[0]].association, FIRMS[pair[1]].association) == link]
        for link in links
    }
    rounds = max(len(found) for found in by_link.values())
    return [by_link[link][at] for at in range(rounds) for link in links if at < len(by_link[link])]
