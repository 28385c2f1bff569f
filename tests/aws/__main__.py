"""``make test-aws``: run the scenario on AWS and on a local service, and print how they differ.

The calls cost money; the amount is printed before, and ``--yes`` is needed. The tuning job has the tag
``airflow-hpt:test``; it, the data and the models, below one prefix of your bucket, are deleted at the end. The training
jobs remain in SageMaker's list.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import boto3

from airflow_hpt_provider.demo.service import LocalService
from tests.aws.comparison import as_table, compare
from tests.aws.place import Place
from tests.aws.scenario import cost, run


def main() -> int:
    """Return 0 if both places have responded alike, 1 if they differ, 2 if nothing was run."""
    parser = argparse.ArgumentParser(prog="make test-aws", description=__doc__)
    parser.add_argument("--bucket", required=True, help="a bucket of yours, in the region")
    parser.add_argument("--role-arn", required=True, help="the training role")
    parser.add_argument(
        "--image", required=True, help="the URI of SageMaker's XGBoost image in the region (1.7-1)"
    )
    parser.add_argument("--profile")
    parser.add_argument("--region")
    parser.add_argument("--endpoint-url", help="another service in place of AWS, to try this program")
    parser.add_argument("--out", type=Path, default=Path(".local/test-aws"), help="folder for the recordings")
    parser.add_argument("--yes", action="store_true", help="make the calls that cost money")
    options = parser.parse_args()
    print(cost())
    if not options.yes:
        print("Nothing was called. Add --yes (make test-aws ARGS='... --yes') to make the calls.")
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    name = f"test-aws-{time.strftime('%m%d%H%M%S')}"
    session = boto3.Session(profile_name=options.profile, region_name=options.region)
    inputs = {"bucket": options.bucket, "role_arn": options.role_arn, "image": options.image}
    aws = Place("AWS", session, options.endpoint_url, **inputs)
    with LocalService(options.out / "service") as service:
        local = Place("local service", _session(service), service.endpoint, **inputs)
        if not any(each["Name"] == options.bucket for each in local.client("s3").list_buckets()["Buckets"]):
            local.client("s3").create_bucket(Bucket=options.bucket)
        for place, seconds in ((aws, 15.0 if options.endpoint_url is None else 0.5), (local, 0.5)):
            try:
                run(place, name, seconds)
            finally:
                place.save(options.out / f"{place.name.replace(' ', '-').lower()}.json")
    differences = compare(aws.records, local.records)
    table = as_table(differences, aws.name, local.name)
    (options.out / "differences.md").write_text(table + "\n", encoding="utf-8")
    print(f"\n{table}\n\nRecordings and table: {options.out}")
    return 1 if differences else 0


def _session(service: LocalService) -> boto3.Session:
    return boto3.Session(
        aws_access_key_id=service.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=service.environment["AWS_SECRET_ACCESS_KEY"],
        region_name=service.environment["AWS_DEFAULT_REGION"],
    )


if __name__ == "__main__":
    sys.exit(main())
