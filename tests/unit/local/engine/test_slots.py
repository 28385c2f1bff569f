"""Fair sharing of the slots."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from airflow_hpt_provider.local.engine.slots import SlotRequest, fairest


def test_without_requests():
    assert fairest([]) is None


def test_the_poorest_then_the_most_patient():
    assert fairest([SlotRequest(2, 1, 1), SlotRequest(1, 9, 2)]).owner == 2
    assert fairest([SlotRequest(1, 4, 1), SlotRequest(1, 3, 2)]).owner == 2


@given(st.integers(1, 12), st.lists(st.integers(1, 20), min_size=1, max_size=8))
def test_slots_are_shared_evenly(slots, wants):
    """For any number of requests, none that wants more has less than another has by more than one."""
    held = [0] * len(wants)
    served = [0] * len(wants)
    for n in range(slots):
        requests = [SlotRequest(held[i], served[i], i) for i in range(len(wants)) if held[i] < wants[i]]
        request = fairest(requests)
        if request is None:
            break
        held[request.owner] += 1
        served[request.owner] = n + 1
    assert sum(held) == min(slots, sum(wants))
    unsatisfied = [held[i] for i in range(len(wants)) if held[i] < wants[i]]
    assert all(max(held) - count <= 1 for count in unsatisfied)
