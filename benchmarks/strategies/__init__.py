"""Our search next to others': regret and seconds per suggestion."""

import os

# Before numpy is loaded: small matrices gain nothing from threads, in every library.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
