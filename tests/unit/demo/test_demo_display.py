"""What the demo shows while it works, on a terminal and in a log file."""

from __future__ import annotations

import io
from typing import Any

from airflow_hpt_provider.demo.demo_run import progress_line
from airflow_hpt_provider.demo.display import Display


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def description(**counters: int) -> dict[str, Any]:
    return {
        "HyperParameterTuningJobStatus": "InProgress",
        "HyperParameterTuningJobConfig": {"ResourceLimits": {"MaxNumberOfTrainingJobs": 16}},
        "TrainingJobStatusCounters": {"Completed": 0, "InProgress": 0, **counters},
    }


def test_a_log_file_gets_a_line_only_when_something_changed() -> None:
    stream = io.StringIO()
    display = Display(stream)
    for line, ticker in (("one", " · 1 s"), ("one", " · 2 s"), ("two", " · 3 s")):
        display.update(line, ticker)
    display.say("done")
    assert stream.getvalue() == "one\ntwo\ndone\n"


def test_a_terminal_gets_one_line_that_updates_itself() -> None:
    stream = Terminal()
    display = Display(stream)
    display.update("one", " · 1 s")
    display.update("one", " · 2 s")
    display.say("done")
    assert stream.getvalue() == "\r\x1b[Kone · 1 s\r\x1b[Kone · 2 s\ndone\n"


def test_progress_before_the_first_result() -> None:
    assert progress_line(description(InProgress=2)) == "  0 of 16 training jobs done · 2 running"


def test_progress_with_a_best_and_failures() -> None:
    answer = description(Completed=7, InProgress=1, NonRetryableError=2, RetryableError=1)
    metric = {"MetricName": "validation:log_loss", "Value": 0.0851234}
    answer["BestTrainingJob"] = {"FinalHyperParameterTuningJobObjectiveMetric": metric}
    assert progress_line(answer) == "  7 of 16 training jobs done · 1 running · 3 failed · best 0.08512"
    answer["HyperParameterTuningJobStatus"] = "Completed"
    assert progress_line(answer).endswith("best 0.08512 · registering it")
