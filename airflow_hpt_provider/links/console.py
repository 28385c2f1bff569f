"""URLs of the AWS console's job pages, in every partition."""

from __future__ import annotations

from functools import cache
from urllib.parse import quote, urlsplit

DOMAINS = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-eusc": "console.amazonaws-eusc.eu",
}
"""Partitions whose console has another domain than the endpoints."""


def tuning_job_url(arn: str) -> str:
    """Return the URL of a tuning job's page; the ARN names partition, region and name."""
    return f"{_sagemaker(arn)}/hyper-tuning-jobs/{quote(_name(arn))}"


def training_job_url(arn: str, name: str) -> str:
    """Return the URL of a training job's page, in the account and region of the ARN."""
    return f"{_sagemaker(arn)}/jobs/{quote(name)}"


def training_job_logs_url(arn: str, name: str) -> str:
    """Return the URL of a training job's log streams in CloudWatch, in the account and region of the ARN."""
    return (
        f"{_host(arn)}/cloudwatch/home?region={_region(arn)}#logStream:group=/aws/sagemaker/TrainingJobs"
        f";prefix={quote(name)};streamFilter=typeLogStreamPrefix"
    )


def s3_object_url(arn: str, uri: str) -> str:
    """Return the URL of an S3 object's page, in the account and region of the ARN."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return f"{_host(arn)}/s3/object/{quote(bucket)}?region={_region(arn)}&prefix={quote(key, safe='')}"


def has_console(endpoint_url: str) -> bool:
    """Return whether jobs behind an endpoint are in AWS's console: its host is AWS's own, a VPC's endpoint included."""
    host = urlsplit(endpoint_url).hostname or ""
    return any(host == suffix or host.endswith(f".{suffix}") for suffix in _endpoint_domains())


def _sagemaker(arn: str) -> str:
    return f"{_host(arn)}/sagemaker/home?region={_region(arn)}#"


def _host(arn: str) -> str:
    partition = arn.split(":")[1]
    return f"https://{_region(arn)}.{DOMAINS.get(partition) or f'console.{_partitions()[partition][0]}'}"


def _region(arn: str) -> str:
    return arn.split(":")[3]


def _name(arn: str) -> str:
    return arn.split("/", 1)[1]


def _endpoint_domains() -> set[str]:
    return {suffix for suffixes in _partitions().values() for suffix in suffixes}


@cache
def _partitions() -> dict[str, tuple[str, ...]]:
    """Partition -> the domains of its endpoints, the usual one first; as botocore knows them."""
    from botocore.loaders import create_loader

    outputs = {each["id"]: each["outputs"] for each in create_loader().load_data("partitions")["partitions"]}
    return {name: (each["dnsSuffix"], each["dualStackDnsSuffix"]) for name, each in outputs.items()}
