"""A training script of milliseconds: the objective is a parabola with its best at 3."""

import argparse
import json
import os
import sys
import time
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--position", type=float, required=True)
parser.add_argument("--seconds", type=float, default=0.0)
parser.add_argument("--failure", default="")
args = parser.parse_args()

time.sleep(args.seconds)
if args.failure:
    print(args.failure, file=sys.stderr)
    Path(os.environ["SM_OUTPUT_DIR"], "failure").write_text(args.failure)
    sys.exit(1)
print(f"objective={(args.position - 3) ** 2:.6f}")
Path(os.environ["SM_MODEL_DIR"], "model.json").write_text(json.dumps({"position": args.position}))
