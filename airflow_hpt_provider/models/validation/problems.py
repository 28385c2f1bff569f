"""A rule of AWS's that a request breaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from airflow_hpt_provider.models.validation.errors import Location, aws_path, format_value, line

if TYPE_CHECKING:
    from pydantic_core import InitErrorDetails


RULE: Final = "rule"
"""The type of a ValidationError's line that stands for a problem."""


@dataclass(frozen=True)
class Problem:
    """A rule that a request breaks though each of its values is well formed.

    Attributes:
        location: where, as member names and list indexes.
        value: the value there; None if something is missing.
        message: what is wrong.
        remedy: what to do about it.
        aws_message: AWS's own words for it, where they are known.
        sought: where the rule looked for something and did not find it. If one of these places cannot be read, it
            may be there after all, and the problem is left out.
    """

    location: Location
    value: object
    message: str
    remedy: str
    aws_message: str | None = None
    sought: tuple[Location, ...] = ()

    @property
    def field(self) -> str:
        """Where, as AWS writes it: `HyperParameterTuningJobConfig.ResourceLimits.MaxParallelTrainingJobs`."""
        return aws_path(self.location)

    def __str__(self) -> str:
        return f"{self.field}: {self.text}" if self.location else self.text

    @property
    def text(self) -> str:
        """Message, value and remedy without the field."""
        shown = "" if self.value is None else f" (given: {format_value(self.value)})"
        return f"{self.message}{shown}; {self.remedy}"

    def as_line(self) -> InitErrorDetails:
        """Return the problem as a line of a ValidationError."""
        context = {"remedy": self.remedy, "aws_message": self.aws_message}
        return line(RULE, self.location, self.text, self.value, **context)

    def unsure(self, unread: list[Location]) -> bool:
        """Return whether the problem may only be due to parts of the request that could not be read."""
        if any(self.location[: len(place)] == place for place in unread):
            return True
        return any(
            place[: len(sought)] == sought or sought[: len(place)] == place
            for place in unread
            for sought in self.sought
        )
