"""Trains one classifier: a plain SageMaker script-mode script, run unchanged on AWS and locally.

SageMaker passes hyperparameters as arguments, gives the folders in SM_* variables, reads the metrics from
what is printed, and keeps what is written to SM_MODEL_DIR as model.tar.gz.
"""

import argparse
import os
from pathlib import Path

import joblib
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import StratifiedKFold, cross_val_predict


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learning-rate", type=float, default=0.1)
    parser.add_argument("--max-leaf-nodes", type=int, default=31)
    parser.add_argument("--l2-regularization", type=float, default=0.0)
    parser.add_argument("--class-weight", choices=["none", "balanced"], default="none")
    parser.add_argument("--iterations", type=int, default=100)
    parser.add_argument("--train", type=Path, default=os.environ.get("SM_CHANNEL_TRAIN"))
    parser.add_argument("--model-dir", type=Path, default=os.environ.get("SM_MODEL_DIR"))
    return parser.parse_args()


def main() -> None:
    args = arguments()
    files = sorted(args.train.glob("*.csv"))
    table = np.concatenate([np.genfromtxt(file, delimiter=",", skip_header=1) for file in files])
    features, label = table[:, :-1], table[:, -1].astype(int)  # the label is the last column

    model = HistGradientBoostingClassifier(
        learning_rate=args.learning_rate,
        max_leaf_nodes=args.max_leaf_nodes,
        l2_regularization=args.l2_regularization,
        class_weight=None if args.class_weight == "none" else args.class_weight,
        max_iter=args.iterations,
        early_stopping=False,
        random_state=0,
    )
    folds = StratifiedKFold(n_splits=5, shuffle=True, random_state=0)
    probability = cross_val_predict(model, features, label, cv=folds, method="predict_proba")
    print(f"validation:log_loss={log_loss(label, probability):.6f}")
    print(f"validation:accuracy={accuracy_score(label, probability.argmax(axis=1)):.6f}")

    joblib.dump(model.fit(features, label), args.model_dir / "model.joblib")


if __name__ == "__main__":
    main()
