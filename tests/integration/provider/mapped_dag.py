"""The DAG of test_mapped_tasks.py: a mapped tuning task and a mapped registration."""

import json
import os

from airflow.sdk import DAG, task

from airflow_hpt_provider.operators.registration import RegisterBestTrainingJobOperator
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator

CONFIG = json.loads(os.environ["TUNING_CONFIG"])

with DAG("mapped", schedule=None) as dag:

    @task
    def segments() -> list[dict]:
        upper = {"a": "1", "b": "2"}
        configs = []
        for maximum in upper.values():
            config = json.loads(json.dumps(CONFIG))
            ranges = config["HyperParameterTuningJobConfig"]["ParameterRanges"]["ContinuousParameterRanges"]
            ranges[0]["MaxValue"] = maximum
            config["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"] = "2"
            configs.append(config)
        return configs

    tune = HyperParameterTuningJobOperator.partial(
        task_id="tune", poll_interval=0.2, deferrable=False
    ).expand(config=segments())
    RegisterBestTrainingJobOperator.partial(task_id="register", model_package_group_name="mapped").expand(
        tuning_result=tune.output
    )
