"""Bank transfer files of Japanese banks (全銀, 総合振込): from payments due to 120-byte records, and back.

>>> seen = preview(payer, payments, day)   # names as the bank reads them, sums, every problem
>>> file = write(payer, payments, day)     # bytes for the bank; marks nothing as paid
>>> parse(file.data)                       # what a file says

Pure functions; a person sends the file and says when it was paid. Knows no store and no dealing.
"""

from node.papers.zengin.banking_days import following, is_banking_day, preceding
from node.papers.zengin.checks import preview
from node.papers.zengin.payments import Account, Payer, Payment, Preview, Problem, Row
from node.papers.zengin.transfer import File, Transfer, parse, write

__all__ = [
    "Account",
    "File",
    "Payer",
    "Payment",
    "Preview",
    "Problem",
    "Row",
    "Transfer",
    "following",
    "is_banking_day",
    "parse",
    "preceding",
    "preview",
    "write",
]
