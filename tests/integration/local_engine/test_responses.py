"""Lists, descriptions, deletions and tags: what clients see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import botocore.session
import pytest
from botocore.validate import ParamValidator

from airflow_hpt_provider.local.errors import ServiceError

pytestmark = pytest.mark.integration
MODEL = botocore.session.get_session().get_service_model("sagemaker")


def conforms(operation, answer):
    """Members, types, required members and enums are those of botocore's model."""
    shape = MODEL.operation_model(operation).output_shape
    report = ParamValidator().validate(answer, shape)
    assert not report.has_errors(), report.generate_report()
    check_enums(answer, shape)


def check_enums(value, shape):
    if shape.type_name == "structure":
        for name, member in value.items():
            assert name in shape.members, name
            check_enums(member, shape.members[name])
    elif shape.type_name == "list":
        for item in value:
            check_enums(item, shape.member)
    elif shape.type_name == "string" and shape.enum:
        assert value in shape.enum


@pytest.fixture
def five(service):
    """Five tuning jobs, the last two stopped, the others completed; the objective is x."""
    service.script("print(f'loss={hps[\"x\"]}')")
    for name in ("delta", "alpha", "Echo"):
        service.tune(name)
        service.ended(name)
    service.script("import time\ntime.sleep(600)")
    for name in ("bravo", "charlie"):
        service.tune(name)
        service.call("StopHyperParameterTuningJob", HyperParameterTuningJobName=name)
        service.ended(name)
    return service


def names(service, **parameters):
    """All names, over all pages."""
    result, token = [], {}
    while True:
        answer = service.call("ListHyperParameterTuningJobs", **parameters, **token)
        conforms("ListHyperParameterTuningJobs", answer)
        result += [s["HyperParameterTuningJobName"] for s in answer["HyperParameterTuningJobSummaries"]]
        if "NextToken" not in answer:
            return result
        token = {"NextToken": answer["NextToken"]}


def test_listing_tuning_jobs(five):
    assert names(five) == ["alpha", "bravo", "charlie", "delta", "Echo"]
    for size in (1, 2, 5, 100):
        assert names(five, MaxResults=size) == names(five)
    assert names(five, SortOrder="Descending", MaxResults=2) == names(five)[::-1]
    by_creation = ["delta", "alpha", "Echo", "bravo", "charlie"]
    assert names(five, SortBy="CreationTime", MaxResults=2) == by_creation
    assert names(five, SortBy="Status", SortOrder="Descending", MaxResults=3) == [
        "charlie",
        "bravo",
        "Echo",
        "alpha",
        "delta",
    ]
    assert names(five, StatusEquals="Stopped") == ["bravo", "charlie"]
    assert names(five, NameContains="EC") == ["Echo"]
    now = datetime.now(UTC)
    assert names(five, CreationTimeAfter=now) == []
    assert len(names(five, CreationTimeBefore=now, LastModifiedTimeAfter=now - timedelta(hours=1))) == 5
    created = five.describe("Echo")["CreationTime"]
    assert names(five, CreationTimeAfter=created) == ["bravo", "charlie"]
    assert names(five, CreationTimeBefore=created) == ["alpha", "delta"]


def test_pages_are_stable_while_jobs_come(five):
    first = five.call("ListHyperParameterTuningJobs", MaxResults=2, SortBy="CreationTime")
    five.script("print('loss=1')")
    five.tune("aaa-new")
    five.ended("aaa-new")
    rest = names(five, SortBy="CreationTime", NextToken=first["NextToken"])
    assert rest == ["Echo", "bravo", "charlie", "aaa-new"]


def test_a_token_is_for_one_query(five):
    token = five.call("ListHyperParameterTuningJobs", MaxResults=2)["NextToken"]
    for bad in ({"NextToken": token, "SortBy": "Status"}, {"NextToken": "bm9uc2Vuc2U="}, {"NextToken": "é"}):
        with pytest.raises(ServiceError, match="NextToken"):
            five.call("ListHyperParameterTuningJobs", **bad)


