"""Starts DAG runs when tuning jobs change their state: SageMaker -> EventBridge -> SQS -> AssetWatcher."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Hashable, Sequence
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.hooks.sqs import SqsQueue
from airflow_hpt_provider.models.status import TERMINAL_TUNING_STATUSES, TuningJobStatus
from airflow_hpt_provider.retries.errors import one_line
from airflow_hpt_provider.triggers.base import TuningBaseTrigger
from airflow_hpt_provider.waiting.outcome import outcome_of
from airflow_hpt_provider.waiting.state_change import NotAStateChangeError, StateChange, check_queue_url

if TYPE_CHECKING:
    from airflow.triggers.shared_stream import SharedStreamProducer

    from airflow_hpt_provider.hooks.sqs import Message
    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook

STATUSES = frozenset(map(str, TuningJobStatus))
FINAL_STATUSES = tuple(sorted(map(str, TERMINAL_TUNING_STATUSES)))
REMEMBERED = 10_000
"""AWS may send several events for one change of state: each of the last this many changes is reported once."""
HANDOVER_SECONDS = 5.0
"""Seconds to wait below Airflow 3.3, which does not confirm that it has stored an event."""
LAG_SECONDS = 20.0
"""A Describe may lag behind an event that reports the job's end: for this many seconds it is repeated."""
DETAILS_SECONDS = 60.0
"""Maximum delay of an event for the details that only Describe returns."""


class TuningJobStateChangeTrigger(TuningBaseTrigger, BaseEventTrigger):
    """Fires for each tuning job that changes to one of some states; for an AssetWatcher.

    ::

        AssetWatcher(name="tuned", trigger=TuningJobStateChangeTrigger(queue_url="https://sqs..."))

    The queue is the target of an EventBridge rule for the source ``aws.sagemaker`` and the detail type
    ``SageMaker HyperParameter Tuning Job State Change``. All watchers of one queue share one reader (Airflow
    3.3+), and a message is deleted only when every event made of it is stored in Airflow's database. Below 3.3,
    and where several triggerers run, each watcher needs a queue of its own; below 3.3 a message is deleted some
    seconds after its event was handed on. Messages that are no such events go to the queue's dead-letter queue,
    or are deleted with a line in the log.

    The event's payload is a dict: ``tuning_job_name``, ``tuning_job_arn``, ``status``, ``time``, ``tags``,
    ``event_id``, and if the job could be described: ``failure_reason``, ``best_training_job`` (as the operator
    leaves it in XCom; None if there is none) and ``final_metric``.

    Two events within a moment may start one DAG run, and consumers loop over ``triggering_asset_events``; or Airflow
    may leave the second for the run that the next event starts.

    Args:
        queue_url: the SQS queue's URL.
        statuses: HyperParameterTuningJobStatus words to fire for; default: all final ones.
        name_prefix: only jobs whose name begins so, in any case.
        tags: only jobs with all of these tags.
        aws_conn_id, region_name, verify, botocore_config: as for every AWS hook. aiobotocore is not needed.

    Raises:
        TypeError: ``statuses`` is one string.
        ValueError: ``queue_url`` is no URL, or SageMaker does not know one of ``statuses``.
    """

    def __init__(
        self,
        queue_url: str,
        statuses: Sequence[str] = FINAL_STATUSES,
        name_prefix: str | None = None,
        tags: dict[str, str] | None = None,
        **connection: Any,
    ) -> None:
        super().__init__(**connection)
        check_queue_url("queue_url", queue_url)
        if isinstance(statuses, str):
            raise TypeError(f"statuses must be a list, got {statuses!r}. Write [{statuses!r}].")
        if no_statuses := sorted(set(statuses) - STATUSES):
            raise ValueError(f"statuses must be among {', '.join(sorted(STATUSES))}, got {no_statuses!r}.")
        self.queue_url = queue_url
        self.statuses = list(statuses)
        self.name_prefix = name_prefix
        self.tags = tags
        self._reported: OrderedDict[tuple[str, ...], None] = OrderedDict()

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Read the queue alone: below Airflow 3.3, where triggers do not share streams."""
        queue = SqsQueue(self.queue_url, self._settings)
        try:
            while True:
                messages, reported = await queue.receive(), False
                for message in messages:
                    try:
                        event = await self._event(message.body)
                    except NotAStateChangeError as error:
                        self.log.warning("Rejected a message of queue %s. %s", self.queue_url, error)
                        await queue.reject([message])
                        messages = [other for other in messages if other is not message]
                        continue
                    if event is not None:
                        reported = True
                        yield event
                if reported:
                    await asyncio.sleep(HANDOVER_SECONDS)
                await queue.delete(messages)
        finally:
            queue.close()

    # -- Airflow 3.3: one reader for all watchers of a queue ---------------------------------------------

    def shared_stream_key(self) -> Hashable | None:
        """Triggers with the same queue and connection share one reader."""
        return ("airflow_hpt_provider", self.queue_url, self._settings.key)

    @classmethod
    def create_shared_stream_producer(cls, kwargs: dict[str, Any]) -> SharedStreamProducer:
        """Return the reader of the queue."""
        from airflow_hpt_provider.triggers.sqs_stream import SqsStreamProducer

        return SqsStreamProducer(SqsQueue(kwargs["queue_url"], ConnectionSettings.from_kwargs(kwargs)))

    async def filter_shared_stream(
        self, shared_stream: AsyncIterator[Message]
    ) -> AsyncIterator[TriggerEvent]:
        """Yield those messages of the queue that this trigger fires for."""
        from airflow.triggers.shared_stream import reject_shared_stream_event

        async for message in shared_stream:
            try:
                event = await self._event(message.body)
            except NotAStateChangeError as error:
                self.log.warning("Rejected a message of queue %s. %s", self.queue_url, error)
                reject_shared_stream_event()
                continue
            if event is not None:
                yield event

    # -- from a message to an event ----------------------------------------------------------------------

    async def _event(self, body: str) -> TriggerEvent | None:
        change = StateChange.parse(body)
        if not change.matches(self.statuses, self.name_prefix, self.tags):
            return None
        if change.key in self._reported:
            return None
        payload = await self._payload(change)
        self._reported[change.key] = None
        if len(self._reported) > REMEMBERED:
            self._reported.popitem(last=False)
        return TriggerEvent(payload)  # type: ignore[no-untyped-call]

    async def _payload(self, change: StateChange) -> dict[str, Any]:
        payload = {
            "tuning_job_name": change.name,
            "tuning_job_arn": change.arn,
            "status": change.status,
            "time": change.time,
            "tags": dict(change.tags),
            "event_id": change.event_id,
        }
        try:
            async with asyncio.timeout(DETAILS_SECONDS):
                hook = await sync_to_async(self._settings.ready_hook)()
                return payload | await asyncio.to_thread(_details, hook, change)
        except Exception as error:  # noqa: BLE001 - report the event without its details
            self.log.warning("Could not describe tuning job %s: %s", change.name, one_line(error))
            return payload


def _details(hook: HyperParameterTuningHook, change: StateChange) -> dict[str, Any]:
    from airflow_hpt_provider.models import TuningResult

    description = hook.describe(change.name)
    until = time.monotonic() + LAG_SECONDS
    while outcome_of(change.status) and not outcome_of(description.status) and time.monotonic() < until:
        time.sleep(1)
        description = hook.describe(change.name)
    result = TuningResult.from_description(description, best=hook.best_training_job(description))
    value = result.to_xcom()
    return {
        "failure_reason": description.failure_reason,
        "best_training_job": value.get("best_training_job"),
        "final_metric": value.get("final_metric"),
    }
