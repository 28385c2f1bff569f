"""Register the best model of a tuning job in SageMaker's model registry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_hpt_provider.compat import AirflowSkipException
from airflow_hpt_provider.exceptions import ModelQualityGateError, RegistrationError, TuningJobConfigError
from airflow_hpt_provider.operators.base import TuningBaseOperator, cast_argument, cast_flag, is_template

if TYPE_CHECKING:
    from airflow.sdk import Context

APPROVAL_STATUSES = ("Approved", "PendingManualApproval", "Rejected")
ON_REJECTED = ("fail", "skip", "succeed")


def check_approval_status(value: Any) -> None:
    """Check ``approval_status``.

    Raises:
        RegistrationError: it is not one of SageMaker's.
    """
    if value not in APPROVAL_STATUSES:
        raise RegistrationError(
            f"approval_status must be one of {', '.join(APPROVAL_STATUSES)}, got {value!r}."
        )


def metric_of(name: str, value: Any) -> float | None:
    """Return an objective value to compare with, given as a number or its text; None if not given.

    Raises:
        TuningJobConfigError: naming the argument, the value and the remedy.
    """
    metric: float | None = cast_argument(name, value, float)
    if metric is not None and not math.isfinite(metric):
        raise TuningJobConfigError(f"{name} must be a finite number, got {value!r}.")
    return metric


class RegisterBestTrainingJobOperator(TuningBaseOperator):
    """Make a model package from a tuning task's result, if it passes the gate.

    Pushes a dict as its return value: ``model_package_arn`` (None if the gate refused), ``registered``,
    ``model_package_group_name``, ``approval_status``, ``final_metric``, ``reason`` (of a refusal), ``champion``
    (ARN of the package it was compared with). A retry finds the package of the try before.

    Args:
        tuning_result: the tuning task's return value, ``tune.output`` (templated).
        model_package_group_name: the group; made if it is missing (templated).
        approval_status: ``PendingManualApproval`` (default), ``Approved`` or ``Rejected`` (templated).
        min_metric: the worst objective value that may be registered: a lower bound when the objective is
            maximised, an upper bound when it is minimised (templated). Default: none.
        must_improve: register only what is better than the newest approved package of the group. The first
            package always is. Default False.
        on_rejected: when the gate refuses: ``fail`` (default), ``skip``, or ``succeed`` without a package.
        inference_image: the image that serves the model; default: the training image (templated).
        content_types, response_types: what the model takes and answers; default ``["text/csv"]``.
        model_package_config: further members of CreateModelPackage, in AWS names (templated).
        aws_conn_id, region_name, verify, botocore_config: as for every AWS operator.

    Raises:
        RegistrationError: the result has no best training job, or that has no model artifact.
        ModelQualityGateError: the gate refused, and ``on_rejected`` is ``fail``.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html
    """

    template_fields: Sequence[str] = (
        "tuning_result",
        "model_package_group_name",
        "approval_status",
        "min_metric",
        "must_improve",
        "inference_image",
        "model_package_config",
        *TuningBaseOperator.template_fields,
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        "tuning_result": "json",
        "model_package_config": "json",
    }
    ui_color = "#e8f0fe"

    def __init__(
        self,
        *,
        tuning_result: Any,
        model_package_group_name: str,
        approval_status: str = "PendingManualApproval",
        min_metric: float | None = None,
        must_improve: bool = False,
        on_rejected: Literal["fail", "skip", "succeed"] = "fail",
        inference_image: str | None = None,
        content_types: Sequence[str] = ("text/csv",),
        response_types: Sequence[str] = ("text/csv",),
        model_package_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.tuning_result = tuning_result
        self.model_package_group_name = model_package_group_name
        self.approval_status = approval_status
        self.min_metric = min_metric
        self.must_improve = must_improve
        self.on_rejected = on_rejected
        self.inference_image = inference_image
        for name, types in (("content_types", content_types), ("response_types", response_types)):
            if isinstance(types, str):
                raise TypeError(f"{name} must be a list of content types, got {types!r}; give [{types!r}].")
        self.content_types = content_types
        self.response_types = response_types
        self.model_package_config = model_package_config
        if not is_template(approval_status):
            check_approval_status(approval_status)
        if not is_template(min_metric):
            metric_of("min_metric", min_metric)
        more: Any = model_package_config
        if not isinstance(more, dict | None) and not is_template(more):
            raise TypeError(f"model_package_config must be a dict, got {model_package_config!r}.")
        if on_rejected not in ON_REJECTED:
            raise ValueError(
                f"on_rejected must be one of {', '.join(map(repr, ON_REJECTED))}, got {on_rejected!r}."
            )

    def execute(self, context: Context) -> dict[str, Any]:
        """Find the package of an earlier try, or pass the gate and make one."""
        from airflow_hpt_provider.models import TuningResult
        from airflow_hpt_provider.result.model_packages import ModelRegistry, assert_best, gate_failure_reason

        check_approval_status(self.approval_status)
        result = TuningResult.from_xcom(self.tuning_result)
        best = assert_best(result)
        registry = ModelRegistry(self.hook, str(self.model_package_group_name))
        registry.ensure_group()
        arn, champion = registry.find(result), None
        if arn:
            self.log.info("An earlier try has registered model package %s.", arn)
        else:
            must_improve = cast_flag("must_improve", self.must_improve)
            champion = registry.champion() if must_improve else None
            reason = gate_failure_reason(
                result,
                min_metric=metric_of("min_metric", self.min_metric),
                must_improve=must_improve,
                champion=champion,
            )
            if reason:
                return self._refused(reason, result.final_metric, champion.arn if champion else None)
            container = {
                "Image": self.inference_image or best.training_image,
                "ModelDataUrl": best.model_artifact,
            }
            inference = {
                "Containers": [container],
                "SupportedContentTypes": list(self.content_types),
                "SupportedResponseMIMETypes": list(self.response_types),
            }
            arn = registry.register(
                result, inference, self.approval_status, **(self.model_package_config or {})
            )
            self.log.info("Registered %s as %s (%s).", best.training_job_name, arn, self.approval_status)
        return self._answer(arn, result.final_metric, None, champion.arn if champion else None)

    def _refused(self, reason: str, metric: float | None, champion: str | None) -> dict[str, Any]:
        message = f"Not registered in {self.model_package_group_name}: {reason}"
        if self.on_rejected == "fail":
            raise ModelQualityGateError(message)
        if self.on_rejected == "skip":
            raise AirflowSkipException(message)
        self.log.warning("%s", message)
        return self._answer(None, metric, reason, champion)

    def _answer(
        self, arn: str | None, metric: float | None, reason: str | None, champion: str | None
    ) -> dict[str, Any]:
        return {
            "model_package_arn": arn,
            "registered": arn is not None,
            "model_package_group_name": self.model_package_group_name,
            "approval_status": self.approval_status if arn else None,
            "final_metric": metric,
            "reason": reason,
            "champion": champion,
        }
