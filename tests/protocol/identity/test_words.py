"""Recovery words: 24 words and back, however they are typed, and what a person hears who typed them wrong."""

import unicodedata

import pytest

from protocol.errors import CallerFault
from protocol.identity import words
from tests.vectors.world import AUTHOR, octets

WORDS = words.words_of(AUTHOR.entropy)


def test_words_and_entropy() -> None:
    assert len(WORDS) == words.WORD_COUNT
    assert words.entropy_of(" ".join(WORDS)) == AUTHOR.entropy
    assert all(unicodedata.is_normalized("NFC", word) for word in WORDS)


@pytest.mark.parametrize("separator", [" ", "\n", "\u3000", " \t "])
@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_white_space_and_kana_may_be_typed_in_any_form(separator: str, form: str) -> None:
    typed = unicodedata.normalize(form, separator.join(WORDS))  # type: ignore[arg-type]
    assert words.entropy_of(f"{separator}{typed}{separator}") == AUTHOR.entropy


@pytest.mark.parametrize("seed", range(20))
def test_every_entropy_has_words(seed: int) -> None:
    entropy = octets(f"seed {seed}")
    assert words.entropy_of(" ".join(words.words_of(entropy))) == entropy


def test_unknown_words_are_named_by_number() -> None:
    typed = [*WORDS]
    typed[1], typed[23] = "toyota", "ああああ"
    with pytest.raises(CallerFault, match="not in the list of words: number 2, 24"):
        words.entropy_of(" ".join(typed))


@pytest.mark.parametrize(("count", "said"), [(0, 0), (1, 1), (12, 12), (23, 23), (25, 25)])
def test_another_number_of_words(count: int, said: int) -> None:
    typed = (WORDS + WORDS)[:count]
    with pytest.raises(CallerFault, match=f"24 words are needed, {said} were given"):
        words.entropy_of(" ".join(typed))


def test_words_that_do_not_fit_together() -> None:
    swapped = [WORDS[2], WORDS[1], WORDS[0], *WORDS[3:]]
    with pytest.raises(CallerFault, match="do not fit together"):
        words.entropy_of(" ".join(swapped))


def test_the_key_is_derived_from_the_entropy() -> None:
    assert words.key_of(AUTHOR.entropy).public == AUTHOR.words.public
    assert words.key_of(octets("other")).public != AUTHOR.words.public
