"""The index: which object is made of which blobs. Its tables, and reading and changing those of objects.

Every function takes a connection: the caller owns the transaction. A function that drops references returns the
blobs concerned; those that are :func:`unreferenced` then may be removed after the commit, as a blob that nothing
refers to can never be referred to again. ``uploads_index.py`` has the functions for uploads in parts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from airflow_hpt_provider.local.s3.errors import s3_error
from airflow_hpt_provider.local.s3.model import Bucket, ObjectInfo, ObjectPart, Properties, Segment
from airflow_hpt_provider.local.s3.rows import (
    OBJECT_COLUMNS,
    object_from,
    properties_columns,
    segment_from,
    to_json,
    when,
)

if TYPE_CHECKING:
    import sqlite3

SCHEMA = """
create table if not exists bucket (
    name text primary key, created real not null, region text not null, tags text not null default '{}'
) without rowid;

create table if not exists object (
    id integer primary key,
    bucket text not null references bucket, key text not null,
    size integer not null, etag text not null, modified integer not null,
    headers text not null, metadata text not null, tags text not null,
    checksums text not null, parts text not null,
    unique (bucket, key)
);

create table if not exists segment (         -- an object's bytes, in order
    object integer not null references object on delete cascade, number integer not null,
    blob text not null, "offset" integer not null, length integer not null,
    primary key (object, number)
) without rowid;
create index if not exists segment_blob on segment (blob);

create table if not exists upload (
    id text primary key, bucket text not null references bucket, key text not null, started real not null,
    headers text not null, metadata text not null, tags text not null,
    checksum_algorithm text, checksum_type text
) without rowid;

create table if not exists part (
    upload text not null references upload on delete cascade, number integer not null,
    size integer not null, etag text not null, modified integer not null, checksums text not null,
    blob text not null, "offset" integer not null, length integer not null,
    primary key (upload, number)
) without rowid;
create index if not exists part_blob on part (blob);
"""

Precondition = Callable[[ObjectInfo | None], None]
"""Checks the object that a write would replace, and raises if the write must not happen."""


@dataclass(frozen=True)
class Content:
    """All of an object but its name."""

    segments: Sequence[Segment]
    etag: str
    properties: Properties = field(default_factory=Properties)
    checksums: Mapping[str, str] = field(default_factory=dict)
    parts: Sequence[ObjectPart] = ()

    @property
    def size(self) -> int:
        """The size in bytes."""
        return sum(segment.length for segment in self.segments)


def find_bucket(connection: sqlite3.Connection, name: str) -> Bucket:
    """Return the bucket. Raises NoSuchBucket."""
    row = connection.execute("select name, created, region from bucket where name = ?", (name,)).fetchone()
    if row is None:
        raise s3_error("NoSuchBucket")
    return Bucket(row["name"], when(row["created"]), row["region"])


def find_object(connection: sqlite3.Connection, bucket: str, key: str) -> sqlite3.Row | None:
    """Return the object's row, or None."""
    query = f"select {OBJECT_COLUMNS} from object where bucket = ? and key = ?"  # noqa: S608 - our own columns
    return cast("sqlite3.Row | None", connection.execute(query, (bucket, key)).fetchone())


def require_object(connection: sqlite3.Connection, bucket: str, key: str) -> sqlite3.Row:
    """Return the object's row. Raises NoSuchBucket, NoSuchKey."""
    row = find_object(connection, bucket, key)
    if row is None:
        find_bucket(connection, bucket)
        raise s3_error("NoSuchKey")
    return row


def segments_of(connection: sqlite3.Connection, row: sqlite3.Row) -> list[Segment]:
    """Where the object's bytes are, in order."""
    query = 'select blob, "offset", length from segment where object = ? order by number'
    return [segment_from(segment) for segment in connection.execute(query, (row["id"],))]


def insert_object(connection: sqlite3.Connection, bucket: str, key: str, content: Content) -> None:
    """Insert an object; an older one of that key must have been dropped."""
    identity = connection.execute(
        "insert into object (bucket, key, size, etag, modified, headers, metadata, tags, checksums, parts)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            bucket,
            key,
            content.size,
            content.etag,
            int(time.time()),
            *properties_columns(content.properties),
            to_json(content.checksums),
            to_json([[part.number, part.size, dict(part.checksums)] for part in content.parts]),
        ),
    ).lastrowid
    connection.executemany(
        "insert into segment values (?, ?, ?, ?, ?)",
        [(identity, n, s.blob, s.offset, s.length) for n, s in enumerate(content.segments)],
    )


def replace_object(
    connection: sqlite3.Connection,
    bucket: str,
    key: str,
    content: Content,
    precondition: Precondition | None = None,
) -> tuple[ObjectInfo, list[str]]:
    """Put an object in the place of what was there; the object, and the blobs to remove after the commit."""
    find_bucket(connection, bucket)
    old = find_object(connection, bucket, key)
    if precondition:
        precondition(object_from(old) if old else None)
    dropped = drop_object(connection, old)
    insert_object(connection, bucket, key, content)
    return object_from(require_object(connection, bucket, key)), unreferenced(connection, dropped)


def drop_object(connection: sqlite3.Connection, row: sqlite3.Row | None) -> set[str]:
    """Drop the object, if there is one; the blobs that it referred to."""
    if row is None:
        return set()
    blobs = {segment.blob for segment in segments_of(connection, row)}
    connection.execute("delete from object where id = ?", (row["id"],))
    return blobs


def unreferenced(connection: sqlite3.Connection, names: Iterable[str]) -> list[str]:
    """Those of the blobs that no object and no part refers to (any more)."""
    query = (
        "select exists (select 1 from segment where blob = :b) or exists (select 1 from part where blob = :b)"
    )
    return [name for name in names if not connection.execute(query, {"b": name}).fetchone()[0]]
