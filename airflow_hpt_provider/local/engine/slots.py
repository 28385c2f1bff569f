"""Decides which tuning job gets the next free slot, when more training jobs could run than the service allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class SlotRequest:
    """Someone who could use one more slot.

    Attributes:
        slots: slots that it has.
        last_served: when it last got one, in any unit; 0: never.
        owner: whose request it is.
    """

    slots: int
    last_served: int
    owner: int


def fairest(requests: Iterable[SlotRequest]) -> SlotRequest | None:
    """Return the request whose owner has the fewest slots; among equals, the one that has waited longest."""
    return min(
        requests, key=lambda request: (request.slots, request.last_served, request.owner), default=None
    )
