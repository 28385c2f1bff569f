"""Runs one training job with SageMaker's container contract.

An attempt's way through the package is ``attempt.py``, top to bottom::

    contract.py           what a runner is;  subprocess_runner.py  one whose jobs are processes of this machine
    attempt.py            one attempt, from the empty directory to the end;  context.py  what all attempts share
    cluster.py            its hosts: names, addresses, shares of the data;  host_job.py  what one runs, and where
    host_run.py           one host under way;  launch.py  starts all;  metric_journal.py  orders the metrics of several
    opt_ml.py             the job's /opt/ml;  permissions.py  what its user may do there
    data/                 its data: channels.py (files), pipes.py (named pipes), manifests.py, checkpoints.py of earlier
                          attempts, input_config.py (input/config), artifacts.py (what it leaves in S3), s3.py and
                          archives.py (S3 URIs, and unpacking)
    command.py            what runs, with variables.py as its environment: a script (script_mode.py), the command that
                          stands for an image, or the image itself (containers/: images.py, containers.py, engine.py)
    process.py            the process group that it runs in
    log.py                its output while it grows;  metrics.py  what is measured by it
    outcome.py            how it ended;  failures.py  why it failed, in SageMaker's words
"""
