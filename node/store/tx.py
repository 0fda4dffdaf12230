"""What a piece of work gets: one attribute for each repository, all inside one transaction."""

from __future__ import annotations

from node.store.access import Idempotency, Tokens, Users
from node.store.area import Area
from node.store.books import Books
from node.store.datause import DataUse
from node.store.deeds import Deeds
from node.store.desk import Desk
from node.store.directory import Attachments, Cards
from node.store.documents import Documents, KeysUsed
from node.store.drawings import Drawings
from node.store.erasing import Erasing
from node.store.forgetting import Forgetting
from node.store.grants import Grants
from node.store.groups import Groups
from node.store.guarding import Guarding
from node.store.holdings import Decisions, Follows, Holdings, Waiting
from node.store.importing import Importing
from node.store.joint import Joint
from node.store.journals import Heads, Journal
from node.store.links import Given, Links, Outgoing, Receipts, Streams
from node.store.mail import Mail
from node.store.members import Controls, Members, WrappedKeys
from node.store.meta import Meta
from node.store.money import Money
from node.store.moving import Moving
from node.store.notices import Notices
from node.store.offers import Offers
from node.store.peers import Invitations, Knows, Peers, Quarantine
from node.store.people import AccessLog, Passkeys, Totp, UserInvitations, UserSettings, ViewGrants
from node.store.pos import Pos
from node.store.possessions import Possessions
from node.store.questions import Questions
from node.store.reach import Enquiries, Guests
from node.store.renewing import Renewing
from node.store.repository import Session
from node.store.returning import Returning
from node.store.search import INDEXED, Search
from node.store.sessions import LoginFailures, Sessions
from node.store.sql import Connection
from node.store.threads import Threads
from node.store.wards import Registers, Wards


class Tx:
    """A transaction. It is valid only inside the function that was given it."""

    def __init__(self, connection: Connection) -> None:  # noqa: PLR0915 - one line for each repository
        session = Session(connection)
        self._session = session
        self.meta = Meta(session)
        self.members = Members(session)
        self.controls = Controls(session)
        self.wrapped_keys = WrappedKeys(session)
        self.journal = Journal(session)
        self.heads = Heads(session)
        self.documents = Documents(session)
        self.keys_used = KeysUsed(session)
        self.holdings = Holdings(session)
        self.follows = Follows(session)
        self.waiting = Waiting(session)
        self.decisions = Decisions(session)
        self.threads = Threads(session)
        self.peers = Peers(session)
        self.invitations = Invitations(session)
        self.knows = Knows(session)
        self.quarantine = Quarantine(session)
        self.links = Links(session)
        self.streams = Streams(session)
        self.outgoing = Outgoing(session)
        self.receipts = Receipts(session)
        self.given = Given(session)
        self.cards = Cards(session)
        self.attachments = Attachments(session)
        self.users = Users(session)
        self.tokens = Tokens(session)
        self.idempotency = Idempotency(session)
        self.search = Search(session)
        self.sessions = Sessions(session)
        self.login_failures = LoginFailures(session)
        self.user_invitations = UserInvitations(session)
        self.passkeys = Passkeys(session)
        self.totp = Totp(session)
        self.access_log = AccessLog(session)
        self.user_settings = UserSettings(session)
        self.view_grants = ViewGrants(session)
        self.desk = Desk(session)
        self.importing = Importing(session)
        self.books = Books(session)
        self.notices = Notices(session)
        self.enquiries = Enquiries(session)
        self.guests = Guests(session)
        self.money = Money(session)
        self.wards = Wards(session)
        self.registers = Registers(session)
        self.returning = Returning(session)
        self.moving = Moving(session)
        self.forgetting = Forgetting(session)
        self.guarding = Guarding(session)
        self.mail = Mail(session)
        self.pos = Pos(session)
        self.possessions = Possessions(session)
        self.erasing = Erasing(session)
        self.data_use = DataUse(session)
        self.area = Area(session)
        self.grants = Grants(session)
        self.deeds = Deeds(session)
        self.joint = Joint(session)
        self.offers = Offers(session)
        self.drawings = Drawings(session)
        self.groups = Groups(session)
        self.renewing = Renewing(session)
        self.questions = Questions(session)

    def index_lag(self) -> int:
        """Documents that the search index has not seen yet."""
        return max(0, self.documents.last_position() - self.meta.get_int(INDEXED))

    def take_erased(self) -> bool:
        """Was anything erased for good since this was asked last?"""
        erased, self._session.erased = self._session.erased, False
        return erased

    def forget(self) -> None:
        """The transaction or a savepoint of it ended: nothing that was read holds any more."""
        self._session.forget()
