from airflow.sdk import DAG

from airflow_hpt_provider.operators.registration import RegisterBestTrainingJobOperator
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator

with DAG("tune_from_yaml", schedule=None):
    tune = HyperParameterTuningJobOperator(task_id="tune", config="breast_cancer.yaml", deferrable=True)
    RegisterBestTrainingJobOperator(
        task_id="register", tuning_result=tune.output, model_package_group_name="breast-cancer"
    )
