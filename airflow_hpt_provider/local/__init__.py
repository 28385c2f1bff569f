"""The local tuning service: SageMaker's wire protocol on loopback, real training behind it.

The data's way through the package::

    protocol/    bytes  -> validated request parameters (and answers -> bytes)
    operations/  parameters -> what SageMaker would answer
    engine/      decides what runs next; the only one that changes a job's status while it runs
    search/      which hyperparameters to try next
    runners/     runs one training job with SageMaker's container contract
    storage/     S3 on files
    store/       every job, metric and transition, in SQLite
    registry/    model packages and their groups, in SQLite
    logs/        the training jobs' logs, as CloudWatch Logs has them
    faults/      what goes wrong on request
    server.py    puts them together

Imports only :mod:`airflow_hpt_provider.models`, never Airflow: provider and service meet over HTTP alone.
"""
