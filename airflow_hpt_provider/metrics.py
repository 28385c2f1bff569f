"""The metrics that the provider sends through Airflow's own stats, to StatsD or OpenTelemetry.

Sending never raises, and where Airflow sends no metrics, it only finds that out. ``docs/metrics.md`` is made from
:data:`METRICS`.
"""

from __future__ import annotations

import logging
import socket
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from airflow_hpt_provider.compat import stats

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        name: without Airflow's prefix.
        kind: a counter, the gauge of one process, or a timer. Timers send milliseconds.
        tags: names of its tags. A gauge has the tag ``hostname``, which :meth:`send` sets.
        what: the number that it shows, in a sentence without a period.
        sent_by: the components that send it.
    """

    name: str
    kind: Literal["counter", "gauge", "timer"]
    tags: tuple[str, ...]
    what: str
    sent_by: str

    def send(self, value: float = 1, **tags: str) -> None:
        """Send the metric if Airflow sends metrics. Never raises.

        Args:
            value: what to add to a counter, the gauge's number, or the timer's seconds.
            tags: a value for each tag.
        """
        try:
            if (airflow := stats()) is None:
                return
            if self.kind == "counter":
                airflow.incr(self.name, int(value), tags=tags)
            elif self.kind == "gauge":
                airflow.gauge(self.name, value, tags={"hostname": socket.gethostname(), **tags})
            else:
                airflow.timing(self.name, timedelta(seconds=value), tags=tags)
        except Exception:  # a metric must not end a wait
            log.debug("Could not send metric %s.", self.name, exc_info=True)


JOBS_WAITED_FOR = Metric(
    "hpt.jobs_waited_for", "gauge", ("hostname",), "Tuning jobs that the triggerer waits for", "triggerer"
)
WAITS = Metric(
    "hpt.waits",
    "counter",
    ("where",),
    "Waits for a tuning job that have begun",
    "worker, triggerer",
)
POLLS = Metric(
    "hpt.polls",
    "counter",
    ("where",),
    "Polls. In the triggerer, one poll covers all jobs of a connection",
    "worker, triggerer",
)
CALLS = Metric(
    "hpt.calls",
    "counter",
    ("operation", "outcome"),
    "Calls to AWS, each counted when its last retry by botocore has ended",
    "every component",
)
THROTTLES = Metric(
    "hpt.throttles",
    "counter",
    ("operation",),
    "Throttled responses, including those that botocore retries",
    "every component",
)
LATENESS = Metric(
    "hpt.lateness",
    "timer",
    ("where",),
    "Time from a job's end, by SageMaker's clock, until the wait for it ends",
    "worker, triggerer",
)
ORPHANED_JOBS_STOPPED = Metric(
    "hpt.orphaned_jobs_stopped",
    "counter",
    ("where",),
    "Tuning jobs that were stopped because their task had ended without them",
    "worker, DAG processor, triggerer, API server",
)
RESUBMISSIONS = Metric(
    "hpt.resubmissions", "counter", (), "Tuning jobs that retry a failed one (`retry_strategy`)", "worker"
)
BUDGET_STOPS = Metric(
    "hpt.budget_stops",
    "counter",
    ("where",),
    "Waits that ended because the job had exceeded its budget",
    "worker, triggerer",
)
CREATE_REFUSALS = Metric(
    "hpt.create_refusals", "counter", (), "Tuning jobs that SageMaker refused because of a quota", "worker"
)
CREATE_QUEUE = Metric(
    "hpt.create_queue",
    "gauge",
    ("hostname",),
    'Tasks that wait in the triggerer to create their job (`on_resource_limit="wait"`)',
    "triggerer",
)

METRICS = (
    JOBS_WAITED_FOR,
    WAITS,
    POLLS,
    CALLS,
    THROTTLES,
    LATENESS,
    ORPHANED_JOBS_STOPPED,
    RESUBMISSIONS,
    BUDGET_STOPS,
    CREATE_REFUSALS,
    CREATE_QUEUE,
)
