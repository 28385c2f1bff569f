"""Tuning jobs that really train: their outcomes, counters and limits."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.models.float32 import float32

pytestmark = pytest.mark.integration

QUADRATIC = "print(f'loss={(float(hps[\"x\"]) - 0.3) ** 2}')"


def limits(most: int, parallel: int = 2, **more: int) -> dict[str, object]:
    return {"ResourceLimits": {"MaxNumberOfTrainingJobs": most, "MaxParallelTrainingJobs": parallel, **more}}


def test_completes_and_names_the_best(service):
    service.script(QUADRATIC)
    service.tune(config=limits(6))
    job = service.ended()
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["Completed"] == 6
    assert job["ObjectiveStatusCounters"] == {"Succeeded": 6, "Pending": 0, "Failed": 0}
    assert job["HyperParameterTuningEndTime"] >= job["CreationTime"]
    trials = service.training_jobs()
    values = {t["TrainingJobName"]: t["FinalMetricDataList"][0]["Value"] for t in trials}
    best = job["BestTrainingJob"]
    assert values[best["TrainingJobName"]] == min(values.values())
    x = float(best["TunedHyperParameters"]["x"])
    objective = {"MetricName": "loss", "Value": float32((x - 0.3) ** 2)}
    assert best["FinalHyperParameterTuningJobObjectiveMetric"] == objective
    assert [t["TrainingJobName"][:8] for t in trials] == [f"job-{n:03d}-" for n in range(1, 7)]


def test_one_objective_for_all_hyperparameters_is_logged_once(service, caplog):
    service.script("print('loss=1')")
    service.tune(config=limits(7))
    service.ended()
    said = [each.getMessage() for each in caplog.records if "reported the same value" in each.getMessage()]
    assert len(said) == 1
    assert said[0].startswith("tuning job job: All training jobs reported the same value of loss, 1,")


def test_random_seed_makes_the_same_trials(service):
    service.script(QUADRATIC)
    points = []
    for name in ("one", "two"):
        service.tune(name, config=limits(4, 1))
        service.ended(name)
        points.append([t["HyperParameters"]["x"] for t in service.training_jobs(name)])
    assert points[0] == points[1]


def test_never_more_in_parallel_than_asked(service):
    service.script(QUADRATIC)
    service.tune(config=limits(6, 2))
    service.ended()
    trials = service.training_jobs()
    for trial in trials:
        at = trial["CreationTime"]
        assert sum(t["CreationTime"] <= at < t["TrainingEndTime"] for t in trials) <= 2


def test_the_objective_is_the_last_value(service):
    service.script("for v in (3, 1, 2): print(f'loss={v}')")
    service.tune(config=limits(1, 1))
    best = service.ended()["BestTrainingJob"]
    assert best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == 2.0


def test_fails_when_the_first_five_fail(service):
    service.script("raise SystemExit(3)")
    service.tune(config=limits(20, 1))
    job = service.ended()
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert job["FailureReason"] == (
        "No training job succeeded after 5 attempts. Please take a look at the training job failures to get "
        "more details."
    )
    assert job["TrainingJobStatusCounters"]["NonRetryableError"] == 5
    assert job["ObjectiveStatusCounters"]["Failed"] == 5
    assert "BestTrainingJob" not in job


def test_some_failures_do_not_fail_it(service):
    service.script("number = int(os.environ['TRAINING_JOB_NAME'].split('-')[1])\n"
                   "if number <= 4: raise SystemExit(1)\n" + QUADRATIC)  # fmt: skip
    service.tune(config=limits(7, 1))
    job = service.ended()
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    counters = job["TrainingJobStatusCounters"]
    assert (counters["Completed"], counters["NonRetryableError"]) == (3, 4)


def test_no_objective_emitted(service):
    service.script("print('nothing to see')")
    service.tune(config=limits(8, 1))
    job = service.ended()
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert "No objective metrics found after running 5 training jobs" in job["FailureReason"]
    assert {t["TrainingJobStatus"] for t in service.training_jobs()} == {"Completed"}
    assert job["ObjectiveStatusCounters"]["Failed"] == 5


def any_value(service, name="loss"):
    """Return the members of a definition whose objective metric takes whatever is printed for its value."""
    specification = service.definition()["AlgorithmSpecification"]
    return {
        "AlgorithmSpecification": {
            **specification,
            "MetricDefinitions": [{"Name": name, "Regex": r"loss=(\S+)"}],
        }
    }


@pytest.mark.parametrize(
    "name", ["validation:auc", "val loss/%{}[]\"'<b>,;\\=", "Verlust √ü", "0", "_", " loss "]
)
def test_metric_names_of_any_sign(service, name):
    service.script("print('loss=0.5')")
    objective = {"Type": "Minimize", "MetricName": name}
    config = {**limits(1, 1), "HyperParameterTuningJobObjective": objective}
    service.tune(definition=any_value(service, name), config=config)
    job = service.ended()
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    metric = job["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]
    assert metric == {"MetricName": name, "Value": 0.5}
    (training_job,) = service.training_jobs()
    assert {each["MetricName"] for each in training_job["FinalMetricDataList"]} == {name, "ObjectiveMetric"}


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ("nan", "3 of them emitted the objective metric 'loss', but only with values that are not finite numbers (nan"),
        ("inf", "values that are not finite numbers (inf)"),
        ("-Infinity", "values that are not finite numbers (-inf)"),
        ("1_000", "as defined by the regular expression provided"),
    ],
)  # fmt: skip
def test_an_objective_that_is_no_finite_number_is_named(service, printed, words):
    service.script(f"print('loss={printed}')")
    service.tune(definition=any_value(service), config=limits(3, 1))
    job = service.ended()
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert "No objective metrics found after running 3 training jobs" in job["FailureReason"]
    assert words in job["FailureReason"]


def test_a_value_that_is_not_finite_does_not_count_next_to_others(service):
    service.script("for value in ('nan', 2, 'inf', 1, 'nan'): print(f'loss={value}')")
    service.tune(definition=any_value(service), config=limits(2, 1))
    job = service.ended()
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert {t["FinalMetricDataList"][0]["Value"] for t in service.training_jobs()} == {1.0}


def test_stop_ends_running_trials(service):
    service.script("import time\nprint('loss=1')\ntime.sleep(600)")
    service.tune()
    running = lambda: [t for t in service.training_jobs() if t["SecondaryStatus"] == "Training"]  # noqa: E731
    service.wait_until(lambda: len(running()) == 2)
    service.call("StopHyperParameterTuningJob", HyperParameterTuningJobName="JOB")
    assert service.describe()["HyperParameterTuningJobStatus"] in ("Stopping", "Stopped")
    job = service.ended()
    assert job["HyperParameterTuningJobStatus"] == "Stopped"
    assert job["TrainingJobStatusCounters"]["Stopped"] == 2
    with pytest.raises(ServiceError, match="status Stopped"):
        service.call("StopHyperParameterTuningJob", HyperParameterTuningJobName="job")
    for trial in service.training_jobs():
        assert [t["Status"] for t in trial["SecondaryStatusTransitions"]][-2:] in (
            ["Uploading", "Stopped"],
            ["Stopping", "Stopped"],
        )


@pytest.mark.parametrize(
    ("criteria", "most"),
    [
        ({"TargetObjectiveMetricValue": 5.0}, 1),
        ({"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}}, 4),
    ],
)
def test_completion_criteria(service, criteria, most):
    service.script("print('loss=5')")
    service.tune(config={**limits(30, 1), "TuningJobCompletionCriteria": criteria})
    job = service.ended()
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["Completed"] == most
    assert job["TuningJobCompletionDetails"]["NumberOfTrainingJobsObjectiveNotImproving"] == most - 1


def test_convergence(service):
    service.script("print(f'loss={1 + (float(hps[\"x\"]) - 0.3) ** 2}')")
    service.tune(
        config={
            **limits(100, 2),
            "Strategy": "Bayesian",
            "TuningJobCompletionCriteria": {"ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}},
        }
    )
    job = service.ended()
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert 15 <= job["TrainingJobStatusCounters"]["Completed"] < 100
    assert isinstance(job["TuningJobCompletionDetails"]["ConvergenceDetectedTime"], datetime)


@pytest.mark.parametrize("strategy", ["Hyperband", "Bayesian"])
def test_the_searchs_own_early_stopping(service, strategy):
    """Hyperband stops at its rungs and past MaxResource; AUTO by the median rule. Both save epochs."""
    service.script(
        """
