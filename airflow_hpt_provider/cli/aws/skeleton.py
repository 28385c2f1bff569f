"""``--generate-cli-skeleton``: an operation's arguments or answer, empty, without a call."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

KINDS = ("input", "yaml-input", "output")


def input_skeleton(client: Any, operation: str, *, as_yaml: bool) -> str:
    """Return a template for ``--cli-input-json`` or ``--cli-input-yaml``.

    Args:
        client: any client of the service; nothing is called.
        operation: its name in the API.
        as_yaml: add a comment to each member that describes it.
    """
    from botocore.utils import ArgumentGenerator

    shape = client.meta.service_model.operation_model(operation).input_shape
    empty = ArgumentGenerator().generate_skeleton(shape)
    if not as_yaml:
        return json.dumps(empty, indent=4)
    return "\n".join(_yaml_line(shape, name, value) for name, value in empty.items())


def output_skeleton(client: Any, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return a sample response with its members' names as values, after validating the arguments as a call does.

    (The aws CLI checks its own sample as well, which fails for this operation: 0 is too small for some members.)

    Args:
        client: any client of the service; nothing is called.
        operation: its name in the API.
        parameters: of the call.

    Raises:
        botocore.exceptions.ParamValidationError: the arguments are wrong.
    """
    from botocore.exceptions import ParamValidationError
    from botocore.utils import ArgumentGenerator
    from botocore.validate import ParamValidator

    model = client.meta.service_model.operation_model(operation)
    errors = ParamValidator().validate(parameters, model.input_shape)
    if errors.has_errors():
        raise ParamValidationError(report=errors.generate_report())
    answer: dict[str, Any] = ArgumentGenerator(use_member_names=True).generate_skeleton(model.output_shape)
    return answer


def _yaml_line(shape: Any, name: str, value: Any) -> str:
    import yaml

    member = shape.members[name]
    text = yaml.safe_dump({name: value}, default_flow_style=False).rstrip("\n")
    required = ["[REQUIRED]"] if name in shape.required_members else []
    meaning = " ".join(unescape(re.sub(r"<[^>]+>", "", member.documentation)).split())
    return f"{text}  # {' '.join([*required, meaning])}"
