"""Tune from a form: press Trigger, choose what to search and how long, and run. No JSON to write.

The form is made of the request below: titles, descriptions, choices and bounds are AWS's own. What a person enters is
checked by the form, and once more, with all that SageMaker is known to check, before anything is created.
"""

from pathlib import Path

from airflow.sdk import DAG

from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.params import tuning_config, tuning_params

REQUEST = Path(__file__).parent / "breast_cancer.yaml"
EXPOSE = [
    "Strategy",
    "RandomSeed",
    "ParameterRanges.learning-rate",
    "ParameterRanges.max-leaf-nodes",
    "MaxNumberOfTrainingJobs",
    "MaxParallelTrainingJobs",
    "TargetObjectiveMetricValue",
    "InstanceType",
]

with DAG(
    dag_id="tune_from_ui",
    doc_md=__doc__,
    schedule=None,
    tags=["sagemaker", "tuning"],
    params=tuning_params(REQUEST, EXPOSE),
):
    HyperParameterTuningJobOperator(
        task_id="tune", config=tuning_config(REQUEST, EXPOSE), deferrable=True, poll_interval=5
    )
