"""Progress bars and lines of megabytes, with the metric anywhere in them."""

import os
import sys

loss = (float(os.environ["SM_HP_X"]) - 0.3) ** 2
for step in range(2000):
    sys.stderr.write(f"\rstep {step} " + "#" * (step // 40))
print("\n" + "x" * 3_000_000)
print("=" * 16_380 + f" loss={loss:.6f} " + "=" * 1_500_000)
