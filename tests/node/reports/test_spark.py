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
from pathlib import Path

import duckdb
import pytest

from node.reports.asking import Duck
from tests.node.reports import spark_rows
from tests.node.reports.test_questions import World, drawn

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
