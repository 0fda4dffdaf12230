"""The bench of questions between regions, small: it runs the machines, and its sums were compared with the truth."""

from cli.bench import questions


def test_a_small_question_is_measured() -> None:
    report = questions.run(6, 10)
    assert report.figures["answerers"] == 6
    assert report.figures["cells_opened"] >= 1
    assert report.figures["node_cpu_ms_median"] > 0
    assert {target.name for target in report.targets if target.name != "node_cpu_ms_median" and not target.met} == set()
