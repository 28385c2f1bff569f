"""Reads an SQS queue off the event loop."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async

from airflow_hpt_provider.hooks.actions import needs
from airflow_hpt_provider.retries.calls import FullJitter
from airflow_hpt_provider.retries.classify import ErrorClass, classify
from airflow_hpt_provider.retries.errors import one_line, retry_after

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.settings import ConnectionSettings

log = logging.getLogger(__name__)

BACKOFF = FullJitter(base=1.0, cap=60.0)


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery of a message.

    Attributes:
        body: the text.
        receipt: of this delivery; what it takes to delete the message.
        message_id: the same at each delivery.
    """

    body: str
    receipt: str
    message_id: str = ""


class SqsQueue:
    """One queue; belongs to one event loop.

    Args:
        url: the queue's.
        settings: the connection.
        wait_seconds: how long a call waits for messages, at most 20.
    """

    def __init__(self, url: str, settings: ConnectionSettings, wait_seconds: int = 20) -> None:
        self.url = url
        self._settings = settings
        self._wait_seconds = wait_seconds
        self._client: Any = None
        self._worked = False
        self._redrives: bool | None = None
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="hpt-queue")

    @needs("sqs:ReceiveMessage")
    async def receive(self) -> list[Message]:
        """Up to ten messages, as soon as there are any.

        Retries on every error, with a log line: a watcher that gave up would stop silently.
        """
        failures = 0
        while True:
            try:
                answer = await self._call(
                    "receive_message", MaxNumberOfMessages=10, WaitTimeSeconds=self._wait_seconds
                )
                messages = [
                    Message(each["Body"], each["ReceiptHandle"], each["MessageId"])
                    for each in answer.get("Messages", ())
                ]
            except Exception as error:  # noqa: BLE001 - logged and retried
                failures += 1
                fatal = classify(error, connection_worked=self._worked) is ErrorClass.FATAL
                seconds = max(BACKOFF.after(failures), retry_after(error))
                log.log(
                    logging.ERROR if fatal else logging.WARNING,
                    "Could not read queue %s (%s); retrying in %.1f s.",
                    self.url,
                    one_line(error),
                    seconds,
                )
                self._client = None
                await asyncio.sleep(seconds)
                continue
            failures = 0
            if messages:
                return messages

    @needs("sqs:DeleteMessage")
    async def delete(self, messages: Iterable[Message]) -> None:
        """Delete messages. What cannot be deleted comes again: readers expect that."""
        entries = [{"Id": str(n), "ReceiptHandle": m.receipt} for n, m in enumerate(messages)]
        for start in range(0, len(entries), 10):
            try:
                await self._call("delete_message_batch", Entries=entries[start : start + 10])
            except Exception as error:  # noqa: BLE001 - deleting is not worth losing the events that follow
                log.warning("Could not delete messages of queue %s: %s", self.url, one_line(error))

    @needs("sqs:ChangeMessageVisibility")
    async def release(self, messages: Iterable[Message], seconds: int) -> None:
        """Leave messages to other readers, from then on."""
        for message in messages:
            try:
                await self._call(
                    "change_message_visibility", ReceiptHandle=message.receipt, VisibilityTimeout=seconds
                )
            except Exception as error:  # noqa: BLE001 - it becomes visible again by itself, later
                log.info("Could not release a message of queue %s: %s", self.url, one_line(error))

    @needs("sqs:GetQueueAttributes", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility")
    async def reject(self, messages: Iterable[Message]) -> None:
        """Reject invalid messages: leave them to the queue's dead-letter queue, or delete them if it has none."""
        rejected = list(messages)
        if rejected and not await self._redrives_dead_letters():
            await self.delete(rejected)

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False)

    @needs("sqs:GetQueueAttributes")
    async def _redrives_dead_letters(self) -> bool:
        if self._redrives is None:
            try:
                answer = await self._call("get_queue_attributes", AttributeNames=["RedrivePolicy"])
            except Exception as error:  # noqa: BLE001 - e.g. not allowed; then better kept than lost
                log.info("Queue %s: could not check for a dead-letter queue: %s", self.url, one_line(error))
                return True
            self._redrives = bool(json.loads(answer.get("Attributes", {}).get("RedrivePolicy", "{}")))
        return self._redrives

    async def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        if self._client is None:
            # Airflow answers a connection look-up in the triggerer only from asgiref's own thread.
            self._client = await sync_to_async(self._build)()
        call = partial(getattr(self._client, operation), QueueUrl=self.url, **parameters)
        answer: dict[str, Any] = await asyncio.get_running_loop().run_in_executor(self._threads, call)
        self._worked = True
        return answer

    def _build(self) -> Any:
        from airflow_hpt_provider.hooks.connection import ConnectionHook

        return ConnectionHook(client_type="sqs", **self._settings.as_hook_kwargs()).conn
