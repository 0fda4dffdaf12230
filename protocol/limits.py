"""Every size, depth, count and rate that a stranger can influence. Enforced before work is done.

Constants only, each with its unit in its name or comment. ``docs/protocol.md`` lists the same numbers.
"""

from __future__ import annotations

KIB = 1024
MIB = 1024 * KIB

# canonical encoding
MAX_DEPTH = 16  # nested arrays and maps
MAX_NODES = 10_000  # values in one record or body
MAX_RECORD_BYTES = 16 * KIB  # one control record, card, descriptor, header
MAX_INT = 2**53 - 1  # magnitude of integers in bodies (exact in every JSON reader)

# documents
MAX_DOCUMENT_BYTES = 256 * KIB  # header, proof and parts together; larger bodies become attachments
MAX_HEADER_BYTES = 16 * KIB
MAX_PARTS = 8
MAX_PART_NAME_CHARS = 32
MAX_FOLLOWS = 32
MAX_ATTACHMENTS = 64
MAX_EXTENSIONS = 16
MAX_EXTENSION_BYTES = 1 * KIB
MAX_PROOF_PATH = 20  # a member signature covers at most 2**20 documents
MAX_BUSINESS_KEY_CHARS = 128
MAX_MEDIA_TYPE_CHARS = 127
MAX_TYPE_CHARS = 64
MAX_LINES = 1_000  # lines of one paper
MAX_CATALOGUE_ITEMS = 500  # of one sheet; a sheet is a document and stays below MAX_DOCUMENT_BYTES
MAX_CATALOGUE_SHEETS = 32  # of one version
MAX_CATALOGUE_DOCUMENTS = 128  # of one catalogue's thread, all versions: sheets are large
MAX_PRICE_TIERS = 16
MAX_REPORT_AREAS = 200  # of one report of sales
MAX_REPORT_LINES = 3_000  # of all areas of one report together
MAX_DEED_DOCUMENTS = 64  # of one thread of terms, answers and reports
MAX_BOOKING_US = 366 * 24 * 3600 * 1_000_000
MAX_REPLENISHMENT_DOCUMENTS = 128  # of one thread of reports and proposals, a half year: reports are large
MAX_TEXT_CHARS = 4_000  # one text field of a paper
MAX_SCALE = 9  # decimal places of quantities and unit prices
MAX_THREAD_DOCUMENTS = 1_000  # of one dealing; a fold is quadratic in its branches
MAX_MESSAGES = 200  # of one side in one dealing: talk must not use up the room of papers

# attachments
CHUNK_BYTES = 1 * MIB
MAX_ATTACHMENT_BYTES = 2 * 1024 * MIB
MAX_ATTACHMENT_CHUNKS = MAX_ATTACHMENT_BYTES // CHUNK_BYTES
MAX_WAITING_ATTACHMENT_BYTES_PER_PEER = 4 * 1024 * MIB

# identity
MAX_RULES = 8
MAX_KEYS_PER_ROLE = 8
MAX_CONTROL_RECORDS = 9_000  # records of one member's control log; a history of them stays below MAX_NODES
RESERVED_PER_RANK = 500  # of these, how many each rank leaves free for the next higher one
MAX_PROOFS = 16
MAX_HISTORY_BYTES = 6 * MIB  # of one member's history, wherever it stands
MAX_PROOF_BYTES = 13 * MIB
UNDO_WINDOW_US = 7 * 24 * 3600 * 1_000_000
MAX_DESCRIPTOR_ENDPOINTS = 8
MAX_NAME_CHARS = 200

# links
MAX_BATCH_BYTES = 1 * MIB
MAX_BATCH_ITEMS = 512
TARGET_BATCH_ITEMS = 125
RETRY_MIN_US = 5 * 1_000_000
RETRY_MAX_US = 15 * 60 * 1_000_000
REQUEST_TIMEOUT_US = 30 * 1_000_000
MAX_QUARANTINE_BYTES_PER_PEER = 64 * MIB
MAX_WAITING_DOCUMENTS_PER_PEER = 100_000

