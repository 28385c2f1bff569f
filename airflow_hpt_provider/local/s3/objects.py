"""The object store as a Python API.

The same objects that S3 clients see over HTTP, for code in the service's own process::

    store = ObjectStore(data_dir / "s3")
    store.put("bucket", "jobs/a/output/report.json", b"{}")
    for info in store.list("bucket", "train/"):
        store.download("bucket", info.key, directory / info.key)
    with store.open("bucket", "train/a.csv") as file:
        header = file.readline()

Thread-safe. Every method raises :class:`~airflow_hpt_provider.local.errors.ServiceError` with S3's own code and
text (NoSuchBucket, NoSuchKey ...). What a method has written is on disk when it returns; what it was writing
when the process died is as if it had never begun.
"""

from __future__ import annotations

import io
import sqlite3
import time
import uuid
from typing import TYPE_CHECKING, BinaryIO, cast

from airflow_hpt_provider.local.database import Database
from airflow_hpt_provider.local.disk import is_full
from airflow_hpt_provider.local.s3.blobs import BlobStore, BlobWriter, Digest
from airflow_hpt_provider.local.s3.errors import s3_error
from airflow_hpt_provider.local.s3.index import (
    SCHEMA,
    Content,
    Precondition,
    drop_object,
    find_bucket,
    find_object,
    replace_object,
    require_object,
    segments_of,
    unreferenced,
)
from airflow_hpt_provider.local.s3.listing import list_objects
from airflow_hpt_provider.local.s3.model import Bucket, ObjectInfo, Properties, Segment
from airflow_hpt_provider.local.s3.names import check_bucket_name, check_key
from airflow_hpt_provider.local.s3.rows import object_from, to_json, when

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from airflow_hpt_provider.local.disk import DiskReserve

CHUNK = 1 << 20


