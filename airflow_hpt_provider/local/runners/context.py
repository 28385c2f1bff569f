"""What all attempts share."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.runners.devices import DevicePool

if TYPE_CHECKING:
    from airflow_hpt_provider.local.runners.command import CommandMaker
    from airflow_hpt_provider.local.runners.log import LogFollower
    from airflow_hpt_provider.local.s3.objects import ObjectStore


@dataclass(frozen=True)
class RunnerContext:
    """What all attempts share. ``closing``: set once the service closes; from then on, nothing is reported."""

    commands: CommandMaker
    objects: ObjectStore
    follower: LogFollower
    devices: DevicePool = field(default_factory=DevicePool)
    closing: threading.Event = field(default_factory=threading.Event)
