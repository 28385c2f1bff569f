"""Ends a task in the triggerer: does what ``execute_complete`` would do on a worker.

Only a success ends here. Any other outcome wakes a worker, which raises: so failures are reported, retried, called
back and skipped as usual.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async

from airflow_hpt_provider.exceptions import TuningError
from airflow_hpt_provider.waiting.outcome import outcome_of
from airflow_hpt_provider.xcom.push import RETURN_VALUE, xcoms

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.settings import ConnectionSettings
    from airflow_hpt_provider.waiting.outcome import OnUnfinished


@dataclass(frozen=True)
class TaskCompletion:
    """How to end a task whose job has ended.

    Attributes:
        settings: the connection.
        on_stopped, top_k: the sensor's.
        push_result: whether the whole result becomes the task's return value, as ``do_xcom_push`` says.
    """

    settings: ConnectionSettings
    on_stopped: OnUnfinished = "fail"
    top_k: int = 0
    push_result: bool = True

    async def push(self, tuning_job_name: str, ti: Any, log: Any) -> None:
        """Leave the XComs of a job that has succeeded.

        Raises:
            TuningError, AirflowSkipException: the job has not succeeded: a worker has to say so.
            Exception: the result could not be read or stored; a worker may try again.
        """
        from airflow.sdk.execution_time.xcom import XCom

        from airflow_hpt_provider.result.log_summary import log_result
        from airflow_hpt_provider.result.resolve import OutcomeResolver

        hook = await sync_to_async(self.settings.ready_hook)()
        description = await asyncio.to_thread(hook.describe, tuning_job_name)
        if outcome_of(description.status) is None:
            raise TuningError(
                f"Tuning job {tuning_job_name} has not ended: it is {description.status}.", tuning_job_name
            )
        resolver = OutcomeResolver(hook, self.on_stopped, top_k=self.top_k, log=log)
        result = await asyncio.to_thread(resolver.resolve, description)
        client: Any = hook.conn
        for key, value in xcoms(result, self.settings, ti, client.meta.endpoint_url).items():
            if key != RETURN_VALUE or self.push_result:
                # TaskSuccessEvent(xcoms=...) would encode the values twice (3.1 to 3.3).
                await XCom.aset(
                    key,
                    value,
                    dag_id=ti.dag_id,
                    task_id=ti.task_id,
                    run_id=ti.run_id,
                    map_index=ti.map_index,
                )
        await asyncio.to_thread(log_result, hook, result, log)
