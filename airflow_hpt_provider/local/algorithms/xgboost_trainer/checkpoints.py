"""Checkpoints as SageMaker documents them: ``xgboost-checkpoint.ROUND``, of which the newest five are kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import xgboost

if TYPE_CHECKING:
    from pathlib import Path

KEPT: Final = 5
_NAME: Final = re.compile(r"xgboost-checkpoint\.([0-9]+)")


def newest(directory: Path | None) -> tuple[Path | None, int]:
    """Return the newest checkpoint and how many rounds it has; None and 0 if none exists."""
    found = _found(directory) if directory is not None else {}
    if not found:
        return None, 0
    last = max(found)
    return found[last], last + 1


def load(path: Path) -> xgboost.Booster:
    """Return the model in a file whose name does not say its format."""
    booster = xgboost.Booster()
    booster.load_model(bytearray(path.read_bytes()))
    return booster


def save(booster: xgboost.Booster, path: Path) -> None:
    """Write a model to a file, whole or not."""
    part = path.with_name(f"{path.name}.part.ubj")  # XGBoost chooses the format by the name's end
    booster.save_model(part)
    part.replace(path)


class Checkpoints(xgboost.callback.TrainingCallback):
    """Writes a checkpoint after each round.

    Args:
        directory: where to.
        before: the rounds that had been trained before.
    """

    def __init__(self, directory: Path, before: int) -> None:
        super().__init__()
        self._directory = directory
        self._before = before

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        """Write it, and remove those that are too old."""
        done = self._before + epoch
        save(model, self._directory / f"xgboost-checkpoint.{done}")
        for round_, path in _found(self._directory).items():
            if round_ <= done - KEPT:
                path.unlink(missing_ok=True)
        return False


def _found(directory: Path) -> dict[int, Path]:
    matches = ((path, _NAME.fullmatch(path.name)) for path in directory.glob("xgboost-checkpoint.*"))
    return {int(match[1]): path for path, match in matches if match}
