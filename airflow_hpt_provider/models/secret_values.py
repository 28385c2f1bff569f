"""Secret values of a request, and texts without them.

Secret is what ``StaticHyperParameters`` or ``Environment`` holds under a name that looks secret (``api_key``,
``DB_PASSWORD``), unless it is short or a number: masking ``4096`` would blank it in every log line. Secret is also the
password in a URL (``https://user:password@proxy``), whatever its name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote

from airflow_hpt_provider.models.secret_names import looks_secret

HIDDEN: Final = "***"
_HOLDERS: Final = frozenset({"statichyperparameters", "environment"})
_SHORTEST: Final = 5
"""Airflow's own minimum: shorter values would be masked everywhere."""
_SHORTEST_LINE: Final = 16
"""A shorter line of a secret, such as a brace, would be masked everywhere."""
_SHORTEST_TOKEN: Final = 20
"""A shorter user of a URL without a password is a user's name, and a longer one a token."""
_USER_OF_URL: Final = re.compile(r"(?<=://)([^\s/?#:\"']*)(?::([^\s/?#\"']*))?@")


def secrets_of(config: Any, also: Iterable[str] = ()) -> Iterator[str]:
    """Yield every value of a config that looks secret.

    Args:
        config: a mapping in either naming, a request, a description, or its JSON text.
        also: parts of further names that count as secret, whatever their case.
    """
    further = tuple(each.lower() for each in also)
    for convert in ("to_dict", "to_aws"):
        if hasattr(config, convert):
            config = getattr(config, convert)()
    config = _parsed(config)
    if isinstance(config, Mapping):
        for name, value in config.items():
            if str(name).replace("_", "").lower() in _HOLDERS:
                yield from _held(_parsed(value), further)
            else:
                yield from secrets_of(value, further)
    elif isinstance(config, list | tuple):
        for element in config:
            yield from secrets_of(element, further)


def url_secrets(value: Any) -> Iterator[str]:
    """Yield the passwords, and the tokens in place of a user, of all URLs in a value, however nested."""
    if isinstance(value, str):
        for user, password in _USER_OF_URL.findall(value):
            secret = password or (user if len(user) >= _SHORTEST_TOKEN else "")
            for form in dict.fromkeys((secret, unquote(secret))):
                if not _is_plain(form):
                    yield form
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from url_secrets(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from url_secrets(each)


def written_forms(secret: str) -> list[str]:
    """Return a secret as texts hold it: as it is, escaped as in JSON and in Python, in one line, and its long lines."""
    ascii_json = json.dumps(secret)[1:-1]
    html_safe = ascii_json
    for character in "<>&'":
        html_safe = html_safe.replace(character, f"\\u{ord(character):04x}")  # as Jinja's tojson
    forms = [secret, ascii_json, json.dumps(secret, ensure_ascii=False)[1:-1], html_safe, repr(secret)[1:-1]]
    lines = secret.splitlines()
    if len(lines) > 1:
        forms += [line for line in map(str.strip, lines) if len(line) >= _SHORTEST_LINE]
    in_one_line = " ".join(secret.split())
    if len(in_one_line) >= _SHORTEST:
        forms.append(in_one_line)
    return list(dict.fromkeys(forms))


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """Return a text with ``***`` for each secret, in whichever of its :func:`written_forms`."""
    forms = {form for secret in secrets for form in written_forms(secret)}
    if not forms:
        return text
    pattern = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    return re.sub(pattern, HIDDEN, text)


def without_url_passwords(text: str) -> str:
    """Return a text with ``***`` for the user and the password of each URL that has a password or a token."""

    def hidden(found: re.Match[str]) -> str:
        user, password = found.groups()
        is_secret = bool(password) or len(user) >= _SHORTEST_TOKEN
        return f"{HIDDEN}@" if is_secret else found[0]

    return _USER_OF_URL.sub(hidden, text) if "@" in text else text


def _held(variables: Any, further: tuple[str, ...]) -> Iterator[str]:
    if isinstance(variables, list | tuple):
        for each in variables:
            yield from _held(each, further)
    if not isinstance(variables, Mapping):
        return
    for name, value in variables.items():
        parsed = _parsed(value)
        if parsed is not value or not isinstance(value, str):
            yield from _held(parsed, further)
        if not isinstance(value, str):
            continue
        if looks_secret(name) or any(each in str(name).lower() for each in further):
            for form in _with_and_without_quotes(value):
                if not _is_plain(form):
                    yield form
        yield from url_secrets(value)


def _with_and_without_quotes(value: str) -> list[str]:
    """Return a value, and its text if it is a JSON text: the SageMaker SDK writes each hyperparameter as JSON."""
    try:
        text = json.loads(value) if value.startswith('"') else None
    except (ValueError, RecursionError):
        text = None
    return [value, text] if isinstance(text, str) else [value]


def _is_plain(value: str) -> bool:
    if len(value.strip()) < _SHORTEST:
        return True
    try:
        float(value)
    except ValueError:
        return value.lower() == "false"
    return True


def _parsed(value: Any) -> Any:
    """Return the structure that a template has rendered as JSON text; return anything else unchanged."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value
