"""A training script that takes its time, and little else: many of them run side by side."""

import json
import os
import time

base = os.environ["SAGEMAKER_BASE_DIR"]
with open(os.path.join(base, "input/config/hyperparameters.json")) as file:  # noqa: PTH118, PTH123 - starts fast
    hyperparameters = json.load(file)
time.sleep(float(hyperparameters["seconds"]))
print(f"objective={(float(hyperparameters['x']) - 0.3) ** 2:.6f};", flush=True)
