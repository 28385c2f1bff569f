"""The local tuning service: SageMaker's wire protocol on loopback, real training behind it.

The data's way through the package::

    http/             connections, bodies, Host headers, signatures
    aws_json/         bytes -> validated request parameters, and responses -> bytes
    endpoint.py       which service a request is for: ours, S3's, or moto's (moto_backend.py)
    operations/       parameters -> what SageMaker would answer; search_api/ and model_registry/ among them
    engine/           decides what runs next; the only one that changes a job's status while it runs
    strategies/       which hyperparameters to try next
    runners/          runs one training job with SageMaker's container contract
    algorithms/       the built-in algorithms that it trains by itself, as programs of training jobs
    s3/               S3 on files
    db/               every job, metric and transition, in SQLite
    logs/             the training jobs' logs, as CloudWatch Logs has them
    fault_injection/  faults on request
    env_file.py       the service's own access key, and local.env
    server.py         puts them together

Imports only :mod:`airflow_hpt_provider.models`, never Airflow: provider and service meet over HTTP alone.
"""
