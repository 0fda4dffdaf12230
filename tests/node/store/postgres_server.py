"""A throw-away PostgreSQL server in a temporary folder, on a unix socket, as a user that is not root."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from node.store.tables import METADATA

START_SECONDS = 30.0


class NoServer(Exception):
    """Why there is none."""


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise NoServer(f"{name} is not installed")
    return str(Path(found).resolve())


class PostgresServer:
    """Started, then stopped and removed. Each ``dsn()`` is a new, empty database."""

    def __init__(self) -> None:
        self._initdb, self._postgres = _program("initdb"), _program("postgres")
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="yui-pg-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        self._store: str | None = None

    def start(self) -> None:
        try:
            if self._user is not None:
                os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
            self._run(
                self._initdb,
                "-D",
                str(self.folder / "data"),
                "-U",
                "yui",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "-N",
                "--locale=C",
            )
            log = (self.folder / "log").open("wb")
            with log:
                self._process = subprocess.Popen(
                    [
                        self._postgres,
                        "-D",
                        str(self.folder / "data"),
                        "-k",
                        str(self.folder),
                        "-c",
                        "listen_addresses=",
                        "-c",
                        "shared_buffers=16MB",
                        "-c",
                        "fsync=off",
                        "-c",
                        "max_connections=20",
                    ],
                    stdout=log,
                    stderr=log,
                    cwd=self.folder,
                    **self._as_user(),
                )
            self._wait()
        except BaseException:
            self.stop()
            raise

    def dsn(self) -> str:
        """The connection string of a new, empty database."""
        import psycopg

        self._databases += 1
        name = f"yui{self._databases}"
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        return self._dsn(name)

    def empty_store(self) -> str:
        """The connection string of a store without rows, always the same one: a new database takes half a second."""
        import psycopg

        if self._store is None:
            from node.store.postgres import open_postgres

            self._store = self.dsn()
            open_postgres(self._store).close()
        clear = [f"DELETE FROM {table.name};" for table in METADATA.tables.values() if table.name != "counters"]
        with psycopg.connect(self._store) as connection:
            connection.execute(
                " ".join(
                    [*clear, "DELETE FROM search;", "DELETE FROM search_offers;", "UPDATE counters SET value = 0;"]
                ).encode()
            )
        return self._store

    def stop(self) -> None:
        """End the server at once."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _dsn(self, database: str) -> str:
        return f"host={self.folder} user=yui dbname={database}"

    def _as_user(self) -> dict[str, Any]:
        return {} if self._user is None else {"user": self._user.pw_uid, "group": self._user.pw_gid}

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, capture_output=True, check=False, cwd=self.folder, **self._as_user())
        if done.returncode:
            raise NoServer(f"{Path(command[0]).name} failed: {done.stderr.decode(errors='replace')[-300:]}")

    def _wait(self) -> None:
        import psycopg

        assert self._process is not None
        limit = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self._dsn("postgres")).close()
                return
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > limit:
                    raise NoServer(f"postgres did not start: {error}") from error
                time.sleep(0.05)
