"""Runs one training job with SageMaker's container contract.

``contract.py`` says what a runner is; ``subprocess_runner.py`` is one whose jobs are processes of this
machine; one that asks a container engine would stand beside it. An attempt's way through the package is
``attempt.py``, top to bottom.
"""
