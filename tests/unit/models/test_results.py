"""The result that lands in XCom: JSON all the way, of bounded size, and the same when read back."""

import copy
import datetime as dt
import json
import math
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from airflow_hpt_provider.models import (
    Attempt,
    BestTrainingJob,
    FailureGroup,
    TrainingJobSummary,
    TuningJobDescription,
    TuningResult,
    explain,
)

MODEL = "s3://bucket/models/demo-1-003-0e830ada/output/model.tar.gz"
DESCRIBED = {
    "ModelArtifacts": {"S3ModelArtifacts": MODEL},
    "AlgorithmSpecification": {"TrainingImage": "registry.example/train:2", "TrainingInputMode": "File"},
}
BOUND = 48_000


@pytest.fixture
def description(answer):
    return TuningJobDescription.model_validate(answer)


@pytest.fixture
def result(description):
    return TuningResult.from_description(
        description,
        best=BestTrainingJob.from_answers(description.best_training_job, DESCRIBED),
        top=[description.best_training_job],
        attempts=[Attempt(number=1, tuning_job_name="demo-1", status="Completed")],
        failures=[
            FailureGroup(
                reason="AlgorithmError: out of memory",
                count=2,
                training_job_names=("a", "b"),
                hyper_parameters={"depth": "7"},
            )
        ],
    )


def test_what_lands_in_xcom(result):
    value = result.to_xcom()
    assert value["schema_version"] == 1
    assert value["tuning_job_name"] == "demo-1"
    assert value["status"] == "Completed"
    assert value["objective"] == {"type": "Minimize", "metric_name": "rmse"}
    assert value["final_metric"] == 0.25
    assert value["best_training_job"] == {
        "TrainingJobName": "demo-1-003-0e830ada",
        "TrainingJobArn": "arn:aws:sagemaker:us-east-1:123456789012:training-job/demo-1-003-0e830ada",
        "TuningJobName": "demo-1",
        "CreationTime": "2026-03-01T12:30:00+00:00",
        "TrainingStartTime": "2026-03-01T12:30:30+00:00",
        "TrainingEndTime": "2026-03-01T12:31:30+00:00",
        "TrainingJobStatus": "Completed",
        "TunedHyperParameters": {"rate": "0.01", "depth": "7", "booster": "dart"},
        "FinalHyperParameterTuningJobObjectiveMetric": {"MetricName": "rmse", "Value": 0.25},
        "ObjectiveStatus": "Succeeded",
        "ModelArtifacts": {"S3ModelArtifacts": MODEL},
        "TrainingImage": "registry.example/train:2",
    }
    assert value["training_job_status_counters"]["Completed"] == 9
    assert value["objective_status_counters"] == {"Succeeded": 10, "Pending": 0, "Failed": 2}
    assert value["creation_time"] == "2026-03-01T12:30:00+00:00"
    assert value["end_time"] == "2026-03-01T12:39:00+00:00"
    assert value["consumed_resources"] == {"RuntimeInSeconds": 540}
    assert value["top_training_jobs"][0]["TrainingImage"] == "registry.example/train:1", "from the definition"
    assert value["failures"] == [
        {
            "reason": "AlgorithmError: out of memory",
            "count": 2,
            "training_job_names": ["a", "b"],
            "hyper_parameters": {"depth": "7"},
        }
    ]
    assert value["trimmed"] == []


def test_read_back_typed(result):
    value = result.to_xcom()
    for form in (value, json.dumps(value), json.loads(json.dumps(value)), result):
        again = TuningResult.from_xcom(form)
        assert again == result
    assert again.best_training_job.hyper_parameters == {"rate": 0.01, "depth": 7, "booster": "dart"}
    assert again.hyper_parameters == again.best_training_job.hyper_parameters
    assert again.model_artifact == MODEL
    assert again.end_time - again.creation_time == dt.timedelta(minutes=9)
    assert again.succeeded


def test_no_static_hyperparameter_nor_config_gets_in(answer):
    answer["TrainingJobDefinition"]["StaticHyperParameters"]["db_password"] = "hunter2"
    answer["TrainingJobDefinition"]["Environment"] = {"TOKEN": "hunter2"}
    answer["BestTrainingJob"]["Newer"] = {"Secret": "hunter2"}
    value = TuningResult.from_description(TuningJobDescription.model_validate(answer)).to_xcom()
    assert "hunter2" not in json.dumps(value)
    assert "StaticHyperParameters" not in json.dumps(value)


