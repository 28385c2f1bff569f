"""Trains one regression model: plain script mode, as train.py."""

import argparse
import os
from pathlib import Path

import joblib
import numpy as np
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, cross_val_predict


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learning-rate", type=float, default=0.1)
    parser.add_argument("--max-depth", type=int, default=3)
    parser.add_argument("--trees", type=int, default=100)
    parser.add_argument("--train", type=Path, default=os.environ.get("SM_CHANNEL_TRAIN"))
    parser.add_argument("--model-dir", type=Path, default=os.environ.get("SM_MODEL_DIR"))
    return parser.parse_args()


def main() -> None:
    args = arguments()
    files = sorted(args.train.glob("*.csv"))
    table = np.concatenate([np.genfromtxt(file, delimiter=",", skip_header=1) for file in files])
    features, target = table[:, :-1], table[:, -1]  # the target is the last column

    model = GradientBoostingRegressor(
        learning_rate=args.learning_rate, max_depth=args.max_depth, n_estimators=args.trees, random_state=0
    )
    folds = KFold(n_splits=5, shuffle=True, random_state=0)
    print(f"validation:r2={r2_score(target, cross_val_predict(model, features, target, cv=folds)):.6f}")
    joblib.dump(model.fit(features, target), args.model_dir / "model.joblib")


if __name__ == "__main__":
    main()
