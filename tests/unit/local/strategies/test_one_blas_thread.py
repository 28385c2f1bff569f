"""Linear algebra runs in one thread while the search computes, and as before afterwards."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from airflow_hpt_provider.local.strategies.blas import OneThread


def blas_threads() -> set[int]:
    np.eye(2) @ np.eye(2)
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_blas_has_one_thread_within_however_deep() -> None:
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with OneThread():
            assert blas_threads() == {1}
            with OneThread():
                assert blas_threads() == {1}
            assert blas_threads() == {1}
        assert blas_threads() == before
