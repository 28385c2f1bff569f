"""Keeps checkpoints, and would continue from the last one."""

import json
import os
from pathlib import Path

directory = Path(os.environ["SM_BASE"]) / "checkpoints"
last = directory / "last.json"
start = json.loads(last.read_text())["epoch"] if last.exists() else 0
for epoch in range(start, 3):
    print(f"loss={(float(os.environ['SM_HP_X']) - 0.3) ** 2:.6f}")
    last.write_text(json.dumps({"epoch": epoch + 1}))
