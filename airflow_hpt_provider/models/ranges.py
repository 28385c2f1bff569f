"""Which hyperparameters are searched, and where."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field
from pydantic_core import PydanticCustomError

from airflow_hpt_provider.models import shapes
from airflow_hpt_provider.models.html import members_html
from airflow_hpt_provider.models.shorthands import Categorical, Continuous, Integer, Shorthand
from airflow_hpt_provider.models.status import ScalingType
from airflow_hpt_provider.models.validation.base import RequestModel
from airflow_hpt_provider.models.validation.collections import ListSize, from_json_text
from airflow_hpt_provider.models.validation.errors import format_value, value_error
from airflow_hpt_provider.models.validation.scalars import Flag

__all__ = [
    "AutoParameter",
    "Categorical",
    "CategoricalParameterRange",
    "Continuous",
    "ContinuousParameterRange",
    "Integer",
    "IntegerParameterRange",
    "ParameterRanges",
]


class _Interval:
    """A range of numbers, as readable text."""

    if TYPE_CHECKING:
        name: str
        min_value: str
        max_value: str
        scaling_type: str | None

    @property
    def interval(self) -> str:
        """Return the range as readable text: ``0.01 to 1, Logarithmic``."""
        scale = f", {self.scaling_type}" if self.scaling_type else ""
        return f"{self.min_value} to {self.max_value}{scale}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {self.interval})"

    __str__ = __repr__


class ContinuousParameterRange(_Interval, RequestModel):
    """A range of floats. AWS wants the bounds as strings; numbers are cast."""

    name: shapes.ParameterKey = Field(description="Name of the hyperparameter.")
    min_value: shapes.ParameterValue = Field(description="Lower end, included.")
    max_value: shapes.ParameterValue = Field(description="Upper end, included.")
    scaling_type: shapes.HyperParameterScalingType | None = Field(
        None, description="Scale of the search. Logarithmic: above 0. ReverseLogarithmic: within [0, 1)."
    )


class IntegerParameterRange(_Interval, RequestModel):
    """A range of whole numbers. AWS wants the bounds as strings; numbers are cast."""

    name: shapes.ParameterKey = Field(description="Name of the hyperparameter.")
    min_value: shapes.ParameterValue = Field(description="Lower end, included.")
    max_value: shapes.ParameterValue = Field(description="Upper end, included.")
    scaling_type: shapes.HyperParameterScalingType | None = Field(
        None, description="Scale of the search. Logarithmic: above 0."
    )


class CategoricalParameterRange(RequestModel):
    """A set of values."""

    name: shapes.ParameterKey = Field(description="Name of the hyperparameter.")
    values: shapes.ParameterValues = Field(description="The values, 1 to 30.")

    @property
    def interval(self) -> str:
        """Return the range as readable text: ``none, balanced``."""
        return ", ".join(self.values)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {self.interval})"

    __str__ = __repr__


class AutoParameter(RequestModel):
    """A hyperparameter whose range Autotune chooses."""

    name: shapes.ParameterKey = Field(description="Name of the hyperparameter.")
    value_hint: shapes.ParameterValue = Field(description="An example of its value.")


class ParameterRanges(RequestModel):
    """The search space: at most 30 hyperparameters in all.

    May be given as hyperparameter name -> shorthand::

        {"learning_rate": Continuous(1e-4, 1e-1, log=True), "max_depth": Integer(2, 10)}
    """

    remedy_of_unknown_member: ClassVar[str] = (
        "give its range as Continuous(...), Integer(...) or Categorical(...), or as an element of "
        "ContinuousParameterRanges, IntegerParameterRanges or CategoricalParameterRanges"
    )

    integer_parameter_ranges: Annotated[list[IntegerParameterRange], ListSize(0, 30)] | None = Field(
        None, description="Hyperparameters that are whole numbers."
    )
    continuous_parameter_ranges: Annotated[list[ContinuousParameterRange], ListSize(0, 30)] | None = Field(
        None, description="Hyperparameters that are floats."
    )
    categorical_parameter_ranges: Annotated[list[CategoricalParameterRange], ListSize(0, 30)] | None = Field(
        None, description="Hyperparameters that take one of a set of values."
    )
    auto_parameters: Annotated[list[AutoParameter], ListSize(0, 100)] | None = Field(
        None, description="Hyperparameters whose ranges Autotune chooses."
    )

    @classmethod
    def expand_shorthands(cls, data: Any) -> Any:
        """Return the search space with each shorthand written out as an element of the list that it belongs to.

        What has no shorthand in it is returned as it is; nothing but shorthands is checked. A shorthand that was
        sent through XCom, or through JSON, is a plain tuple or list, and is read as the shorthand that it was.

        Raises:
            PydanticCustomError: a shorthand contradicts itself.
        """
        if not isinstance(data, Mapping):
            return data
        shorthands = {name: _shorthand(value) for name, value in data.items()}
        if not any(shorthands.values()):
            return data
        written = {name: data[name] for name, value in shorthands.items() if value is None}
        for name, value in shorthands.items():
            if value is not None:
                member, element = _written_out(str(name), value)
                key = next(
                    (key for key in written if str(key).replace("_", "").lower() == member.lower()), member
                )
                others = from_json_text(written.get(key), "[")
                if others is None:
                    written[key] = [element]
                elif isinstance(others, list | tuple):
                    written[key] = [*others, element]
        return written

    @property
    def intervals(self) -> dict[str, str]:
        """Return every searched hyperparameter with its range as readable text."""
        ranges = [
            *(self.integer_parameter_ranges or ()),
            *(self.continuous_parameter_ranges or ()),
            *(self.categorical_parameter_ranges or ()),
        ]
        chosen = {each.name: "chosen by Autotune" for each in self.auto_parameters or ()}
        return {each.name: each.interval for each in ranges} | chosen

    def __repr__(self) -> str:
        return f"ParameterRanges({'; '.join(f'{name}: {text}' for name, text in self.intervals.items())})"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        """Return the HTML that a notebook shows."""
        return members_html("Search space", self.intervals)


def _shorthand(value: Any) -> Shorthand | None:
    """Return a shorthand, also one that XCom has made a tuple of; None for anything else."""
    if isinstance(value, Shorthand):
        return value
    match value:
        case (low, high, bool() as log, bool() as reverse) if _are_bounds(low, high):
            return Continuous(low, high, log, reverse)
        case (low, high, bool() as log) if _are_bounds(low, high):
            return Integer(low, high, log)
        case (list() | tuple() as values,):
            return Categorical(values)
        case _:
            return None


def _are_bounds(*values: object) -> bool:
    return all(isinstance(each, int | float | str) and not isinstance(each, bool) for each in values)


def _written_out(name: str, shorthand: Shorthand) -> tuple[str, dict[str, Any]]:
    """Return the member of ParameterRanges that a shorthand belongs to, and its element there."""
    if isinstance(shorthand, Categorical):
        return "CategoricalParameterRanges", {"Name": name, "Values": shorthand.values}
    logarithmic = _is_set(name, "log", shorthand.log)
    reverse = isinstance(shorthand, Continuous) and _is_set(name, "reverse_log", shorthand.reverse_log)
    if logarithmic and reverse:
        raise value_error(
            "scale",
            "hyperparameter {shown} has both log and reverse_log; give one of them",
            shown=format_value(name),
        )
    element: dict[str, Any] = {"Name": name, "MinValue": shorthand.min_value, "MaxValue": shorthand.max_value}
    if logarithmic:
        element["ScalingType"] = ScalingType.LOGARITHMIC.value
    elif reverse:
        element["ScalingType"] = ScalingType.REVERSE_LOGARITHMIC.value
    kind = "Continuous" if isinstance(shorthand, Continuous) else "Integer"
    return f"{kind}ParameterRanges", element


def _is_set(name: str, option: str, value: object) -> bool:
    try:
        return Flag().read(value)
    except PydanticCustomError:
        raise value_error(
            "flag",
            f"{option} of hyperparameter {{name}} must be true or false, not {{shown}}",
            name=format_value(name),
            shown=format_value(value),
        ) from None
