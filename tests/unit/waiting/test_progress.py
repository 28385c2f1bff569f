"""The lines of the task log while a job runs."""

import logging
import time

from airflow_hpt_provider.waiting.progress import ProgressLog, progress_line
from airflow_hpt_provider.waiting.snapshot import JobSnapshot

DESCRIBED = {
    "HyperParameterTuningJobName": "tune-1",
    "HyperParameterTuningJobArn": "arn",
    "HyperParameterTuningJobStatus": "InProgress",
    "TrainingJobStatusCounters": {"Completed": 3, "InProgress": 2, "RetryableError": 1, "NonRetryableError": 1},
    "HyperParameterTuningJobConfig": {"ResourceLimits": {"MaxNumberOfTrainingJobs": 12}},
    "BestTrainingJob": {
        "TrainingJobName": "tune-1-003-1c",
        "TunedHyperParameters": {"depth": "4", "rate": "0.17875180762069579", "loss": '"log"'},
        "FinalHyperParameterTuningJobObjectiveMetric": {"MetricName": "auc", "Value": 0.98125},
    },
}  # fmt: skip
LISTED = DESCRIBED | {
    "ResourceLimits": {"MaxNumberOfTrainingJobs": 12},
    "TrainingJobStatusCounters": DESCRIBED["TrainingJobStatusCounters"] | {"Completed": 4},
}
del LISTED["BestTrainingJob"], LISTED["HyperParameterTuningJobConfig"]
BEST = " · best 0.98125 (tune-1-003-1c: depth=4, rate=0.178752, loss=log)"


def test_one_line_per_change_and_the_best_is_remembered_where_a_list_lacks_it(caplog):
    caplog.set_level(logging.INFO)
    progress = ProgressLog(logging.getLogger("task"))
    for answer in (DESCRIBED, DESCRIBED, LISTED, LISTED):
        progress(JobSnapshot.of_answer(answer))
    assert [record.getMessage() for record in caplog.records] == [
        f"tune-1: InProgress · 3 of 12 completed, 2 running, 2 failed{BEST}",
        f"tune-1: InProgress · 4 of 12 completed, 2 running, 2 failed{BEST}",
    ]


def test_the_time_since_the_start_is_shown_but_is_no_change(caplog, monkeypatch):
    caplog.set_level(logging.INFO)
    progress = ProgressLog(logging.getLogger("task"))
    seen = JobSnapshot.of_answer(DESCRIBED | {"CreationTime": 1000.0})
    for now in (1010.0, 1075.0):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        progress(seen)
    (record,) = caplog.records
    assert record.getMessage().endswith(f"2 failed · 10 s{BEST}")
    assert f" · 2 h 2 min{BEST}" in progress_line(seen, now=8330.0)