# directory
MAX_CARDS_PER_DELTA = 200
MAX_CARDS_PER_PEER = 50_000
MAX_CARD_BYTES = 8 * KIB
MAX_SEARCH_CHARS = 100

# enrolment of peers
MAX_PENDING_INVITATIONS = 100
SHORT_CODE_DIGITS = 8
INVITATION_LIFETIME_US = 7 * 24 * 3600 * 1_000_000
MAX_OPEN_COMMITMENTS = 32  # strangers' exchanges between commitment and reveal, all in memory
COMMITMENT_LIFETIME_US = 2 * 60 * 1_000_000
MAX_COMMITMENTS_PER_HOUR = 30  # from all strangers together: bounds guesses at the short code
MAX_INTRODUCTION_BYTES = 24 * KIB  # descriptor, its signature and one certificate
MAX_CERTIFICATE_BYTES = 2 * KIB  # DER
MAX_CERTIFICATES = 2  # of one node: the present one and the next
MAX_SUGGESTIONS = 200  # nodes seen by LAN discovery
SUGGESTION_LIFETIME_US = 75 * 60 * 1_000_000  # as long as a multicast DNS pointer lives

# peer port
PEER_REQUESTS_PER_MINUTE = 30_000  # from one peer; an honest one has one request open at a time
STRANGER_REQUESTS_PER_MINUTE = 10  # from one address, to the enrolment endpoints
MAX_REQUESTS_IN_SERVICE = 8  # bodies of peers in memory at once
MAX_ANSWER_BYTES = 8 * MIB  # of any answer on the peer port: one may hold a long history

# guardians
MAX_GUARDIANS = 7  # of one member
MAX_FRAME_BYTES = 768 * KIB  # sealed; what a frame brings has at most MAX_FRAME_PLAIN_BYTES
MAX_FRAME_PLAIN_BYTES = 512 * KIB
MAX_FRAMES_PER_REQUEST = 64
MAX_WARDS_PER_HOME = 10_000
MAX_VAULT_KEYS = 64  # generations of one member's vault key
MAX_VAULT_WRAPS = 24  # of one key: a role's keys, at most 8 for each of three roles
DEFAULT_WARD_BYTES = 4 * 1024 * MIB  # a ward's place at one guardian, if the agreement says nothing else
SAFE_PATIENCE_US = 5 * 1_000_000  # how long a document waits to be safe before it is sent all the same
FENCES_PER_HOUR = 20  # for one member at one guardian
MAX_BALLOT = 2**31

# mail for the dark, relays
DARK_US = 15 * 60 * 1_000_000  # so long after the last contact mail goes another way; the default of a setting
MAIL_LIFETIME_US = 30 * 24 * 3600 * 1_000_000  # how long whoever keeps a parcel is asked to keep it
MAX_MAIL_LIFETIME_US = 90 * 24 * 3600 * 1_000_000
MAX_PARCEL_PLAIN_BYTES = 512 * KIB  # the signed batch in a parcel
MAX_PARCEL_BYTES = 640 * KIB  # padded and sealed
MAX_PARCEL_DOCUMENTS = 64
MAX_MAIL_BYTES_PER_SENDER = 16 * MIB  # from one node for one ward, or one other node
MAX_MAIL_BYTES_PER_WARD = 64 * MIB
MAX_MAIL_PER_SENDER = 1_000  # parcels or pieces, from one node for one ward or one other node
MAX_MAIL_LISTED = 512  # in one answer
MAX_MAIL_DONE = 512  # in one question

