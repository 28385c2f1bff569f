"""What the AWS CLI's version 2 makes of an error: an exit code, and a code and a message to show.

``error_forms.py`` writes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from airflow_hpt_provider.cli.errors import CommandError, message_and_code

INVALID_INPUT = 252
INVALID_SETTINGS = 253
REJECTED = 254
OTHER = 255


class InputError(CommandError):
    """The arguments are wrong; nothing was sent."""

    exit_code = INVALID_INPUT
    name: ClassVar[str] = "ParamValidation"


class SettingsError(CommandError):
    """Credentials or the region are missing, or a setting of this command is wrong."""

    exit_code = INVALID_SETTINGS
    name: ClassVar[str] = "Configuration"


class OtherError(CommandError):
    """Anything else, such as a service that cannot be reached, or a profile that does not exist."""

    exit_code = OTHER


@dataclass(frozen=True)
class Failure:
    """An error as the AWS CLI reports it.

    Attributes:
        exit_code: what the program ends with.
        message: the whole text.
        details: ``Code``, ``Message`` and what else the response says; None: the error has only a text.
    """

    exit_code: int
    message: str
    details: dict[str, Any] | None = None

    @classmethod
    def of(cls, error: Exception) -> Failure:
        """Classify an error as the AWS CLI does."""
        from botocore import exceptions as aws

        if isinstance(error, InputError | SettingsError):
            return cls._named(error.exit_code, error.name, str(error))
        if isinstance(error, aws.ClientError):
            return cls(REJECTED, str(error), _details(error.response))
        if isinstance(error, aws.ParamValidationError):
            return cls._named(INVALID_INPUT, InputError.name, str(error))
        message, _ = message_and_code(error)
        if isinstance(error, aws.NoRegionError):
            return cls._named(INVALID_SETTINGS, "NoRegion", message)
        if isinstance(error, aws.NoCredentialsError):
            return cls._named(INVALID_SETTINGS, "NoCredentials", message)
        if isinstance(error, CommandError) and not isinstance(error, OtherError):
            return cls._named(INVALID_INPUT, InputError.name, message)
        return cls(OTHER, message)

    @classmethod
    def _named(cls, exit_code: int, name: str, message: str) -> Failure:
        return cls(exit_code, f"An error occurred ({name}): {message}", {"Code": name, "Message": message})


def _details(response: Any) -> dict[str, Any]:
    """Return the members of an error's response: SageMaker's own come next to ``Error``."""
    details = dict(response.get("Error", {}))
    excluded = {"Error", "ResponseMetadata", "message", *details}
    return {**details, **{name: value for name, value in response.items() if name not in excluded}}
