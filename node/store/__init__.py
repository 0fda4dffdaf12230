"""The node's durable memory behind one seam: :class:`Store` and its transactions :class:`Tx`.

Owns all SQL, on SQLite and PostgreSQL. Stores and finds; decides nothing about trade, trust or links.
"""

from node.store.access import IdempotencyRow, TokenRow, UserRow
from node.store.area import AreaRow
from node.store.books import BillRow, BookRow, FoundRow, Month, PaymentRow
from node.store.datause import ChoiceRow, UseRow
from node.store.desk import CatalogueRow, DraftRow, ItemRow, PriceRow, ShareRow, TalkRow, TermsRow
from node.store.directory import AttachmentRow, CardRow
from node.store.documents import DocumentRow, KeyUse, NewDocument, PartRow, StoredDocument
from node.store.erasing import ErasureRow
from node.store.files import backup_file, check_file
from node.store.grants import GrantRow, ReplenishmentRow, ToldRow, WeekRow
from node.store.guarding import GuardAckRow, GuardChunkRow, GuardedRow, GuardFrameRow
from node.store.holdings import DecisionRow, HoldingRow, NewHolding, WaitingRow
from node.store.importing import DoneRow, FileRow, LayoutRow, OpeningRow
from node.store.journals import HeadRow, JournalRow
from node.store.links import GivenRow, LinkRow, Mark, Pending, ReceiptRow, StreamRow
from node.store.mail import KeptLabel, KeptRow, LeftLabel, LeftRow, Room, TakenRow
from node.store.members import ControlRow, MemberRow, WrappedKeyRow
from node.store.memory import MemoryStore, open_memory
from node.store.money import OwnAccountRow, TermsChangeRow, TransferRow
from node.store.moving import MoveInRow, MoveOutRow
from node.store.notices import NoticePersonRow, NoticeRow, NoticeRuleRow, SendRow, SubscriptionRow
from node.store.peers import InvitationRow, NewQuarantine, PeerRow, QuarantineRow
from node.store.people import AccessRow, PasskeyRow, TotpRow, UserInvitationRow, UserSettingsRow, ViewGrantRow
from node.store.possessions import SHELVES, Shelf
from node.store.questions import (
    CohortRow,
    EntryRow,
    EventRow,
    NamedRow,
    QuestionRow,
    RoundRow,
    StatsPolicyRow,
)
from node.store.reach import EnquiredRow, EnquiryRow, GuestLinkRow, GuestRow
from node.store.renewing import AsideRow, ForgottenRow, RenewalRow
from node.store.returning import ReturnRow
from node.store.search import INDEXED
from node.store.sessions import LoginFailureRow, SessionRow
from node.store.sqlite import SqliteStore, migrate_sqlite, open_sqlite
from node.store.store import Store
from node.store.threads import ThreadRow
from node.store.tx import Tx
from node.store.wards import ChainRow, ConsentRow, CustodyRow, RegisterRow, WardFrameRow, WardRow

__all__ = [
    "INDEXED",
    "SHELVES",
    "AccessRow",
    "AreaRow",
    "AsideRow",
    "AttachmentRow",
    "BillRow",
    "BookRow",
    "CardRow",
    "CatalogueRow",
    "ChainRow",
    "ChoiceRow",
    "CohortRow",
    "ConsentRow",
    "ControlRow",
    "CustodyRow",
    "DecisionRow",
    "DocumentRow",
    "DoneRow",
    "DraftRow",
    "EnquiredRow",
    "EnquiryRow",
    "EntryRow",
    "ErasureRow",
    "EventRow",
    "FileRow",
    "ForgottenRow",
    "FoundRow",
    "GivenRow",
    "GrantRow",
    "GuardAckRow",
    "GuardChunkRow",
    "GuardFrameRow",
    "GuardedRow",
    "GuestLinkRow",
    "GuestRow",
    "HeadRow",
    "HoldingRow",
    "IdempotencyRow",
    "InvitationRow",
    "ItemRow",
    "JournalRow",
    "KeptLabel",
    "KeptRow",
    "KeyUse",
    "LayoutRow",
    "LeftLabel",
    "LeftRow",
    "LinkRow",
    "LoginFailureRow",
    "Mark",
    "MemberRow",
    "MemoryStore",
    "Month",
    "MoveInRow",
    "MoveOutRow",
    "NamedRow",
    "NewDocument",
    "NewHolding",
    "NewQuarantine",
    "NoticePersonRow",
    "NoticeRow",
    "NoticeRuleRow",
    "OpeningRow",
    "OwnAccountRow",
    "PartRow",
    "PasskeyRow",
    "PaymentRow",
    "PeerRow",
    "Pending",
    "PriceRow",
    "QuarantineRow",
    "QuestionRow",
    "ReceiptRow",
    "RegisterRow",
    "RenewalRow",
    "ReplenishmentRow",
    "ReturnRow",
    "Room",
    "RoundRow",
    "SendRow",
    "SessionRow",
    "ShareRow",
    "Shelf",
    "SqliteStore",
    "StatsPolicyRow",
    "Store",
    "StoredDocument",
    "StreamRow",
    "SubscriptionRow",
    "TakenRow",
    "TalkRow",
    "TermsChangeRow",
    "TermsRow",
    "ThreadRow",
    "TokenRow",
    "ToldRow",
    "TotpRow",
    "TransferRow",
    "Tx",
    "UseRow",
    "UserInvitationRow",
    "UserRow",
    "UserSettingsRow",
    "ViewGrantRow",
    "WaitingRow",
    "WardFrameRow",
    "WardRow",
    "WeekRow",
    "WrappedKeyRow",
    "backup_file",
    "check_file",
    "migrate_sqlite",
    "open_memory",
    "open_sqlite",
]
