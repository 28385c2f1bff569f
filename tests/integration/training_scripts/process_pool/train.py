"""Loads data in other processes, through shared memory."""

import multiprocessing
import os
from multiprocessing.shared_memory import SharedMemory


def square(name):
    memory = SharedMemory(name)
    value = float(bytes(memory.buf[:16]).decode().rstrip("\0"))
    memory.close()
    return value * value


if __name__ == "__main__":
    difference = f"{float(os.environ['SM_HP_X']) - 0.3:.10f}".encode()
    memory = SharedMemory(create=True, size=16)
    memory.buf[: len(difference)] = difference
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        losses = pool.map(square, [memory.name] * 4)
    memory.close()
    memory.unlink()
    assert len(set(losses)) == 1
    print(f"loss={losses[0]:.6f}")
