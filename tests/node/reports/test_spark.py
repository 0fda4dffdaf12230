"""Every report on a Spark cluster of one master and one worker: the rows that DuckDB gives."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from cli.demonstration import lines as registers
from cli.demonstration.lines import Lines
from node import selling
from node.api.context import Context
from node.pos.process import Warehouse
from node.reports.asking import Duck
from node.services import datause
from node.services.selling import asking
from node.services.selling.places import Place
from tests.node.reports import spark_rows
from tests.node.reports.test_questions import World, drawn
from tests.node.services.town import Association

pyspark = pytest.importorskip("pyspark", reason="pyspark is not installed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java, which is not installed"),
]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address. Only on loopback."""
    home = Path(pyspark.__file__).parent
    folder = tmp_path_factory.mktemp("spark")
    port = free_port()
    spark_class, deploy = str(home / "bin" / "spark-class"), "org.apache.spark.deploy"
    where = ["--host", "127.0.0.1", "--webui-port", "0"]
    commands = (
        [spark_class, f"{deploy}.master.Master", *where, "--port", str(port)],
        [
            spark_class,
            f"{deploy}.worker.Worker",
            *where,
            "-c",
            "2",
            "-m",
            "1G",
            "-d",
            str(folder),
            f"spark://127.0.0.1:{port}",
        ],
    )
    around = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}
    started: list[subprocess.Popen[bytes]] = []
    with (folder / "said").open("wb") as said:
        try:
            for command in commands:
                started.append(
                    subprocess.Popen(command, stdout=said, stderr=said, stdin=subprocess.DEVNULL, env=around)
                )
                until = time.monotonic() + 60
                while not listens(port):
                    assert time.monotonic() < until, (folder / "said").read_text()[-2000:]
                    time.sleep(0.2)
            yield f"spark://127.0.0.1:{port}"
        finally:
            for process in reversed(started):
                process.terminate()
                process.wait(30)


def test_the_same_rows(cluster: str, tmp_path: Path) -> None:
    lines = [line for line in drawn(1) + drawn(2) if (line.member, line.item) != ("m1", "i7")]
    with duckdb.connect() as connection:
        World(connection, lines)
        for name in ("lines", "places"):
            connection.execute(f"COPY {name} TO '{tmp_path / name}.parquet' (FORMAT parquet)")
        expected = spark_rows.answers(Duck(connection))
    # a process of its own: its client leaves sockets behind
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "tests.node.reports.spark_rows", cluster, str(tmp_path)],
        capture_output=True, text=True, timeout=240, check=False, env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert json.loads(ran.stdout.splitlines()[-1]) == json.loads(json.dumps(expected))
    assert all(expected.values())


def test_a_node_with_a_cluster_in_its_configuration_answers_the_same(
    cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the process that asks the cluster, over the partitions that registers' files were taken into."""
    monkeypatch.setattr(registers, "_package", lambda: None)
    town = Association("豊田")
    today = datetime.fromtimestamp(town.house.clock() / 1e6, UTC).date()
    lines = Lines(1, today, whole=False)
    here = Context(town.house, town.store, tmp_path)
    far = Warehouse(tmp_path / "pos", cluster, "127.0.0.1")
    try:
        members = [town.enrol(f"店{number}") for number in range(4)]
        for number, member in enumerate(members):
            town.do(lambda tx, member=member: datause.choose(town.house, tx, member, datause.CHOICES, "owner"))
            town.do(lambda tx, member=member: datause.set_street(tx, member, "本通り"))
            file = tmp_path / f"{number}.csv"
            good, _ = lines.write(0, number, file)
            told = selling.bring(
                here.store, here.warehouse, town.house.clock, selling.Sold(file, file.name, member, "test")
            )
            assert (told["new"], told["bad"]) == (good, 0), told["problems"]
        first = members[0]
        period = asking.weeks(today, lines.end.isoformat(), 8)
        place = Place(first.hex(), "本通り", "", near=True, far=True)
        ((item,),) = lines.rows("SELECT item FROM lines GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1")
        asked = [
            *asking.days_known(first), *asking.overview(first, period), *asking.stock(first, place, period),
            *asking.trends(first, period), *asking.item(first, place, item, "C62", period),
        ]  # fmt: skip
        expected = selling.reports(here.store, here.warehouse, asked)
        assert sum(map(bool, expected)) >= len(expected) - 2
        assert selling.reports(here.store, far, asked) == expected
    finally:
        far.close()
        here.close()
        lines.base.close()
