"""Rounding to single precision, in which SageMaker keeps the values of metrics."""

from __future__ import annotations

import struct

MAX: float = struct.unpack("<f", b"\xff\xff\x7f\x7f")[0]
"""The largest number of single precision, about 3.4e38."""


def float32(value: float) -> float:
    """Return the number of single precision that is nearest to a value: 0.1 becomes 0.10000000149011612.

    NaN and the infinities stay as they are. A finite number beyond single precision becomes the largest one of its
    sign, so that it stays a number that can be compared.
    """
    try:
        return float(struct.unpack("<f", struct.pack("<f", float(value)))[0])
    except OverflowError:
        return MAX if value > 0 else -MAX
