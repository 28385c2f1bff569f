"""A SageMaker endpoint that follows a script: thousands of tuning jobs whose lives are known beforehand.

It speaks SageMaker's JSON 1.1 on loopback for Describe-, List- and StopHyperParameterTuningJob(s), counts the
calls, and fails as the test says: throttled, reset, 503, denied, expired keys, jobs that are not listed yet. What the
local tuning service cannot be, because it really trains: large, slow on purpose and broken on purpose. For
tests (a thread of the test) and for ``benchmarks/waiting`` (a process of its own).
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Self

ACCOUNT = "123456789012"
REGION = "us-east-1"
OPERATIONS = ("Describe", "List", "Stop")


@dataclass
class ScriptedJob:
    """A tuning job's life. Times are seconds on the endpoint's clock.

    Attributes:
        name: as AWS would spell it.
        created, ends: when.
        status: the final one.
        training_jobs: how many there are; they end one after the other, evenly.
        listed_from: not in any list before.
    """

    name: str
    created: float
    ends: float
    status: str = "Completed"
    training_jobs: int = 20
    failure_reason: str | None = None
    listed_from: float = 0.0

    @property
    def arn(self) -> str:
        return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:hyper-parameter-tuning-job/{self.name.lower()}"

    def summary(self, now: float) -> dict[str, Any]:
        """As in a List answer."""
        share = min(1.0, max(0.0, (now - self.created) / max(1e-9, self.ends - self.created)))
        ended = now >= self.ends
        done = self.training_jobs if ended else int(self.training_jobs * share)
        running = 0 if ended else min(2, self.training_jobs - done)
        pace = (self.ends - self.created) / self.training_jobs
        return {
            "HyperParameterTuningJobName": self.name,
            "HyperParameterTuningJobArn": self.arn,
            "HyperParameterTuningJobStatus": self.status if ended else "InProgress",
            "Strategy": "Bayesian",
            "CreationTime": self.created,
            "LastModifiedTime": self.ends if ended else self.created + done * pace,
            **({"HyperParameterTuningEndTime": self.ends} if ended else {}),
            "TrainingJobStatusCounters": {
                "Completed": done, "InProgress": running, "RetryableError": 0, "NonRetryableError": 0, "Stopped": 0,
            },
            "ObjectiveStatusCounters": {"Succeeded": done, "Pending": running, "Failed": 0},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": self.training_jobs, "MaxParallelTrainingJobs": 2},
        }  # fmt: skip

    def description(self, now: float) -> dict[str, Any]:
        """As a Describe answer, of its usual size."""
        answer = self.summary(now)
        del answer["Strategy"], answer["ResourceLimits"]
        done = answer["TrainingJobStatusCounters"]["Completed"]
        if done:
            answer["BestTrainingJob"] = {
                "TrainingJobName": f"{self.name}-{done:03}-0e830ada",
                "TrainingJobArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/{self.name}-{done:03}-0e830ada",
                "CreationTime": self.created,
                "TrainingJobStatus": "Completed",
                "TunedHyperParameters": {"eta": "0.4630125855085939", "max_depth": "7", "alpha": "0.25"},
                "FinalHyperParameterTuningJobObjectiveMetric": {
                    "MetricName": "validation:auc",
                    "Value": 1 - 1 / (done + 1),
                },
                "ObjectiveStatus": "Succeeded",
            }
        if self.failure_reason and now >= self.ends:
            answer["FailureReason"] = self.failure_reason
        return answer | _config(self.training_jobs)


def _config(training_jobs: int) -> dict[str, Any]:
    ranges = [
        {"Name": f"rate_{n}", "MinValue": "0.0001", "MaxValue": "0.1", "ScalingType": "Logarithmic"}
        for n in range(6)
    ]
    return {
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "validation:auc"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": training_jobs, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": {"ContinuousParameterRanges": ranges},
            "TrainingJobEarlyStoppingType": "Off",
        },
        "TrainingJobDefinition": {
            "StaticHyperParameters": {f"argument_{n}": "a value of usual length" for n in range(10)},
            "AlgorithmSpecification": {
                "TrainingImage": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/tuned:1",
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "validation:auc", "Regex": "auc=([0-9.]+)"}],
            },
            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/tuning",
            "InputDataConfig": [
                {
                    "ChannelName": channel,
                    "DataSource": {
                        "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://bucket/{channel}"}
                    },
                }
                for channel in ("train", "validation")
            ],
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        },
    }


@dataclass
class Fault:
    """An answer that is none: an error code with its HTTP status, or a connection that is reset (status 0)."""

    status: int = 0
    code: str = ""
    message: str = "as scripted"
    retry_after: float | None = None


THROTTLED = Fault(400, "ThrottlingException", "Rate exceeded")
RESET = Fault()
UNAVAILABLE = Fault(503)
DENIED = Fault(400, "AccessDeniedException", "User is not authorized to perform this action")
EXPIRED = Fault(400, "ExpiredTokenException", "The security token included in the request is expired")


@dataclass
class ScriptedSageMaker:
    """What the endpoint answers, whatever the transport.

    Attributes:
        clock: seconds since the epoch.
        fault_rate: this share of calls is throttled, reset or answered with 503, evenly.
        faults: met by the next calls, one each, before anything else.
        denied: operations (Describe, List, Stop) that are refused.
        refused_keys: access keys whose token has expired.
        down: every connection is reset.
        calls: by operation, failed ones included.
        keys_seen: access keys of successful calls.
        concurrency: the largest number of concurrent calls.
        delay: seconds that each answer takes.
    """

    clock: Callable[[], float] = time.time
    fault_rate: float = 0.0
    faults: deque[Fault] = field(default_factory=deque)
    denied: set[str] = field(default_factory=set)
    refused_keys: set[str] = field(default_factory=set)
    down: bool = False
    calls: Counter[str] = field(default_factory=Counter)
    times: list[tuple[float, str]] = field(default_factory=list)
    keys_seen: set[str] = field(default_factory=set)
    concurrency: int = 0
    delay: float = 0.0
    randomness: random.Random = field(default_factory=lambda: random.Random(7))

    def __post_init__(self) -> None:
        self._jobs: dict[str, ScriptedJob] = {}
        self._order: list[ScriptedJob] = []

    def add(self, jobs: Iterable[ScriptedJob]) -> None:
        """More jobs, now."""
        for job in jobs:
            self._jobs[job.name.lower()] = job
        self._order = sorted(self._jobs.values(), key=lambda job: (job.created, job.name))

    def remove(self, name: str) -> None:
        """Delete a job."""
        self._order.remove(self._jobs.pop(name.lower()))

    def answer(self, operation: str, body: dict[str, Any], key: str = "") -> dict[str, Any] | Fault:
        """One call."""
        verb = re.match("[A-Z][a-z]+", operation)
        short = verb[0] if verb else operation
        self.calls[short] += 1
        self.times.append((self.clock(), short))
        if self.down:
            return RESET
        if self.faults:
            return self.faults.popleft()
        if key in self.refused_keys:
            return EXPIRED
        if short in self.denied:
            return DENIED
        if self.fault_rate and self.randomness.random() < self.fault_rate:
            return self.randomness.choice((THROTTLED, RESET, UNAVAILABLE))
        self.keys_seen.add(key)
        return {"Describe": self._describe, "List": self._list, "Stop": self._stop}[short](body)

    def control(self, body: dict[str, Any]) -> dict[str, Any]:
        """What a request answers that is no call of AWS's."""
        return dict(self.calls)

    def _describe(self, body: dict[str, Any]) -> dict[str, Any] | Fault:
        name = body["HyperParameterTuningJobName"]
        job = self._jobs.get(name.lower())
        if job is None:
            return Fault(
                400, "ResourceNotFound", f"Amazon SageMaker can't find a tuning job called {name}. Type another name."
            )  # fmt: skip
        return job.description(self.clock())

    def _stop(self, body: dict[str, Any]) -> dict[str, Any]:
        job = self._jobs[body["HyperParameterTuningJobName"].lower()]
        job.ends, job.status = self.clock(), "Stopped"
        return {}

    def _list(self, body: dict[str, Any]) -> dict[str, Any]:
        now = self.clock()
        most = int(body.get("MaxResults", 10))
        order = self._order if body.get("SortOrder") == "Ascending" else self._order[::-1]
        position = int(body.get("NextToken", 0))
        page: list[dict[str, Any]] = []
        while position < len(order) and len(page) < most:
            job = order[position]
            position += 1
            if job.listed_from > now:
                continue
            summary = job.summary(now)
            if body.get("StatusEquals") not in {None, summary["HyperParameterTuningJobStatus"]}:
                continue
            if summary["LastModifiedTime"] < float(body.get("LastModifiedTimeAfter", 0)):
                continue
            page.append(summary)
        answer: dict[str, Any] = {"HyperParameterTuningJobSummaries": page}
        if position < len(order):
            answer["NextToken"] = str(position)
        return answer


