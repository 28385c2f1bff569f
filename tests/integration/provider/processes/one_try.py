"""One try of a tuning task in a process of its own: it may be killed, or race with others. Prints the job's name."""

import argparse
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from tests.integration.provider.conftest import TaskTry, make


def kill(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DeadlyStore(dict):
    __setitem__ = kill


parser = argparse.ArgumentParser()
parser.add_argument("config", type=Path)
parser.add_argument("run_id")
parser.add_argument("--kill-at", choices=["store", "xcom"])
parser.add_argument("--wait", action="store_true")
parser.add_argument("--poll-interval", type=float, default=0.1)
parser.add_argument("--start-when", type=Path)
parser.add_argument("--ready", type=Path)
arguments = parser.parse_args()

one = TaskTry(run_id=arguments.run_id)
if arguments.kill_at == "store":
    one.store = DeadlyStore()
elif arguments.kill_at == "xcom":
    one.on_push = kill
task = make(
    HyperParameterTuningJobOperator,
    config=json.loads(arguments.config.read_text()),
    wait_for_completion=arguments.wait,
    deferrable=False,
    poll_interval=arguments.poll_interval,
)
signal.signal(signal.SIGTERM, lambda *_: task.on_kill())  # as Airflow's task runner does
if arguments.start_when:
    task.hook.is_aws  # noqa: B018 - the client is built: what is left is the race
    arguments.ready.touch()
    while not arguments.start_when.exists():
        time.sleep(0.002)
print(task.execute(one.context(task))["tuning_job_name"])
