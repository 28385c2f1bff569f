"""Others that tune on one machine, doing the same; only those that are installed."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any

SYNE_TUNE_SCRIPT = """
import json, sys, time
arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
time.sleep(float(arguments["--seconds"]))
report = {"loss": 0.5, "st_worker_timestamp": time.time(), "st_worker_time": 0.0, "st_worker_iter": 0}
print(f"[tune-metric]: {json.dumps(report)}")
"""
"""What its Reporter prints, without the seconds that importing syne_tune would take in every trial."""


def peers(script: Path, directory: Path, trials: int, parallel: int) -> dict[str, Callable[[float], float]]:
    """Return the installed ones: name -> a function that runs all trials, each for this time; it returns seconds.

    Args:
        script: takes the seconds, and prints its objective.
        directory: for everything they write.
    """
    known = {"syne-tune": ("syne_tune", syne_tune), "ray tune": ("ray.tune", ray_tune)}
    found = {}
    for name, (module, make) in known.items():
        if _is_installed(module):
            found[name] = make(script, directory, trials, parallel)
        else:
            print(f"{name}: not installed, left out")
    return found


def syne_tune(_: Path, directory: Path, trials: int, parallel: int) -> Callable[[float], float]:
    """Its local backend, looking for news as often as it lets us."""
    from syne_tune import StoppingCriterion, Tuner
    from syne_tune.backend import LocalBackend
    from syne_tune.config_space import uniform
    from syne_tune.optimizer.baselines import RandomSearch

    logging.getLogger("syne_tune").setLevel(logging.ERROR)
    os.environ["SYNETUNE_FOLDER"] = str(directory / "syne-tune")
    entry_point = directory / "syne_tune_trial.py"
    entry_point.write_text(SYNE_TUNE_SCRIPT, encoding="utf-8")

    def run(seconds: float) -> float:
        space: dict[str, Any] = {"x": uniform(0, 1), "seconds": seconds}
        tuner = Tuner(
            trial_backend=LocalBackend(entry_point=str(entry_point)),
            scheduler=RandomSearch(space, metrics=["loss"], do_minimize=True),
            stop_criterion=StoppingCriterion(max_num_trials_completed=trials),
            n_workers=parallel,
            sleep_time=0.05,
            save_tuner=False,
            suffix_tuner_name=True,
        )
        start = time.perf_counter()
        with redirect_stdout(StringIO()):
            tuner.run()
        return time.perf_counter() - start

    return run


def ray_tune(script: Path, directory: Path, trials: int, parallel: int) -> Callable[[float], float]:
    """Trials that start the script as a process; ray itself is started before it is measured."""
    import ray
    from ray import tune

    ray.init(num_cpus=parallel, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)

    def trial(config: dict[str, Any]) -> dict[str, float]:
        command = [sys.executable, str(script), str(config["seconds"])]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return {"loss": float(done.stdout.partition("=")[2])}

    def run(seconds: float) -> float:
        tuner = tune.Tuner(
            tune.with_resources(trial, {"cpu": 1}),
            param_space={"x": tune.uniform(0, 1), "seconds": seconds},
            tune_config=tune.TuneConfig(
                metric="loss",
                mode="min",
                num_samples=trials,
                max_concurrent_trials=parallel,
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(storage_path=str(directory / "ray"), verbose=0),
        )
        start = time.perf_counter()
        with redirect_stdout(StringIO()):
            tuner.fit()
        return time.perf_counter() - start

    return run


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