def test_nothing_succeeded(answer):
    del answer["BestTrainingJob"]
    answer["HyperParameterTuningJobStatus"] = "Failed"
    answer["FailureReason"] = "No training job succeeded after 5 attempts."
    result = TuningResult.from_description(TuningJobDescription.model_validate(answer))
    assert result.best_training_job is None
    assert result.final_metric is None
    assert result.model_artifact is None
    assert result.hyper_parameters == {}
    assert not result.succeeded
    assert result.failure_reason == "No training job succeeded after 5 attempts."
    assert "No training job succeeded" in result.summary()
    assert TuningResult.from_xcom(result.to_xcom()) == result


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_metrics_that_json_lacks(answer, value):
    answer["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] = value
    result = TuningResult.from_description(TuningJobDescription.model_validate(answer))
    assert result.final_metric is None
    text = json.dumps(result.to_xcom(), allow_nan=False)
    again = TuningResult.from_xcom(text).best_training_job.final_metric
    assert again == value or (math.isnan(again) and math.isnan(value))


def test_parents_best_gets_neither_image_nor_model_of_this_job(answer, summary):
    parent = {**summary, "TuningJobName": "old-1", "TrainingJobName": "old-1-001-0e830ada"}
    answer["OverallBestTrainingJob"] = parent
    result = TuningResult.from_description(TuningJobDescription.model_validate(answer))
    assert result.best_training_job.training_image == "registry.example/train:1"
    assert result.overall_best_training_job.training_image is None
    assert result.overall_best_training_job.model_artifact is None


def test_training_job_without_artifact(summary):
    best = BestTrainingJob.from_answers(TrainingJobSummary.model_validate(summary), {})
    assert best.model_artifact is None
    assert best.training_image is None


def test_newer_schemas_are_tolerated(result):
    value = result.to_xcom() | {"schema_version": 9, "mood": "calm"}
    value["objective"]["weight"] = 1
    again = TuningResult.from_xcom(value)
    assert again.schema_version == 9
    assert again.final_metric == 0.25


def test_a_newer_schema_that_cannot_be_read_says_so(result):
    value = result.to_xcom() | {"schema_version": 9, "status": {"word": "Completed"}}
    with pytest.raises(ValidationError) as caught:
        TuningResult.from_xcom(value)
    assert caught.value.__notes__ == ["the result has schema version 9; this release reads 1"]


@pytest.mark.parametrize("value", [None, 5, [], "", "no JSON", "[]", "null"])
def test_no_result(value):
    with pytest.raises(ValueError, match="a tuning result was expected, not"):
        TuningResult.from_xcom(value)


def test_the_results_of_a_mapped_task_are_not_one(result):
    with pytest.raises(ValueError, match=r"not a list of 2: of a mapped task, take one of them"):
        TuningResult.from_xcom([result.to_xcom()] * 2)


PULL = "pull the return_value of the tuning task"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"status": None}, "status: must be a string, not None"),
        ({"tuning_job_name": 1}, "tuning_job_name: must be a string, not 1"),
        ({"tuning_job_arn": []}, "tuning_job_arn: must be a string, not a list of 0"),
        ({"final_metric": "good"}, "final_metric: must be a number, not 'good'"),
        ({"attempts": 5}, "attempts: must be a list, not 5"),
        ({"schema_version": math.inf}, "schema_version: must be a finite number, not inf"),
        ({"attempts": [{"number": 1, "status": "Failed"}]}, "attempts[0].tuning_job_name: is missing"),
        (
            {"failures": [{"reason": "x", "count": "many"}]},
            "failures[0].count: must be a whole number, not 'many'",
        ),
        (
            {"failures": [{"reason": "x", "count": 1, "hyper_parameters": []}]},
            "failures[0].hyper_parameters: must be a structure, not a list of 0",
        ),
        ({"objective": "loss"}, "objective: must be a structure, not 'loss'"),
        ({"creation_time": "soon"}, "creation_time: must be a time, not 'soon'; give it as ISO 8601"),
        ({"best_training_job": 5}, "best_training_job: must be a structure, not 5; put its members in { }"),
    ],
)
def test_what_is_wrong_in_a_result_is_reported_with_field_value_and_remedy(result, change, line):
    with pytest.raises(ValidationError) as caught:
        TuningResult.from_xcom(result.to_xcom() | change)
    assert explain(caught.value) == f"{line}; {PULL}"
    assert line.partition(": ")[2] in str(caught.value)
    assert "input_value" not in str(caught.value)
    assert "errors.pydantic.dev" not in str(caught.value)


def test_each_member_that_a_result_lacks_is_named():
    with pytest.raises(ValidationError) as caught:
        TuningResult.from_xcom({"a": 1})
    assert explain(caught.value).splitlines() == [
        f"{name}: is missing; {PULL}" for name in ("tuning_job_name", "tuning_job_arn", "status")
    ]
    assert f"is missing; {PULL}" in str(caught.value)


