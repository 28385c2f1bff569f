"""Three levels of retries (see ``docs/retries.md``).

1. A single call to the API: ``calls.py``, by the table of ``classify.py``.
2. A training job: ``RetryStrategy.MaximumRetryAttempts`` in the request; SageMaker does it.
3. A whole tuning job: ``strategy.py``, by the table of ``failure_reasons.py``. Airflow's own ``retries`` of a
   task come on top: ``policy.py``.
"""
