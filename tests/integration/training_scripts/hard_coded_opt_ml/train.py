"""Reads and writes /opt/ml by its name, as scripts for a container of one's own do."""

import json
import sys
import traceback

try:
    with open("/opt/ml/input/config/hyperparameters.json") as file:
        x = float(json.load(file)["x"])
    with open("/opt/ml/input/config/resourceconfig.json") as file:
        assert json.load(file)["current_host"] == "algo-1"
    with open("/opt/ml/input/data/train/target.txt") as file:
        target = float(file.read())
    print(f"loss={(x - target) ** 2:.6f}")
    with open("/opt/ml/model/model.json", "w") as file:
        json.dump({"x": x}, file)
except Exception:
    with open("/opt/ml/output/failure", "w") as file:
        file.write(traceback.format_exc())
    sys.exit(255)