class ObjectStore:
    """Buckets and objects in a directory that belongs to this process alone.

    Args:
        directory: made if missing, mode 700.
        region: what new buckets say they are in.
        reserve: disk space that is used to delete objects when the disk is full; None: none is kept.
    """

    def __init__(
        self, directory: Path, region: str = "us-east-1", reserve: DiskReserve | None = None
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.region = region
        self._directory = directory
        self._reserve = reserve
        self.database = Database(
            directory / "index.sqlite", lambda connection: connection.executescript(SCHEMA)
        )
        self.blobs = BlobStore(directory / "blobs")
        with self.database.snapshot() as connection:
            rows = connection.execute("select blob from segment union select blob from part")
            self.blobs.remove_unreferenced({row["blob"] for row in rows})

    def close(self) -> None:
        """Close the index."""
        self.database.close()

    # Buckets

    def create_bucket(self, name: str, *, exist_ok: bool = False, region: str | None = None) -> None:
        """Make a bucket. Raises InvalidBucketName, or BucketAlreadyOwnedByYou unless ``exist_ok``."""
        check_bucket_name(name)
        with self.database.transaction() as connection:
            made = connection.execute(
                "insert or ignore into bucket (name, created, region) values (?, ?, ?)",
                (name, time.time(), region or self.region),
            ).rowcount
        if not made and not exist_ok:
            raise s3_error("BucketAlreadyOwnedByYou")

    def bucket(self, name: str) -> Bucket:
        """Return a bucket. Raises NoSuchBucket."""
        with self.database.snapshot() as connection:
            return find_bucket(connection, name)

    def buckets(self) -> list[Bucket]:
        """All buckets, by name."""
        with self.database.snapshot() as connection:
            rows = connection.execute("select name, created, region from bucket order by name").fetchall()
        return [Bucket(row["name"], when(row["created"]), row["region"]) for row in rows]

    def delete_bucket(self, name: str) -> None:
        """Delete an empty bucket. Raises NoSuchBucket, BucketNotEmpty."""
        with self.database.transaction() as connection:
            find_bucket(connection, name)
            if connection.execute("select 1 from object where bucket = ? limit 1", (name,)).fetchone():
                raise s3_error("BucketNotEmpty")
            if connection.execute("select 1 from upload where bucket = ? limit 1", (name,)).fetchone():
                raise s3_error(
                    "BucketNotEmpty", "The bucket has uploads in progress: complete or abort them first."
                )
            connection.execute("delete from bucket where name = ?", (name,))

    # Writing

    def put(
        self, bucket: str, key: str, data: bytes | BinaryIO, properties: Properties | None = None
    ) -> ObjectInfo:
        """Write an object from bytes or from a binary file that is read to its end."""
        self.bucket(bucket)
        check_key(key)
        writer = self.blobs.create()
        try:
            source = io.BytesIO(data) if isinstance(data, bytes) else data
            while chunk := source.read(CHUNK):
                writer.write(chunk)
        except BaseException:
            writer.abort()
            raise
        return self.commit(bucket, key, writer, properties)

    def start_blob(self, digests: Iterable[Digest] = ()) -> BlobWriter:
        """Return a writer for bytes that come in pieces; end it with :meth:`commit` or its ``abort``."""
        return self.blobs.create(digests)

    def commit(
        self,
        bucket: str,
        key: str,
        writer: BlobWriter,
        properties: Properties | None = None,
        *,
        checksums: Mapping[str, str] | None = None,
        precondition: Precondition | None = None,
    ) -> ObjectInfo:
        """Make what was written the object's content. The blob is gone if this raises."""
        blob = writer.commit()
        content = Content(
            segments=[Segment(blob.name, 0, blob.size)],
            etag=blob.md5,
            properties=properties or Properties(),
            checksums=checksums or {},
        )
        try:
            return self._put(bucket, key, lambda _: content, precondition)
        except BaseException:
            self.blobs.remove([blob.name])
            raise

    def copy(
        self,
        source: tuple[str, str],
        target: tuple[str, str],
        *,
        properties: Callable[[ObjectInfo], Properties] | None = None,
        source_condition: Callable[[ObjectInfo], None] | None = None,
        precondition: Precondition | None = None,
    ) -> ObjectInfo:
        """Copy an object, with its properties unless ``properties`` makes others of it. No bytes move."""

        def content(connection: sqlite3.Connection) -> Content:
            row = require_object(connection, *source)
            info = object_from(row)
            if source_condition:
                source_condition(info)
            return Content(
                segments=segments_of(connection, row),
                etag=info.etag,
                properties=properties(info) if properties else info.properties,
                checksums=info.checksums,
                parts=info.parts,
            )

        return self._put(*target, content, precondition)

    def set_tags(self, bucket: str, key: str, tags: Mapping[str, str]) -> None:
        """Replace an object's tags. Raises NoSuchBucket, NoSuchKey."""
        with self.database.transaction() as connection:
            row = require_object(connection, bucket, key)
            connection.execute("update object set tags = ? where id = ?", (to_json(tags), row["id"]))

    def delete(self, bucket: str, key: str, *, precondition: Precondition | None = None) -> bool:
        """Delete an object; says whether it was there. Raises NoSuchBucket."""
        try:
            return self._delete(bucket, key, precondition)
        except (OSError, sqlite3.OperationalError) as error:
            if not is_full(error, self._directory) or self._reserve is None or not self._reserve.release():
                raise
        deleted = self._delete(bucket, key, precondition)
        self._reserve.fill()  # if this has freed enough
        return deleted

    def _delete(self, bucket: str, key: str, precondition: Precondition | None) -> bool:
        with self.database.transaction() as connection:
            find_bucket(connection, bucket)
            old = find_object(connection, bucket, key)
            if precondition:
                precondition(object_from(old) if old else None)
            garbage = unreferenced(connection, drop_object(connection, old))
        self.blobs.remove(garbage)
        return old is not None

    def _put(
        self,
        bucket: str,
        key: str,
        content: Callable[[sqlite3.Connection], Content],
        precondition: Precondition | None,
    ) -> ObjectInfo:
        check_key(key)
        with self.database.transaction() as connection:
            info, garbage = replace_object(connection, bucket, key, content(connection), precondition)
        self.blobs.remove(garbage)
        return info

    # Reading

    def head(self, bucket: str, key: str) -> ObjectInfo:
        """Return an object without its bytes. Raises NoSuchBucket, NoSuchKey."""
        with self.database.snapshot() as connection:
            return object_from(require_object(connection, bucket, key))

    def exists(self, bucket: str, key: str) -> bool:
        """Return whether the object exists; False also if the bucket does not exist."""
        with self.database.snapshot() as connection:
            return find_object(connection, bucket, key) is not None

    def open(self, bucket: str, key: str) -> BinaryIO:
        """Return the object's bytes as a seekable file, as they were at this moment, whatever happens to the object.

        Close it: a deleted object's bytes stay on disk until then.
        """
        return cast("BinaryIO", io.BufferedReader(self.open_raw(bucket, key)[1]))

    def open_raw(self, bucket: str, key: str) -> tuple[ObjectInfo, io.RawIOBase]:
        """Return the object and its bytes, unbuffered, both of the same moment.

        Raises:
            ServiceError: NoSuchBucket, NoSuchKey; InternalError if the index names bytes that are not on the disk.
        """
        missing: str | None = None
        while True:
            with self.database.snapshot() as connection:
                row = require_object(connection, bucket, key)
                reader = self.blobs.open(segments_of(connection, row))
            lost = reader.missing
            if lost is None:
                return object_from(row), reader
            reader.close()
            if lost == missing:  # names of blobs are not used twice, so nothing was replaced in between
                raise s3_error(
                    "InternalError",
                    f"The bytes of {key!r} in bucket {bucket!r} are missing: file {lost} does not exist in "
                    f"{self.blobs.directory}. Upload the object again.",
                )
            missing = lost

    def get(self, bucket: str, key: str) -> bytes:
        """All of an object's bytes."""
        with self.open(bucket, key) as file:
            return file.read()

    def download(self, bucket: str, key: str, path: Path) -> None:
        """Write an object to a file; the folders above it are made. The file is whole or not there."""
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{uuid.uuid4().hex}.part")
        try:
            with self.open(bucket, key) as source, temporary.open("wb") as target:
                while chunk := source.read(CHUNK):
                    target.write(chunk)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def list(self, bucket: str, prefix: str = "") -> Iterator[ObjectInfo]:
        """All objects whose key begins with the prefix, in order of their keys, page by page.

        Raises NoSuchBucket immediately, not on the first item.
        """
        self.bucket(bucket)

        def pages() -> Iterator[ObjectInfo]:
            after = ""
            while True:
                with self.database.snapshot() as connection:
                    page = list_objects(connection, bucket, prefix=prefix, after=after, limit=1000)
                yield from page.objects
                if page.next is None:
                    return
                after = page.next

        return pages()
