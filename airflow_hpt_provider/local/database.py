"""A SQLite file: connections, transactions, snapshots.

One writer at a time, any number of concurrent readers (WAL). ``synchronous=FULL``: what is committed survives a power
cut, not only a kill. It costs one fsync a commit; the engine commits all that has happened since its last one together.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from contextlib import contextmanager
from queue import Empty, LifoQueue
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.errors import StartError
from airflow_hpt_provider.models.float32 import float32

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


CHECKPOINT_SECONDS = 60.0
"""Maximum seconds until a change is in the database file itself, not in the WAL file alone."""


class Database:
    """A SQLite file; thread-safe.

    Args:
        path: the file; made, with mode 600, if missing.
        prepare: makes or migrates its tables, on a connection outside of a transaction.

    Raises:
        StartError: it cannot be opened, is no database, is damaged, or cannot be prepared.
    """

    def __init__(self, path: Path, prepare: Callable[[sqlite3.Connection], object]) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._checkpoint: threading.Timer | None = None
        self._readers: LifoQueue[sqlite3.Connection] = LifoQueue()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600, exist_ok=True)
            self._writer = self._connect()
            try:
                self._writer.execute("PRAGMA journal_mode = WAL")
                self._writer.execute("PRAGMA synchronous = FULL")
                prepare(self._writer)
            except BaseException:
                self._writer.close()
                raise
        except (sqlite3.Error, OSError, StartError) as error:
            raise StartError(
                f"{path} cannot be used ({error}): put it right or start on another directory with --data-dir."
            ) from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield a write transaction: committed, and on disk, at the end of the block; rolled back if it raises."""
        with self._lock:
            connection = self._writer
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.rollback()  # if SQLite has not yet, as it has after some errors, a full disk among them
                raise
            self._checkpoint_later()

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Yield a reading connection: all reads in the block see one and the same state.

        A connection is used again after the block, by whatever thread comes next: so no more are ever open than
        there were reads at the same time.
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
                connection.rollback()
        finally:
            self._readers.put(connection)

    def close(self) -> None:
        """Close every connection; no reader may be left."""
        with self._lock:
            if self._checkpoint is not None:
                self._checkpoint.cancel()
            self._writer.close()
            while not self._readers.empty():
                self._readers.get_nowait().close()

    def _checkpoint_later(self) -> None:
        """Have the changes of the next minute written to the file itself: only they are lost with the WAL file."""
        if self._checkpoint is None:
            timer = threading.Timer(CHECKPOINT_SECONDS, self.checkpoint)
            timer.daemon = True
            with contextlib.suppress(RuntimeError):  # no more threads: the next change tries again
                timer.start()
                self._checkpoint = timer

    def checkpoint(self) -> None:
        """Write what the WAL file has to the file itself, as far as readers allow."""
        with self._lock:
            self._checkpoint = None
            with contextlib.suppress(sqlite3.Error):  # closed, or a full disk: the WAL keeps the changes
                self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, timeout=30, cached_statements=256
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.create_function("float32", 1, _float32, deterministic=True)
        return connection


def _float32(value: float | None) -> float | None:
    return None if value is None else float32(value)
