"""What the example DAGs find in S3: datasets that scikit-learn ships, and the training scripts packed for script mode.

``python -m airflow_hpt_provider.demo.data BUCKET`` puts the same into a bucket of yours, with the credentials that
boto3 finds.
"""

from __future__ import annotations

import contextlib
import csv
import io
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import airflow_hpt_provider

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BUCKET = "hpt-demo"
PROJECTS = ("breast-cancer", "diabetes", "digits")
"""Folders in the bucket, each with ``code/sourcedir.tar.gz`` and its data."""


def example_dags() -> Path:
    """Return the folder with the example DAGs: inside an installed wheel, or at the top of a checkout."""
    package = Path(airflow_hpt_provider.__file__).parent
    installed = package / "example_dags"
    return installed if installed.is_dir() else package.parent / "dags"


def upload(s3: Any, dags: Path, bucket: str = BUCKET) -> None:
    """Make the bucket if it is missing, and put datasets and training scripts into it.

    Args:
        s3: a boto3 S3 client.
        dags: the folder with the example DAGs.
        bucket: its name.
    """
    if not _exists(s3, bucket):
        with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
            s3.create_bucket(Bucket=bucket)
    code = source_archive(dags / "training")
    objects = {f"{project}/code/sourcedir.tar.gz": code for project in PROJECTS}
    objects["breast-cancer/train/breast-cancer.csv"] = breast_cancer_csv()
    objects["digits/train/digits.csv"] = digits_csv()
    for segment, table in diabetes_segments().items():
        objects[f"diabetes/segments/{segment}/train.csv"] = table
    for key, body in objects.items():
        s3.put_object(Bucket=bucket, Key=key, Body=body)


def breast_cancer_csv() -> bytes:
    """scikit-learn's breast cancer dataset: 569 rows, 30 features, a header, the label (0, 1) last."""
    from sklearn.datasets import load_breast_cancer

    return _labelled_csv(load_breast_cancer())


def digits_csv() -> bytes:
    """scikit-learn's digits: 1,797 rows, 64 pixels from 0 to 16, a header, the digit last."""
    from sklearn.datasets import load_digits

    return _labelled_csv(load_digits())


def diabetes_segments() -> dict[str, bytes]:
    """scikit-learn's diabetes dataset in three parts by age: 10 features, a header, the target last."""
    from sklearn.datasets import load_diabetes

    data = load_diabetes(scaled=False)
    age = data.data[:, data.feature_names.index("age")]
    parts = {"under-40": age < 40, "40-to-54": (age >= 40) & (age < 55), "from-55": age >= 55}
    return {
        name: _csv([*data.feature_names, "target"], zip(data.data[part], data.target[part], strict=True))
        for name, part in parts.items()
    }


def source_archive(directory: Path) -> bytes:
    """Return a directory's Python files as ``sourcedir.tar.gz``: what ``sagemaker_submit_directory`` points to."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for script in sorted(directory.glob("*.py")):
            archive.add(script, arcname=script.name)
    return packed.getvalue()


def _labelled_csv(dataset: Any) -> bytes:
    return _csv([*dataset.feature_names, "label"], zip(dataset.data, dataset.target, strict=True))


def _csv(header: Sequence[str], rows: Iterable[tuple[Any, Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([*features, label] for features, label in rows)
    return text.getvalue().encode()


def _exists(s3: Any, bucket: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] in {"404", "NoSuchBucket"}:
            return False
        raise
    return True


def main(arguments: Sequence[str]) -> None:
    """``python -m airflow_hpt_provider.demo.data BUCKET``."""
    import boto3

    (bucket,) = arguments or (BUCKET,)
    upload(boto3.client("s3"), example_dags(), bucket)
    print(f"Datasets and training scripts of the example DAGs are in s3://{bucket}/.")


if __name__ == "__main__":
    main(sys.argv[1:])
