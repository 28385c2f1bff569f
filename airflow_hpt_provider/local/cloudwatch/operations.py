"""CloudWatch's operations that read, on the one namespace that SageMaker writes the training jobs' metrics to."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.cloudwatch.periods import first_period, in_periods, is_period
from airflow_hpt_provider.local.cloudwatch.statistics import SIMPLE, is_percentile, statistic
from airflow_hpt_provider.local.db import metrics
from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.page_tokens import from_token, to_token

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from airflow_hpt_provider.local.database import Database

NAMESPACE = "/aws/sagemaker/TrainingJobs"
DIMENSION = "TrainingJobName"
UNIT = "None"
"""The unit of every metric that a training job's log gives."""
PAGE = 500
MAX_DATA_POINTS = 100_800
MAX_STATISTICS_POINTS = 1_440
_RECENT_SECONDS = 3 * 3600
_OLDEST = float("-inf")


@dataclass(frozen=True)
class TrainingMetrics:
    """CloudWatch's calls about the training jobs' metrics.

    Args:
        database: of the training jobs.
        clock: returns seconds since the epoch.
    """

    database: Database
    clock: Callable[[], float] = time.time

    def answer(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the response, in AWS names; None if the call is about other namespaces only, and so for moto.

        Raises:
            ServiceError: InvalidParameterValue, InvalidParameterCombination, ValidationError, InvalidNextToken.
        """
        if operation == "GetMetricData":
            return self._data(parameters) if _concerns_training_jobs(parameters) else None
        if parameters.get("Namespace") != NAMESPACE:
            return None
        return self._list(parameters) if operation == "ListMetrics" else self._statistics(parameters)

    def _list(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        job: str | None = None
        for dimension in parameters.get("Dimensions", ()):
            value = dimension.get("Value")
            if dimension["Name"] != DIMENSION or (job is not None and value not in (None, job)):
                return {"Metrics": []}
            job = value if value is not None else job
        name, recent = parameters.get("MetricName"), parameters.get("RecentlyActive") == "PT3H"
        query = ["ListMetrics", name, job, recent]
        after = _read_token(query, parameters.get("NextToken"), (0, ""), "InvalidParameterValue")
        with self.database.snapshot() as connection:
            found = metrics.page(
                connection,
                limit=PAGE + 1,
                after=(after[0], after[1]),
                job=job,
                name=name,
                active_since=self.clock() - _RECENT_SECONDS if recent else _OLDEST,
            )
        answer: dict[str, Any] = {
            "Metrics": [
                {
                    "Namespace": NAMESPACE,
                    "MetricName": metric.name,
                    "Dimensions": [{"Name": DIMENSION, "Value": metric.job}],
                }
                for metric in found[:PAGE]
            ]
        }
        if len(found) > PAGE:
            last = found[PAGE - 1]
            answer["NextToken"] = _write_token(query, [last.job_id, last.name])
        return answer

    def _statistics(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        simple, extended = parameters.get("Statistics", []), parameters.get("ExtendedStatistics", [])
        if not simple and not extended:
            raise ServiceError(
                "InvalidParameterCombination", "Must specify either Statistics or ExtendedStatistics"
            )
        for name in extended:
            if not is_percentile(name):
                raise _unknown_statistic("InvalidParameterValue", name)
        start, end, period = _range(parameters, parameters["Period"], "InvalidParameterValue")
        count = (end - start) / period
        if count > MAX_STATISTICS_POINTS:
            raise ServiceError(
                "InvalidParameterCombination",
                f"You have requested up to {int(count):,} datapoints, which exceeds the limit of "
                f"{MAX_STATISTICS_POINTS:,}. You may reduce the datapoints requested by increasing Period, or "
                "decreasing the time range.",
            )
        points = []
        for at, values in self._periods(parameters, start, end, period, parameters.get("Unit")):
            point: dict[str, Any] = {"Timestamp": at, "Unit": UNIT}
            point |= {name: SIMPLE[name](values) for name in simple}
            if extended:
                point["ExtendedStatistics"] = {name: _compute(name, values) for name in extended}
            points.append(point)
        return {"Label": parameters["MetricName"], "Datapoints": points}

    def _data(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        series = [
            self._series(parameters, query)
            for query in parameters["MetricDataQueries"]
            if query.get("ReturnData", True)
        ]
        given = {key: parameters[key] for key in sorted(parameters) if key != "NextToken"}
        query = json.dumps(["GetMetricData", given], default=str)
        token = _read_token(query, parameters.get("NextToken"), (0, 0), "InvalidNextToken")
        skip, room = token[1], parameters.get("MaxDatapoints") or MAX_DATA_POINTS
        if not 0 < room <= MAX_DATA_POINTS:
            raise ServiceError(
                "ValidationError", f"MaxDatapoints must be from 1 to {MAX_DATA_POINTS:,}, got {room}."
            )
        results = []
        for number in range(token[0], len(series)):
            result, points = series[number]
            page = points[skip : skip + room]
            room, skip = room - len(page), skip + len(page)
            whole = skip >= len(points)
            results.append(
                result
                | {
                    "Timestamps": [at for at, _ in page],
                    "Values": [value for _, value in page],
                    "StatusCode": "Complete" if whole else "PartialData",
                }
            )
            if not whole or (room == 0 and any(rest for _, rest in series[number + 1 :])):
                place = [number, skip] if not whole else [number + 1, 0]
                return {
                    "MetricDataResults": results,
                    "Messages": [],
                    "NextToken": _write_token(query, place),
                }
            skip = 0
        return {"MetricDataResults": results, "Messages": []}

    def _series(
        self, parameters: Mapping[str, Any], query: Mapping[str, Any]
    ) -> tuple[dict[str, Any], list[tuple[float, float]]]:
        """Return a result without its points, and the points in the order that the call wants."""
        wanted = query["MetricStat"]
        start, end, period = _range(parameters, wanted["Period"], "ValidationError")
        if statistic(wanted["Stat"]) is None:
            raise _unknown_statistic("ValidationError", wanted["Stat"])
        metric = wanted["Metric"]
        points = [
            (at, _compute(wanted["Stat"], values))
            for at, values in self._periods(metric, start, end, period, wanted.get("Unit"))
        ]
        if parameters.get("ScanBy") != "TimestampAscending":
            points.reverse()
        return {"Id": query["Id"], "Label": query.get("Label") or metric.get("MetricName", "")}, points

    def _periods(
        self, metric: Mapping[str, Any], start: float, end: float, period: int, unit: str | None
    ) -> list[tuple[Any, list[float]]]:
        """Return the time of each period that has values, and its values, oldest first."""
        dimensions = metric.get("Dimensions", [])
        if len(dimensions) != 1 or dimensions[0]["Name"] != DIMENSION or unit not in (None, UNIT):
            return []
        first = first_period(start, period, self.clock())
        with self.database.snapshot() as connection:
            values = metrics.values(
                connection, dimensions[0]["Value"], metric.get("MetricName", ""), since=first, until=end
            )
        return [(at, each) for at, each in in_periods(values, first, period)]


def _concerns_training_jobs(parameters: Mapping[str, Any]) -> bool:
    """Return whether a GetMetricData asks for the training jobs' metrics.

    Raises:
        ServiceError: ValidationError: it asks for others, too.
    """
    queries = parameters["MetricDataQueries"]
    namespaces = [query.get("MetricStat", {}).get("Metric", {}).get("Namespace") for query in queries]
    if NAMESPACE not in namespaces:
        return False
    if any(namespace != NAMESPACE for namespace in namespaces):
        raise ServiceError(
            "ValidationError",
            f"The local service answers a GetMetricData about {NAMESPACE} if all its queries are MetricStats of this "
            "namespace. Send the others in a call of their own.",
        )
    ids = [query["Id"] for query in queries]
    if len(set(ids)) < len(ids):
        raise ServiceError(
            "ValidationError", "The values for parameter id in MetricDataQueries are not unique."
        )
    return True


def _range(parameters: Mapping[str, Any], period: int, code: str) -> tuple[float, float, int]:
    start, end = (_seconds(parameters[name]) for name in ("StartTime", "EndTime"))
    if not is_period(period):
        raise ServiceError(
            code, f"The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60 seconds, got {period}."
        )
    if start >= end:
        raise ServiceError(code, "The parameter StartTime must be less than the parameter EndTime.")
    return start, end, period


def _seconds(moment: datetime) -> float:
    return moment.timestamp()


def _compute(name: str, values: Sequence[float]) -> float:
    function = statistic(name)
    assert function is not None  # noqa: S101 - every caller has checked the name
    return function(values)


def _unknown_statistic(code: str, name: str) -> ServiceError:
    return ServiceError(
        code,
        f"The local service has no statistic '{name[:100]}'. Use {', '.join(SIMPLE)}, or a percentile such as p90.",
    )


def _write_token(query: Any, place: list[Any]) -> str:
    return to_token(json.dumps([_digest(query), *place]))


def _read_token(query: Any, token: str | None, first: tuple[Any, Any], code: str) -> tuple[Any, Any]:
    if token is None:
        return first
    try:
        digest, one, two = json.loads(from_token(token))
    except (ValueError, TypeError, RecursionError):
        digest = one = two = None
    fits = isinstance(one, int) and isinstance(two, type(first[1])) and digest == _digest(query)
    if not fits or one < 0 or (isinstance(two, int) and two < 0):
        raise ServiceError(code, "The parameter NextToken is not one that this call's last page gave.")
    return one, two


def _digest(query: Any) -> str:
    return hashlib.sha256(json.dumps(query, default=str).encode()).hexdigest()[:16]
