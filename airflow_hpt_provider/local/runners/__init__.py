"""Runs one training job with SageMaker's container contract.

An attempt's way through the package is ``attempt.py``, top to bottom::

    contract.py           what a runner is;  subprocess_runner.py  one whose jobs are processes of this machine
    attempt.py            one attempt, from the empty directory to the end
    tree.py               the job's /opt/ml;  input_config.py  what SageMaker writes to its input/config
    channels.py           data into it, as files;  pipes.py  as named pipes;  checkpoints.py  those of earlier attempts
    command.py            what runs, with variables.py as its environment: a script (script_mode.py), the command that
                          stands for an image (images.py), or the image itself (containers.py, container_engine.py)
    process.py            the process group that it runs in
    log.py                its output while it grows;  metrics.py  what is measured by it
    artifacts.py          what it leaves in S3
    outcome.py            how it ended;  failures.py  why it failed, in SageMaker's words
    s3.py, archives.py    S3 URIs, and unpacking what others have packed
"""
