"""The interface between the HTTP layer and the service's operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class Operations(Protocol):
    """SageMaker's operations as plain functions: validated parameters in, answer out, both in AWS names.

    Called from a thread pool, several at a time. Timestamps are timezone-aware datetimes.
    """

    names: frozenset[str]
    """The operations handled here; every other one goes to moto."""

    def handles(self, operation: str, parameters: Mapping[str, Any]) -> bool:
        """Return whether the service implements this call.

        True for every operation in ``names``, except AddTags, ListTags, DeleteTags, Search and GetSearchSuggestions
        where they are about neither tuning jobs nor training jobs: those go to moto, as the resource itself does.
        """
        ...

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out one operation.

        Raises:
            ServiceError: AWS's own error code and text.
        """
        ...

    def start(self) -> None:
        """Resume what an earlier process of the service left."""
        ...

    def close(self) -> None:
        """End all training jobs' processes and close the store; the next start resumes."""
        ...
