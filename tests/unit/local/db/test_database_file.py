"""The SQLite file: migrations, transactions, snapshots."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from airflow_hpt_provider.local.db import tags, tuning_jobs
from airflow_hpt_provider.local.db.migrate import open_database
from airflow_hpt_provider.local.db.queries import load
from airflow_hpt_provider.local.errors import StartError

REQUEST = {"HyperParameterTuningJobConfig": {"Strategy": "Random"}}


def insert(connection, name):
    return tuning_jobs.insert(connection, name=name, arn=f"arn:{name}", request=REQUEST, seed=1, now=1.0)


def test_the_file_is_private_and_durable(tmp_path, database):
    assert (tmp_path / "jobs.sqlite").stat().st_mode & 0o777 == 0o600
    with database.transaction() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert connection.execute("PRAGMA foreign_keys").fetchone()[0] == 1


def test_opening_again_migrates_nothing_twice(tmp_path, database):
    with database.transaction() as connection:
        insert(connection, "job")
    database.close()
    again = open_database(tmp_path / "jobs.sqlite")
    with again.snapshot() as connection:
        assert tuning_jobs.find(connection, "JOB").request == REQUEST
    again.close()


def test_a_newer_file_is_refused(tmp_path, database):
    with database.transaction() as connection:
        connection.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(StartError, match="newer version") as refused:
        open_database(tmp_path / "jobs.sqlite")
    assert "--data-dir" in str(refused.value)


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "jobs.sqlite").write_text(
        "something else entirely, and longer than a header of SQLite's\n" * 5
    )
    with pytest.raises(StartError, match=r"jobs\.sqlite cannot be used \(file is not a database\)"):
        open_database(tmp_path / "jobs.sqlite")


def test_a_failed_transaction_leaves_nothing(database):
    def fail(connection):
        insert(connection, "job")
        raise KeyError

    with pytest.raises(KeyError), database.transaction() as connection:
        fail(connection)
    with database.snapshot() as connection:
        assert tuning_jobs.find(connection, "job") is None


def test_names_are_unique_in_any_case(database):
    with database.transaction() as connection:
        insert(connection, "Job")
    with pytest.raises(sqlite3.IntegrityError), database.transaction() as connection:
        insert(connection, "jOB")


def test_a_snapshot_does_not_move(database):
    with database.snapshot() as reading:
        assert tuning_jobs.find(reading, "job") is None
        with database.transaction() as writing:
            insert(writing, "job")
        assert tuning_jobs.find(reading, "job") is None
    with database.snapshot() as reading:
        assert tuning_jobs.find(reading, "job") is not None


def test_readers_cannot_write(database):
    with database.snapshot() as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        insert(connection, "job")


def test_tags(database):
    with database.transaction() as connection:
        tags.put(connection, "arn:1", {"b": "2", "a": "1"})
        tags.put(connection, "arn:1", {"b": "3"})
        tags.put(connection, "arn:2", {"x": "y"})
        tags.delete(connection, "arn:1", ["a", "none"])
        assert tags.of(connection, "arn:1") == {"b": "3"}
        tags.delete_all(connection, "arn:1")
        assert tags.of(connection, "arn:1") == {}
        assert tags.of(connection, "arn:2") == {"x": "y"}


@pytest.mark.parametrize("file", ["tuning_jobs", "training_jobs", "tags"])
def test_every_statement_is_valid_sql(database, file):
    for name, statement in load(file).items():
        with database.snapshot() as connection:
            prefix = "EXPLAIN " + "\n".join(
                line for line in statement.splitlines() if not line.startswith("--")
            )
            names = set(__import__("re").findall(r":(\w+)", prefix))
            assert connection.execute(prefix, dict.fromkeys(names)).fetchall(), name


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts files as Linux lists them")
def test_threads_that_come_and_go_take_no_file_each(tmp_path, database):
    """A web server's threads do: the service would run out of files after some days."""

    def read():
        with database.snapshot() as connection:
            assert tuning_jobs.find(connection, "job") is None

    for _ in range(20):
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
    names = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.exists()]
    assert names.count(str(tmp_path / "jobs.sqlite")) <= 2, "a writer and a reader"


def test_a_directory_in_the_place_of_the_file_is_named(tmp_path):
    (tmp_path / "jobs.sqlite").mkdir()
    with pytest.raises(StartError, match=r"jobs\.sqlite"):
        open_database(tmp_path / "jobs.sqlite")
