"""The hosts of a training job, ``algo-1``, ``algo-2`` ..., as its ResourceConfig asks for them.

AWS documents how many objects each host gets of a channel that is sharded by key, and not which ones: here, the
first object goes to the first host, the second object to the second host, and so on.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

MAX_HOSTS = 4
"""Default maximum number of hosts of a training job."""
HOMOGENEOUS = "homogeneousCluster"
"""The name of the group of all hosts where the request names no groups."""


@dataclass(frozen=True)
class Host:
    """One host: its number from 1, its instance type and the name of its instance group."""

    number: int = 1
    instance_type: str = "local"
    group: str = HOMOGENEOUS

    @property
    def name(self) -> str:
        """Return the host's name."""
        return f"algo-{self.number}"


@dataclass(frozen=True)
class Cluster:
    """The hosts of a training job, in the order of their numbers."""

    hosts: tuple[Host, ...] = (Host(),)

    @classmethod
    def of(cls, definition: Mapping[str, Any]) -> Cluster:
        """Return the hosts that a training definition asks for, at least one.

        Of InstancePreferences, the first is taken.
        """
        groups = _groups(definition)
        kinds = [
            (group.get("InstanceType") or "local", group.get("InstanceGroupName", HOMOGENEOUS))
            for group in groups
            for _ in range(group.get("InstanceCount") or 0)
        ]
        first = (groups[0].get("InstanceType") or "local", groups[0].get("InstanceGroupName", HOMOGENEOUS))
        return cls(tuple(Host(number, *kind) for number, kind in enumerate(kinds or [first], 1)))

    def resource_config(self, current: Host, interface: str) -> dict[str, Any]:
        """Return ``resourceconfig.json`` of a host; AWS sorts the names as texts."""
        groups: dict[str, list[Host]] = {}
        for host in self.hosts:
            groups.setdefault(host.group, []).append(host)
        return {
            "current_host": current.name,
            "current_instance_type": current.instance_type,
            "current_group_name": current.group,
            "hosts": sorted(host.name for host in self.hosts),
            "instance_groups": [
                {
                    "instance_group_name": name,
                    "instance_type": hosts[0].instance_type,
                    "hosts": sorted(host.name for host in hosts),
                }
                for name, hosts in groups.items()
            ],
            "network_interface_name": interface,
        }

    def addresses(self, job: Path) -> dict[str, str]:
        """Return the loopback address of each host by name.

        Each training job has addresses of its own, so that two jobs on the machine's network can use the same ports.

        Args:
            job: the training job's directory.
        """
        digest = zlib.crc32(bytes(job))
        network = f"127.{1 + digest % 254}.{(digest >> 8) % 256}"
        return {host.name: f"{network}.{host.number}" for host in self.hosts}

    def share(self, channel: Mapping[str, Any], host: Host) -> slice | None:
        """Return the part of a channel's objects that a host gets; None if the host does not get the channel."""
        source = channel["DataSource"].get("S3DataSource") or {}
        names = source.get("InstanceGroupNames")
        receivers = [each for each in self.hosts if not names or each.group in names]
        if host not in receivers:
            return None
        if source.get("S3DataDistributionType") != "ShardedByS3Key":
            return slice(None)
        return slice(receivers.index(host), None, len(receivers))


def _groups(definition: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the instance groups; one, if the request has none."""
    resources = definition.get("ResourceConfig") or {}
    if resources.get("InstanceGroups"):
        return list(resources["InstanceGroups"])
    preferred: Mapping[str, Any] = next(iter(resources.get("InstancePreferences") or ()), {})
    return [{**resources, **preferred}]


def check(
    definition: Mapping[str, Any], max_hosts: int, *, alone: str | None = None, networked: bool = True
) -> None:
    """Refuse a number of hosts that this machine can't have.

    Args:
        max_hosts: the largest number.
        alone: names an algorithm that trains on one host only.
        networked: whether hosts get names and addresses here: in sandboxes and containers they do.

    Raises:
        ServiceError: a ValidationException with number and remedy.
    """
    count = sum(group.get("InstanceCount") or 0 for group in _groups(definition))
    asked = f"got {count}"
    if count <= 1:
        return
    if count > max_hosts:
        rule = f"at most {max_hosts} on the local tuning service"
        remedy = f"Ask for fewer instances, or start the service with --max-hosts {count}."
    elif alone is not None:
        rule = f"1 for {alone}, which the local tuning service trains on one host"
        remedy = "Set it to 1, or run the image itself in a container."
    elif not networked:
        rule = "1 where training jobs run without sandboxes, because several hosts need names and a network"
        remedy = "Install bubblewrap and start the service with --isolation sandbox, or set it to 1."
    else:
        return
    raise ServiceError(
        "ValidationException", f"InstanceCount (of all instance groups) must be {rule}, {asked}. {remedy}"
    )
