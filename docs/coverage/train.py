"""What the trials of the round trips run: prints an objective; fails on request."""

import json
import os
import sys
from pathlib import Path

hyperparameters = json.loads((Path(os.environ["SM_INPUT_CONFIG_DIR"]) / "hyperparameters.json").read_text())
if hyperparameters.get("fail"):
    sys.exit("failed on request")
rate = float(hyperparameters["rate"])
# "flat" is so flat that a search soon sees that it will not find anything 1% better.
print(f"objective={10 + rate / 100 if hyperparameters.get('flat') else rate:.6f};", flush=True)
