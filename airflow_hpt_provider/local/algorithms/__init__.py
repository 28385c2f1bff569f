"""The built-in algorithms that the local service trains by itself, each a program that a training job runs.

Only these programs import numpy and xgboost, in the training job's process; the service asks
:mod:`~airflow_hpt_provider.local.algorithms.trainable` whether they are installed.
"""
