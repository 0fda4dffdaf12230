"""Recovery words: 24 Japanese words on paper that are a member's highest key.

Owns the way from 32 bytes of entropy to words and back, and from entropy to the key. The entropy is an argument.
Source: BIP-39 word list and checksum (library ``mnemonic``); key = Ed25519 seed SHA-256("yui/words/1\\0" + entropy).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from mnemonic import Mnemonic

from protocol.errors import CallerFault
from protocol.keys import SigningKey

ENTROPY_BYTES = 32
WORD_COUNT = 24
_JAPANESE = Mnemonic("japanese")
_LISTED = frozenset(_JAPANESE.wordlist)


def words_of(entropy: bytes) -> list[str]:
    """The 24 words (NFC) of 32 bytes of entropy."""
    phrase = _JAPANESE.to_mnemonic(entropy)
    return [unicodedata.normalize("NFC", word) for word in re.split(r"\s+", phrase)]


def is_listed(word: str) -> bool:
    """Whether it is one of the 2,048 words, in composed or decomposed kana."""
    return unicodedata.normalize("NFKD", word) in _LISTED


def entropy_of(phrase: str) -> bytes:
    """The entropy of a phrase typed by a person: any white space, composed or decomposed kana.

    Raises CallerFault naming the words that are not in the list, by number, or the failed check.
    """
    typed = re.split(r"\s+", unicodedata.normalize("NFKD", phrase).strip())
    unknown = [str(index + 1) for index, word in enumerate(typed) if not is_listed(word)]
    if unknown and any(typed):
        raise CallerFault("words", f"not in the list of words: number {', '.join(unknown)}")
    if len(typed) != WORD_COUNT:
        raise CallerFault("words", f"{WORD_COUNT} words are needed, {len(typed) if any(typed) else 0} were given")
    try:
        return bytes(_JAPANESE.to_entropy(typed))
    except (ValueError, LookupError):
        raise CallerFault("words", "the words do not fit together: check their order and spelling") from None


def key_of(entropy: bytes) -> SigningKey:
    """The member's highest key."""
    return SigningKey(hashlib.sha256(b"yui/words/1\0" + entropy).digest())
