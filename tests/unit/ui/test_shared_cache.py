"""Ten users who read at the same time cost one call."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from airflow_hpt_provider.ui.cache import SharedCache


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_ten_concurrent_requests_cost_one_call() -> None:
    cache: SharedCache[int] = SharedCache()
    calls, everyone = [], threading.Barrier(10)

    def load(_: int | None) -> int:
        calls.append(1)
        return 7

    def look(_: int) -> int:
        everyone.wait(30)
        return cache.get("job", load, lambda _: 60.0)

    with ThreadPoolExecutor(10) as people:
        assert list(people.map(look, range(10))) == [7] * 10
    assert len(calls) == 1


def test_a_value_is_loaded_again_when_its_time_is_over_and_gets_the_old_one() -> None:
    clock = Clock()
    cache: SharedCache[list[int]] = SharedCache(clock=clock)
    seen: list[list[int] | None] = []

    def load(old: list[int] | None) -> list[int]:
        seen.append(old)
        return [*(old or []), len(seen)]

    assert cache.get("job", load, lambda _: 5.0) == [1]
    clock.now += 4.9
    assert cache.get("job", load, lambda _: 5.0) == [1]
    clock.now += 0.2
    assert cache.get("job", load, lambda _: 5.0) == [1, 2]
    cache.expire("job")
    assert cache.get("job", load, lambda _: 5.0) == [1, 2, 3]
    assert seen == [None, [1], [1, 2]]


def test_who_comes_while_it_is_loaded_gets_the_old_value_immediately() -> None:
    clock = Clock()
    cache: SharedCache[str] = SharedCache(clock=clock)
    cache.get("job", lambda _: "old", lambda _: 1.0)
    clock.now += 2
    loading, go_on = threading.Event(), threading.Event()

    def slow(_: str | None) -> str:
        loading.set()
        assert go_on.wait(30)
        return "new"

    with ThreadPoolExecutor(1) as other:
        first = other.submit(cache.get, "job", slow, lambda _: 1.0)
        assert loading.wait(30)
        assert cache.get("job", slow, lambda _: 1.0) == "old"
        go_on.set()
        assert first.result(30) == "new"


def test_an_error_is_reported_again_for_a_moment_without_another_call() -> None:
    clock, calls = Clock(), []
    cache: SharedCache[int] = SharedCache(error_seconds=3.0, clock=clock)

    def fail(_: int | None) -> int:
        calls.append(1)
        raise ValueError("no")

    for _ in range(5):
        with pytest.raises(ValueError, match="no"):
            cache.get("job", fail, lambda _: 1.0)
    assert len(calls) == 1
    clock.now += 3.1
    assert cache.get("job", lambda _: 5, lambda _: 1.0) == 5


def test_the_one_unused_for_longest_goes_first() -> None:
    cache: SharedCache[int] = SharedCache(size=2)
    calls: list[str] = []

    def look(key: str) -> None:
        cache.get(key, lambda _: calls.append(key) or 1, lambda _: 60.0)  # type: ignore[func-returns-value]

    for key in ("a", "b", "a", "c", "a", "b"):
        look(key)
    assert calls == ["a", "b", "c", "b"]