import time
for epoch in range(1, 28):
    print(f"loss={float(hps['x']) + 1 / epoch}", flush=True)
    time.sleep(0.02 if epoch <= 20 else 0.5)  # beyond MaxResource, with time to be stopped
"""
    )
    hyperband = {"StrategyConfig": {"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 20}}}
    config = hyperband if strategy == "Hyperband" else {"TrainingJobEarlyStoppingType": "Auto"}
    service.tune(config={**limits(10, 2), "Strategy": strategy, **config})
    job = service.ended()
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    counters = job["TrainingJobStatusCounters"]
    assert counters["Completed"] + counters["Stopped"] == 10
    assert counters["Stopped"] >= (9 if strategy == "Hyperband" else 1)
    assert job["ObjectiveStatusCounters"]["Succeeded"] == 10


def test_what_hyperband_runs_in_full_saves_its_model(service):
    """MaxResource is taken from ``epochs``: a trial ends by itself there, and is left to."""
    service.script(
        """
import time
for epoch in range(1, int(hps["epochs"]) + 1):
    print(f"loss={float(hps['x']) + 1 / epoch}", flush=True)
    time.sleep(0.05)
time.sleep(0.3)
(base / "model" / "weights").write_text("w")
"""
    )
    service.tune(
        config={**limits(6, 2), "Strategy": "Hyperband"},
        definition={"StaticHyperParameters": {"epochs": "4"}},
    )
    best = service.ended()["BestTrainingJob"]
    assert best["TrainingJobStatus"] == "Completed"
    assert service.objects.exists("bucket", f"output/{best['TrainingJobName']}/output/model.tar.gz")


def test_several_definitions_share_the_budget(service):
    service.script("print('loss=1')", "a.py")
    service.script("print('loss=0.5')", "b.py")

    def definition(letter: str) -> dict[str, object]:
        return service.definition(
            f"{letter}.py",
            DefinitionName=f"algorithm-{letter}",
            TuningObjective={"Type": "Minimize", "MetricName": "loss"},
            HyperParameterRanges={
                "ContinuousParameterRanges": [{"Name": letter, "MinValue": "0", "MaxValue": "1"}]
            },
        )

    service.call(
        "CreateHyperParameterTuningJob",
        HyperParameterTuningJobName="job",
        HyperParameterTuningJobConfig={"Strategy": "Random", **limits(6, 2)},
        TrainingJobDefinitions=[definition("a"), definition("b")],
    )
    job = service.ended()
    assert job["BestTrainingJob"]["TrainingJobDefinitionName"] == "algorithm-b"
    trials = service.training_jobs()
    assert sorted(set(t["HyperParameters"]) - {"_tuning_objective_metric"} for t in trials) is not None
    tuned = [next(iter(set(t["HyperParameters"]) - {"_tuning_objective_metric"})) for t in trials]
    assert sorted(tuned) == ["a", "a", "a", "b", "b", "b"]


def test_each_definition_reaches_the_target_by_its_own_objective(service):
    """What is far above the target is no success where less is better."""
    service.script("print('accuracy=0.5')", "a.py")
    service.script("print('loss=3')", "b.py")

    def definition(letter: str, kind: str, metric: str) -> dict[str, object]:
        made = service.definition(
            f"{letter}.py",
            DefinitionName=letter,
            TuningObjective={"Type": kind, "MetricName": metric},
            HyperParameterRanges={
                "ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]
            },
        )
        made["AlgorithmSpecification"]["MetricDefinitions"] = [
            {"Name": metric, "Regex": f"{metric}=([-+.0-9e]+)"}
        ]
        return made

    service.call(
        "CreateHyperParameterTuningJob",
        HyperParameterTuningJobName="job",
        HyperParameterTuningJobConfig={
            "Strategy": "Random",
            **limits(6, 1),
            "TuningJobCompletionCriteria": {"TargetObjectiveMetricValue": 0.9},
        },
        TrainingJobDefinitions=[
            definition("a", "Maximize", "accuracy"),
            definition("b", "Minimize", "loss"),
        ],
    )
    assert service.ended()["TrainingJobStatusCounters"]["Completed"] == 6


def test_grid_tries_every_combination_once(service):
    service.script("print('loss=1')")
    service.tune(
        config={
            "Strategy": "Grid",
            "ResourceLimits": {"MaxParallelTrainingJobs": 3},
            "ParameterRanges": {
                "CategoricalParameterRanges": [
                    {"Name": "a", "Values": ["1", "2"]},
                    {"Name": "b", "Values": ["x", "y", "z"]},
                ]
            },
        }
    )
    assert service.ended()["TrainingJobStatusCounters"]["Completed"] == 6
    pairs = {(t["HyperParameters"]["a"], t["HyperParameters"]["b"]) for t in service.training_jobs()}
    assert len(pairs) == 6


def test_two_tuning_jobs_share_the_slots(make_service):
    service = make_service(max_parallel=2)
    service.script("import time\ntime.sleep(0.15)\nprint('loss=1')")
    service.tune("first", config=limits(8, 2))
    service.tune("second", config=limits(4, 2))
    service.ended("first")
    service.ended("second")
    first, second = service.training_jobs("first"), service.training_jobs("second")
    # The second did not wait for the first to be done ...
    assert min(t["CreationTime"] for t in second) < max(t["CreationTime"] for t in first)
    # ... and there were never more than two at the same time.
    everything = [*first, *second]
    for trial in everything:
        at = trial["CreationTime"]
        assert sum(t["CreationTime"] <= at < t["TrainingEndTime"] for t in everything) <= 2


def test_consumed_resources(service):
    service.script("print('loss=1')")
    service.tune(config=limits(2))
    job = service.ended()
    elapsed = (job["HyperParameterTuningEndTime"] - job["CreationTime"]).total_seconds()
    assert job["ConsumedResources"]["RuntimeInSeconds"] == int(elapsed)
    assert job["CreationTime"] <= datetime.now(UTC)
