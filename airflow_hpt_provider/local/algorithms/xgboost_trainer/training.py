"""Training itself: data and hyperparameters in, the model and the lines of the metrics out."""

from __future__ import annotations

import json
import os
import pickle
import signal
import sys
from typing import TYPE_CHECKING, Any, Final

import xgboost

from airflow_hpt_provider.local.algorithms.xgboost_trainer import checkpoints, data, hyperparameters, metrics
from airflow_hpt_provider.local.algorithms.xgboost_trainer.errors import AlgorithmError, UserError
from airflow_hpt_provider.models.algorithms.tables import LEGACY, number, table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MODEL: Final = "xgboost-model"
FIVE_DECIMALS: Final = (1, 3)
"""From this version on, values are printed with five decimals; before with up to six significant digits."""
PICKLED_UNTIL: Final = (1, 2)
"""Up to this version, the model is a pickled Booster."""
DATA_FAULTS: Final = (
    "label must be",
    "label and prediction size",
    "labels must be",
    "label and weight",
    "should be in the range [0, num_class)",
    "base_score must be",
    "feature_names mismatch",
    "number of columns does not match",
    "Dataset is empty, or contains only positive or negative samples",
)


def train(base: Path, version: str, checkpoint_directory: Path | None) -> None:
    """Run one training job.

    Args:
        base: its ``/opt/ml``.
        version: of the image.
        checkpoint_directory: where its checkpoints are; None: it has none.

    Raises:
        UserError, AlgorithmError: it fails.
    """
    config = base / "input/config"
    given = json.loads((config / "hyperparameters.json").read_text(encoding="utf-8"))
    channels = json.loads((config / "inputdataconfig.json").read_text(encoding="utf-8"))
    print(f"Running XGBoost {xgboost.__version__} in algorithm mode, as version {version}", flush=True)
    asked = hyperparameters.read(given, version)
    if version == LEGACY and "train" not in channels:
        raise UserError("Channelname 'train' is required for training")
    sets = _data(base / "input/data", channels, asked)
    checkpoint, before = checkpoints.newest(checkpoint_directory)
    if before:
        print(f"Checkpoint loaded from {checkpoint}; resuming at round {before}", flush=True)
    model = base / "model" / MODEL
    callbacks: list[Any] = [Lines(before, five_decimals=number(version) >= FIVE_DECIMALS)]
    if asked.early_stopping_rounds is not None and asked.watched and "validation" in sets:
        callbacks.append(_early_stopping(asked))
    if checkpoint_directory is not None:
        callbacks.append(checkpoints.Checkpoints(checkpoint_directory, before))
    if asked.save_on_termination:
        callbacks.append(EveryRound(model, version))
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    own = [metric for metric in asked.metrics if metric in metrics.OWN]
    parameters = {"nthread": int(os.environ.get("SM_NUM_CPUS", "1")), **asked.booster}
    native = [metric for metric in asked.metrics if metric not in metrics.OWN]
    if asked.metrics:
        parameters["eval_metric"] = native
        parameters["disable_default_eval_metric"] = not native
    try:
        booster = xgboost.train(
            parameters,
            sets["train"],
            num_boost_round=max(asked.rounds - before, 0),
            evals=[(each, name) for name, each in sets.items()],
            custom_metric=metrics.evaluator(own, asked.objective) if own else None,
            xgb_model=checkpoints.load(checkpoint) if checkpoint else None,
            verbose_eval=False,
            callbacks=callbacks,
        )
    except xgboost.core.XGBoostError as error:
        raise _failure(error) from error
    write(booster, model, version)


def _data(
    directory: Path, channels: Mapping[str, Any], asked: hyperparameters.Hyperparameters
) -> dict[str, xgboost.DMatrix]:
    known = (*table("xgboost")["channels"], *table("xgboost")["optional_channels"])
    if "train" not in channels:
        raise UserError("Missing required channel: train")
    for name, each in channels.items():
        if name not in known:
            raise UserError(f"Extraneous channel found: {name}")
        if each.get("TrainingInputMode") == "Pipe":
            raise UserError(
                f"The local service does not read channel '{name}' in Pipe mode here; use File mode."
            )
    kind = data.content_type_of(channels["train"].get("ContentType"))
    sets: dict[str, xgboost.DMatrix] = {}
    for name, what in (("train", "training"), ("validation", "validation")):
        if name in channels:
            sets[name] = data.read(directory / name, what, kind, weights=asked.csv_weights)
            shown = f"{name.title()} matrix has"
            print(f"{shown} {sets[name].num_row()} rows and {sets[name].num_col()} columns", flush=True)
    return sets


def _early_stopping(asked: hyperparameters.Hyperparameters) -> xgboost.callback.EarlyStopping:
    plain = str(asked.watched).partition("@")[0]
    return xgboost.callback.EarlyStopping(
        rounds=asked.early_stopping_rounds or 1,
        metric_name=asked.watched,
        data_name="validation",
        maximize=plain in table("xgboost")["better"]["Maximize"],
        save_best=asked.booster.get("booster") != "gblinear",  # which has no rounds to cut off
    )


def _failure(error: Exception) -> Exception:
    """Return the error of a failed training: the data's fault, or another."""
    text = str(error).partition("\nStack trace")[0].strip()
    if any(fault in text for fault in DATA_FAULTS):
        return UserError(text)
    return AlgorithmError(f"XGB train call failed with exception:\n {text}")


def write(booster: xgboost.Booster, path: Path, version: str) -> None:
    """Write the model as the image's version does."""
    if number(version) > PICKLED_UNTIL:
        checkpoints.save(booster, path)
        return
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        pickle.dump(booster, file, protocol=4)
    part.replace(path)


class Lines(xgboost.callback.TrainingCallback):
    """Prints the metrics of each round in SageMaker's form: all of the training data, then of the validation data."""

    def __init__(self, before: int, *, five_decimals: bool) -> None:
        super().__init__()
        self._before = before
        self._form = ".5f" if five_decimals else "g"

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        """Print one line."""
        cells = [
            f"{data_set}-{metric}:{values[-1]:{self._form}}"
            for data_set, of_set in evals_log.items()
            for metric, values in of_set.items()
        ]
        print("\t".join([f"[{self._before + epoch}]", *cells]), flush=True)
        return False


class EveryRound(xgboost.callback.TrainingCallback):
    """Writes the model after each round, so that a training job that is stopped has one."""

    def __init__(self, path: Path, version: str) -> None:
        super().__init__()
        self._path = path
        self._version = version

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        """Write the model after an iteration."""
        write(model, self._path, self._version)
        return False
