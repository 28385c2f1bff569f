"""Imports a package and reads a settings file, both next to it."""

import json
import sys

from mymodel.objective import loss

with open("settings.json") as file:
    settings = json.load(file)
x = float(sys.argv[sys.argv.index("-x") + 1])
print(f"loss={loss(x, settings['target']):.6f}")
