"""Clients of S3: each writes, reads and deletes objects of its own, and remembers what was confirmed."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.soak.clients import unmodified_client

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService

BUCKET = "traffic"
KEYS = 40
"""Keys of one client, which it writes again and again."""
ABSENT: bytes | None = None


@dataclass
class Objects:
    """What the clients of S3 know.

    Attributes:
        possible: key -> the contents that it may have: one, or several after a call whose response was lost.
        calls, lost: calls in all, and those without a response.
        faults: what must not happen.
    """

    possible: dict[str, list[bytes | None]] = field(default_factory=dict)
    lost: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    faults: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class ObjectClient(threading.Thread):
    """One client, in a thread, until ``until`` (of the monotonic clock)."""

    def __init__(self, service: LocalService, objects: Objects, number: int, until: float, seed: int) -> None:
        super().__init__(name=f"objects {number}", daemon=True)
        self._service, self._objects, self._number, self._until = service, objects, number, until
        self._choices = random.Random(f"{seed} objects {number}")

    def run(self) -> None:
        """Work; what goes wrong is a fault in the books."""
        s3 = unmodified_client(self._service, "s3")
        while time.monotonic() < self._until:
            key = f"{self._number}/{self._choices.randrange(KEYS)}"
            try:
                self._act(s3, key)
            except BotoCoreError:
                time.sleep(0.2)  # the service is dead for a moment
            except Exception as error:
                self._objects.faults.append(f"{self.name}: {key}: {type(error).__name__}: {error}")
                return
            time.sleep(0.05)

    def _act(self, s3: Any, key: str) -> None:
        kind = self._choices.choice(("put", "put", "get", "get", "list", "delete"))
        before = self._objects.possible.get(key, [ABSENT])
        if kind == "put":
            body = self._choices.randbytes(self._choices.choice((0, 100, 10_000, 300_000)))
            self._change(key, body, lambda: s3.put_object(Bucket=BUCKET, Key=key, Body=body))
        elif kind == "delete":
            self._change(key, ABSENT, lambda: s3.delete_object(Bucket=BUCKET, Key=key))
        elif kind == "list":
            self._count("list", lambda: s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{self._number}/"))
        else:
            found = self._count("get", lambda: content(s3, key))
            if found not in before:
                self._objects.faults.append(f"{key} has {len(found or b'')} bytes that no client wrote last")
            self._objects.possible[key] = [found]

    def _change(self, key: str, after: bytes | None, call: Any) -> None:
        before = self._objects.possible.get(key, [ABSENT])
        self._objects.possible[key] = [*before, after]
        self._count("change", call)
        self._objects.possible[key] = [after]

    def _count(self, operation: str, call: Any) -> Any:
        with self._objects.lock:
            self._objects.calls += 1
        try:
            return call()
        except BotoCoreError:
            with self._objects.lock:
                self._objects.lost[operation] += 1
            raise


def content(s3: Any, key: str) -> bytes | None:
    """Return an object's content, or :data:`ABSENT`."""
    try:
        return bytes(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        return ABSENT
