"""Names whose values are secrets, and are not shown."""

from __future__ import annotations

import re
from typing import Final

_SECRET: Final = re.compile(
    r"(password|passwd|passphrase|passcode|secret|token|credentials?|apikey|accesskey|privatekey|webhook|bearer)$"
    r"|^(key|pwd|auth|authorization|dsn)$"
)
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def looks_secret(name: object) -> bool:
    """Return whether the name of a hyperparameter or environment variable suggests that its value is a secret.

    Word by word (`api_key`, `DB_PASSWORD`, `clientSecret`, `mytoken`): `tokenizer`, `max_tokens` and `monkey` are
    none.
    """
    return any(_SECRET.search(word.lower()) for word in _WORDS.findall(str(name)))