def test_training_jobs_of_a_tuning_job(five):
    def listed(**parameters):
        answer = five.call(
            "ListTrainingJobsForHyperParameterTuningJob", HyperParameterTuningJobName="ALPHA", **parameters
        )
        conforms("ListTrainingJobsForHyperParameterTuningJob", answer)
        return answer["TrainingJobSummaries"]

    values = [
        t["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
        for t in listed(SortBy="FinalObjectiveMetricValue")
    ]
    assert values == sorted(values)
    assert len(values) == 4
    assert [t["TrainingJobName"] for t in listed()] == sorted(t["TrainingJobName"] for t in listed())
    assert listed(StatusEquals="Failed") == []
    assert len(listed(StatusEquals="Completed", MaxResults=3)) == 3
    stopped = five.call("ListTrainingJobsForHyperParameterTuningJob", HyperParameterTuningJobName="bravo")
    no_metric = five.call(
        "ListTrainingJobsForHyperParameterTuningJob",
        HyperParameterTuningJobName="bravo",
        SortBy="FinalObjectiveMetricValue",
    )
    assert all(t["ObjectiveStatus"] == "Failed" for t in stopped["TrainingJobSummaries"])
    assert no_metric["TrainingJobSummaries"] == [], "those without an objective are not listed"
    everything = five.call("ListTrainingJobs", NameContains="alpha", MaxResults=100)
    conforms("ListTrainingJobs", everything)
    assert len(everything["TrainingJobSummaries"]) == 4


def test_descriptions_conform_to_the_model(five):
    for name in ("alpha", "bravo"):
        description = five.describe(name)
        conforms("DescribeHyperParameterTuningJob", description)
        static = description["TrainingJobDefinition"]["StaticHyperParameters"]
        assert static == {"_tuning_objective_metric": "loss"}
        for trial in five.training_jobs(name):
            conforms("DescribeTrainingJob", trial)
            assert trial["TuningJobArn"] == description["HyperParameterTuningJobArn"]
            assert set(trial["HyperParameters"]) == {"x", "_tuning_objective_metric"}


def test_names_are_case_insensitive(five):
    assert five.describe("ECHO")["HyperParameterTuningJobName"] == "Echo"
    arn = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/echo"
    assert five.describe("echo")["HyperParameterTuningJobArn"] == arn
    with pytest.raises(ServiceError) as caught:
        five.tune("eCHO")
    assert caught.value.code == "ResourceInUse"
    text = "A hyperparameter tuning job with the name, eCHO, already exists. Choose a different name."
    assert caught.value.message == text


@pytest.mark.parametrize("operation", ["Describe", "Stop", "Delete"])
def test_unknown_tuning_job(service, operation):
    with pytest.raises(ServiceError) as caught:
        service.call(f"{operation}HyperParameterTuningJob", HyperParameterTuningJobName="Missing")
    assert caught.value.code == "ResourceNotFound"
    text = "Amazon SageMaker can't find a tuning job called Missing. Type another name."
    assert caught.value.message == text


def test_deleting(five):
    trials = five.training_jobs("alpha")
    five.call("DeleteHyperParameterTuningJob", HyperParameterTuningJobName="alpha")
    with pytest.raises(ServiceError, match="can't find"):
        five.describe("alpha")
    kept = five.call("DescribeTrainingJob", TrainingJobName=trials[0]["TrainingJobName"])
    assert kept["TuningJobArn"] == trials[0]["TuningJobArn"], "training jobs stay"
    five.call("DeleteTrainingJob", TrainingJobName=trials[0]["TrainingJobName"])
    with pytest.raises(ServiceError, match="Requested resource not found"):
        five.call("DescribeTrainingJob", TrainingJobName=trials[0]["TrainingJobName"])
    five.tune("running")
    with pytest.raises(ServiceError, match="is in status InProgress"):
        five.call("DeleteHyperParameterTuningJob", HyperParameterTuningJobName="running")


def test_tags(service):
    service.script("print('loss=1')")
    service.tune(Tags=[{"Key": "owner", "Value": "me"}])
    job = service.ended()
    arn = job["HyperParameterTuningJobArn"]

    def tags(of):
        answer = service.call("ListTags", ResourceArn=of)
        conforms("ListTags", answer)
        return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}

    assert tags(arn) == {"owner": "me"}
    assert tags(service.training_jobs()[0]["TrainingJobArn"]) == {"owner": "me"}, (
        "the training jobs get them too"
    )
    service.call(
        "AddTags", ResourceArn=arn, Tags=[{"Key": "owner", "Value": "you"}, {"Key": "b", "Value": ""}]
    )
    service.call("DeleteTags", ResourceArn=arn, TagKeys=["b", "nothing"])
    assert tags(arn) == {"owner": "you"}
    with pytest.raises(ServiceError, match="can't find"):
        tags(arn + "-no")
    assert service.operations.handles("ListTags", {"ResourceArn": arn})
    other = "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/mine"
    assert not service.operations.handles("ListTags", {"ResourceArn": other})
    assert not service.operations.handles("CreateModel", {})


def test_bad_requests_create_nothing(service):
    service.script("print('loss=1')")
    with pytest.raises(ServiceError) as caught:
        service.tune(
            config={
                "ParameterRanges": {
                    "ContinuousParameterRanges": [
                        {"Name": "x", "MinValue": "0", "MaxValue": "1", "ScalingType": "Logarithmic"}
                    ]
                }
            }
        )
    assert caught.value.code == "ValidationException"
    with pytest.raises(
        ServiceError, match="A metric is required for this hyperparameter tuning job objective"
    ):
        service.tune(config={"HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "other"}})
    assert service.call("ListHyperParameterTuningJobs")["HyperParameterTuningJobSummaries"] == []


def test_updating_a_training_job(service):
    """It is shown from then on, for this training job and not for its siblings; an ended one can't be updated."""
    service.script(
        "import time\nwhile not (base.parents[2] / 'go').exists():\n    time.sleep(0.01)\nprint('loss=1')"
    )
    service.tune()
    first, second = service.wait_until(
        lambda: (lambda found: len(found) == 2 and found)(service.training_jobs())
    )
    answer = service.call(
        "UpdateTrainingJob",
        TrainingJobName=first["TrainingJobName"].upper(),
        ProfilerConfig={"DisableProfiler": True},
        ResourceConfig={"KeepAlivePeriodInSeconds": 60},
    )
    assert answer == {"TrainingJobArn": first["TrainingJobArn"]}
    updated = service.call("DescribeTrainingJob", TrainingJobName=first["TrainingJobName"])
    assert updated["ProfilerConfig"] == {"DisableProfiler": True}
    assert updated["ResourceConfig"] == first["ResourceConfig"] | {"KeepAlivePeriodInSeconds": 60}
    sibling = service.call("DescribeTrainingJob", TrainingJobName=second["TrainingJobName"])
    assert "ProfilerConfig" not in sibling
    assert sibling["ResourceConfig"] == second["ResourceConfig"]
    (service.directory / "go").write_text("")
    assert service.ended()["TrainingJobStatusCounters"]["Completed"] == 4
    with pytest.raises(ServiceError, match="in status Completed"):
        service.call("UpdateTrainingJob", TrainingJobName=first["TrainingJobName"])
    with pytest.raises(ServiceError, match="Requested resource not found"):
        service.call("UpdateTrainingJob", TrainingJobName="missing")
