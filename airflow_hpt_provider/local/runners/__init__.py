"""Runs one training job with SageMaker's container contract.

``contract.py`` says what a runner is; ``subprocess_runner.py`` is one whose jobs are processes of this machine.
An attempt's way through the package is ``attempt.py``, top to bottom; what it runs is ``command.py``'s to say: a
script, an image's command, or the image itself (``containers.py``).
"""
