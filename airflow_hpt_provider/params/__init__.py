"""A trigger form for a tuning job: generates Airflow Params from a request, and the request from Params.

::

    expose = ["Strategy", "MaxNumberOfTrainingJobs", "ParameterRanges.learning-rate", "InstanceType"]
    with DAG("tune", params=tuning_params(REQUEST, expose)):
        HyperParameterTuningJobOperator(task_id="tune", config=tuning_config(REQUEST, expose))

``members.py`` finds what is to be exposed, and what AWS says of it; ``form.py`` makes Params of it; ``config.py`` puts
their values back.
"""

from airflow_hpt_provider.params.config import request_from_params, tuning_config
from airflow_hpt_provider.params.form import tuning_params

__all__ = ["request_from_params", "tuning_config", "tuning_params"]
