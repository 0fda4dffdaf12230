"""PDFs from the other process: the same bytes and errors; letters."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from node.papers.pdf import Context, Letter, render
from node.papers.pdf import letter as letters
from node.papers.pdf.worker import Worker
from protocol.errors import CallerFault
from tests.node.papers.pdf import story
from tests.node.papers.pdf.test_papers import texts_in

LETTER = Letter(
    association="見本地域協議会",
    firm="ぶんぶく商店",
    person="茶釜 文福",
    link="https://node.example.jp/invite/aB3cD4",
    expires_us=1_792_417_600_000_000,
    made_us=1_791_417_600_000_000,
    contact=("TEL 000-0000-0000",),
    code="123456",
    sample=True,
)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    one = Worker()
    yield one
    one.close()


def test_it_answers_as_the_functions_do(worker: Worker) -> None:
    paper = story.self_billed_response()
    context = story.context(paper)
    assert worker.render(paper, context) == render(paper, context)
    with pytest.raises(CallerFault) as caught:
        worker.render(paper, Context(language="fr"))
    assert caught.value.field == "lang"


def test_a_letter_says_who_invites_whom_until_when_and_how(worker: Worker) -> None:
    pdf = worker.letter(LETTER)
    assert pdf.startswith(b"%PDF-")
    assert pdf == worker.letter(LETTER)
    said = "".join(texts_in(letters.sheet(LETTER)))
    for text in (
        "ご招待",
        "見本地域協議会",
        "ぶんぶく商店 御中",
        "茶釜 文福 様",
        LETTER.link,
        "123456",
        "2026年10月19日",
        "見本",
    ):
        assert text in said
    english = "".join(texts_in(letters.sheet(Letter(**{**_fields(LETTER), "language": "en", "text": "Welcome."}))))
    assert "Your invitation" in english
    assert "Welcome." in english
    assert "御中" not in english


def _fields(letter: Letter) -> dict[str, object]:
    return {name: getattr(letter, name) for name in letter.__struct_fields__}
