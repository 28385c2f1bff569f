"""Blobs: immutable files that are whole, and on disk, before anything refers to them."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import threading
import uuid
from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING, Protocol

from airflow_hpt_provider.local.s3.model import Blob, Segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from _typeshed import WriteableBuffer


log = logging.getLogger(__name__)

PUT_ASIDE = "put-aside"
"""The directory next to the blobs that gets those which nothing refers to when the service starts."""
_TEMPORARY = ".tmp"


class Digest(Protocol):
    """A running checksum under its S3 member name, e.g. ``ChecksumCRC32``."""

    member: str

    def update(self, data: bytes, /) -> None:
        """Continue the checksum with these bytes."""
        ...

    def base64(self) -> str:
        """Return the checksum so far."""
        ...


class BlobStore:
    """A directory of blobs; thread-safe within the one process that owns it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = threading.Lock()
        self._pins: Counter[str] = Counter()
        self._pending_delete: set[str] = set()

    def create(self, digests: Iterable[Digest] = ()) -> BlobWriter:
        """Return a new blob to write to; it exists only after :meth:`BlobWriter.commit`."""
        # It may have been deleted since the start, with the bytes of all objects.
        self.directory.mkdir(exist_ok=True, mode=0o700)
        return BlobWriter(self.directory, tuple(digests))

    def open(self, segments: Sequence[Segment]) -> BlobReader:
        """Return the bytes of these segments as one seekable file. They stay readable until it is closed."""
        with self._lock:
            self._pins.update({segment.blob for segment in segments})
        return BlobReader(self, segments)

    def remove(self, names: Iterable[str]) -> None:
        """Delete blobs that nothing refers to any more; one that is being read goes when its readers are done."""
        for name in names:
            with self._lock:
                if self._pins[name]:
                    self._pending_delete.add(name)
                    continue
            (self.directory / name).unlink(missing_ok=True)

    def remove_unreferenced(self, referred: set[str]) -> None:
        """Delete half-written files, and put aside blobs that nothing refers to.

        A crash between two steps leaves such a blob; but so does an index that has lost its newest changes, and then
        the blob is the only copy of an object.
        """
        kept = self.directory.with_name(PUT_ASIDE)
        found = {entry.name for entry in self.directory.iterdir()}
        for name in found - referred:
            if name.endswith(_TEMPORARY):
                (self.directory / name).unlink(missing_ok=True)
            else:
                kept.mkdir(exist_ok=True, mode=0o700)
                (self.directory / name).rename(kept / name)
        if kept.is_dir() and (put_aside := len(list(kept.iterdir()))):
            log.warning(
                "%d files in %s belong to no object that the index knows. If objects are missing, stop the service, "
                "restore index.sqlite and index.sqlite-wal from the same copy, and move the files back to %s. "
                "Otherwise delete them.",
                put_aside,
                kept,
                self.directory,
            )
        if lost := referred - found:
            log.warning(
                "The index names %d files that do not exist in %s, for example %s: reading their objects fails. "
                "Restore the files, or upload the objects again.",
                len(lost),
                self.directory,
                min(lost),
            )

    def release(self, segments: Sequence[Segment]) -> None:
        """Release the segments of a reader that is done."""
        with self._lock:
            names = {segment.blob for segment in segments}
            self._pins.subtract(names)
            free = {name for name in names if self._pins[name] <= 0}
            for name in free:
                del self._pins[name]
            gone = self._pending_delete & free
            self._pending_delete -= gone
        self.remove(gone)


class BlobWriter:
    """Writes one blob: a temporary file until :meth:`commit`. One thread at a time."""

    def __init__(self, directory: Path, digests: Sequence[Digest]) -> None:
        self._name = uuid.uuid4().hex
        self._final = directory / self._name
        self._temporary = directory / f"{self._name}{_TEMPORARY}"
        self._digests = digests
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._file = self._temporary.open("xb", buffering=0)
        self.size = 0

    def write(self, data: bytes) -> None:
        """Append bytes to the blob."""
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) or 0 :]
        self.size += len(data)
        self._md5.update(data)
        for digest in self._digests:
            digest.update(data)

    @property
    def md5(self) -> bytes:
        """The MD5 of what was written so far."""
        return self._md5.digest()

    def commit(self) -> Blob:
        """Put the blob on disk under its name, durably. If this raises, nothing is left of it."""
        try:
            os.fsync(self._file.fileno())
            self._file.close()
            self._temporary.rename(self._final)
            _sync_directory(self._final.parent)
        except BaseException:
            self.abort()
            self._final.unlink(missing_ok=True)
            raise
        checksums = {digest.member: digest.base64() for digest in self._digests}
        return Blob(self._name, self.size, self._md5.hexdigest(), checksums)

    def abort(self) -> None:
        """Forget what was written."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)


def _sync_directory(path: Path) -> None:
    """Make a rename in it durable."""
    directory = os.open(path, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


class BlobReader(io.RawIOBase):
    """Segments as one file: seekable, read-only."""

    def __init__(self, store: BlobStore, segments: Sequence[Segment]) -> None:
        super().__init__()
        self._store = store
        self._segments = segments
        self._starts = [0]
        for segment in segments:
            self._starts.append(self._starts[-1] + segment.length)
        self._position = 0
        self._file: io.FileIO | None = None
        self._current = -1

    @property
    def size(self) -> int:
        """The size in bytes."""
        return self._starts[-1]

    @property
    def missing(self) -> str | None:
        """The name of a blob whose file does not exist; None if all exist: they then stay until this is closed."""
        return next(
            (each.blob for each in self._segments if not (self._store.directory / each.blob).exists()), None
        )

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Where the next read begins."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move the read position, as in any file."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError(f"negative seek position {base + offset}")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read up to the buffer's size, as any raw file does; it may read less."""
        view = memoryview(buffer).cast("B")
        if self._position >= self.size or not view:
            return 0
        number = self._segment_at(self._position)
        within = self._position - self._starts[number]
        segment = self._segments[number]
        count = os.preadv(self._open(number), [view[: segment.length - within]], segment.offset + within)
        if not count:
            raise OSError(f"blob {segment.blob} is shorter than the index says")
        self._position += count
        return count

    def close(self) -> None:
        """Let go of the blobs."""
        if not self.closed:
            if self._file is not None:
                self._file.close()
            self._store.release(self._segments)
        super().close()

    def _segment_at(self, position: int) -> int:
        return bisect_right(self._starts, position) - 1

    def _open(self, number: int) -> int:
        if self._file is None or number != self._current:
            if self._file is not None:
                self._file.close()
            self._file = io.FileIO(self._store.directory / self._segments[number].blob)
            self._current = number
        return self._file.fileno()
