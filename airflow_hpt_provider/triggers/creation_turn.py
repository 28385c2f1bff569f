"""Waits in the triggerer until a task may try to create its tuning job (``on_resource_limit="wait"``)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.triggers import tuning
from airflow_hpt_provider.triggers.stored_arguments import ignore_unknown
from airflow_hpt_provider.waiting.creation_queue import CreationQueue


class CreationTurnTrigger(BaseTrigger):
    """Fires once when the task may try to create its tuning job, or at its deadline.

    It holds neither config nor name: a worker renders the config and calls CreateHyperParameterTuningJob. There is no
    tuning job while it waits, so its end needs no cleaning up.

    The event's payload is a dict: ``status`` (``turn`` or ``timeout``) and ``message``.

    Args:
        deadline: ISO-8601 time at which the wait ends with ``timeout``; None: never.
        aws_conn_id, region_name, verify, botocore_config: as for every AWS hook.
        **unknown: arguments that a newer version has stored in Airflow's database; ignored, with a warning.
    """

    def __init__(
        self,
        deadline: str | None = None,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **unknown: Any,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        ignore_unknown(self, unknown)
        self.deadline = deadline
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config

    @property
    def _settings(self) -> ConnectionSettings:
        return ConnectionSettings(self.aws_conn_id, self.region_name, self.verify, self.botocore_config)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments that recreate this trigger."""
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {"deadline": self.deadline, **self._settings.as_kwargs()}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait for the turn, and fire."""
        began = time.monotonic()
        left = None
        if self.deadline:
            left = max(0.0, (datetime.fromisoformat(self.deadline) - datetime.now(UTC)).total_seconds())
        try:
            async with asyncio.timeout(left):
                message = await CreationQueue.wait(self._settings, self.log)
            status = "turn"
        except TimeoutError:
            status, message = "timeout", "the time to wait is over"
        self.log.info("Handing over to a worker to create the tuning job: %s.", message)
        await asyncio.sleep(max(0.0, tuning.FIRST_EVENT_SECONDS - (time.monotonic() - began)))
        yield TriggerEvent({"status": status, "message": message})  # type: ignore[no-untyped-call]
