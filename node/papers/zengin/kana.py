"""Names in the characters that banks take: half-width kana, capitals, digits, few marks; one byte each.

Owns the rules of writing and the abbreviations of legal forms. A kana with its voicing mark is two bytes and is never
parted. Source: 全銀協標準通信プロトコル, 総合振込 (character set, 法人略語).
"""

from __future__ import annotations

import re
from typing import Final
from unicodedata import normalize

KANA: Final = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝﾞﾟ"
_PLAIN: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 "
BANK: Final = frozenset(KANA + _PLAIN + "-")
"""Characters of names of banks and branches."""
PARTY: Final = BANK | frozenset("().")
"""Characters of names of account holders."""
EDI: Final = PARTY | frozenset("ｦ\\｢｣/")
"""Characters of the EDI text."""

VOICING: Final = frozenset("ﾞﾟ")
_LARGE: Final = str.maketrans("ァィゥェォッャュョヮヵヶヰヱ", "アイウエオツヤユヨワカケイエ")
_MARKS: Final = str.maketrans(
    {**dict.fromkeys("ー‐‑–—―−~〜", "-"), "・": ".", "「": "｢", "」": "｣", "¥": "\\", "’": None, "'": None}
)
_TO_KATAKANA: Final = {code: code + 0x60 for code in range(0x3041, 0x3097)}
_FULL: Final = {
    normalize("NFKC", char): char
    for char in (*KANA[:-2], "ｦ")  # ア → ｱ; voiced ones are taken apart before
}

FORMS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("カ", ("株式会社", "(株)", "カブシキガイシャ", "カブシキカイシャ")),
    ("ユ", ("有限会社", "(有)", "ユウゲンガイシャ", "ユウゲンカイシャ")),
    ("ド", ("合同会社", "ゴウドウガイシャ", "ゴウドウカイシャ")),
    ("メ", ("合名会社", "(名)", "ゴウメイガイシャ", "ゴウメイカイシャ")),
    ("シ", ("合資会社", "(資)", "ゴウシガイシャ", "ゴウシカイシャ")),
    ("イ", ("医療法人社団", "医療法人財団", "医療法人", "イリョウホウジン")),
    ("ザイ", ("一般財団法人", "公益財団法人", "財団法人", "(財)", "ザイダンホウジン")),
    ("シヤ", ("一般社団法人", "公益社団法人", "社団法人", "(社)", "シャダンホウジン")),
    ("シユウ", ("宗教法人", "シュウキョウホウジン")),
    ("ガク", ("学校法人", "ガッコウホウジン")),
    ("フク", ("社会福祉法人", "シャカイフクシホウジン")),
    ("トクヒ", ("特定非営利活動法人", "NPO法人", "トクテイヒエイリカツドウホウジン")),
    ("ノウ", ("農事組合法人", "ノウジクミアイホウジン")),
    ("チドク", ("地方独立行政法人", "チホウドクリツギョウセイホウジン")),
    ("ドク", ("独立行政法人", "ドクリツギョウセイホウジン")),
    ("ベン", ("弁護士法人", "ベンゴシホウジン")),
    ("ゼイ", ("税理士法人", "ゼイリシホウジン")),
    ("シホウ", ("司法書士法人", "シホウショシホウジン")),
    ("ロウム", ("社会保険労務士法人", "シャカイホケンロウムシホウジン")),
    ("ソ", ("相互会社", "ソウゴガイシャ", "ソウゴカイシャ")),
)
"""Abbreviation → the spellings of a legal form; longer spellings before those that they contain."""


def narrow(text: str) -> str:
    """``text`` in half-width characters as far as they exist: hiragana, small kana and long vowels are rewritten."""
    plain = normalize("NFKC", text).translate(_TO_KATAKANA).upper().translate(_MARKS)
    apart = normalize("NFD", plain).translate(_LARGE).replace("\u3099", "ﾞ").replace("\u309a", "ﾟ")
    joined = "".join(_FULL.get(char, char) for char in apart)
    return re.sub(r" +", " ", joined.replace("\u3000", " ")).strip()


def party(name: str) -> str:
    """The name of an account holder in half-width characters, its legal form abbreviated.

    カ)… where it comes first, …(カ last, …(カ)… between.
    """
    plain = normalize("NFKC", name).translate(_TO_KATAKANA).strip()
    for short, spellings in FORMS:
        for spelling in spellings:
            at = plain.find(spelling)
            if at < 0:
                continue
            before, after = plain[:at].strip(" ・"), plain[at + len(spelling) :].strip(" ・")
            mark = f"{short})" if not before else (f"({short}" if not after else f"({short})")
            return _spoken(narrow(before + mark + after))
    return _spoken(narrow(plain))


def _spoken(text: str) -> str:
    """ｦ is no character of names: they are written as they are spoken."""
    return text.replace("ｦ", "ｵ")


def foreign(text: str, allowed: frozenset[str]) -> str:
    """The characters of ``text`` that are not allowed, each once, in their order."""
    return "".join(dict.fromkeys(char for char in text if char not in allowed))


def fit(text: str, size: int) -> str:
    """The first ``size`` bytes of half-width ``text``; a kana whose mark does not fit goes with it."""
    if len(text) <= size:
        return text
    end = size - 1 if text[size] in VOICING else size
    return text[:end].rstrip()
