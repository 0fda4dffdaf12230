"""Files that people bring: read once, looked at, taken over in one step when the person says so.

>>> row = uploads.bring(house, tx, member, "clerk", "items", "items.csv", packed, digest)
>>> seen = uploads.look(house, tx, uploads.opened(tx, member, "clerk", row.id))  # what it would do, what is wrong
>>> uploads.take(house, tx, seen.upload, "clerk")                                # the good lines, in one transaction

Nothing of a file reaches a member's own records before ``take``. Reading: :mod:`node.papers.tabular`.
"""

from node.services.importing.layouts import forget, propose, remember

__all__ = ["forget", "propose", "remember"]
