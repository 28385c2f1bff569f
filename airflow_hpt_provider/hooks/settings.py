"""Connection settings that operators, sensors and triggers pass to the hook."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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

    def as_kwargs(self) -> dict[str, Any]:
        """As keyword arguments of operators, sensors and triggers."""
        return {
            "aws_conn_id": self.aws_conn_id,
            "region_name": self.region_name,
            "verify": self.verify,
            "botocore_config": self.botocore_config,
        }

    def hook(self) -> HyperParameterTuningHook:
        """Return a hook with these settings. boto3 is imported here, not when a DAG file is parsed."""
        from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook

        return HyperParameterTuningHook(
            aws_conn_id=self.aws_conn_id,
            region_name=self.region_name,
            verify=self.verify,
            config=self.botocore_config,
        )

    def ready_hook(self) -> HyperParameterTuningHook:
        """Return the hook with its client created: in a triggerer only ``sync_to_async``'s thread reads connections."""
        hook = self.hook()
        hook.ready()
        return hook
