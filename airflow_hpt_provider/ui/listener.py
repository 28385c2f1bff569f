"""Receives from the API server what users do to a waiting task in Airflow's UI or through its REST API.

A task that waits in the triggerer and is marked failed, success or skipped, alone or with its DAG run, must stop its
tuning job. Usually its trigger does so. But the triggerer may be down, or may not have started the trigger yet, and
below Airflow 3.3 it gets no call. Airflow deletes the trigger's row, the only record of the wait, right after the
change. So this module records the wait within the change, and :mod:`airflow_hpt_provider.ui.stop_orphaned_jobs` stops
the job.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airflow.listeners import hookimpl
from airflow.listeners.listener import get_listener_manager
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from airflow.models.xcom import XComModel
from sqlalchemy import select
from sqlalchemy.orm import object_session

from airflow_hpt_provider.ui.stop_orphaned_jobs import DeferredTask, OrphanedJobReaper
from airflow_hpt_provider.ui.tasks import TaskKey
from airflow_hpt_provider.xcom.push import TUNING_JOB_NAME

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

OURS = "airflow_hpt_provider.triggers.tuning.HyperParameterTuningJobTrigger"
"""The class path by which Airflow knows the trigger of a waiting task."""

log = logging.getLogger(__name__)


class TaskStateListener:
    """Airflow's listener. It runs within the request that changes the state, before that is committed.

    So it reads the database only for a task that has a trigger, or for a DAG run. It makes no other call, and logs
    every error.

    Args:
        reaper: gets the waits.
    """

    def __init__(self, reaper: OrphanedJobReaper) -> None:
        self._reaper = reaper

    @hookimpl
    def on_task_instance_failed(self, task_instance: Any) -> None:
        """Handle a task that a user has marked failed."""
        self._task(task_instance)

    @hookimpl
    def on_task_instance_success(self, task_instance: Any) -> None:
        """Handle a task that a user has marked as success."""
        self._task(task_instance)

    @hookimpl
    def on_task_instance_skipped(self, task_instance: Any) -> None:
        """Handle a task that a user has marked skipped (Airflow 3.2+)."""
        self._task(task_instance)

    @hookimpl
    def on_dag_run_failed(self, dag_run: Any) -> None:
        """Handle a DAG run that a user has marked failed: below Airflow 3.3 its tasks are not reported one by one."""
        self._run(dag_run)

    @hookimpl
    def on_dag_run_success(self, dag_run: Any) -> None:
        """Handle a DAG run that a user has marked as success."""
        self._run(dag_run)

    def _task(self, task_instance: Any) -> None:
        if getattr(task_instance, "trigger_id", None) is not None:
            self._note(task_instance, TaskInstance.id == task_instance.id)
        elif getattr(task_instance, "start_date", None) is not None:
            # Its worker is asked to end and stops the job, if it still can.
            self._reaper.submit(
                DeferredTask(TaskKey(*(getattr(task_instance, name) for name in TaskKey._fields)))
            )

    def _run(self, dag_run: Any) -> None:
        self._note(dag_run, TaskInstance.dag_id == dag_run.dag_id, TaskInstance.run_id == dag_run.run_id)
        self._note_on_workers(dag_run)

    def _note_on_workers(self, dag_run: Any) -> None:
        """Note the run's tasks that have announced a tuning job, and are not deferred."""
        try:
            session = object_session(dag_run)
            if session is None:
                return
            task = [getattr(XComModel, name) for name in TaskKey._fields]
            query = select(*task).where(
                XComModel.key == TUNING_JOB_NAME,
                XComModel.dag_id == dag_run.dag_id,
                XComModel.run_id == dag_run.run_id,
            )
            for key in session.execute(query):
                self._reaper.submit(DeferredTask(TaskKey(*key)))
        except Exception:
            log.exception("A DAG run that was ended may have left a tuning job running.")

    def _note(self, changed: Any, *which: ColumnElement[bool]) -> None:
        try:
            session = object_session(changed)
            if session is None:
                return
            task = [getattr(TaskInstance, name) for name in TaskKey._fields]
            trigger = (Trigger.id, Trigger.encrypted_kwargs, TaskInstance.dag_version_id)
            query = select(*trigger, *task).where(
                TaskInstance.trigger_id == Trigger.id, Trigger.classpath == OURS, *which
            )
            for trigger_id, arguments, version, *key in session.execute(query):
                self._reaper.submit(DeferredTask(TaskKey(*key), trigger_id, arguments, version))
        except Exception:
            log.exception("A task that was ended may have left its tuning job running.")


_listener = TaskStateListener(OrphanedJobReaper())


def listen() -> None:
    """Register the listener with Airflow in this process. Harmless when repeated."""
    manager: Any = get_listener_manager()
    manager.add_listener(_listener)
