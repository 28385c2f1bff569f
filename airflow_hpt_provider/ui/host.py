"""What a host provides to the page's routes. The hosts are Airflow's API server, and the page's own process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_hpt_provider.hooks.settings import ConnectionSettings
    from airflow_hpt_provider.ui.problems import Problem


class PageJob(Protocol):
    """A tuning job that a request asks for."""

    @property
    def name(self) -> str:
        """The tuning job's name."""

    @property
    def settings(self) -> ConnectionSettings:
        """The connection; raises Problem if it cannot be known."""

    @property
    def key(self) -> str:
        """Equal for jobs that are read in the same way."""

    @property
    def is_guessed(self) -> bool:
        """Whether nothing that the user cannot write names the job."""

    def about(self) -> dict[str, Any]:
        """Return what the page's document says of the place where the job was found."""

    def parent(self, name: str) -> PageJob:
        """Return a warm-start parent of the job."""


class PageAccess(Protocol):
    """What the user of one request may do with a :class:`PageJob`.

    Attributes:
        sees_values: whether static hyperparameters and environment variables may reach the browser.
    """

    sees_values: bool

    def denial(self, job: Any, tags: Mapping[str, str] | None) -> Problem | None:
        """Return why the user may not see a job with these tags; None if the user may."""

    def may_stop(self, job: Any, tags: Mapping[str, str] | None) -> bool:
        """Return whether the user may stop a job with these tags."""

    def may_read_logs(self, job: Any, tags: Mapping[str, str] | None) -> bool:
        """Return whether the user may read the logs of a job's training jobs."""
