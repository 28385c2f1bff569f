"""The requests through a real service: created, run to their ends, described."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from airflow_hpt_provider.demo.service import LocalService
from docs.coverage import requests

SCRIPT = Path(__file__).parent / "train.py"
DEADLINE_SECONDS = 300


@dataclass
class RoundTrip:
    """What came of all requests.

    Attributes:
        sent: paths of the members that some request had.
        seen: paths of the members that some description had.
        refused: path of a member -> the error that a request with it met.
        differences: what a description lost or changed of a request; empty if all is well.
        responses: the description of each tuning job, by its name.
    """

    sent: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    responses: dict[str, dict[str, Any]] = field(default_factory=dict)


def run(directory: Path) -> RoundTrip:
    """Start a service in a directory, send it all requests, and end it."""
    images = directory / "images.toml"
    images.write_text(
        "".join(
            f'[[image]]\nmatch = "{match}"\ncommand = ["{sys.executable}", "{SCRIPT}"]\n'
            for match in (requests.IMAGE, requests.ALGORITHM)
        )
    )
    with LocalService(directory / "data", images) as service:
        _put_data(service.client("s3"))
        sagemaker = service.client("sagemaker")
        result = RoundTrip()
        for path, request in requests.refused().items():
            try:
                sagemaker.create_hyper_parameter_tuning_job(**request)
            except ClientError as error:
                result.refused[path] = str(error.response["Error"]["Message"])
        for request in requests.taken():
            sagemaker.create_hyper_parameter_tuning_job(**request)
            answer = _wait(sagemaker, request["HyperParameterTuningJobName"])
            name = request["HyperParameterTuningJobName"]
            result.responses[name] = answer
            result.sent |= set(paths(request))
            result.seen |= set(paths(answer))
            result.differences += [f"{name}: {text}" for text in differences(request, answer)]
        return result


def differences(asked: Any, told: Any, where: str = "") -> Iterator[str]:
    """Yield the members of a request that differ in a description. It may hold more: AWS adds defaults."""
    if isinstance(asked, Mapping) and isinstance(told, Mapping):
        for name, value in asked.items():
            if name not in told:
                yield f"{where}{name} is lost"
            else:
                yield from differences(value, told[name], f"{where}{name}.")
    elif isinstance(asked, list) and isinstance(told, list) and len(asked) == len(told):
        for number, (one, other) in enumerate(zip(asked, told, strict=True)):
            yield from differences(one, other, f"{where}{number}.")
    elif asked != told:
        yield f"{where.rstrip('.')} was {asked!r}, is {told!r}"


def _put_data(s3: Any) -> None:
    s3.create_bucket(Bucket=requests.BUCKET)
    s3.put_object(Bucket=requests.BUCKET, Key="data/rows.csv", Body=b"1,2\n")
    entry = {"source-ref": f"s3://{requests.BUCKET}/data/rows.csv", "label": 1}
    s3.put_object(Bucket=requests.BUCKET, Key="augmented.jsonl", Body=json.dumps(entry).encode())


def _wait(sagemaker: Any, name: str) -> dict[str, Any]:
    """Return the description of a tuning job once it has ended."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        answer: dict[str, Any] = sagemaker.describe_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=name
        )
        if answer["HyperParameterTuningJobStatus"] not in ("InProgress", "Stopping"):
            return answer
        time.sleep(0.1)
    raise TimeoutError(f"the tuning job {name} does not end: {answer['TrainingJobStatusCounters']}")


def paths(value: Any, prefix: str = "") -> Iterator[str]:
    """Paths of all members, lists' elements as ``[]``. A map's entries look like members; no request contains them."""
    for name, member in value.items():
        path = f"{prefix}{name}"
        yield path
        if isinstance(member, list):
            for each in member:
                if isinstance(each, Mapping):
                    yield from paths(each, f"{path}[].")
        elif isinstance(member, Mapping):
            yield from paths(member, f"{path}.")
