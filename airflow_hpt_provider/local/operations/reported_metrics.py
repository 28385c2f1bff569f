"""BatchPutMetrics of SageMaker Metrics: values that a training script reports itself, next to those in its log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.aws_json.decode import decode
from airflow_hpt_provider.local.aws_json.service_model import sagemaker_metrics_model
from airflow_hpt_provider.local.db import training_jobs
from airflow_hpt_provider.local.db.records import MetricRow

if TYPE_CHECKING:
    from airflow_hpt_provider.local.engine.engine import Engine
    from airflow_hpt_provider.local.engine.loop import Transaction

PATH = "/BatchPutMetrics"
_SUFFIX = "-aws-training-job"
"""What SageMaker puts behind a training job's name in the name of its trial component."""


def put(engine: Engine, body: bytes) -> bytes | None:
    """Keep the metrics in a request; return the response's body, or None if they are not a training job's.

    A metric that the job's MetricDefinitions find in its log is taken, and not kept a second time: the objective is
    what the log says, as on AWS.

    Raises:
        ServiceError: ValidationException, SerializationException.
    """
    model = sagemaker_metrics_model()
    parameters = decode(model, model.operation("BatchPutMetrics"), body)
    name = parameters["TrialComponentName"].removesuffix(_SUFFIX)
    with engine.database.snapshot() as connection:
        job = training_jobs.find(connection, name)
    if job is None or name == parameters["TrialComponentName"]:
        return None

    def write(transaction: Transaction) -> None:
        current = training_jobs.get(transaction.connection, job.id)
        if current is None:
            return
        definition = training_jobs.definition(transaction.connection, current.definition_id)
        given = definition["AlgorithmSpecification"].get("MetricDefinitions") or ()
        logged = {each["Name"] for each in given}
        rows = [
            MetricRow(each["MetricName"], each["Value"], each["Timestamp"].timestamp())
            for each in parameters["MetricData"]
            if each["MetricName"] not in logged
        ]
        training_jobs.add_metrics(transaction.connection, current.id, rows, current.log_position)

    engine.write(write)
    answer: dict[str, Any] = {"Errors": []}
    return json.dumps(answer).encode()
