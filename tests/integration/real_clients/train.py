"""Needs its data, prints an objective, leaves a model; as an image's command and in script mode alike."""

import json
import os
import time
from pathlib import Path

hyperparameters = json.loads((Path(os.environ["SM_INPUT_CONFIG_DIR"]) / "hyperparameters.json").read_text())
gate = hyperparameters.get("gate")
while gate and not Path(gate.strip('"')).exists():
    time.sleep(0.02)
x = float(hyperparameters["x"].strip('"'))
rows = (Path(os.environ["SM_CHANNEL_TRAIN"]) / "rows.csv").read_text().splitlines()
print(f"objective={(x - 0.3) ** 2 + len(rows):.6f};", flush=True)
(Path(os.environ["SM_MODEL_DIR"]) / "model.json").write_text(json.dumps({"x": x}))
