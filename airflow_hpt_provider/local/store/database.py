"""The SQLite file: connections, transactions, migrations.

One writer at a time (the engine's thread, in practice the only one), any number of readers beside it: WAL.
``synchronous=FULL``: a committed transition survives a power cut, not only a kill. It costs one fsync a
commit; the engine puts all that happened meanwhile into one.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from importlib import resources
from queue import Empty, LifoQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Database:
    """A SQLite file with the service's tables.

    Args:
        path: the file; made, with mode 600, if missing, and migrated to the newest tables.

    Raises:
        RuntimeError: the file was written by a newer version of the service.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
        self._path = path
        self._lock = threading.Lock()
        self._readers: LifoQueue[sqlite3.Connection] = LifoQueue()
        self._writer = self._connect()
        self._writer.execute("PRAGMA journal_mode = WAL")
        self._writer.execute("PRAGMA synchronous = FULL")
        migrate(self._writer)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: committed at the end of the block, rolled back if it raises."""
        with self._lock:
            connection = self._writer
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # SQLite rolls back by itself on some errors, a full disk among them.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A reading connection: all reads in the block see one and the same state.

        Never more are open than were read from at one time: threads come and go, and must not take one each.
        """
        try:
            connection = self._readers.get_nowait()
        except Empty:
            connection = self._connect()
            connection.execute("PRAGMA query_only = ON")
        try:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")
        finally:
            self._readers.put(connection)

    def close(self) -> None:
        """Close every connection; nobody may be reading any more."""
        with self._lock:
            self._writer.close()
            while not self._readers.empty():
                self._readers.get_nowait().close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, timeout=30, cached_statements=256
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        return connection


def migrate(connection: sqlite3.Connection) -> None:
    """Run the numbered files of ``migrations/`` that this database has not seen; each in a transaction."""
    files = sorted(
        (
            file
            for file in resources.files(__package__).joinpath("migrations").iterdir()
            if file.name.endswith(".sql")
        ),
        key=lambda file: file.name,
    )
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(files):
        raise RuntimeError(
            "the data directory was written by a newer version of the service (its tables are at version "
            f"{version}, this one knows {len(files)}): upgrade airflow-hpt-provider or use another data directory"
        )
    for number, file in enumerate(files[version:], start=version + 1):
        script = file.read_text(encoding="utf-8")
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
