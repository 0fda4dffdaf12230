"""The 47 prefectures by their code (JIS X 0401), and where each stands on a map of tiles.

Tiles of one size, so that a small prefecture is read as easily as a large one; placed by hand after the islands' shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Prefecture(NamedTuple):
    """``short``: without 県 and the like; ``column``, ``row`` on the map, from the north-west."""

    name: str
    english: str
    short: str
    column: int
    row: int


PREFECTURES: Final[Mapping[str, Prefecture]] = {
    "01": Prefecture("北海道", "Hokkaido", "北海道", 12, 0),
    "02": Prefecture("青森県", "Aomori", "青森", 12, 2),
    "03": Prefecture("岩手県", "Iwate", "岩手", 12, 3),
    "04": Prefecture("宮城県", "Miyagi", "宮城", 12, 4),
    "05": Prefecture("秋田県", "Akita", "秋田", 11, 3),
    "06": Prefecture("山形県", "Yamagata", "山形", 11, 4),
    "07": Prefecture("福島県", "Fukushima", "福島", 12, 5),
    "08": Prefecture("茨城県", "Ibaraki", "茨城", 12, 6),
    "09": Prefecture("栃木県", "Tochigi", "栃木", 11, 6),
    "10": Prefecture("群馬県", "Gunma", "群馬", 10, 6),
    "11": Prefecture("埼玉県", "Saitama", "埼玉", 11, 7),
    "12": Prefecture("千葉県", "Chiba", "千葉", 12, 8),
    "13": Prefecture("東京都", "Tokyo", "東京", 11, 8),
    "14": Prefecture("神奈川県", "Kanagawa", "神奈川", 11, 9),
    "15": Prefecture("新潟県", "Niigata", "新潟", 11, 5),
    "16": Prefecture("富山県", "Toyama", "富山", 9, 5),
    "17": Prefecture("石川県", "Ishikawa", "石川", 8, 5),
    "18": Prefecture("福井県", "Fukui", "福井", 8, 6),
    "19": Prefecture("山梨県", "Yamanashi", "山梨", 10, 8),
    "20": Prefecture("長野県", "Nagano", "長野", 10, 7),
    "21": Prefecture("岐阜県", "Gifu", "岐阜", 9, 6),
    "22": Prefecture("静岡県", "Shizuoka", "静岡", 10, 9),
    "23": Prefecture("愛知県", "Aichi", "愛知", 9, 8),
    "24": Prefecture("三重県", "Mie", "三重", 8, 8),
    "25": Prefecture("滋賀県", "Shiga", "滋賀", 8, 7),
    "26": Prefecture("京都府", "Kyoto", "京都", 7, 7),
    "27": Prefecture("大阪府", "Osaka", "大阪", 7, 8),
    "28": Prefecture("兵庫県", "Hyogo", "兵庫", 6, 7),
    "29": Prefecture("奈良県", "Nara", "奈良", 8, 9),
    "30": Prefecture("和歌山県", "Wakayama", "和歌山", 7, 9),
    "31": Prefecture("鳥取県", "Tottori", "鳥取", 5, 7),
    "32": Prefecture("島根県", "Shimane", "島根", 4, 7),
    "33": Prefecture("岡山県", "Okayama", "岡山", 5, 8),
    "34": Prefecture("広島県", "Hiroshima", "広島", 4, 8),
    "35": Prefecture("山口県", "Yamaguchi", "山口", 3, 8),
    "36": Prefecture("徳島県", "Tokushima", "徳島", 5, 10),
    "37": Prefecture("香川県", "Kagawa", "香川", 5, 9),
    "38": Prefecture("愛媛県", "Ehime", "愛媛", 4, 10),
    "39": Prefecture("高知県", "Kochi", "高知", 4, 11),
    "40": Prefecture("福岡県", "Fukuoka", "福岡", 2, 9),
    "41": Prefecture("佐賀県", "Saga", "佐賀", 1, 9),
    "42": Prefecture("長崎県", "Nagasaki", "長崎", 0, 9),
    "43": Prefecture("熊本県", "Kumamoto", "熊本", 1, 10),
    "44": Prefecture("大分県", "Oita", "大分", 2, 10),
    "45": Prefecture("宮崎県", "Miyazaki", "宮崎", 2, 11),
    "46": Prefecture("鹿児島県", "Kagoshima", "鹿児島", 1, 11),
    "47": Prefecture("沖縄県", "Okinawa", "沖縄", 0, 13),
}


def name_of(code: str, language: str) -> str:
    """The name of the prefecture in which a municipality's code lies; empty if there is none."""
    found = PREFECTURES.get(code[:2])
    return "" if found is None else found.name if language == "ja" else found.english
