"""AWS's error codes and texts, as far as they are known."""

from __future__ import annotations

from airflow_hpt_provider.local.errors import ServiceError


def no_tuning_job(name: str) -> ServiceError:
    """There is no tuning job of that name."""
    text = f"Amazon SageMaker can't find a tuning job called {name}. Type another name."
    return ServiceError("ResourceNotFound", text)


def tuning_job_exists(name: str) -> ServiceError:
    """There is one of that name, in whatever case."""
    text = f"A hyperparameter tuning job with the name, {name}, already exists. Choose a different name."
    return ServiceError("ResourceInUse", text)


def too_many_tuning_jobs(limit: int, in_progress: int) -> ServiceError:
    """Return the error for a quota that is used up. AWS's text; the name of this quota in it is not documented."""
    quota, unit = "Number of parallel (concurrent) hyperparameter tuning jobs", "HyperParameterTuningJobs"
    text = (
        f"The account-level service limit '{quota}' is {limit} {unit}, with current utilization of {in_progress} {unit}"
        f" and a request delta of 1 {unit}. Please use AWS Service Quotas to request an increase for this quota. If AWS"
        " Service Quotas is not available, contact AWS support to request an increase for this quota."
    )
    return ServiceError("ResourceLimitExceeded", text)


def no_training_job() -> ServiceError:
    """There is no training job of that name: AWS says so with a ValidationException."""
    return ServiceError("ValidationException", "Requested resource not found.")


def training_job_exists(arn: str) -> ServiceError:
    """There is one of that name, in whatever case."""
    return ServiceError(
        "ResourceInUse",
        "Job name must be unique within an AWS account and region, and a job with this name already exists "
        f"({arn})",
    )


def wrong_status(kind: str, status: str) -> ServiceError:
    """Return the error for a job that can no longer be stopped."""
    return ServiceError(
        "ValidationException", f"The request was rejected because the {kind} is in status {status}."
    )


def still_running(kind: str, name: str, status: str) -> ServiceError:
    """Return the error for a job that cannot be deleted yet."""
    text = f"The {kind} {name} is in status {status}: only one that has ended can be deleted."
    return ServiceError("ResourceInUse", text)


def not_offered(operation: str) -> ServiceError:
    """SageMaker has it, the service does not."""
    return ServiceError(
        "UnknownOperationException", f"The local tuning service does not offer '{operation}' of sagemaker."
    )


def invalid(text: str) -> ServiceError:
    """Return the error for a request that is well-formed but not valid."""
    return ServiceError("ValidationException", text)


def bad_token() -> ServiceError:
    """Return the error for a NextToken that belongs to another request, or is malformed."""
    return invalid(
        "The value of NextToken is not valid: use the token of the previous answer to the same request."
    )
