"""Reads an SQS queue as a shared stream in ack mode (Airflow 3.3+)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from airflow.triggers.shared_stream import AdvanceItem, SharedStreamProducer

if TYPE_CHECKING:
    from collections.abc import Hashable

    from airflow_hpt_provider.hooks.sqs import Message, SqsQueue

MAX_HANDED_ON = 50
"""Maximum number of messages in work. Airflow fails a trigger that is too slow for what it is sent, and SQS
redelivers what is not deleted in time: the limit makes a long queue be read in small portions."""


class SqsStreamProducer(SharedStreamProducer):
    """Reads a queue for all triggers that share it, and deletes each message that all of them have processed.

    Args:
        queue: the queue; closed with the stream.
    """

    def __init__(self, queue: SqsQueue) -> None:
        self._queue = queue
        self._handed_on: dict[str, Message] = {}
        self._advanced = asyncio.Event()

    async def open_stream(self) -> AsyncIterator[tuple[Message, str]]:
        """Yield messages with their ids, without end."""
        while True:
            while len(self._handed_on) >= MAX_HANDED_ON:
                self._advanced.clear()
                await self._advanced.wait()
            for message in await self._queue.receive():
                # A message that is redelivered while the triggers work on it must not look like a duplicate: triggers
                # skip duplicates immediately, and it would be deleted before their event is stored.
                again = message.message_id in self._handed_on
                self._handed_on[message.message_id] = message
                if not again:
                    yield message, message.message_id

    def get_advance_lane(self, broker_payload: str) -> Hashable:
        """SQS deletes in any order: a message does not wait for the one before."""
        return broker_payload

    async def advance(self, batch: Sequence[AdvanceItem]) -> None:
        """Delete what was stored, reject invalid messages, and leave the rest to be delivered again."""
        done = [(self._handed_on.pop(item.broker_payload), item.outcome) for item in batch]
        self._advanced.set()
        await self._queue.delete(message for message, outcome in done if outcome.is_clean)
        await self._queue.reject(
            message for message, outcome in done if outcome.rejected and not outcome.acked
        )

    async def aclose(self) -> None:
        """Let the queue's threads go."""
        self._queue.close()
