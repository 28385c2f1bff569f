"""What the local tuning service costs on top of the training itself: ``make bench-overhead``.

``python -m benchmarks.overhead --help`` for less, or more, of it.

40 trials, 2 in parallel, of a script that does nothing but print its objective, and of one that takes a second:

bare           a pool of two threads that start the script as a process and read its output; nothing is kept
service        a tuning job over HTTP, from Create to HyperParameterTuningEndTime: search, durable state, metrics,
               model.tar.gz of each trial
sandbox        the same as service, with each training job in a sandbox; where bubblewrap works
as a client    the same as service, until a client that asks every 50 ms sees that it has ended
syne-tune      its local backend; if it is installed
ray tune       trials that start the script as a process; if it is installed

All take turns, so that the machine's noise meets all alike. A ratio is that of one turn: one's time by the bare
pool's of the same turn; their median is shown, and the smallest and the largest.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import boto3

from airflow_hpt_provider.demo.service import LocalService
from airflow_hpt_provider.local.runners.sandbox.bubblewrap import find
from airflow_hpt_provider.local.runners.sandbox.visible import visible
from benchmarks.overhead_peers import peers

SCRIPT = "import sys, time\ntime.sleep(float(sys.argv[1]))\nprint('loss=0.5')\n"
SECONDS = {"no-op": 0.0, "one second": 1.0}
POLL_SECONDS = 0.05
Times = dict[str, float]
"""Seconds that all trials took, by the name of what was measured."""
Subject = Callable[[float], Times]
"""Runs all trials, each for this number of seconds."""


class Bench:
    """Ours, and the bare pool.

    Args:
        directory: for everything they write.
    """

    def __init__(self, directory: Path, trials: int, parallel: int) -> None:
        self.directory = directory
        self.trials = trials
        self.parallel = parallel
        self.script = directory / "train.py"
        self.script.write_text(SCRIPT, encoding="utf-8")
        self._count = 0

    def bare(self, seconds: float) -> Times:
        """Return a pool of threads that wait for processes."""

        def trial(_: int) -> None:
            command = [sys.executable, str(self.script), str(seconds)]
            subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)

        start = time.perf_counter()
        with ThreadPoolExecutor(self.parallel) as pool:
            list(pool.map(trial, range(self.trials)))
        return {"bare": time.perf_counter() - start}

    @contextmanager
    def service(self, isolation: str = "none") -> Iterator[Subject]:
        """Yield a running service, warm: it has had a tuning job before it is measured.

        Args:
            isolation: of its training jobs, as ``--isolation`` takes it; ``sandbox``: only its own time is returned.
        """
        images = self.directory / f"{isolation}.toml"
        tables = (
            f'[[image]]\nmatch = "bench/{seconds}"\ncommand = ["{{python}}", "{self.script}", "{seconds}"]\n'
            for seconds in SECONDS.values()
        )
        images.write_text("".join(tables), encoding="utf-8")
        options = ["--max-parallel", str(self.parallel), "--isolation", isolation]
        with LocalService(self.directory / isolation, images, options) as service:
            environment = service.environment
            access: dict[str, Any] = {
                "endpoint_url": environment["AWS_ENDPOINT_URL"],
                "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
                "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
                "region_name": environment["AWS_DEFAULT_REGION"],
            }
            boto3.client("s3", **access).create_bucket(Bucket="bench")
            sagemaker = boto3.client("sagemaker", **access)
            self._tune(sagemaker, 0.0, self.parallel)
            if isolation == "none":
                yield lambda seconds: self._tune(sagemaker, seconds, self.trials)
            else:
                yield lambda seconds: {isolation: self._tune(sagemaker, seconds, self.trials)["service"]}

    def _tune(self, sagemaker: Any, seconds: float, trials: int) -> Times:
        self._count += 1
        name = f"bench-{self._count}"
        request = self._request(name, seconds, trials)
        start = time.time()
        sagemaker.create_hyper_parameter_tuning_job(**request)
        while True:
            job = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
            if job["HyperParameterTuningJobStatus"] not in ("InProgress", "Stopping"):
                break
            time.sleep(POLL_SECONDS)
        seen = time.time() - start
        if job["TrainingJobStatusCounters"]["Completed"] != trials:
            raise RuntimeError(f"not all trials completed: {job['TrainingJobStatusCounters']}")
        return {
            "service": job["HyperParameterTuningEndTime"].timestamp() - start,
            "as a client": seen,
        }

    def _request(self, name: str, seconds: float, trials: int) -> dict[str, Any]:
        return {
            "HyperParameterTuningJobName": name,
            "HyperParameterTuningJobConfig": {
                "Strategy": "Random",
                "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
                "ResourceLimits": {
                    "MaxNumberOfTrainingJobs": trials,
                    "MaxParallelTrainingJobs": self.parallel,
                },
                "ParameterRanges": {
                    "ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]
                },
            },
            "TrainingJobDefinition": {
                "AlgorithmSpecification": {
                    "TrainingImage": f"bench/{seconds}",
                    "TrainingInputMode": "File",
                    "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([-+.0-9e]+)"}],
                },
                "RoleArn": "arn:aws:iam::123456789012:role/bench",
                "OutputDataConfig": {"S3OutputPath": "s3://bench/output"},
                "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
                "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
            },
        }


def table(turns: list[Times]) -> str:
    """Return seconds and ratios, a line each; for sandboxes, the ratio to the service without them as well."""
    lines = [f"{'':16} {'median s':>9} {'min s':>9}   {'ratio to bare':>13} {'min':>6} {'max':>6}"]
    for name in turns[0]:
        seconds = [turn[name] for turn in turns]
        ratios = [turn[name] / turn["bare"] for turn in turns]
        lines.append(
            f"{name:16} {statistics.median(seconds):9.2f} {min(seconds):9.2f}   "
            f"{statistics.median(ratios):13.2f} {min(ratios):6.2f} {max(ratios):6.2f}"
        )
    if "sandbox" in turns[0]:
        ratios = [turn["sandbox"] / turn["service"] for turn in turns]
        lines.append(
            f"sandbox by service: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure and print a table for each kind of trial."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.overhead",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--parallel", type=int, default=2)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--kinds", nargs="*", choices=SECONDS, default=list(SECONDS))
    parser.add_argument("--no-peers", action="store_true", help="leave syne-tune and ray tune out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        bench = Bench(directory, options.trials, options.parallel)
        others = {} if options.no_peers else peers(bench.script, directory, options.trials, options.parallel)
        print(f"{options.trials} trials, {options.parallel} in parallel, {os.cpu_count()} CPUs")
        with ExitStack() as stack:
            services = [stack.enter_context(bench.service())]
            if find(visible()).program is not None:
                services.append(stack.enter_context(bench.service("sandbox")))
            for kind in options.kinds:
                seconds = SECONDS[kind]
                bench.bare(0.0)  # warms the file cache
                turns = []
                for _ in range(options.turns):
                    turn = bench.bare(seconds)
                    for service in services:
                        turn |= service(seconds)
                    for peer, run in others.items():
                        turn[peer] = run(seconds)
                    turns.append(turn)
                print(f"\n{kind} trials, {options.turns} turns\n{table(turns)}", flush=True)


if __name__ == "__main__":
    main()
