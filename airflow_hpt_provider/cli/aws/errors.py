"""Which exit code an error has: version 2 of the aws CLI's."""

from __future__ import annotations

from airflow_hpt_provider.cli.errors import CommandError, message_and_code

INVALID_INPUT = 252
INVALID_SETTINGS = 253
REFUSED = 254
OTHER = 255


class InputError(CommandError):
    """The arguments are wrong; nothing was sent."""

    exit_code = INVALID_INPUT


class SettingsError(CommandError):
    """Credentials, region or profile are missing or cannot be used."""

    exit_code = INVALID_SETTINGS


class ServiceError(CommandError):
    """The service answered with an error."""

    exit_code = REFUSED


class OtherError(CommandError):
    """Anything else, such as a service that cannot be reached."""

    exit_code = OTHER


def as_aws_error(error: Exception) -> CommandError:
    """Return an error with the exit code that the AWS CLI gives it."""
    from botocore import exceptions as aws

    if isinstance(error, CommandError):
        return error
    message, _ = message_and_code(error)
    settings = (
        aws.NoCredentialsError,
        aws.PartialCredentialsError,
        aws.CredentialRetrievalError,
        aws.NoRegionError,
        aws.InvalidRegionError,
        aws.ProfileNotFound,
        aws.ConfigNotFound,
        aws.ConfigParseError,
    )
    if isinstance(error, aws.ClientError):
        return ServiceError(message)
    if isinstance(error, aws.ParamValidationError):
        return InputError(message)
    return SettingsError(message) if isinstance(error, settings) else OtherError(message)
