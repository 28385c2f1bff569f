"""An SQS queue as a shared stream in ack mode (Airflow 3.3+)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from airflow.triggers.shared_stream import AdvanceItem, SharedStreamProducer

if TYPE_CHECKING:
    from collections.abc import Hashable

    from airflow_hpt_provider.hooks.queue import Message, Queue


class QueueProducer(SharedStreamProducer):
    """Reads a queue for all triggers that share it; deletes what all of them are done with.

    Args:
        queue: the queue; closed with the stream.
    """

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    async def open_stream(self) -> AsyncIterator[tuple[Message, Message]]:
        """Messages, for ever."""
        while True:
            for message in await self._queue.receive():
                yield message, message

    def get_advance_lane(self, broker_payload: Message) -> Hashable:
        """SQS deletes in any order: a message does not wait for the one before."""
        return broker_payload.receipt

    async def advance(self, batch: Sequence[AdvanceItem]) -> None:
        """Delete what was stored; reject what nobody can use; leave the rest to be delivered again."""
        await self._queue.delete(item.broker_payload for item in batch if item.outcome.is_clean)
        await self._queue.reject(
            item.broker_payload for item in batch if item.outcome.rejected and not item.outcome.acked
        )

    async def aclose(self) -> None:
        """Let the queue's threads go."""
        self._queue.close()