# statistics between regions
STATS_CAP = 2**40 - 1  # magnitude of one unit's figure (yen, pieces) in one cell
MAX_STATS_NODES = 4_096  # of one cohort: nodes * units * cap stays below 2**63
MIN_STATS_NODES = 4  # below that a mask hides nothing: the asker takes away its own
MAX_STATS_UNITS = 2_047  # of one node in one size class
MAX_STATS_CELLS = 1_000  # of one question
MAX_STATS_ROWS = 4_000  # lines of counts of one question: cells, rests, changes
STATS_NEIGHBOURS = 64  # of one node where there are more than STATS_COMPLETE
STATS_COMPLETE = 200  # up to so many nodes everybody is everybody's neighbour
STATS_CHECKERS = 16  # nodes that compute the counts again
MAX_STATS_MISSING = 16  # nodes that may be lost in the second step
MAX_STATS_MESSAGE_BYTES = 4 * MIB
MAX_STATS_OPENING_BYTES = 512 * MIB
STATS_QUESTIONS_PER_MONTH = 30  # of one asker to one cohort
STATS_TRIES = 2  # first steps that a node takes part in for one cell and version
STATS_PHASE_US = 60 * 1_000_000  # how long the coordinator waits for the last answer of a phase

# joint orders
MIN_JOINT_CONDUCTORS = 3  # associations that may close a round; most of them decide, so one may be dark
MAX_JOINT_CONDUCTORS = 7
MAX_JOINT_ITEMS = 16  # of one round
MAX_JOINT_DROPS = 64
MAX_JOINT_QUANTITY = 10**6  # that one firm wants of one item, in units of the goods
MAX_JOINT_MONEY = 10**9  # yen of a price, a freight or a bound in the terms
MAX_JOINT_REVISION = 1_000  # words of one firm in one round
MAX_JOINT_PLEDGES = 4_096  # firms whose words one conductor takes in one round
MAX_JOINT_WORDS = 4 * 2 * MAX_JOINT_PLEDGES  # hashes in one set: a majority's, two of a firm that contradicts itself
MAX_JOINT_MESSAGE_BYTES = 8 * MIB

# offers
MAX_OFFER_BYTES = 8 * KIB  # signed
MAX_OFFER_TITLE_CHARS = 100
MAX_OFFER_TEXT_CHARS = 1_000
MAX_OFFER_LIST = 20  # entries of one list in an offer
MAX_OFFER_WORD_CHARS = 60  # of one of them
MAX_OFFER_QUANTITY = 10**9
MAX_OFFER_YEN = 10**12
MAX_OFFER_NODES = 32  # that one offer names
MAX_OFFER_REVISION = 1_000
MAX_OFFER_LIFETIME_US = 366 * 24 * 3600 * 1_000_000
MAX_OFFERS_PER_DELTA = 200
MAX_OFFERS_PER_MEMBER = 200  # open and withdrawn ones that have not expired, at home and at every other node
MAX_OFFERS_PER_PEER = 10_000
MAX_OFFER_BYTES_PER_PEER = 8 * MIB
MAX_OFFER_BYTES_OF_PEERS = 256 * MIB  # of all peers together

# drawings
MAX_DRAWING_BYTES = 1024 * MIB  # of one file
MAX_DRAWING_VERSIONS = 1_000  # of one drawing
MAX_DRAWING_READERS = 64  # of one version
MAX_DRAWING_REVISION = 1_000  # words of an owner about one reader of a version
MAX_DRAWING_READINGS = 10_000  # of one version by one firm: after these it opens no more
MAX_DRAWINGS_TOLD = 2_000  # versions of one owner that a node hears of: later ones are refused
MAX_DRAWING_PREVIEW_BYTES = 20 * MIB  # larger files have no preview
MAX_DRAWING_PREVIEW_PAGES = 100
MAX_DRAWING_PREVIEW_PIXELS = 60_000_000

# groups
MAX_GROUPS = 1_000  # that a node knows
MAX_GROUP_MEMBERS = 200  # with those who are invited
MAX_GROUP_FACTS = 2_000  # of one group
MAX_GROUP_FACTS_PER_AUTHOR = 400
MAX_GROUP_FOLLOWS = 16
MAX_GROUP_TEXT_CHARS = 2_000

# UBL and other XML
MAX_XML_BYTES = 4 * MIB
MAX_XML_DEPTH = 32
MAX_XML_NODES = 50_000

# API
MAX_API_BODY_BYTES = 4 * MIB
MAX_API_DOCUMENTS = 250
