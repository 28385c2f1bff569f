"""Which calls meet which fault."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from airflow_hpt_provider.local.fault_injection.calls import CallFaults, call_name
from airflow_hpt_provider.local.fault_injection.endpoint import FaultyEndpoint
from airflow_hpt_provider.local.fault_injection.rules import CallFault
from airflow_hpt_provider.local.http.request import WireRequest


def fault(operation: str = "Describe*", kind: str = "throttle", **fields: Any) -> CallFault:
    return CallFault.model_validate({"operation": operation, "kind": kind, **fields})


def faulted(faults: CallFaults, calls: int, name: str = "DescribeTrainingJob") -> list[int]:
    """The numbers of the calls that met a fault, from 1."""
    return [n for n in range(1, calls + 1) if faults.next_fault(name)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"rate": 0}, []),
        ({"after": 2}, [3, 4, 5, 6]),
        ({"first": 2}, [1, 2]),
        ({"after": 1, "first": 3}, [2, 3]),
        ({"times": 1}, [1]),
        ({"after": 2, "times": 2}, [3, 4]),
    ],
)
def test_windows(fields: dict[str, int], expected: list[int]) -> None:
    assert faulted(CallFaults([fault(**fields)]), 6) == expected


def test_only_calls_that_match_count() -> None:
    faults = CallFaults([fault("Describe*", times=1, after=1)])
    assert faulted(faults, 5, "ListTrainingJobs") == []
    assert faulted(faults, 5) == [2]


def test_a_rate_strikes_its_share_and_a_seed_the_same_calls() -> None:
    first, again, other = (faulted(CallFaults([fault(rate=0.25, seed=n)]), 4000) for n in (1, 1, 2))
    assert first == again
    assert first != other
    assert 800 < len(first) < 1200


def test_a_seed_means_the_same_calls_whatever_comes_before() -> None:
    every = faulted(CallFaults([fault(rate=0.5, seed=3)]), 100)
    later = faulted(CallFaults([fault(rate=0.5, seed=3, after=50)]), 100)
    assert later == [n for n in every if n > 50]


def test_the_first_that_strikes_is_met_and_the_others_keep_their_times() -> None:
    faults = CallFaults([fault(kind="reset", times=1), fault(kind="truncate", times=1)])
    met = [faults.next_fault("DescribeTrainingJob") for _ in range(3)]
    assert [each and each.kind for each in met] == ["reset", "truncate", None]


def request(service: str, method: str = "POST", path: str = "/", target: str = "") -> WireRequest:
    headers = {"x-amz-target": target} if target else {}
    made = AWSRequest(method=method, url=f"http://127.0.0.1:1{path}", headers=headers)
    SigV4Auth(Credentials("key", "secret"), service, "us-east-1").add_auth(made)
    path, _, query = path.partition("?")
    lower = {name.lower(): value for name, value in made.headers.items()}
    return WireRequest(method=method, path=path, query=query, headers=lower, id="1")


def test_names_of_calls() -> None:
    assert call_name(request("sagemaker", target="SageMaker.ListTags")) == "ListTags"
    assert call_name(request("logs", target="Logs_20140328.PutLogEvents")) == "logs:PutLogEvents"
    assert call_name(request("s3", "PUT", "/bucket/a/key")) == "s3:PutObject"
    assert call_name(request("s3", "GET", "/bucket?uploads=")) == "s3:ListMultipartUploads"
    assert call_name(request("sts")) == "sts:POST"
    assert call_name(WireRequest(method="GET", path="/", query="", headers={}, id="1")) is None


async def test_a_body_that_is_nested_too_deeply_is_left_to_the_endpoint() -> None:
    passed_on = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        passed_on.append((await receive())["body"])

    async def receive() -> Any:
        return {"type": "http.request", "body": b'{"Tags":' * 100_000, "more_body": False}

    async def send(message: Any) -> None:
        pytest.fail(f"answered: {message}")

    authorization = (
        "AWS4-HMAC-SHA256 Credential=key/20261123/us-east-1/sagemaker/aws4_request, SignedHeaders=host, "
        f"Signature={'0' * 64}"
    )
    headers = {
        "x-amz-target": "SageMaker.CreateHyperParameterTuningJob",
        "x-amz-date": "20261123T101500Z",
        "authorization": authorization,
    }
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    endpoint = FaultyEndpoint(app, CallFaults([fault("AddTags", "access_denied")]), "123456789012")
    await endpoint(scope, receive, send)
    assert passed_on
