"""Keeps caches in the home directory and files in the temporary one, as many libraries do."""

import os
import tempfile
from pathlib import Path

cache = Path.home() / ".cache" / "library"
cache.mkdir(parents=True)  # fails if another training job has been here
(cache / "weights").write_text("0.3")
with tempfile.TemporaryDirectory() as directory:
    Path(directory, "x").write_text(os.environ["SM_HP_X"])
    x = float(Path(directory, "x").read_text())
print(f"loss={(x - float((cache / 'weights').read_text())) ** 2:.6f}")
