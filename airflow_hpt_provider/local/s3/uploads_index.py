"""Reading and changing what :mod:`.index` knows of uploads in parts, inside a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_hpt_provider.local.s3.errors import s3_error
from airflow_hpt_provider.local.s3.index import find_bucket, unreferenced
from airflow_hpt_provider.local.s3.rows import part_from, properties_columns, to_json, upload_from

if TYPE_CHECKING:
    import sqlite3

    from airflow_hpt_provider.local.s3.model import Part, Upload


def insert_upload(connection: sqlite3.Connection, upload: Upload) -> None:
    """Insert an upload, in a bucket that exists."""
    connection.execute(
        "insert into upload values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            upload.id,
            upload.bucket,
            upload.key,
            upload.started.timestamp(),
            *properties_columns(upload.properties),
            upload.checksum_algorithm,
            upload.checksum_type,
        ),
    )


def find_upload(connection: sqlite3.Connection, bucket: str, key: str, identity: str) -> Upload:
    """Return the upload. Raises NoSuchBucket, NoSuchUpload."""
    row = connection.execute(
        "select * from upload where id = ? and bucket = ? and key = ?", (identity, bucket, key)
    ).fetchone()
    if row is None:
        find_bucket(connection, bucket)
        raise s3_error("NoSuchUpload")
    return upload_from(row)


def uploads_of(connection: sqlite3.Connection, bucket: str) -> list[Upload]:
    """Return a bucket's uploads, by key and start time."""
    rows = connection.execute("select * from upload where bucket = ? order by key, started", (bucket,))
    return [upload_from(row) for row in rows]


def drop_upload(connection: sqlite3.Connection, upload: Upload) -> list[str]:
    """Drop an upload and its parts; the blobs to remove after the commit."""
    blobs = [part.segment.blob for part in parts_of(connection, upload)]
    connection.execute("delete from upload where id = ?", (upload.id,))
    return unreferenced(connection, blobs)


def parts_of(connection: sqlite3.Connection, upload: Upload) -> list[Part]:
    """Return an upload's parts so far, by number."""
    rows = connection.execute("select * from part where upload = ? order by number", (upload.id,))
    return [part_from(row) for row in rows]


def replace_part(connection: sqlite3.Connection, upload: Upload, part: Part) -> list[str]:
    """Put a part in the place of an earlier one of its number; the blobs to remove after the commit."""
    replaced = [old.segment.blob for old in parts_of(connection, upload) if old.number == part.number]
    connection.execute(
        "insert or replace into part values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            upload.id,
            part.number,
            part.size,
            part.etag,
            int(part.modified.timestamp()),
            to_json(part.checksums),
            part.segment.blob,
            part.segment.offset,
            part.segment.length,
        ),
    )
    return unreferenced(connection, replaced)
