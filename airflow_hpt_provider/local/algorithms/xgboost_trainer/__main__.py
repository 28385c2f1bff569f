"""The program: ``python -m airflow_hpt_provider.local.algorithms.xgboost_trainer VERSION [CHECKPOINTS]``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from airflow_hpt_provider.local.algorithms.trainable import CLIENT_ERROR
from airflow_hpt_provider.local.algorithms.xgboost_trainer.errors import AlgorithmError, UserError
from airflow_hpt_provider.local.algorithms.xgboost_trainer.training import train
from airflow_hpt_provider.models.algorithms.tables import LEGACY


def main(version: str, checkpoints: str = "") -> int:
    """Train; return the exit code. What went wrong is in ``output/failure`` and in the log.

    The image of version 0.72 says without a frame that the request or its data is wrong.
    """
    base = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
    try:
        train(base, version, Path(checkpoints) if checkpoints else None)
    except (UserError, AlgorithmError) as error:
        plain = version == LEGACY and isinstance(error, UserError)
        text = str(error.args[0]) if plain else f"framework error: \n{error}"
        print(f"ERROR sagemaker-containers: Reporting training FAILURE\n{text}", flush=True)
        (base / "output/failure").write_text(text, encoding="utf-8")
        return CLIENT_ERROR if plain else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
