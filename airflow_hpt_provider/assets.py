"""Constants for DAG authors who declare assets that tuning tasks update."""

from typing import Final

PER_TUNING_JOB: Final = {"partitioned_by": "tuning_job_name"}
"""The ``extra`` of an asset whose events have one partition per tuning job, named after the job (Airflow 3.3)."""
