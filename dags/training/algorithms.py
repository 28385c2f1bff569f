"""Trains one of three kinds of classifier: plain script mode, as train.py.

``--algorithm`` says which; each takes the hyperparameters that it knows.
"""

import argparse
import os
from pathlib import Path

import joblib
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--algorithm", choices=["boosting", "forest", "linear"], required=True)
    parser.add_argument("--learning-rate", type=float, default=0.1)
    parser.add_argument("--max-leaf-nodes", type=int, default=31)
    parser.add_argument("--trees", type=int, default=100)
    parser.add_argument("--max-features", type=float, default=0.3)
    parser.add_argument("--regularization", type=float, default=1.0)
    parser.add_argument("--train", type=Path, default=os.environ.get("SM_CHANNEL_TRAIN"))
    parser.add_argument("--model-dir", type=Path, default=os.environ.get("SM_MODEL_DIR"))
    return parser.parse_args()


def model_of(args: argparse.Namespace):
    if args.algorithm == "boosting":
        return HistGradientBoostingClassifier(
            learning_rate=args.learning_rate, max_leaf_nodes=args.max_leaf_nodes, random_state=0
        )
    if args.algorithm == "forest":
        return RandomForestClassifier(args.trees, max_features=args.max_features, random_state=0)
    return make_pipeline(StandardScaler(), LogisticRegression(C=1 / args.regularization, max_iter=1000))


def main() -> None:
    args = arguments()
    files = sorted(args.train.glob("*.csv"))
    table = np.concatenate([np.genfromtxt(file, delimiter=",", skip_header=1) for file in files])
    features, label = table[:, :-1], table[:, -1].astype(int)  # the label is the last column

    model = model_of(args)
    folds = StratifiedKFold(n_splits=5, shuffle=True, random_state=0)
    probability = cross_val_predict(model, features, label, cv=folds, method="predict_proba")
    print(f"validation:log_loss={log_loss(label, probability):.6f}")
    joblib.dump(model.fit(features, label), args.model_dir / "model.joblib")


if __name__ == "__main__":
    main()
