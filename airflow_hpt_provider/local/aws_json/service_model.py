"""AWS's own service models of SageMaker, SageMaker Metrics and CloudWatch, as botocore ships them."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, StructureShape

from airflow_hpt_provider.local.aws_json.constraints import Constraints

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import OperationModel, Shape

TARGET_PREFIX = "SageMaker"


class ApiModel:
    """One service's operations and shapes by name.

    Use :func:`sagemaker_model`, since loading takes half a second, and the functions below it.
    """

    def __init__(self, service: str) -> None:
        self._raw: Mapping[str, Any] = Loader().load_service_model(service, "service-2")
        self._service = ServiceModel(self._raw, service)
        self._operations: dict[str, OperationModel] = {}
        self._constraints: dict[str, Constraints] = {}

    @cached_property
    def operation_names(self) -> frozenset[str]:
        """Every operation that the service has."""
        return frozenset(self._service.operation_names)

    def operation(self, name: str) -> OperationModel:
        """Return an operation; cached, since botocore builds it again each time."""
        found = self._operations.get(name)
        if found is None:
            found = self._operations[name] = self._service.operation_model(name)
        return found

    def shape(self, name: str) -> Shape:
        """Return a shape, by name."""
        return self._service.shape_for(name)

    def constraints(self, shape: Shape) -> Constraints:
        """Return the constraints on values of the shape."""
        found = self._constraints.get(shape.name)
        if found is None:
            # botocore's Shape.metadata leaves 'pattern' out, hence the raw shape.
            found = self._constraints[shape.name] = Constraints(
                self._raw["shapes"][shape.name], shape.type_name
            )
        return found


@cache
def sagemaker_model() -> ApiModel:
    """Return SageMaker's model, loaded once per process."""
    return ApiModel("sagemaker")


@cache
def cloudwatch_model() -> ApiModel:
    """Return CloudWatch's model, loaded once per process."""
    return ApiModel("cloudwatch")


@cache
def sagemaker_metrics_model() -> ApiModel:
    """Return the model of SageMaker Metrics, loaded once per process."""
    return ApiModel("sagemaker-metrics")


def input_shape(operation: OperationModel) -> StructureShape | None:
    """Return the shape of an operation's request; None if it takes nothing."""
    shape = operation.input_shape
    return shape if isinstance(shape, StructureShape) else None
