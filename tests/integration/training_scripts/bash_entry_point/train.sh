#!/bin/bash
# A shell script that prepares data, and passes its arguments on to Python.
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p prepared
cp "$SM_CHANNEL_TRAIN"/* prepared/
exec python fit.py --target "$(cat prepared/target.txt)" "$@"
