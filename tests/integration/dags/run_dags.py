"""Runs DAGs of a folder with ``dag.test()`` in a private Airflow: one for each line of JSON on stdin.

``python run_dags.py DAGS_FOLDER``, with AIRFLOW_HOME and the connection in the environment. A line is
``{"dag_id": ..., "params": {...}, "skip": PATTERN}``: tasks that match the pattern are marked as success instead of
run. The outcome is a line of JSON on stdout. Whatever else writes to stdout, such as the log of a thread that outlives
its run, goes to stderr. One process for all: importing Airflow takes longer than most runs.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from airflow.models.asset import AssetEvent
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from sqlalchemy import select


def outcome(run: Any) -> dict[str, Any]:
    with create_session() as session:
        tasks = [[ti.task_id, ti.map_index, str(ti.state)] for ti in run.get_task_instances(session=session)]
        of_run = (XComModel.run_id == run.run_id, XComModel.dag_id == run.dag_id)
        xcoms = [
            [row.task_id, row.map_index, row.key, XComModel.deserialize_value(row)]
            for row in session.scalars(select(XComModel).where(*of_run))
        ]
        of_run = (AssetEvent.source_run_id == run.run_id, AssetEvent.source_dag_id == run.dag_id)
        events = [event.extra for event in session.scalars(select(AssetEvent).where(*of_run))]
    return {"run_id": run.run_id, "state": str(run.state), "tasks": tasks, "xcoms": xcoms, "events": events}


outcomes = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
bag = DagBag(sys.argv[1])
assert not bag.import_errors, bag.import_errors
for line in sys.stdin:
    asked = json.loads(line)
    run = bag.dags[asked["dag_id"]].test(run_conf=asked["params"], mark_success_pattern=asked["skip"])
    print(json.dumps(outcome(run)), file=outcomes, flush=True)
