"""The database of tuning and training jobs, and its migrations."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.database import Database
from airflow_hpt_provider.local.errors import StartError

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path


def open_database(path: Path) -> Database:
    """Return the database in this file; made if missing, and migrated to the newest tables.

    Raises:
        StartError: it cannot be read, or was written by a newer version of the service.
    """
    return Database(path, migrate)


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
        raise StartError(
            f"a newer version of airflow-hpt-provider wrote it: its tables are at version {version}, this one knows "
            f"{len(files)}"
        )
    for number, file in enumerate(files[version:], start=version + 1):
        script = file.read_text(encoding="utf-8")
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
