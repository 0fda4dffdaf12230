"""The pages bench: which addresses a walk takes, and that a node is filled with what is stated."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from cli.bench import ledger, pages
from cli.bench.crawl import Walk, assets_of, links_of, loaded_by
from cli.bench.pages import Measured, book_searches, targets
from cli.cluster.nodes import Node, free_ports
from node.web.app import AREAS

PAGES = [page for area in AREAS for page in area.PAGES if page.method == "GET"]
TODAY = datetime.date(2026, 10, 20)


def test_a_walk_takes_a_few_addresses_of_each_page_and_every_kind_of_step() -> None:
    walk = Walk(PAGES, ["/"], most=2)
    threads = [f"/dealings/{at:064x}" for at in range(5)]
    steps = [f"{threads[0]}/{step}" for step in ("answer", "ship", "bill")]
    walk.offer([*threads, *steps, "/nothing", "/?lang=en", "/books", "/books?low=1", "/books?low=2"])
    taken = []
    while (link := walk.next()) is not None:
        taken.append(link)
    assert taken == ["/", *threads[:2], *steps, "/books", "/books?low=1"]


def test_links_and_what_a_page_loads() -> None:
    text = '<link href="/static/a.css?v=1"><a href="/books?a=1&amp;b=2#x">x</a><a href="https://x.example/">y</a>'
    assert links_of(text) == ["/static/a.css?v=1", "/books?a=1&b=2"]
    assert assets_of(text) == ["/static/a.css?v=1"]
    assert loaded_by("a{b:url(c.svg)} d{e:url('data:x')}") == ["c.svg"]


def test_every_combination_of_the_five_filters_is_searched() -> None:
    assert len(set(book_searches("ab" * 32))) == 32


def test_one_slow_or_heavy_page_fails_the_bench() -> None:
    good = {"/ ja p95_ms": 20.0, "/ en p95_ms": 20.0}
    light = {"/": Measured({}, 90_000)}
    assert all(target.met for target in targets(good, light))
    for name in good:
        assert not all(target.met for target in targets(good | {name: 101.0}, light))
    assert not all(target.met for target in targets(good, {"/": Measured({}, 300_001)}))


def test_the_node_is_filled_with_dealings_in_every_state(tmp_path: Path) -> None:
    node = Node(tmp_path / "a", "A", *free_ports(2))
    node.init()
    filled = ledger.fill(node.folder, 300, TODAY)
    assert filled.documents >= 300
    assert len(filled.threads) == 6
    counted = node.yui("status")
    assert counted["documents"] >= filled.documents + 3  # two catalogues, and the order to a guest


def test_the_time_of_a_pdf_is_the_median_over_kinds_and_languages() -> None:
    measured = {
        "/documents/{id}/pdf": Measured({"ja": [70.0, 80.0], "en": [90.0]}, 1),
        "/guest/{token}/pdf": Measured({"ja": [100.0, 1000.0], "en": []}, 1),
        "/books": Measured({"ja": [1.0] * 9, "en": []}, 1),
    }
    assert pages.pdf_ms(measured) == 90.0
    assert pages.pdf_ms({}) == 0.0


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_whole_bench_on_a_small_node() -> None:
    report = pages.run(200, 5, print)
    assert report.figures["pages"] > 40
    assert report.figures["unseen"] < report.figures["pages"] / 2
    assert report.figures["pdf_ms_p50"] > 0
    heaviest = next(target for target in report.targets if target.name == "heaviest_page_kb")
    assert 0 < heaviest.figure < heaviest.target
