"""The bench of offers runs, and says what it ran."""

from cli.bench import offers
from protocol.limits import MAX_OFFERS_PER_MEMBER


def test_a_few_offers() -> None:
    figures, targets = offers.run(240, 8, lambda _: None)
    assert (figures["offers_open"], figures["offer_nodes"]) == (240, 8)
    assert figures["offer_flood_series_kept"] == MAX_OFFERS_PER_MEMBER
    assert figures["offer_bytes_of_peers"] < figures["offer_bytes_of_peers_limit"]
    assert {target.name for target in targets if not target.met} <= {"offer_search_ms_p95", "offer_match_ms_p95"}
