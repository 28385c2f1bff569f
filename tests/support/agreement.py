"""Whether ``airflow-hpt validate`` and the local service's Create agree on a request: both take it, or neither does.

The service's side is real from the request's body to the check of what a process of this machine can have: botocore's
model, the rules, the search and the runner. Only the store is left out, so that nothing trains.
"""

from __future__ import annotations

import copy
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import regex
from pydantic import ValidationError

from airflow_hpt_provider.local.aws_json.decode import decode
from airflow_hpt_provider.local.aws_json.service_model import sagemaker_model
from airflow_hpt_provider.local.engine.naming import Arns
from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.operations.local_operations import LocalOperations
from airflow_hpt_provider.local.runners.subprocess_runner import SubprocessRunner
from airflow_hpt_provider.local.s3.objects import ObjectStore
from airflow_hpt_provider.models import TuningJobRequest, check_request
from tests.support.invalid_requests import INVALID_REQUESTS
from tests.support.pythons_words import pythons_words

CREATE = "CreateHyperParameterTuningJob"
LOCAL_LIMITS = (
    r"DatasetSource is not supported by the local tuning service",
    r"'https://.*' is not an S3 URI: write s3://bucket/key\.",
    r"a file system needs input mode File, got \w+\. Set InputMode to File\.",
    r"The regular expression of metric definition .* is not valid",
    r"S3DataType \w+ is not supported by the local tuning service",
    r"CheckpointConfig\.LocalPath is '.*': it must not lead out of the training job's directory",
    r"no directory is mapped to file system fs-\w+",
    r"InstanceCount \(of all instance groups\) must be (1|at most 4) ",
    r"AugmentedManifestFile without input mode Pipe is not supported by the local tuning service",
)
"""What AWS takes, and the local service says that it cannot have."""


class Agreement:
    """Compares both sides, request by request.

    Attributes:
        counts: how many requests both took, both refused, and only the service refused, for a declared limit.
    """

    def __init__(self, folder: Path) -> None:
        images = folder / "images.toml"
        images.write_text('[[image]]\nmatch = "*"\ncommand = ["true"]\n')
        self.engine = _Unwritten(SubprocessRunner(ObjectStore(folder / "s3", "us-east-1"), images=images))
        self._operations: Any = LocalOperations(self.engine)  # type: ignore[arg-type]
        self._model = sagemaker_model()
        self.counts: Counter[str] = Counter()

    def check(self, request: dict[str, Any]) -> None:
        """Fail if only one side takes the request, or if a refusal has Python's words."""
        refusal, valid = self._refusal(request), _is_valid(request)
        if refusal is not None:
            assert pythons_words(refusal, request) is None, refusal
        if valid and refusal is not None:
            assert any(re.search(limit, refusal, re.DOTALL) for limit in LOCAL_LIMITS), (
                f"validate takes what the service refuses: {refusal}"
            )
            self.counts["local limit"] += 1
        else:
            assert valid == (refusal is None), "the service takes what validate refuses"
            self.counts["valid" if valid else "invalid"] += 1

    def _refusal(self, request: dict[str, Any]) -> str | None:
        body = json.dumps(request).encode()
        try:
            self._operations.call(CREATE, decode(self._model, self._model.operation(CREATE), body))
        except ServiceError as error:
            refusal = error
        else:
            return None
        assert refusal.status == 400, refusal
        return refusal.message


class _Unwritten:
    """An engine that carries out no request: what reaches it is taken."""

    def __init__(self, runner: SubprocessRunner) -> None:
        self.runner = runner
        self.arns = Arns("us-east-1", "123456789012")

    def write(self, task: object) -> None:
        """Take it."""


def within_limits(request: Any) -> Any:
    """Return a request without what the local service says that it cannot have."""
    if isinstance(request, list):
        return [within_limits(each) for each in request]
    if not isinstance(request, dict):
        return request
    changed = {name: within_limits(each) for name, each in request.items()}
    for name in ("S3OutputPath", "S3Uri"):
        if name in changed:
            changed[name] = "s3://bucket/prefix"
    if "S3DataType" in changed:
        changed["S3DataType"] = "S3Prefix"
    if "DataSource" in changed:
        changed["DataSource"] = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/data"}}
    if "InstanceCount" in changed:
        changed["InstanceCount"] = 1
    if "InstanceGroups" in changed:
        changed["InstanceGroups"] = changed["InstanceGroups"][:1]
    if "Regex" in changed:
        try:
            regex.compile(changed["Regex"])
        except regex.error:
            changed["Regex"] = "loss=(.*)"
    return changed


def variants(request: dict[str, Any], dice: random.Random, count: int) -> Iterator[dict[str, Any]]:
    """Yield a valid request, and copies of it that break a rule each."""
    yield request
    strategy = request["HyperParameterTuningJobConfig"]["Strategy"]
    several = "TrainingJobDefinitions" in request
    fitting = [
        each
        for each in INVALID_REQUESTS.values()
        if each.strategy in (None, strategy) and each.several in (None, several)
    ]
    for each in dice.sample(fitting, min(count, len(fitting))):
        changed = copy.deepcopy(request)
        try:
            each.change(changed)
        except (KeyError, IndexError, StopIteration):  # the request has no such part
            continue
        yield changed


def _is_valid(request: dict[str, Any]) -> bool:
    try:
        TuningJobRequest.model_validate(request)
    except ValidationError:
        return False
    return check_request(request) == []
