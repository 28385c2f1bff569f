"""Names and ARNs, as SageMaker makes them."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

_TRAINING_JOB_NAME = re.compile(r"(?P<tuning_job>.+)-(?P<number>\d{3,})-[0-9a-f]{8}")


@dataclass(frozen=True)
class Arns:
    """ARNs of one region and account; their names are in lower case, as SageMaker's are."""

    region: str
    account: str

    def tuning_job(self, name: str) -> str:
        """Return the ARN of a tuning job."""
        return f"arn:aws:sagemaker:{self.region}:{self.account}:hyper-parameter-tuning-job/{name.lower()}"

    def training_job(self, name: str) -> str:
        """Return the ARN of a training job."""
        return f"arn:aws:sagemaker:{self.region}:{self.account}:training-job/{name.lower()}"


def training_job_name(tuning_job_name: str, number: int) -> str:
    """E.g. ``xgboost-190407-1532-005-0e830ada``; at most 63 characters, as a tuning job's name has at most 32."""
    return f"{tuning_job_name}-{number:03d}-{secrets.token_hex(4)}"


def parse_training_job_name(name: str) -> tuple[str, int] | None:
    """(tuning job's name, number) of a name as :func:`training_job_name` makes them; None for any other."""
    match = _TRAINING_JOB_NAME.fullmatch(name)
    return (match["tuning_job"], int(match["number"])) if match else None


def hyperparameter_text(value: float | int | str) -> str:  # noqa: PYI041 - three kinds of hyperparameter
    """Return a tuned value as SageMaker writes it: ``0.4630125855085939``, ``7``, a category as it is."""
    return value if isinstance(value, str) else repr(value)
