"""A SageMaker call's envelope: ``POST /`` with ``X-Amz-Target: SageMaker.Operation`` and JSON 1.1's content type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_hpt_provider.local.aws_json.service_model import TARGET_PREFIX
from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.http.auth.errors import AuthenticationError, AuthFailure
from airflow_hpt_provider.local.http.request import CONTENT_TYPE

if TYPE_CHECKING:
    from airflow_hpt_provider.local.aws_json.service_model import ApiModel
    from airflow_hpt_provider.local.http.auth.parse import ParsedSignature
    from airflow_hpt_provider.local.http.request import WireRequest

SERVICE = "sagemaker"


def is_sagemaker(request: WireRequest, claim: ParsedSignature) -> bool:
    """Whether a request means SageMaker's API: it names one of its operations, or is signed for it and has no path.

    Requests with a path that are signed for ``sagemaker`` are its runtime's and its feature store's.
    """
    return request.target.startswith(f"{TARGET_PREFIX}.") or (
        claim.service == SERVICE and request.path == "/"
    )


def operation_of(request: WireRequest, claim: ParsedSignature, model: ApiModel) -> str:
    """Return the operation of a request whose signature has been verified.

    Raises:
        AuthenticationError: it is signed for another service.
        ServiceError: UnknownOperationException: there is no such operation, or the envelope is wrong.
    """
    if claim.service != SERVICE:
        raise AuthenticationError(
            AuthFailure.MISMATCH, f"Credential should be scoped to correct service: '{SERVICE}'."
        )
    if request.method != "POST" or request.path != "/" or request.query:
        raise _unknown(f"SageMaker's operations are called with POST /, not {request.method} {request.path}.")
    prefix, _, operation = request.target.partition(".")
    if prefix != TARGET_PREFIX or operation not in model.operation_names:
        raise _unknown(f"SageMaker has no operation '{request.target}'.")
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != CONTENT_TYPE:
        raise _unknown(f"The content type must be {CONTENT_TYPE}, not '{content_type}'.")
    return operation


def _unknown(message: str) -> ServiceError:
    return ServiceError("UnknownOperationException", message[:300])
