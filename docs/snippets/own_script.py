"""A training script: it prints its objective, and writes its model. The best x is 0.3."""

import argparse
import json
import os
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--x-value", type=float, required=True)
parser.add_argument("--model-dir", type=Path, default=os.environ["SM_MODEL_DIR"])
arguments, _ = parser.parse_known_args()

print(f"objective={(arguments.x_value - 0.3) ** 2:.6f};")
(arguments.model_dir / "model.json").write_text(json.dumps({"x": arguments.x_value}))
