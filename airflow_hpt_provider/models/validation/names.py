"""AWS's and Python's names of members."""

from __future__ import annotations

from pydantic.alias_generators import to_pascal


def aws_name(attribute: str) -> str:
    """AWS's name of an attribute: `s3_uri` -> `S3Uri`."""
    return "VolumeSizeInGB" if attribute == "volume_size_in_gb" else to_pascal(attribute)
