"""``yui bench pages``: how long a node that holds many papers takes for each page, and how much it sends.

One default ``yui serve`` process; the browser is this process, on loopback. Pages are found by walking over the links
of the firm's owner, the association's administrator, and people who hold a link only. Time counts from the request's
first byte to the answer's last as the browser sees it, so it is at least the server's. Owns the measurement.
"""

from __future__ import annotations

import datetime
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode, urljoin

import psutil

from cli.bench import floors, ledger
from cli.bench.crawl import ENDLESS, Walk, assets_of, is_file, links_of, loaded_by
from cli.bench.delivery import percentile
from cli.bench.ledger import Ledger
from cli.bench.report import Report, Target
from cli.bench.visitor import Visitor
from cli.cluster.nodes import Node, free_ports
from node.web.page import Page

MAX_MS: Final = 100
MAX_PAGE_KB: Final = 300
LANGUAGES: Final = ("ja", "en")
PDF: Final = "/pdf"
UNLINKED: Final = ("/notices/stop/", "/login/code")  # no link leads there without a letter or a second factor


class Measured(NamedTuple):
    """One page: ms of each answer by language; the most that it and all that it loads transfer, bytes."""

    ms: dict[str, list[float]]
    size: int


def run(documents: int, rounds: int, tell: Callable[[str], None]) -> Report:
    """Fill a node, start it, walk, measure. ``rounds``: answers of each page in each language."""
    with tempfile.TemporaryDirectory(prefix="yui-bench-") as folder:
        lowest = floors.measure(Path(folder))
        node = Node(Path(folder) / "a", "A", *free_ports(2))
        node.init()
        began = time.perf_counter()
        filled = ledger.fill(node.folder, documents, datetime.datetime.now(datetime.UTC).date())
        fill_s = time.perf_counter() - began
        tell(f"{filled.documents} documents in {fill_s:.0f} s")
        node.start()
        try:
            node.wait_ready()
            figures, measured = _visit(node, filled, rounds, tell)
        finally:
            node.stop()
        lowest = floors.merged(lowest, floors.measure(Path(folder)))
    figures |= {"documents": filled.documents, "fill_s": fill_s, "pages": len(measured)}
    figures["pdf_ms_p50"] = pdf_ms(measured)
    for path, page in sorted(measured.items()):
        figures |= _figures(path, page)
    return Report("pages", figures, lowest, targets(figures, measured))


def targets(figures: dict[str, float], measured: dict[str, Measured]) -> list[Target]:
    """Every page in time, in both languages, and none too heavy. Files have no limit."""
    found = [
        Target(f"{path} {language} p95_ms", figures[f"{path} {language} p95_ms"], MAX_MS)
        for path in sorted(measured)
        for language in LANGUAGES
        if not is_file(path)  # a PDF is drawn, a list written: measured, without a limit
    ]
    heaviest = max((page.size / 1000 for path, page in measured.items() if not is_file(path)), default=0)
    return [*found, Target("heaviest_page_kb", heaviest, MAX_PAGE_KB)]


def pdf_ms(measured: dict[str, Measured]) -> float:
    """The median time of a paper as PDF, all kinds and both languages; 0 if none was drawn."""
    taken = [ms for path, page in measured.items() if path.endswith(PDF) for each in page.ms.values() for ms in each]
    return statistics.median(taken) if taken else 0.0


def _figures(path: str, page: Measured) -> dict[str, float]:
    found = {f"{path} kb": page.size / 1000}
    for language, ms in page.ms.items():
        found[f"{path} {language} p50_ms"] = statistics.median(ms)
        found[f"{path} {language} p95_ms"] = percentile(ms, 95)
    return found


