"""The guard of every route that changes something: only the page itself may call it, never another site."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header

from airflow_hpt_provider.ui.problems import Problem


def require_own_request(
    x_requested_with: Annotated[str | None, Header()] = None,
    sec_fetch_site: Annotated[str | None, Header()] = None,
) -> None:
    """Refuse a request that did not come from the page.

    Another site can make a logged-in browser send a form, but not this header without asking first (CORS).

    Raises:
        Problem: 403, the request lacks the header, or a browser sent it from another site.
    """
    if x_requested_with != "tuning-page" or sec_fetch_site not in (None, "same-origin", "none"):
        raise Problem(
            403,
            "forbidden",
            "The request did not come from the tuning page",
            "It lacks the header X-Requested-With: tuning-page, or a browser sent it from another site.",
            "Use the page's own Stop button.",
        )


own_request = Depends(require_own_request)
