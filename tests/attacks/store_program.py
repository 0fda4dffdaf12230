"""A process that writes documents until it cannot: the victim of the attacks on the disk.

``python store_program.py DATABASE COUNT``: prints ``acked N`` after the commit of document N, then one of ``broken``
(fail-stop: exit 3), ``full`` (goes on when a line comes on its standard input) or ``done``.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from node.store import open_sqlite
from protocol.errors import InvariantBroken, WorldFault
from tests.node.store.rows import document


def main(path: str, count: int) -> int:
    store = open_sqlite(path)
    number = 0
    while number < count:
        try:
            store.write(lambda tx, n=number: tx.documents.add_many([document(n, size=20_000)]))  # type: ignore[misc]
        except InvariantBroken as error:
            print("broken", error, flush=True)
            try:
                store.write(lambda tx: tx.meta.set("after", b"1"))
            except InvariantBroken:
                print("refused", flush=True)
                return 3
            return 4
        except WorldFault as error:
            print("full", error, flush=True)
            if not sys.stdin.readline():
                return 5
            continue
        print("acked", number, flush=True)
        number += 1
    store.close()
    print("done", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
