"""Rows of the index to the dataclasses of :mod:`.model`, and back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.s3.model import ObjectInfo, ObjectPart, Part, Properties, Segment, Upload

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

OBJECT_COLUMNS = "id, bucket, key, size, etag, modified, headers, metadata, tags, checksums, parts"


def when(timestamp: float) -> datetime:
    """Seconds since the epoch as an aware datetime."""
    return datetime.fromtimestamp(timestamp, UTC)


def properties_columns(properties: Properties) -> tuple[str, str, str]:
    """Properties as the columns headers, metadata and tags."""
    return to_json(properties.headers), to_json(properties.metadata), to_json(properties.tags)


def to_json(value: Mapping[str, object] | Sequence[object]) -> str:
    """Return a value as compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def object_from(row: sqlite3.Row) -> ObjectInfo:
    """Return an object from a row with :data:`OBJECT_COLUMNS`."""
    return ObjectInfo(
        bucket=row["bucket"],
        key=row["key"],
        size=row["size"],
        etag=row["etag"],
        modified=when(row["modified"]),
        properties=_properties(row),
        checksums=json.loads(row["checksums"]),
        parts=tuple(ObjectPart(*part) for part in json.loads(row["parts"])),
    )


def upload_from(row: sqlite3.Row) -> Upload:
    """Return an upload from its row."""
    return Upload(
        id=row["id"],
        bucket=row["bucket"],
        key=row["key"],
        started=when(row["started"]),
        properties=_properties(row),
        checksum_algorithm=row["checksum_algorithm"],
        checksum_type=row["checksum_type"],
    )


def part_from(row: sqlite3.Row) -> Part:
    """Return a part from its row."""
    return Part(
        number=row["number"],
        size=row["size"],
        etag=row["etag"],
        modified=when(row["modified"]),
        checksums=json.loads(row["checksums"]),
        segment=segment_from(row),
    )


def segment_from(row: sqlite3.Row) -> Segment:
    """Return a segment from a row with blob, offset and length."""
    return Segment(row["blob"], row["offset"], row["length"])


def _properties(row: sqlite3.Row) -> Properties:
    return Properties(json.loads(row["headers"]), json.loads(row["metadata"]), json.loads(row["tags"]))
