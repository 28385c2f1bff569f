"""The program: ``python -m airflow_hpt_provider.local.algorithms.xgboost_trainer VERSION [CHECKPOINTS]``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from airflow_hpt_provider.local.algorithms.xgboost_trainer.errors import AlgorithmError, UserError
from airflow_hpt_provider.local.algorithms.xgboost_trainer.training import train


def main(version: str, checkpoints: str = "") -> int:
    """Train; return the exit code. What went wrong is in ``output/failure`` and in the log."""
    base = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
    try:
        train(base, version, Path(checkpoints) if checkpoints else None)
    except (UserError, AlgorithmError) as error:
        print(
            f"ERROR sagemaker-containers: Reporting training FAILURE\nframework error: \n{error}", flush=True
        )
        (base / "output/failure").write_text(f"framework error: \n{error}", encoding="utf-8")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
