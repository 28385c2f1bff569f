"""Whatever the body: 4xx in AWS's shape, and nothing reaches the operations that the model would not allow."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

OPERATIONS = (
    "CreateHyperParameterTuningJob",
    "CreateTrainingJob",
    "ListHyperParameterTuningJobs",
    "ListTags",
)
LENIENT = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

VALID = {
    "HyperParameterTuningJobName": "job",
    "HyperParameterTuningJobConfig": {
        "Strategy": "Bayesian",
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 1},
        "ParameterRanges": {
            "ContinuousParameterRanges": [
                {"Name": "x", "MinValue": "0", "MaxValue": "1", "ScalingType": "Auto"}
            ]
        },
    },
    "TrainingJobDefinition": {
        "AlgorithmSpecification": {"TrainingImage": "img", "TrainingInputMode": "File"},
        "RoleArn": "arn:aws:iam::123456789012:role/mine",
        "OutputDataConfig": {"S3OutputPath": "s3://b/o"},
        "StaticHyperParameters": {"a": "1"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    },
    "Tags": [{"Key": "a", "Value": "b"}],
}

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(st.characters())
    | st.sampled_from(["", "a" * 3000, -1, 10**30, 1e308, "\x00", "\ud800", [], {}]),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3)
    ),
    max_leaves=5,
)


def paths(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if here:
        yield here
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        yield from paths(child, (*here, key))


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    """A valid request with one value replaced by anything."""
    document = json.loads(json.dumps(VALID))
    *parents, last = draw(st.sampled_from(list(paths(VALID))))
    place = document
    for key in parents:
        place = place[key]
    place[last] = draw(json_values)
    return json.dumps(document).encode()


bodies = st.binary(max_size=300) | json_values.map(lambda v: json.dumps(v).encode()) | mutations()


def check(client: Any, operation: str, body: bytes) -> None:
    reply = asyncio.run(client.operation(operation, body))
    assert reply.status == 200 or 400 <= reply.status < 500, reply.body
    if reply.status != 200:
        assert set(reply.json) == {"__type", "message", "Message"}
        assert reply.headers["x-amzn-errortype"] == reply.code
        assert reply.headers["x-amzn-requestid"]


@LENIENT
@given(st.sampled_from(OPERATIONS), bodies)
def test_any_body_gets_an_aws_answer(client: Any, operation: str, body: bytes) -> None:
    check(client, operation, body)


def test_the_valid_request_is_valid(client: Any, operations: Any) -> None:
    check(client, "CreateHyperParameterTuningJob", json.dumps(VALID).encode())
    assert operations.jobs["job"] == VALID


@settings(LENIENT, max_examples=150)
@given(
    st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"]),
    st.sampled_from(
        ["/", "/bucket", "/bucket/key", "/no-such-bucket", "/bucket/%FF", "/%00", "/bucket/" + "k" * 1100]
    ),
    st.dictionaries(
        st.sampled_from(
            [
                "uploads",
                "uploadId",
                "partNumber",
                "tagging",
                "delete",
                "acl",
                "list-type",
                "max-keys",
                "prefix",
                "versionId",
                "attributes",
                "continuation-token",
                "start-after",
                "delimiter",
                "max-parts",
                "part-number-marker",
                "location",
                "policy",
            ]
        ),
        st.sampled_from(["", "1", "2", "-1", "x", "99999999999999", "é"]),
        max_size=3,
    ),
    st.dictionaries(
        st.sampled_from(
            [
                "range",
                "if-match",
                "if-none-match",
                "if-modified-since",
                "content-md5",
                "x-amz-copy-source",
                "x-amz-tagging",
                "x-amz-checksum-crc32",
                "x-amz-checksum-xxhash64",
                "x-amz-sdk-checksum-algorithm",
                "content-encoding",
                "expires",
                "x-amz-checksum-algorithm",
                "x-amz-checksum-type",
                "x-amz-object-attributes",
                "x-amz-copy-source-range",
            ]
        ),
        st.sampled_from(["", "x", "bytes=0-", "bytes=9-1", "*", "CRC32", "/bucket/key", "Sun, 99 Foo 2026"]),
        max_size=3,
    ),
    st.sampled_from([b"", b"x", b"<a>", b"<Delete><Object/></Delete>", b"<Tagging><TagSet/></Tagging>"]),
)
def test_any_s3_request_gets_an_s3_answer(
    client: Any,
    store: Any,
    method: str,
    path: str,
    query: dict[str, str],
    headers: dict[str, str],
    body: bytes,
) -> None:
    from urllib.parse import urlencode

    store.create_bucket("bucket", exist_ok=True)
    store.put("bucket", "key", b"content")
    url = f"{path}?{urlencode(query)}" if query else path
    reply = asyncio.run(client.send(method, url, body, headers, service="s3"))
    assert reply.status < 500 or reply.status == 501, reply.body
    if reply.status >= 400 and method != "HEAD":
        assert b"<Code>" in reply.body


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("malformed")
