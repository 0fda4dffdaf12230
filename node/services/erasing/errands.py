"""What is left to the node: hearing what partners ask and answer, judging it, and sending requests and answers.

Owns the walk over messages that arrived or came back, and the order judge → erase → answer, each in a transaction of
its own: what cannot be sent now is sent later. A request binds nobody: it is judged by this home's own rules, for its
own time of storing. Works the same after a restore, when messages come in again.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from node.services import booking, talking
from node.services.erasing import asking
from node.services.erasing.asking import Errand, State
from node.services.house import House
from node.services.trade import Outcome
from node.store import DocumentRow, ErasureRow, Tx
from protocol import erasure
from protocol.document import header
from protocol.document.header import Extension
from protocol.erasure import Answer, Request, Word
from protocol.errors import YuiError
from protocol.link import receipt

HEARD: Final = "erasing/heard"  # in meta: messages up to this position were looked at
STEP: Final = 200  # messages in one transaction
WINDOW: Final = 20_000  # positions
LATER_US: Final = 15 * 60 * 1_000_000
SOON_US: Final = 10 * 1_000_000
_MOST: Final = 20

ASKING: Final = (
    "【個人情報の消去のお願い】この取引の書類 {number} の個人情報(担当者名・電話・メール・備考)を、"
    "こちらでは消去しました。そちらでも消去をお願いします。保存の義務がある間は、その旨をお知らせください。\n"
    "[Request to erase personal data] We have erased the personal part (names, telephone, mail, notes) of document"
    " {number} of this dealing. Please erase it too; where you have to keep it, say so."
)
ERASED: Final = (
    "【個人情報の消去】書類 {number} の個人情報を消去しました。\n[Erased] The personal part of {number} is erased here."
)
REFUSED: Final = (
    "【個人情報の消去】書類 {number} は保存の義務があるため、まだ消去できません。\n"
    "[Not erased] {number} has to be kept here for now."
)


class Lag(NamedTuple):
    """``work``: there is something to write; up to ``looked`` there is no message; ``more``: behind it may be one."""

    work: bool
    looked: int
    more: bool


def lag(house: House, tx: Tx, looked: int) -> Lag:
    """Is there anything to do: messages behind ``looked``, errands that are due, parts that came back?

    What holds no message is not written down each time, only when it is much.
    """
    heard, last = tx.meta.get_int(HEARD), tx.documents.last_position()
    after = max(heard, looked)
    upto = min(last, after + WINDOW)
    found = bool(tx.documents.messages(after, upto, 1)) if after < upto else False
    far = upto - heard > WINDOW
    if found or far or tx.erasing.due(house.clock(), 1) or tx.erasing.remaining():
        return Lag(True, after, more=True)
    return Lag(False, upto, upto < last)


def hear(house: House, tx: Tx, looked: int = 0) -> bool:
    """Look at the next messages, those up to ``looked`` left out; whether there are more."""
    asking.carry_out_again(tx)
    after, last = max(tx.meta.get_int(HEARD), looked), tx.documents.last_position()
    if after >= last:
        return False
    upto = min(last, after + WINDOW)
    rows = tx.documents.messages(after, upto, STEP)
    for row in rows:
        _hear(house, tx, row)
    whole = len(rows) < STEP
    tx.meta.set_int(HEARD, upto if whole else rows[-1].position)
    return not whole or upto < last


def due(house: House, tx: Tx) -> list[ErasureRow]:
    """Errands whose time has come."""
    return tx.erasing.due(house.clock(), _MOST)


def run(house: House, tx: Tx, row: ErasureRow) -> Outcome:
    """Do one errand. YuiError if it cannot be done now: then :func:`postpone`, in another transaction."""
    now = tx.erasing.get(row.member, row.document, row.part)
    if now != row or house.frozen:
        return Outcome([], frozenset())
    if row.errand == Errand.JUDGE.value:
        return _judge(house, tx, row)
    return _ask(house, tx, row) if row.errand == Errand.ASK.value else _answer(house, tx, row)


def postpone(house: House, tx: Tx, row: ErasureRow, why: str) -> None:
    """It could not be done: again in a quarter of an hour; people see why."""
    tx.erasing.put(row._replace(retry_at=house.clock() + LATER_US, note=why[:200]))


# --- hearing


def _hear(house: House, tx: Tx, row: DocumentRow) -> None:
    try:
        extensions = header.parse(row.header).extensions
        request, answer = erasure.request_in(extensions), erasure.answer_in(extensions)
    except YuiError:
        return  # of another version: people read the text
    for held in tx.holdings.by_document(row.id):
        local = tx.members.get(held.member)
        if local is None or not local.local:
            continue
        mine = held.member == row.author
        if request is not None and mine:
            _remember(house, tx, held.member, row, request, asked=True)
        elif request is not None:
            _note_request(house, tx, held.member, row, request)
        if answer is not None and mine and answer.word is Word.ERASED:
            _remember(house, tx, held.member, row, Request(answer.document, answer.part, b""), asked=False)
        elif answer is not None and not mine:
            _note_answer(house, tx, held.member, row, answer)


def _remember(house: House, tx: Tx, member: bytes, row: DocumentRow, request: Request, *, asked: bool) -> None:
    """Our own word that a part is erased. It is new here only after a restore: then the part goes again."""
    known = tx.erasing.get(member, request.document, request.part)
    if known is not None and known.state == State.ERASED.value:
        return
    if not _is_of_dealing(tx, member, row, request.document):
        return
    now = house.clock()
    found = known or asking.blank(member, request.document, row.audience if asked else row.author, now)
    if asked:
        found = found._replace(request=row.id, partner=row.audience, partner_state=State.ASKED.value)
    else:
        found = found._replace(partner=row.audience)
    tx.erasing.put(asking.erase(house, tx, found._replace(asked=row.time)))


def _note_request(house: House, tx: Tx, member: bytes, row: DocumentRow, request: Request) -> None:
    """A partner asks: judged once its message counts. What it names is looked at then."""
    now = house.clock()
    known = tx.erasing.get(member, request.document, request.part)
    if known is not None and not _is_of_dealing(tx, member, row, request.document):
        return  # of another partner's paper: nothing of what is known of it may change
    found = (known or asking.blank(member, request.document, row.author, now))._replace(
        heard=row.id, partner=row.author
    )
    if found.errand != Errand.ASK.value:  # else ours goes out first
        found = found._replace(errand=Errand.JUDGE.value, retry_at=now)
    tx.erasing.put(found._replace(updated=now))


def _is_of_dealing(tx: Tx, member: bytes, row: DocumentRow, document: bytes) -> bool:
    """Does the message ``row`` stand in the dealing of a document that the member holds with the same partner?"""
    holding = tx.holdings.get(member, document)
    other = row.audience if row.author == member else row.author
    return holding is not None and holding.partner == other and holding.thread == (row.thread or row.id)


def _note_answer(house: House, tx: Tx, member: bytes, row: DocumentRow, answer: Answer) -> None:
    known = tx.erasing.get(member, answer.document, answer.part)
    if known is None or known.request != answer.request or known.partner != row.author:
        return
    what = State.ERASED if answer.word is Word.ERASED else State.REFUSED
    tx.erasing.put(
        known._replace(
            partner_state=what.value, partner_rule=answer.rule, partner_until=answer.until, updated=house.clock()
        )
    )


# --- judging, asking, answering


def _judge(house: House, tx: Tx, row: ErasureRow) -> Outcome:
    nothing = Outcome([], frozenset())
    asks = tx.holdings.get(row.member, row.heard)
    if asks is None or asks.verdict != receipt.APPLIED:
        undecided = asks is not None and asks.verdict in (receipt.WAITING, receipt.HELD)
        errand = row.errand if undecided else Errand.NOTHING.value
        tx.erasing.put(row._replace(errand=errand, retry_at=house.clock() + SOON_US))
        return nothing
    message = tx.documents.get(row.heard)
    assert message is not None
    kept = asking.what_keeps(house, tx, row.document)
    row = row._replace(errand=Errand.ANSWER.value, retry_at=house.clock(), updated=house.clock())
    if not _is_of_dealing(tx, row.member, message, row.document):
        row = row._replace(state=State.REFUSED.value, rule="unknown", until=0)
    elif row.state != State.ERASED.value and kept.rule:
        row = row._replace(state=State.REFUSED.value, rule=kept.rule, until=kept.until)
    else:
        row = asking.erase(house, tx, row)
    tx.erasing.put(row)
    return nothing


def _ask(house: House, tx: Tx, row: ErasureRow) -> Outcome:
    part = _part_of(tx, row)
    done = _say(house, tx, row, ASKING, erasure.ask(Request(row.document, row.part, part)))
    answer = {"partner_state": State.ASKED.value, "partner_rule": "", "partner_until": 0}
    errand = Errand.JUDGE.value if row.heard else ""
    asked = row._replace(request=done.submitted[0].id, errand=errand, note="", updated=house.clock())
    tx.erasing.put(asked._replace(**answer))  # type: ignore[arg-type]
    return done


def _answer(house: House, tx: Tx, row: ErasureRow) -> Outcome:
    word = Word.ERASED if row.state == State.ERASED.value else Word.REFUSED
    text = ERASED if word is Word.ERASED else REFUSED
    said = Answer(row.heard, row.document, row.part, word, row.rule, row.until)
    done = _say(house, tx, row, text, erasure.say(said))
    tx.erasing.put(row._replace(errand="", heard=b"", note="", updated=house.clock()))
    return done


def _part_of(tx: Tx, row: ErasureRow) -> bytes:
    stored = tx.documents.get(row.document)
    found = header.parse(stored.header).parts if stored is not None else ()
    return next((ref.hash for ref in found if ref.name == row.part), bytes(32))


def _say(house: House, tx: Tx, row: ErasureRow, text: str, extension: Extension) -> Outcome:
    """A message in the dealing of the document; an answer about a document that is not here, in that of its request."""
    about = tx.documents.get(row.document)
    named = about if about is not None and tx.holdings.get(row.member, row.document) is not None else None
    place = named or tx.documents.get(row.heard)
    assert place is not None
    number = named.business_key if named is not None else row.document.hex()[:12]
    today = booking.day_of(house.clock())
    return talking.say(
        house, tx, row.member, place.thread or place.id, text.format(number=number), today, extensions=(extension,)
    )
