"""Each DAG of ``dags/`` runs as it stands on the local tuning service: the connection is all that is set.

In tests/system they run under a real scheduler.
"""

from __future__ import annotations

import pytest

from airflow_hpt_provider.models import TuningResult

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]


def described(service, name):
    return service.client("sagemaker").describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)


def properties(service, arn):
    package = service.client("sagemaker").describe_model_package(ModelPackageName=arn)
    return package["CustomerMetadataProperties"]


def test_tune_and_register(run_dag, service):
    run = run_dag("tune_and_register", training_jobs=2)
    assert run.task_states() == {"tune": "success", "register": "success"}
    name = run.xcom("tune", "tuning_job_name")
    assert properties(service, run.xcom("register")["model_package_arn"])["TuningJobName"] == name

    complete = run_dag.lineage_of("tune_and_register", "tune")[-1]
    assert complete["eventType"] == "COMPLETE"
    inputs = [(dataset["namespace"], dataset["name"]) for dataset in complete["inputs"]]
    assert inputs == [("s3://hpt-demo", "breast-cancer/train")]
    (output,) = complete["outputs"]
    best = run.xcom("tune", "best_training_job")
    assert f"{output['namespace']}/{output['name']}" == best["ModelArtifacts"]["S3ModelArtifacts"]
    facets = complete["run"]["facets"]
    assert facets["externalQuery"]["externalQueryId"] == run.xcom("tune", "tuning_job_arn")
    assert facets["airflowHpt_tuningJob"]["tunedHyperParameters"] == best["TunedHyperParameters"]
    assert facets["airflowHpt_tuningJob"]["finalMetric"] == run.xcom("tune", "final_metric")


def test_retrain_weekly_learns_from_the_last_week_and_keeps_the_better_model(run_dag, service):
    first = run_dag("retrain_weekly", training_jobs=2)
    name = first.xcom("tune", "tuning_job_name")
    assert "WarmStartConfig" not in described(service, name)
    assert first.xcom("register")["registered"], "the first model has no champion to beat"
    (event,) = first.events
    assert (event["tuning_job_name"], event["status"]) == (name, "Completed")
    assert event["final_metric"] == first.xcom("tune", "final_metric")
    assert event["best_training_job"] == first.xcom("tune", "best_training_job")

    # In the second week, no candidate beats the champion.
    sagemaker = service.client("sagemaker")
    registered = properties(service, first.xcom("register")["model_package_arn"])
    sagemaker.create_model_package(
        ModelPackageGroupName="breast-cancer-weekly",
        ModelApprovalStatus="Approved",
        CustomerMetadataProperties={**registered, "ObjectiveMetricValue": "0.0"},
    )
    second = run_dag("retrain_weekly", training_jobs=2)
    assert second.task_states() == {"warm_start": "success", "tune": "success", "register": "skipped"}
    second_name = second.xcom("tune", "tuning_job_name")
    parents = described(service, second_name)["WarmStartConfig"]["ParentHyperParameterTuningJobs"]
    assert parents == [{"HyperParameterTuningJobName": name}]
    packages = sagemaker.list_model_packages(ModelPackageGroupName="breast-cancer-weekly")
    assert len(packages["ModelPackageSummaryList"]) == 2, "nothing was registered"

    # The third week's parent is the second's job, though its model was not registered; unless it is gone.
    third = run_dag("retrain_weekly", skip="tune|register")
    (parent,) = third.xcom("warm_start")["ParentHyperParameterTuningJobs"]
    assert parent == {"HyperParameterTuningJobName": second_name}
    sagemaker.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName=second_name)
    assert run_dag("retrain_weekly", skip="tune|register").xcom("warm_start") is None


def test_tune_many_has_a_job_for_each_segment_and_registers_the_best(run_dag, service):
    run = run_dag("tune_many", training_jobs=2)
    results = [TuningResult.from_xcom(run.xcom("tune", map_index=index)) for index in range(3)]
    segments = set()
    for result in results:
        definition = described(service, result.tuning_job_name)["TrainingJobDefinition"]
        source = definition["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"]
        segments.add(source.split("/")[-2])
    assert segments == {"under-40", "40-to-54", "from-55"}
    best = max(results, key=lambda result: result.final_metric)
    registered = properties(service, run.xcom("register")["model_package_arn"])
    assert registered["TuningJobName"] == best.tuning_job_name


def test_tune_with_a_function_reports_the_result(run_dag):
    run = run_dag("tune_with_a_function")
    result = TuningResult.from_xcom(run.xcom("tune"))
    assert result.training_job_status_counters.completed == run.xcom("size")
    assert run.xcom("report") == f"{result.tuning_job_name}: {result.final_metric}"


def test_compare_algorithms_shares_one_budget(run_dag):
    run = run_dag("compare_algorithms", training_jobs=3)
    ranking = run.xcom("ranking")
    assert set(ranking) == {"boosting", "forest", "linear"}
    assert list(ranking.values()) == sorted(ranking.values())
    result = TuningResult.from_xcom(run.xcom("tune"))
    assert result.training_job_status_counters.completed == 3
    winner = result.best_training_job
    assert winner.training_job_definition_name == next(iter(ranking))
    assert winner.final_metric == min(ranking.values()) == run.xcom("tune", "final_metric")


def test_cheap_spot_keeps_checkpoints_of_each_training_job(run_dag, service):
    run = run_dag("cheap_spot", training_jobs=2, epochs=3)
    definition = described(service, run.xcom("tune", "tuning_job_name"))["TrainingJobDefinition"]
    assert definition["EnableManagedSpotTraining"] is True
    assert definition["RetryStrategy"] == {"MaximumRetryAttempts": 3}
    bucket, _, prefix = definition["CheckpointConfig"]["S3Uri"].removeprefix("s3://").partition("/")
    kept = service.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
    best = run.xcom("tune", "best_training_job")["TrainingJobName"]
    assert any(item["Key"].endswith(f"/{best}/state.joblib") for item in kept)
