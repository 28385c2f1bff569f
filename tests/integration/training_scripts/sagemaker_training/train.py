"""Reads its surroundings through AWS's training toolkit."""

import argparse
import os

from sagemaker_training import environment

surroundings = environment.Environment()
parser = argparse.ArgumentParser()
parser.add_argument("-x", "--x", type=float, required=True)
arguments = parser.parse_args()

assert surroundings.hyperparameters["x"] == arguments.x
assert surroundings.current_host in surroundings.hosts
assert surroundings.is_master == (surroundings.current_host == surroundings.hosts[0])
with open(os.path.join(surroundings.channel_input_dirs["train"], "target.txt")) as file:
    target = float(file.read())
print(f"loss={(arguments.x - target) ** 2:.6f}")
with open(os.path.join(surroundings.model_dir, "model.txt"), "w") as file:
    file.write(str(arguments.x))