class ScriptedEndpoint:
    """Serves a script over HTTP, in a thread of its own; a context manager.

    Args:
        script: answers the calls.
        port: 0 for a free one.
    """

    def __init__(self, script: ScriptedSageMaker, port: int = 0) -> None:
        self.script = script
        self._port = port
        self._started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._under_way = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def connection(self, key: str = "scripted-key", **extra: Any) -> str:
        """The value of an AIRFLOW_CONN_ variable that leads here."""
        return json.dumps(
            {
                "conn_type": "aws",
                "login": key,
                "password": "scripted-secret",
                "extra": {"endpoint_url": self.url, "region_name": REGION, **extra},
            }
        )

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._started.wait(30):
            raise RuntimeError("the scripted endpoint did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._talk, "127.0.0.1", self._port))
        self._port = server.sockets[0].getsockname()[1]
        self._started.set()
        try:
            self._loop.run_forever()
        finally:
            server.close()
            tasks = asyncio.all_tasks(self._loop)
            for task in tasks:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            self._loop.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                headers = dict(re.findall(r"(?m)^([\w-]+):[ ]*(.*?)\r$", head.lower()))
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                target = re.search(r"(?im)^x-amz-target:.*\.(\w+)\r$", head)
                key = re.search(r"Credential=([^/]+)/", head)
                answer = await self._answer(
                    target[1] if target else "", json.loads(body or b"{}"), key[1] if key else ""
                )
                if answer is None:
                    writer.transport.abort()
                    return
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client or the endpoint has gone
        finally:
            writer.close()

    async def _answer(self, operation: str, body: dict[str, Any], key: str) -> bytes | None:
        if not operation:
            return _http(200, json.dumps(self.script.control(body)))
        self._under_way += 1
        self.script.concurrency = max(self.script.concurrency, self._under_way)
        try:
            if self.script.delay:
                await asyncio.sleep(self.script.delay)
            answer = self.script.answer(operation, body, key)
        finally:
            self._under_way -= 1
        if not isinstance(answer, Fault):
            return _http(200, json.dumps(answer), clock=self.script.clock())
        if not answer.status:
            return None
        extra = "" if answer.retry_after is None else f"Retry-After: {answer.retry_after}\r\n"
        if not answer.code:
            return _http(answer.status, "<html>Service Unavailable</html>", "text/html", extra)
        return _http(
            answer.status, json.dumps({"__type": answer.code, "message": answer.message}), extra=extra
        )


def _http(
    status: int,
    body: str,
    kind: str = "application/x-amz-json-1.1",
    extra: str = "",
    clock: float | None = None,
) -> bytes:
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() if clock is None else clock))
    payload = body.encode()
    head = (
        f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(payload)}\r\nDate: {date}\r\n"
    )
    return f"{head}{extra}\r\n".encode() + payload
