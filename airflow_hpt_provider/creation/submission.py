"""Sends the request for a tuning job, with the tags that name its owner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from airflow_hpt_provider.retries.errors import error_code, is_denied

if TYPE_CHECKING:
    from airflow_hpt_provider.creation.ownership import Owner
    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
    from airflow_hpt_provider.models import TuningJobRequest

MAX_TAGS = 50


@dataclass(frozen=True)
class Submission:
    """How a task submits its tuning jobs.

    Attributes:
        hook: the way to the API.
        owner: the task instance.
        on_create: called with the name right before a job is created; with None if it was not created after all.
        log: the task's.
    """

    hook: HyperParameterTuningHook
    owner: Owner
    on_create: Callable[[str | None], None]
    log: Any

    def send(self, request: TuningJobRequest, fingerprint: str, retry_of: str | None) -> str | None:
        """Create the job, with tags if permitted; return its ARN, or None if the name has been taken.

        Args:
            request: what to create.
            fingerprint: of the config as the task has it; a warm start changes the request.
            retry_of: the name of the failed job that it is the retry of.

        Raises:
            botocore.exceptions.ClientError: the request was refused.
        """
        self.on_create(request.hyper_parameter_tuning_job_name)
        tags = self._tags_for(request, fingerprint, retry_of)
        try:
            try:
                return self.hook.create(request.with_tags(tags))
            except ClientError as error:
                if not _is_tagging_denied(error):
                    raise
            self.log.warning(
                "No permission to tag the tuning job (sagemaker:AddTags): creating it without ownership tags."
                " Later tries find it by its name alone."
            )
            return self.hook.create(request)
        except ClientError as error:
            self.on_create(None)
            if error_code(error) == "ResourceInUse":
                return None
            raise

    def _tags_for(
        self, request: TuningJobRequest, fingerprint: str, retry_of: str | None
    ) -> list[dict[str, str]]:
        """Return this provider's tags that fit next to the author's; informational ones are dropped first."""
        # One is left for the mark that the result was delivered.
        room = max(0, MAX_TAGS - 1 - len(request.tags or ()))
        return self.owner.tags(fingerprint, retry_of)[:room]


def _is_tagging_denied(error: ClientError) -> bool:
    return is_denied(error) and "AddTags" in str(error)
