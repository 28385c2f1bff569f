"""Trains a digit classifier epoch by epoch, and continues from its last checkpoint after an interruption.

Plain script mode, as train.py. A line with the metric after each epoch is what early stopping reads. SageMaker
copies the checkpoint directory to S3 while the job runs, and back before it is started again.
"""

import argparse
import os
from pathlib import Path

import joblib
import numpy as np
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learning-rate", type=float, default=0.001)
    parser.add_argument("--hidden-units", type=int, default=32)
    parser.add_argument("--alpha", type=float, default=1e-4)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--checkpoints", type=Path, default="/opt/ml/checkpoints")
    parser.add_argument("--train", type=Path, default=os.environ.get("SM_CHANNEL_TRAIN"))
    parser.add_argument("--model-dir", type=Path, default=os.environ.get("SM_MODEL_DIR"))
    return parser.parse_args()


def save(state: tuple[int, MLPClassifier], checkpoint: Path) -> None:
    """Whole or not at all: the job may be interrupted here too."""
    joblib.dump(state, checkpoint.with_suffix(".new"))
    checkpoint.with_suffix(".new").replace(checkpoint)


def main() -> None:
    args = arguments()
    files = sorted(args.train.glob("*.csv"))
    table = np.concatenate([np.genfromtxt(file, delimiter=",", skip_header=1) for file in files])
    features, label = table[:, :-1] / 16, table[:, -1].astype(int)  # the label is the last column
    train_x, test_x, train_y, test_y = train_test_split(features, label, test_size=0.25, random_state=0)

    # A folder of its own: the training jobs of a tuning job are given one place in S3 together.
    checkpoint = args.checkpoints / os.environ.get("TRAINING_JOB_NAME", "") / "state.joblib"
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    if checkpoint.exists():
        done, model = joblib.load(checkpoint)
        print(f"Continuing after epoch {done}.")
    else:
        done, model = 0, MLPClassifier(
            (args.hidden_units,), learning_rate_init=args.learning_rate, alpha=args.alpha, random_state=0
        )  # fmt: skip
    for epoch in range(done + 1, args.epochs + 1):
        model.partial_fit(train_x, train_y, classes=np.arange(10))
        loss = log_loss(test_y, model.predict_proba(test_x))
        print(f"epoch={epoch}; validation:log_loss={loss:.6f};", flush=True)
        save((epoch, model), checkpoint)
    joblib.dump(model, args.model_dir / "model.joblib")


if __name__ == "__main__":
    main()
