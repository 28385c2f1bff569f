"""How many training jobs there are, by status."""

from pydantic import Field

from airflow_hpt_provider.models import shapes
from airflow_hpt_provider.models.validation.base import AnswerModel


class TrainingJobStatusCounters(AnswerModel):
    """Training jobs by status."""

    completed: shapes.TrainingJobStatusCounter | None = Field(None, description="Completed.")
    in_progress: shapes.TrainingJobStatusCounter | None = Field(None, description="Running.")
    retryable_error: shapes.TrainingJobStatusCounter | None = Field(
        None, description="Failed by an error of the service."
    )
    non_retryable_error: shapes.TrainingJobStatusCounter | None = Field(
        None, description="Failed by an error of the algorithm or the request."
    )
    stopped: shapes.TrainingJobStatusCounter | None = Field(None, description="Stopped, by hand or early.")

    @property
    def failed(self) -> int:
        """Failed, for whichever reason."""
        return (self.retryable_error or 0) + (self.non_retryable_error or 0)

    @property
    def finished(self) -> int:
        """Ended, in whichever way."""
        return (self.completed or 0) + self.failed + (self.stopped or 0)

    @property
    def total(self) -> int:
        """All training jobs that were launched."""
        return self.finished + (self.in_progress or 0)


class ObjectiveStatusCounters(AnswerModel):
    """Training jobs by what became of their objective."""

    succeeded: shapes.ObjectiveStatusCounter | None = Field(None, description="The objective is known.")
    pending: shapes.ObjectiveStatusCounter | None = Field(None, description="It is to come.")
    failed: shapes.ObjectiveStatusCounter | None = Field(
        None, description="The training job failed or emitted none."
    )

    @property
    def total(self) -> int:
        """All training jobs that were launched."""
        return (self.succeeded or 0) + (self.pending or 0) + (self.failed or 0)
