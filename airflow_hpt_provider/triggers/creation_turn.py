"""Waits in the triggerer until a task may try to create its tuning job (``on_resource_limit="wait"``)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from airflow.triggers.base import TriggerEvent

from airflow_hpt_provider.triggers import tuning
from airflow_hpt_provider.triggers.base import TuningBaseTrigger
from airflow_hpt_provider.waiting.creation_queue import CreationQueue


class CreationTurnTrigger(TuningBaseTrigger):
    """Fires once when the task may try to create its tuning job, or at its deadline.

    It holds neither config nor name: a worker renders the config and calls CreateHyperParameterTuningJob. There is no
    tuning job while it waits, so its end needs no cleaning up.

    The event's payload is a dict: ``status`` (``turn`` or ``timeout``) and ``message``.

    Args:
        deadline: ISO-8601 time at which the wait ends with ``timeout``; None: never.
        refused_at: ISO-8601 time at which SageMaker refused the task's last Create; None: it is not known.
        aws_conn_id, region_name, verify, botocore_config: as for every AWS hook.
    """

    def __init__(
        self,
        deadline: str | None = None,
        refused_at: str | None = None,
        **connection: Any,
    ) -> None:
        super().__init__(**connection)
        self.deadline = deadline
        self.refused_at = refused_at

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait for the turn, and fire."""
        began = time.monotonic()
        left = None
        if self.deadline:
            left = max(0.0, (datetime.fromisoformat(self.deadline) - datetime.now(UTC)).total_seconds())
        try:
            async with asyncio.timeout(left):
                message = await CreationQueue.wait(self._settings, self.log, self._refusal())
            status = "turn"
        except TimeoutError:
            status, message = "timeout", "the time to wait is over"
        self.log.info("Handing over to a worker to create the tuning job: %s.", message)
        await asyncio.sleep(max(0.0, tuning.FIRST_EVENT_SECONDS - (time.monotonic() - began)))
        yield TriggerEvent({"status": status, "message": message})  # type: ignore[no-untyped-call]

    def _refusal(self) -> datetime | None:
        return datetime.fromisoformat(self.refused_at) if self.refused_at else None