def test_members_of_aws_structures_that_a_result_lacks_are_named(result):
    with pytest.raises(ValidationError) as caught:
        TuningResult.from_xcom(
            result.to_xcom() | {"objective": {"type": "Minimize"}, "best_training_job": {}}
        )
    lines = explain(caught.value).splitlines()
    assert f"objective.metric_name: is missing; {PULL}" in lines
    assert f"best_training_job.TrainingJobName: is missing; {PULL}" in lines


def test_repr_and_summary_are_short(result):
    assert repr(result) == (
        "TuningResult('demo-1', Completed, rmse=0.25 (Minimize), best='demo-1-003-0e830ada', 12 training jobs)"
    )
    assert str(result) == repr(result)
    assert result.summary() == (
        "demo-1: Completed · 9 of 12 completed · best rmse 0.25 "
        "(demo-1-003-0e830ada: rate=0.01, depth=7, booster=dart)"
    )


def test_results_are_values(result):
    assert pickle.loads(pickle.dumps(result)) == result
    assert copy.deepcopy(result) == result


def size(value):
    return len(json.dumps(value, allow_nan=False).encode())


def test_long_lists_are_cut_visibly(result, description):
    job = BestTrainingJob.of(description.best_training_job)
    long = result.model_copy(update={"top_training_jobs": (job,) * 1000})
    value = long.to_xcom()
    assert size(value) <= BOUND
    kept = len(value["top_training_jobs"])
    assert 10 < kept < 1000
    assert value["trimmed"] == [f"top_training_jobs: {kept} of 1000 kept"]
    assert value["failures"], "the rest is left alone"
    assert TuningResult.from_xcom(value).best_training_job == result.best_training_job


def test_long_texts_are_shortened_visibly(result):
    value = result.model_copy(update={"status_reason": "é" * 20_000}).to_xcom()
    assert size(value) <= BOUND
    assert value["status_reason"].endswith("… (18976 more characters)")
    assert "texts: 1024 characters kept" in value["trimmed"]
    assert value["best_training_job"]["TunedHyperParameters"] == {
        "rate": "0.01",
        "depth": "7",
        "booster": "dart",
    }


def test_even_absurd_hyperparameters_fit(result):
    job = result.best_training_job.model_copy(
        update={"tuned_hyper_parameters": {f"{i}" + "n" * 3000: "v" * 3000 for i in range(30)}}
    )
    value = result.model_copy(update={"best_training_job": job}).to_xcom()
    assert size(value) <= BOUND
    assert value["best_training_job"]["TunedHyperParameters"] == {}
    assert "best_training_job.TunedHyperParameters: left out" in value["trimmed"]
    assert TuningResult.from_xcom(value).final_metric == 0.25


texts = st.text(st.characters(codec="utf-8"), max_size=3000)
jobs = st.fixed_dictionaries(
    {
        "TrainingJobName": st.from_regex(r"[a-z]{1,20}", fullmatch=True),
        "TrainingJobArn": st.just("arn:aws:sagemaker:us-east-1:123456789012:training-job/x"),
        "CreationTime": st.datetimes(timezones=st.just(dt.UTC)),
        "TrainingJobStatus": st.sampled_from(["Completed", "Failed", "New"]),
        "TunedHyperParameters": st.dictionaries(texts, texts, max_size=30),
    },
    optional={
        "FailureReason": texts,
        "FinalHyperParameterTuningJobObjectiveMetric": st.fixed_dictionaries(
            {"MetricName": texts, "Value": st.floats(allow_nan=False)}
        ),
    },
)


@settings(max_examples=60, deadline=None)
@given(
    best=st.none() | jobs,
    top=st.lists(jobs, max_size=4),
    repeat=st.integers(1, 20),
    reason=st.none() | texts,
    groups=st.lists(st.builds(FailureGroup, reason=texts, count=st.integers(1, 99)), max_size=9),
)
def test_any_result_is_small_json_and_reads_back(best, top, repeat, reason, groups):
    result = TuningResult(
        tuning_job_name="demo-1",
        tuning_job_arn="arn",
        status="Completed",
        best_training_job=best and BestTrainingJob.model_validate(best),
        top_training_jobs=tuple(BestTrainingJob.model_validate(job) for job in top * repeat),
        failure_reason=reason,
        failures=tuple(groups * repeat),
    )
    value = result.to_xcom()
    assert size(value) <= BOUND
    again = TuningResult.from_xcom(json.loads(json.dumps(value, allow_nan=False)))
    if not value["trimmed"]:
        assert again == result
    if best is not None:
        assert again.best_training_job.training_job_name == best["TrainingJobName"]
