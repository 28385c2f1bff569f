"""What the example DAG finds in S3: a dataset, and its training script packed as script mode wants it."""

from __future__ import annotations

import contextlib
import csv
import io
import tarfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

BUCKET = "hpt-demo"
DATA_KEY = "breast-cancer/train/breast-cancer.csv"
CODE_KEY = "breast-cancer/code/sourcedir.tar.gz"


def upload(s3: Any, dags: Path) -> None:
    """Make the bucket and put dataset and training script into it.

    Args:
        s3: a boto3 S3 client.
        dags: the folder with the example DAGs.
    """
    with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key=DATA_KEY, Body=dataset_csv())
    s3.put_object(Bucket=BUCKET, Key=CODE_KEY, Body=source_archive(dags / "training"))


def dataset_csv() -> bytes:
    """scikit-learn's breast cancer dataset: 569 rows, 30 features, a header, the label (0, 1) last."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow([*data.feature_names, "label"])
    rows.writerows([*features, label] for features, label in zip(data.data, data.target, strict=True))
    return text.getvalue().encode()


def source_archive(directory: Path) -> bytes:
    """A directory's Python files as ``sourcedir.tar.gz``: what ``sagemaker_submit_directory`` points to."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for script in sorted(directory.glob("*.py")):
            archive.add(script, arcname=script.name)
    return packed.getvalue()
