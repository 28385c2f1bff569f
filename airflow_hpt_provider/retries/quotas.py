"""Reads SageMaker's ResourceLimitExceeded: whether waiting can help."""

from __future__ import annotations

import re
from dataclasses import dataclass

from airflow_hpt_provider.retries.errors import error_code, one_line

_TEXT = re.compile(
    r"service limit '(?P<quota>[^']+)' is (?P<limit>\d+)\b.*?current utilization of (?P<used>\d+)\b.*?"
    r"request delta of (?P<wanted>\d+)\b",
    re.DOTALL,
)


@dataclass(frozen=True)
class QuotaShortage:
    """A call that was refused because of a quota.

    Attributes:
        message: SageMaker's, in one line.
        quota: the quota's name; empty if the message cannot be read.
        limit, used, wanted: its value, how much is in use, and how much the call asked for; None: unknown.
    """

    message: str
    quota: str = ""
    limit: int | None = None
    used: int | None = None
    wanted: int | None = None

    @classmethod
    def of(cls, error: BaseException) -> QuotaShortage | None:
        """Return what an error says of a quota; None if it is another error."""
        if error_code(error) != "ResourceLimitExceeded":
            return None
        found = _TEXT.search(str(error))
        if found is None:
            return cls(one_line(error))
        return cls(
            one_line(error), found["quota"], int(found["limit"]), int(found["used"]), int(found["wanted"])
        )

    @property
    def is_permanent(self) -> bool:
        """Whether the whole quota is too small for the request, so that no wait can help."""
        return self.limit is not None and self.wanted is not None and self.wanted > self.limit

    def __str__(self) -> str:
        if not self.quota:
            return self.message
        return f"quota '{self.quota}': limit {self.limit}, in use {self.used}, needed {self.wanted}"