def _visit(
    node: Node, filled: Ledger, rounds: int, tell: Callable[[str], None]
) -> tuple[dict[str, float], dict[str, Measured]]:
    from node.web.app import AREAS

    pages = [page for area in AREAS for page in area.PAGES if page.method == "GET"]
    before = _rss_mb(node)
    measured: dict[str, Measured] = {}
    first = 0.0
    people = {"": [], **filled.sessions}
    for name, tokens in sorted(people.items(), reverse=True):  # owner, admin, nobody
        with closing(Visitor(node.port, filled.mark, tokens)) as visitor:
            if not first:
                visitor.page("/")
                first = _rss_mb(node)
            walk = Walk(pages, starts(name, filled), skipped=("/login",) if name else ())
            for path, addresses in walked(visitor, walk).items():
                if path not in measured:
                    measured[path] = _measure(visitor, addresses, rounds)
        tell(f"{name or 'nobody'}: {len(measured)} pages")
    unseen = sorted({page.path for page in pages} - set(measured) - set(_left_out(pages)))
    for path in unseen:
        tell(f"no way led to {path}")
    figures = {
        "rss_mb_before_first_page": before,
        "rss_mb_after_first_page": first,
        "rss_mb_after_all_pages": _rss_mb(node),
        "unseen": len(unseen),
    }
    return figures, measured


def _left_out(pages: Iterable[Page]) -> Iterator[str]:
    return (page.path for page in pages if page.path.startswith((*UNLINKED, *ENDLESS)))


def starts(name: str, filled: Ledger) -> list[str]:
    """Where a person's walk begins, beside what the links lead to."""
    if not name:
        return ["/login", "/worker.js", *filled.links]
    if name == "admin":
        return ["/", "/menu", f"/association/members/{filled.firm}"]
    dealings = [f"/dealings/{thread}" for thread in filled.threads]
    searches = [
        f"/{place}?{urlencode({'q': word})}" for place in ("partners", "search") for word in ("竹", "花咲", "B-0001")
    ]
    return ["/", "/menu", *dealings, *searches, *book_searches(filled.partner)]


def book_searches(partner: str) -> Iterator[str]:
    """Every combination of a range of days, a range of amounts, a partner, a type and a number."""
    today = datetime.datetime.now(datetime.UTC).date()
    asked = (
        [*_day("since", today - datetime.timedelta(days=90)), *_day("until", today)],
        [("low", "10000"), ("high", "900000")],
        [("partner", partner)],
        [("type", "invoice")],
        [("number", "B-0001")],
    )
    for count in range(len(asked) + 1):
        for chosen in itertools.combinations(asked, count):
            question = urlencode([pair for part in chosen for pair in part])
            yield f"/books?{question}" if question else "/books"


def _day(name: str, day: datetime.date) -> list[tuple[str, str]]:
    return [(f"{name}.year", str(day.year)), (f"{name}.month", str(day.month)), (f"{name}.day", str(day.day))]


def walked(visitor: Visitor, walk: Walk) -> dict[str, list[str]]:
    """The addresses of each page that answered with something to see."""
    found: dict[str, list[str]] = {}
    while (link := walk.next()) is not None:
        answer = visitor.page(link)
        if answer.location:
            walk.offer([answer.location])
        walk.offer(links_of(answer.text))
        page = walk.page_of(link)
        if answer.status == 200 and page is not None:
            found.setdefault(page[0].path, []).append(link)
    return found


def _measure(visitor: Visitor, addresses: list[str], rounds: int) -> Measured:
    """Each language in turn, the page's addresses one after the other."""
    ms: dict[str, list[float]] = {}
    size = 0
    for language in LANGUAGES:
        visitor.language = language
        turns = itertools.islice(itertools.cycle(addresses), max(rounds, len(addresses)))
        answers = [visitor.page(address) for address in turns]
        ms[language] = [answer.ms for answer in answers]
        heaviest = max(answers, key=lambda answer: answer.size)
        size = max(size, heaviest.size + _loaded(visitor, heaviest.text))
    visitor.language = LANGUAGES[0]
    return Measured(ms, size)


def _loaded(visitor: Visitor, text: str) -> int:
    """Bytes of everything that a page loads, transferred anew."""
    total = 0
    for asset in assets_of(text):
        answer = visitor.get(asset)
        total += answer.size
        if asset.partition("?")[0].endswith(".css"):
            total += sum(visitor.get(urljoin(asset, quote(name, safe="/.?=%"))).size for name in loaded_by(answer.text))
    return total


def _rss_mb(node: Node) -> float:
    return float(psutil.Process(node.pid).memory_info().rss) / 2**20
