"""A training script under the tests' control: prints an objective, fails, reveals secrets, or waits for a file."""

import json
import os
import sys
import time
from pathlib import Path

base = Path(os.environ["SM_MODEL_DIR"]).parent
hyperparameters = json.loads((Path(os.environ["SM_INPUT_CONFIG_DIR"]) / "hyperparameters.json").read_text())
x = float(hyperparameters["x"])
gate, fail = hyperparameters.get("gate"), hyperparameters.get("fail", "never")
number = int(os.environ["TRAINING_JOB_NAME"].rsplit("-", 2)[-2])
gated = gate and number >= int(hyperparameters.get("gate_from", "1"))
while gated and not Path(gate).exists():
    time.sleep(0.02)
if fail == "always":
    (Path(os.environ["SM_OUTPUT_DIR"]) / "failure").write_text("the data has no label column\nTraceback ...")
    sys.exit(1)
if fail == "echo":
    said = f"login refused: {hyperparameters['api_key']} {os.environ['DATABASE_URL']}"
    (Path(os.environ["SM_OUTPUT_DIR"]) / "failure").write_text(said)
    print(said)
    sys.exit(1)
if fail == "hostile" and number == 1:
    words = "\x1b]0;owned\x07\x1b[2Jthe data \x9b31m\u202e has no label\r\x1b[1A column\nERROR forged line"
    print("\x1b[2J\r", words)
    (Path(os.environ["SM_OUTPUT_DIR"]) / "failure").write_text(words)
    sys.exit(1)
if hyperparameters.get("ignores_x"):
    x = 0.5
print(f"objective={(x - 0.3) ** 2:.6f};", flush=True)
(Path(os.environ["SM_MODEL_DIR"]) / "model.json").write_text(json.dumps({"x": x}))
