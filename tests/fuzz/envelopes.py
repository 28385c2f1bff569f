"""Well-formed calls in a wrong envelope: content type, target, method, path, signature, host."""

from __future__ import annotations

import dataclasses
import json
import random
from typing import TYPE_CHECKING

from tests.fuzz.case import Case, Kind, Refused, Signature, call

if TYPE_CHECKING:
    from tests.fuzz.service import Resources


def valid(rng: random.Random, resources: Resources) -> Case:
    """A call that would be carried out: the envelope alone is what is wrong with the cases below."""
    created = {**resources.tuning_job, "HyperParameterTuningJobName": f"fuzz-{rng.randrange(10**6)}"}
    operation, parameters = rng.choice(
        (
            ("CreateHyperParameterTuningJob", created),
            (
                "DescribeHyperParameterTuningJob",
                {"HyperParameterTuningJobName": resources.names["HyperParameterTuningJobName"]},
            ),
            (
                "DeleteHyperParameterTuningJob",
                {"HyperParameterTuningJobName": resources.names["HyperParameterTuningJobName"]},
            ),
            ("ListHyperParameterTuningJobs", {}),
            (
                "AddTags",
                {"ResourceArn": resources.names["ResourceArn"], "Tags": [{"Key": "fuzz", "Value": "x"}]},
            ),
            ("CreateModelPackageGroup", {"ModelPackageGroupName": f"fuzz-{rng.randrange(10**6)}"}),
            ("DeleteModelPackageGroup", {"ModelPackageGroupName": resources.names["ModelPackageGroupName"]}),
            ("CreateExperiment", {"ExperimentName": f"fuzz-{rng.randrange(10**6)}"}),
        )
    )
    return call(operation, json.dumps(parameters).encode())


def _with(case: Case, **headers: str | None) -> Case:
    merged = {**case.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return dataclasses.replace(case, headers={n: v for n, v in merged.items() if v is not None})


def content_type(rng: random.Random, resources: Resources) -> Case:
    types = (
        None,
        "",
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/cbor",
        "application/x-amz-json-9.9",
        "*/*",
        "application/x-amz-json-1.1, text/plain",
        "é",
    )
    return dataclasses.replace(
        _with(valid(rng, resources), Content_Type=rng.choice(types)), refused=Refused.ANY
    )


def no_target(rng: random.Random, resources: Resources) -> Case:
    return _with(valid(rng, resources), X_Amz_Target=None)


def unknown_target(rng: random.Random, resources: Resources) -> Case:
    case = valid(rng, resources)
    good = case.headers["X-Amz-Target"]
    targets = (
        "SageMaker.",
        "SageMaker",
        "SageMaker.NoSuchOperation",
        good.lower(),
        good + " ",
        good + "x",
        good.replace(".", "/"),
        "sagemaker.amazonaws.com." + good,
        "SageMaker." + "x" * 5000,
        "SageMaker.__class__",
        "SageMaker.../../etc",
        "SageMaker.Créate",
    )
    target = rng.choice([one for one in targets if one.strip() != good])
    return _with(case, X_Amz_Target=target)


def other_target(rng: random.Random, resources: Resources) -> Case:
    targets = (
        "DynamoDB_20120810.CreateTable",
        "AWSEvents.PutRule",
        "Logs_20140328.CreateLogGroup",
        "AmazonSQS.CreateQueue",
    )
    return _with(valid(rng, resources), X_Amz_Target=rng.choice(targets))


def method(rng: random.Random, resources: Resources) -> Case:
    case = valid(rng, resources)
    chosen = rng.choice(("GET", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "TRACE", "BREW"))
    return dataclasses.replace(case, method=chosen)


def path(rng: random.Random, resources: Resources) -> Case:
    paths = (
        "/x",
        "/SageMaker",
        "/%2e%2e/",
        "/a/b/c",
        "/moto-api/reset",
        "/moto-api/data.json",
        "/latest/meta-data",
        "//",
    )
    return dataclasses.replace(valid(rng, resources), path=rng.choice(paths))


def signature(rng: random.Random, resources: Resources) -> Case:
    wrong = [each for each in Signature if each is not Signature.GOOD]
    return dataclasses.replace(valid(rng, resources), signature=rng.choice(wrong))


def authorization(rng: random.Random, resources: Resources) -> Case:
    texts = (
        "",
        "Basic dTpw",
        "Bearer x",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=host, Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=////, SignedHeaders=;;, Signature=",
        "AWS4-ECDSA-P256-SHA256 Credential=x, SignedHeaders=host, Signature=00",
        "AWS4-HMAC-SHA256 " + "x" * 5000,
        "AWS local-tuning-service:c2ln",
        "AWS4-HMAC-SHA256 Credential=local-tuning-service/20260101/us-east-1/sagemaker/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=" + "ab" * 32,
    )
    return dataclasses.replace(valid(rng, resources), sent_headers={"Authorization": rng.choice(texts)})


def altered(rng: random.Random, resources: Resources) -> Case:
    """Another body, target or date than was signed."""
    case = valid(rng, resources)
    changes: tuple[dict[str, object], ...] = (
        {"sent_body": case.body + b" "},
        {"sent_body": case.body[:-1]},
        {"sent_body": b""},
        {"sent_headers": {"X-Amz-Target": "SageMaker.ListModels"}},
        {"sent_headers": {"X-Amz-Date": "20200101T000000Z"}},
        {"sent_headers": {"X-Amz-Date": "now"}},
        {"sent_headers": {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}, "sent_body": b"{}  "},
    )
    return dataclasses.replace(case, **rng.choice(changes))  # type: ignore[arg-type]


def host(rng: random.Random, resources: Resources) -> Case:
    hosts = (
        "evil.example",
        "evil.example:80",
        "169.254.169.254",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "api.sagemaker.us-east-1.amazonaws.com",
        "bucket.localhost",
        "",
        "127.0.0.1@evil.example",
        "[::2]",
        "0.0.0.0",
        "2130706433",
        "127.0.0.1:99999999",
        "127.0.0.1, evil.example",
        "[",
    )
    case = valid(rng, resources)
    # Signed with that name: the request is genuine except for where it thinks it goes.
    return dataclasses.replace(case, headers={**case.headers, "Host": rng.choice(hosts)}, refused=Refused.ANY)


def too_large(rng: random.Random, resources: Resources) -> Case:
    case = valid(rng, resources)
    size = rng.choice((5 << 20, 10**12, 10**19))
    return dataclasses.replace(case, sent_headers={"Content-Length": str(size)}, sent_body=b"")


KINDS: dict[str, Kind] = {
    "content type": content_type,
    "no target": no_target,
    "unknown target": unknown_target,
    "target of another service": other_target,
    "method": method,
    "path": path,
    "signature missing, bad, old, ...": signature,
    "Authorization header": authorization,
    "changed after signing": altered,
    "Host header not loopback": host,
    "body announced too large": too_large,
}
