"""Script mode as in SageMaker's examples: argparse, with defaults from SM_* variables."""

import argparse
import json
import os

parser = argparse.ArgumentParser()
parser.add_argument("-x", "--x", type=float, required=True)
parser.add_argument("--epochs", type=int, default=1)
parser.add_argument("--model-dir", default=os.environ["SM_MODEL_DIR"])
parser.add_argument("--train", default=os.environ["SM_CHANNEL_TRAIN"])
parser.add_argument("--hosts", type=list, default=json.loads(os.environ["SM_HOSTS"]))
parser.add_argument("--num-gpus", type=int, default=os.environ["SM_NUM_GPUS"])
arguments, _ = parser.parse_known_args()

with open(os.path.join(arguments.train, "target.txt")) as file:
    target = float(file.read())
for epoch in range(arguments.epochs):
    print(f"epoch {epoch}: validation loss={(arguments.x - target) ** 2:.6f}")
with open(os.path.join(arguments.model_dir, "model.json"), "w") as file:
    json.dump(vars(arguments), file)
