"""How the page reads metrics: those of training jobs that have ended once, and never instead of the job itself."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from airflow_hpt_provider.ui.known_metrics import KnownMetrics, read_metrics


class Hook:
    """Search's records, newest first, in pages of 100; counts the pages; raises what it is given."""

    def __init__(self, count: int, running: int = 0, error: Exception | None = None) -> None:
        self.count, self.running, self.error, self.calls = count, running, error, 0

    def pages(self, operation: str, member: str, parameters: dict[str, Any]) -> Any:
        assert (operation, member, parameters["Resource"]) == ("search", "Results", "TrainingJob")
        for place, number in enumerate(range(self.count, 0, -1)):
            if place % 100 == 0:
                self.calls += 1
                if self.error is not None:
                    raise self.error
            status = "InProgress" if place < self.running else "Completed"
            metrics = [
                {"MetricName": "loss", "Value": float(number)},
                {"MetricName": "ObjectiveMetric", "Value": float(number)},
                {"MetricName": "gap", "Value": float("nan")},
            ]
            yield {
                "TrainingJob": {
                    "TrainingJobName": f"job-{number}",
                    "TrainingJobStatus": status,
                    "FinalMetricDataList": metrics,
                }
            }


def read(hook: Hook, names: list[str], known: KnownMetrics | None = None) -> KnownMetrics:
    return read_metrics(hook, "arn", names, known or KnownMetrics())  # type: ignore[arg-type]


def names(count: int) -> list[str]:
    return [f"job-{number}" for number in range(1, count + 1)]


def test_all_are_read_once_then_only_the_newest() -> None:
    hook = Hook(950)
    known = read(hook, names(950))
    assert (hook.calls, known.calls, len(known.values)) == (10, 10, 950)
    assert known.values["job-7"] == {"loss": 7.0}, (
        "no copy of the objective, and nothing that is not a number"
    )
    again = Hook(950)
    assert read(again, names(950), known).values == known.values
    assert again.calls == 0
    later = Hook(960)
    assert len(read(later, names(960), known).values) == 960
    assert later.calls == 1


def test_those_of_running_jobs_are_read_again() -> None:
    known = read(Hook(3, running=1), names(3))
    assert known.ended == {"job-1", "job-2"}
    hook = Hook(3)
    assert read(hook, names(3), known).ended == set(names(3))
    assert hook.calls == 1


def test_one_that_search_does_not_know_yet_is_looked_for_again() -> None:
    known = read(Hook(2), names(3))
    assert known.ended == {"job-1", "job-2"}
    assert read(Hook(3), names(3), known).ended == set(names(3))


def test_a_denial_is_remembered_and_other_errors_are_not() -> None:
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Search")
    known = read(Hook(3, error=denied), names(3))
    assert (known.denied, known.values) == (True, {})
    hook = Hook(3)
    assert read(hook, names(3), known).values == {}
    assert hook.calls == 0
    for error in (
        ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow"}}, "Search"),
        EndpointConnectionError(endpoint_url="http://127.0.0.1"),
    ):
        known = read(Hook(3), names(2))
        later = read(Hook(3, error=error), names(3), known)
        assert (later.denied, later.values) == (False, known.values)
        assert len(read(Hook(3), names(3), later).values) == 3
