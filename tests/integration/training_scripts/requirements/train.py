"""Needs a package that the service's environment does not have."""

import os

import tiny_loss

print(f"loss={tiny_loss.loss(float(os.environ['SM_HP_X'])):.6f}")
