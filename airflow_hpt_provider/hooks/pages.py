"""Following NextToken: every loop over pages ends, whatever the endpoint sends."""

from __future__ import annotations

MAX_PAGES = 10_000
"""A million items. No list of SageMaker's comes near it."""


class PageTokens:
    """The tokens of one list.

    Args:
        operation: which list, for the error.
        most: pages after which the list counts as endless.
    """

    def __init__(self, operation: str, most: int = MAX_PAGES) -> None:
        self._operation, self._most = operation, most
        self._seen: set[str] = set()

    def next(self, token: str | None) -> str | None:
        """Return a page's NextToken if there is another page, else None.

        Raises:
            EndlessPagesError: the token was sent before, so the pages go round in a circle; or there are too many.
        """
        from airflow_hpt_provider.hooks.responses import EndlessPagesError

        if not token:
            return None
        if token in self._seen:
            raise EndlessPagesError(error=f"{self._operation} repeats the page token {token[:40]!r}")
        self._seen.add(token)
        if len(self._seen) >= self._most:
            raise EndlessPagesError(error=f"{self._operation} has more than {self._most} pages")
        return token
