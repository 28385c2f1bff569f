"""SageMaker's own service model, as botocore ships it."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import regex
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape, StructureShape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import OperationModel

TARGET_PREFIX = "SageMaker"

_JAVA_ASTRAL = r"\uD800\uDC00-\uDBFF\uDFFF"
"""All characters beyond the basic plane, in UTF-16: what Java's patterns are written in."""


class SageMakerModel:
    """Operations and shapes by name. Use :func:`sagemaker_model`: loading takes half a second."""

    def __init__(self) -> None:
        self._raw: Mapping[str, Any] = Loader().load_service_model("sagemaker", "service-2")
        self._service = ServiceModel(self._raw, "sagemaker")
        self._operations: dict[str, OperationModel] = {}
        self._constraints: dict[str, Constraints] = {}

    @cached_property
    def operation_names(self) -> frozenset[str]:
        """Every operation that SageMaker has."""
        return frozenset(self._service.operation_names)

    def operation(self, name: str) -> OperationModel:
        """An operation; kept, since botocore builds it anew each time."""
        found = self._operations.get(name)
        if found is None:
            found = self._operations[name] = self._service.operation_model(name)
        return found

    def shape(self, name: str) -> Shape:
        """A shape, by name."""
        return self._service.shape_for(name)

    def constraints(self, shape: Shape) -> Constraints:
        """What values of the shape must satisfy."""
        found = self._constraints.get(shape.name)
        if found is None:
            # botocore's Shape.metadata leaves 'pattern' out, hence the raw shape.
            found = self._constraints[shape.name] = Constraints(
                self._raw["shapes"][shape.name], shape.type_name
            )
        return found


class Constraints:
    """Bounds, enum and pattern of one shape.

    Attributes:
        texts: all of them in AWS's words, in AWS's order.
        sensitive: values must not be repeated in messages.
    """

    def __init__(self, raw: Mapping[str, Any], type_name: str) -> None:
        self._what = "value" if type_name in {"integer", "long", "float", "double"} else "length"
        self._min, self._max = raw.get("min"), raw.get("max")
        self._enum: list[str] = raw.get("enum", [])
        self._values = frozenset(self._enum)
        self._pattern_text: str | None = raw.get("pattern")
        self.sensitive: bool = raw.get("sensitive", False)

    @cached_property
    def _pattern(self) -> regex.Pattern[str] | None:
        # The patterns are Java's: \p{L} and the like are beyond the standard library's re.
        if self._pattern_text is None:
            return None
        return regex.compile(self._pattern_text.replace(_JAVA_ASTRAL, r"\U00010000-\U0010FFFF"))

    def violations(self, value: str | float | list[Any] | dict[str, Any]) -> list[str]:
        """The texts of those that the value does not satisfy."""
        size = value if isinstance(value, int | float) else _utf16_length(value)
        found = []
        if self._max is not None and size > self._max:
            found.append(self._upper)
        if self._min is not None and size < self._min:
            found.append(self._lower)
        if isinstance(value, str):
            if self._pattern and not self._pattern.fullmatch(value, timeout=1):
                found.append(self._matching)
            if self._values and value not in self._values:
                found.append(self._one_of)
        return found

    @property
    def texts(self) -> list[str]:
        """All of them."""
        texts = []
        if self._max is not None:
            texts.append(self._upper)
        if self._min is not None:
            texts.append(self._lower)
        if self._pattern_text is not None:
            texts.append(self._matching)
        if self._enum:
            texts.append(self._one_of)
        return texts

    @property
    def _upper(self) -> str:
        return f"Member must have {self._what} less than or equal to {self._max}"

    @property
    def _lower(self) -> str:
        return f"Member must have {self._what} greater than or equal to {self._min}"

    @property
    def _matching(self) -> str:
        return f"Member must satisfy regular expression pattern: {self._pattern_text}"

    @property
    def _one_of(self) -> str:
        return f"Member must satisfy enum value set: [{', '.join(self._enum)}]"


@cache
def sagemaker_model() -> SageMakerModel:
    """The model, loaded once per process."""
    return SageMakerModel()


def input_shape(operation: OperationModel) -> StructureShape | None:
    """The shape of an operation's request; None if it takes nothing."""
    shape = operation.input_shape
    return shape if isinstance(shape, StructureShape) else None


def _utf16_length(value: str | list[Any] | dict[str, Any]) -> int:
    """AWS counts strings as Java does."""
    if isinstance(value, str) and not value.isascii():
        return len(value.encode("utf-16-le", "surrogatepass")) // 2
    return len(value)
