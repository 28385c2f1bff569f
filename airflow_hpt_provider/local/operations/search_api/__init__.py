"""Search for training jobs and tuning jobs; that for all other resources is moto's.

``expressions.py`` makes SQL of a SearchExpression, ``properties.py`` knows the properties by botocore's model,
``comparing.py`` the operators and ``values.py`` the values of filters; ``results.py`` makes the records. The SQL of
each property is in ``store/sql/training_job_members.sql`` and ``tuning_job_members.sql``. ``suggestions.py`` completes
the properties' names.
"""

from __future__ import annotations

from airflow_hpt_provider.local.operations.search_api.operation import is_ours, search
from airflow_hpt_provider.local.operations.search_api.suggestions import suggest

__all__ = ["is_ours", "search", "suggest"]
