"""Connection settings that operators, sensors and triggers pass to the hook."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook


@dataclass(frozen=True)
class ConnectionSettings:
    """The four arguments that every AWS hook takes.

    Attributes:
        aws_conn_id: the Airflow connection; None or empty: boto3's own way of finding credentials.
        region_name: overrides the connection's region.
        verify: whether, or by which CA bundle, TLS certificates are verified; overrides the connection's.
        botocore_config: arguments of :class:`botocore.config.Config`.
    """

    aws_conn_id: str | None = "aws_default"
    region_name: str | None = None
    verify: bool | str | None = None
    botocore_config: dict[str, Any] | None = None

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def key(self) -> str:
        """Equal for settings that lead to the same client."""
        return json.dumps(self.as_kwargs(), sort_keys=True, default=str)

    @classmethod
    def from_kwargs(cls, arguments: Mapping[str, Any]) -> Self:
        """Return the settings among the arguments of an operator, sensor or trigger; defaults for missing ones."""
        return cls(**{name: arguments[name] for name in CONNECTION_ARGUMENTS if name in arguments})

    def as_kwargs(self) -> dict[str, Any]:
        """As keyword arguments of operators, sensors and triggers."""
        return {name: getattr(self, name) for name in CONNECTION_ARGUMENTS}

    def as_hook_kwargs(self) -> dict[str, Any]:
        """As keyword arguments of the amazon provider's hooks, which call the last one ``config``."""
        arguments = self.as_kwargs()
        arguments["config"] = arguments.pop("botocore_config")
        return arguments

    def hook(self) -> HyperParameterTuningHook:
        """Return a hook with these settings. boto3 is imported here, not when a DAG file is parsed."""
        from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook

        return HyperParameterTuningHook(**self.as_hook_kwargs())

    def ready_hook(self) -> HyperParameterTuningHook:
        """Return the hook with its client created: in a triggerer only ``sync_to_async``'s thread reads connections."""
        hook = self.hook()
        hook.ready()
        return hook


CONNECTION_ARGUMENTS = tuple(each.name for each in fields(ConnectionSettings))
"""Names of the arguments that operators, sensors and triggers take for their connection."""
