"""Properties of a resource by their names: ``TrainingJobStatus``, ``HyperParameters.x``, ``Tags.team``.

Which there are, and of which kind, is in botocore's model of what Search answers with. Names are in AWS's case, keys
of hyperparameters, tags and metrics in their own.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from botocore.model import ListShape, MapShape, Shape, StructureShape

from airflow_hpt_provider.local.aws_json.service_model import sagemaker_model
from airflow_hpt_provider.local.db.search_expressions import Place, Sql, members
from airflow_hpt_provider.local.operations.error_messages import invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airflow_hpt_provider.local.errors import ServiceError


class Kind(Enum):
    """The kind of a property: it decides what the property can be compared with."""

    TEXT = "text"
    NUMBER = "numeric"
    BOOLEAN = "Boolean"
    TIME = "timestamp"
    HYPERPARAMETER = "hyperparameter"
    """A text that may be a number."""
    STRUCTURE = "structure"
    """The property exists or not."""


KINDS = {
    "string": Kind.TEXT,
    "integer": Kind.NUMBER,
    "long": Kind.NUMBER,
    "float": Kind.NUMBER,
    "double": Kind.NUMBER,
    "boolean": Kind.BOOLEAN,
    "timestamp": Kind.TIME,
}
HYPERPARAMETERS = "HyperParameters"
"""The shape of their maps."""


class Element(Enum):
    """A step from a list to any of its elements."""

    ANY = "any"


@dataclass(frozen=True)
class Key:
    """A step from a map to one of its values."""

    key: str


Step = str | Element | Key


@dataclass(frozen=True)
class Resource:
    """Something that is searched for.

    Attributes:
        name: AWS's; also the member of SearchRecord.
        shape: of that member.
        file: of ``store/sql/``.
        metrics: whether it has any.
        sort_by: the property that decides the order where a search names none.
    """

    name: str
    shape: str
    file: str
    metrics: bool = False
    sort_by: str = "LastModifiedTime"

    def property(self, name: str, *, nested: bool = False) -> Property:
        """Return the property with this name.

        Args:
            nested: in nested filters, where ``Tags.Key`` and ``Tags.Value`` are a tag's own members. Elsewhere
                ``Tags.Key`` is the value of the tag with this key.

        Raises:
            ServiceError: there is none.
        """
        head, _, key = name.partition(".")
        if head == "Tags" and key and not nested:
            return Property(self, name, Kind.TEXT, (Key(key),), keyed=("Tag", key))
        if head == "Metrics" and key and self.metrics:
            return Property(self, name, Kind.NUMBER, (Key(key),), keyed=("Metrics", key), single=True)
        steps: list[Step] = []
        shape: Shape = sagemaker_model().shape(self.shape)
        rest = name
        while rest or isinstance(shape, ListShape):
            if isinstance(shape, ListShape):
                steps.append(Element.ANY)
                shape = shape.member
            elif isinstance(shape, MapShape):
                steps.append(Key(rest))
                kind = Kind.HYPERPARAMETER if shape.name == HYPERPARAMETERS else Kind.TEXT
                return Property(self, name, kind, tuple(steps))
            else:
                step, dot, rest = rest.partition(".")
                known = shape.members if isinstance(shape, StructureShape) else {}
                if step not in known or (dot and not rest):
                    raise self._unknown(name, step, shape)
                steps.append(step)
                shape = known[step]
        kind = KINDS.get(shape.type_name, Kind.STRUCTURE)
        return Property(self, name, kind, tuple(steps), single=shape.type_name == "float")

    def _unknown(self, name: str, step: str, shape: Shape) -> ServiceError:
        known = list(shape.members) if isinstance(shape, StructureShape) else []
        if name == step:
            known += ["Tags.KEY", *(["Metrics.NAME"] if self.metrics else [])]
        near = difflib.get_close_matches(step, known, n=1)
        before = name.removesuffix(step) if name.endswith(step) else ""
        hint = f"did you mean {before}{near[0]}?" if near else "see SearchRecord for valid names."
        return invalid(f"Unknown property name {name} for resource {self.name}: {hint}")


@dataclass(frozen=True)
class Property:
    """A property of a resource.

    Attributes:
        steps: from the resource to it.
        keyed: for tags and metrics, the block of SQL that has its value, and its key.
        single: whether it is a number of single precision.
    """

    resource: Resource
    name: str
    kind: Kind
    steps: tuple[Step, ...]
    keyed: tuple[str, str] | None = None
    single: bool = False

    def holds(self, test: Callable[[Sql], Sql]) -> Sql:
        """Return the condition that the value passes; for a list, that one of its values passes."""
        if self.keyed:
            return test(members(self.resource.file).keyed(*self.keyed))
        return reach(self.start, self.steps[1:], lambda place: test(place.value))

    @property
    def scalar(self) -> Sql | None:
        """Its value; None if it may have several."""
        if self.keyed:
            return members(self.resource.file).keyed(*self.keyed)
        place = self.start
        for step in self.steps[1:]:
            if isinstance(step, Key):
                return place.entry_value(step.key)
            if isinstance(step, Element):
                return None
            place = place.below(step)
        return place.value

    @property
    def is_list(self) -> bool:
        """Whether it is a list of structures."""
        return self.kind is Kind.STRUCTURE and self.steps[-1] is Element.ANY

    @property
    def start(self) -> Place:
        """Where its first step leads."""
        return members(self.resource.file)[str(self.steps[0])]


def reach(place: Place, steps: Sequence[Step], test: Callable[[Place], Sql]) -> Sql:
    """Return the condition that a value below a place passes; for lists on the way, that one element passes."""
    for number, step in enumerate(steps):
        if isinstance(step, Key):
            return place.entry(step.key, lambda value: test(Place(value)))
        if isinstance(step, Element):
            rest = steps[number + 1 :]
            return place.some(lambda element, rest=rest: reach(element, rest, test))  # type: ignore[misc]
        place = place.below(step)
    return test(place)
