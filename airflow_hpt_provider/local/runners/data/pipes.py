"""Pipe mode: a channel as named pipes, ``/opt/ml/input/data/CHANNEL_0`` for the first epoch, ``_1`` for the next.

The service writes; so a job with pipes can't outlive it (see ``attempt.py``).
"""

from __future__ import annotations

import errno
import gzip
import io
import logging
import os
import random
import shutil
import stat
import struct
import threading
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.runners.data import channels, manifests
from airflow_hpt_provider.local.runners.data.s3 import S3Uri
from airflow_hpt_provider.local.runners.failures import ClientFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from airflow_hpt_provider.local.runners.host_job import HostJob
    from airflow_hpt_provider.local.s3.objects import ObjectStore

LOGGER = logging.getLogger(__name__)
RECORD_IO = 0xCED7230A
"""Begins each record in MXNet's RecordIO."""
MAX_RECORD_BYTES = (1 << 29) - 1
"""A record's length has 29 bits. The service takes a record into memory whole, and an object may be compressed."""


class Pipe(threading.Thread):
    """One channel's pipes, written epoch after epoch for as long as the job reads them.

    Args:
        channel: the channel of InputDataConfig.
        share: the part of its objects or lines, once shuffled, that the host gets.
        data: ``/opt/ml/input/data``.
        on_failure: called once the channel can't be fed any further. The job would wait for the rest, or take
            what it got for all there is.

    Attributes:
        failure: why it can't.
    """

    def __init__(
        self,
        channel: Mapping[str, Any],
        share: slice,
        objects: ObjectStore,
        data: Path,
        on_failure: Callable[[], None],
    ) -> None:
        super().__init__(name=f"pipe {channel['ChannelName']}", daemon=True)
        self.failure: str | None = None
        self._on_failure = on_failure
        self._channel = channel
        self._share = share
        self._objects = objects
        self._path = data / channel["ChannelName"]
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._fifo = self._make(0)

    def end(self) -> None:
        """Stop writing after the end of the job."""
        self._ended.set()
        with self._lock:
            # A writer that still waits for a reader gets one, and finds that it is over.
            try:
                reader = os.open(self._fifo, os.O_RDONLY | os.O_NONBLOCK)
            except OSError:
                return  # the job has removed its input, or put something else in its place
        self.join(timeout=5)
        os.close(reader)

    def run(self) -> None:
        """One pipe an epoch. A reader that goes away early has ended the epoch."""
        epoch = 0
        while not self._ended.is_set():
            fifo = self._fifo
            try:
                with _writer(fifo) as pipe:  # waits for the reader
                    if self._ended.is_set():
                        return
                    self._next(epoch + 1)
                    for record in self._records(epoch):
                        self._write(record, pipe)
            except BrokenPipeError:
                pass
            except ClientFailure as failure:
                self._fail(failure)
                return
            except Exception as error:
                LOGGER.exception("channel %s: can't be fed", self._channel["ChannelName"])
                self._fail(ClientFailure(f"Data download failed:{_reason(error)}"))
                return
            finally:
                fifo.unlink(missing_ok=True)
            epoch += 1

    def _fail(self, failure: ClientFailure) -> None:
        LOGGER.info("channel %s: %s", self._channel["ChannelName"], failure)
        if not self._ended.is_set():
            self.failure = f"{failure.args[0]} (channel '{self._channel['ChannelName']}')"
            self._on_failure()

    def _make(self, epoch: int) -> Path:
        fifo: Path = self._path.with_name(f"{self._path.name}_{epoch}")
        os.mkfifo(fifo, mode=0o600)
        return fifo

    def _next(self, epoch: int) -> None:
        """Create the next epoch's pipe before this one's ends."""
        with self._lock:
            self._fifo = self._make(epoch)

    def _write(self, record: S3Uri | bytes, pipe: BinaryIO) -> None:
        """Write a record; an error of reading names the object."""
        if isinstance(record, bytes):
            self._copy(io.BytesIO(record), pipe)
            return
        try:
            with self._open(record) as file:
                self._copy(file, pipe)
        except BrokenPipeError:
            raise
        except (ServiceError, OSError, EOFError, zlib.error) as error:
            raise ClientFailure(f"Data download failed:{_reason(error)} ({record})") from error

    def _copy(self, record: BinaryIO, pipe: BinaryIO) -> None:
        if self._channel.get("RecordWrapperType") != "RecordIO":
            shutil.copyfileobj(record, pipe)
            return
        content = record.read(MAX_RECORD_BYTES + 1)
        if len(content) > MAX_RECORD_BYTES:
            raise OSError(errno.EFBIG, f"a RecordIO record must have at most {MAX_RECORD_BYTES} bytes")
        pipe.write(struct.pack("<II", RECORD_IO, len(content)))
        pipe.write(content)
        pipe.write(b"\0" * (-len(content) % 4))

    def _records(self, epoch: int) -> Iterator[S3Uri | bytes]:
        """Yield the objects (of an augmented manifest: the attributes) of an epoch, in its order."""
        source = self._channel["DataSource"]["S3DataSource"]
        uri = S3Uri.parse(source["S3Uri"])
        if source["S3DataType"] == "AugmentedManifestFile":
            with self._objects.open(uri.bucket, uri.key) as file:
                lines = [(number, line) for number, line in enumerate(file, start=1) if line.strip()]
            self._shuffle(lines, epoch)
            for number, line in lines[self._share]:
                yield from manifests.attributes(uri, number, line, source.get("AttributeNames") or ())
            return
        found = [each for _, each in channels.list_objects(self._objects, source)]
        self._shuffle(found, epoch)
        yield from found[self._share]

    def _open(self, uri: S3Uri) -> BinaryIO:
        file = self._objects.open(uri.bucket, uri.key)
        return cast("BinaryIO", gzip.open(file)) if self._channel.get("CompressionType") == "Gzip" else file

    def _shuffle(self, items: list[Any], epoch: int) -> None:
        if "ShuffleConfig" in self._channel:
            random.Random(f"{self._channel['ShuffleConfig']['Seed']} {epoch}").shuffle(items)  # noqa: S311


def _writer(fifo: Path) -> BinaryIO:
    """Open a pipe for writing as soon as it is read from; reject anything that the job has put in its place.

    Raises:
        OSError: it is a link, or no pipe.
    """
    descriptor = os.open(fifo, os.O_WRONLY | os.O_NOFOLLOW)
    if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(errno.ENOENT, "no named pipe any more", fifo.name)
    return os.fdopen(descriptor, "wb")


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def open_pipes(job: HostJob, objects: ObjectStore, on_failure: Callable[[], None]) -> list[Pipe]:
    """Make the pipes of all channels in Pipe mode that a host gets.

    Raises:
        ClientFailure: there is no such data.
    """
    pipes = []
    for channel in channels.in_pipe_mode(job.spec.definition):
        channels.find(objects, channel)  # missing data is reported before the job starts
        share = job.cluster.share(channel, job.host)
        if share is not None:
            pipes.append(Pipe(channel, share, objects, job.tree.data, on_failure))
    for pipe in pipes:
        pipe.start()
    return pipes
