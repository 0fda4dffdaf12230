"""The bench of joint orders runs, and says what it ran."""

from cli.bench import together


def test_a_small_round() -> None:
    report = together.run(60, 7, conductors=3, rounds=40)
    assert report.figures["random_rounds"] == 40
    assert report.figures["random_shares"] > 0
    assert (report.figures["pledges"], report.figures["nodes"], report.figures["conductors"]) == (60, 7, 3)
    assert report.figures["yen"] > 0
    assert report.figures["yen_missing"] == report.figures["different_results"] == 0
    assert 30 <= report.figures["firms_in_the_order"] <= 60
