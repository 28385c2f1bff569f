"""The page's HTML, scripts and icons, from the bundle that ``make ui`` builds."""

from __future__ import annotations

from html import escape
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

BUNDLE = Path(__file__).parent / "static"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # the charts place their tooltips by style attributes
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "base-uri 'self'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
_MISSING = """<!doctype html><meta charset="utf-8"><title>Tuning page</title>
<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1.5rem;
  color-scheme: light dark">
<h1 style="font-size: 1.25rem">The tuning page has not been built</h1>
<p>This installation comes from a checkout, where the page's bundle is not kept.</p>
<p>Run <code>make ui</code> there (it needs Node.js with npm), then load this page again.</p>"""

router, airflow_pages = APIRouter(), APIRouter()
"""The pages of every host, and those that only Airflow has."""


@airflow_pages.get("/task/{dag_id}/{run_id}/{task_id}")
@airflow_pages.get("/run/{dag_id}/{run_id}")
@airflow_pages.get("/jobs")
@router.get("/connections/{connection}")
@router.get("/connections/{connection}/jobs/{tuning_job}")
def page(request: Request) -> Response:
    """Return the page. It reads from its own address which task to show, and requests the data separately."""
    index = BUNDLE / "index.html"
    if not index.is_file():
        return HTMLResponse(_MISSING, 503, headers=HEADERS)
    base = f"{request.scope.get('root_path', '').rstrip('/')}/"
    html = index.read_text(encoding="utf-8").replace("<head>", f'<head>\n<base href="{escape(base)}">', 1)
    return HTMLResponse(html, headers={**HEADERS, "Cache-Control": "no-cache"})


@router.get("/static/{path:path}")
def asset(path: str) -> Response:
    """Return a file of the bundle; their names change with their content, so browsers may keep them."""
    file = BUNDLE / path
    try:
        found = file.resolve().is_relative_to(BUNDLE.resolve()) and file.is_file()
    except (OSError, ValueError):  # a name that is too long, or with a null byte
        found = False
    if not found:
        raise HTTPException(404, "There is no such file in the tuning page's bundle.")
    kept = "private, max-age=31536000, immutable" if path.startswith("assets/") else "private, max-age=3600"
    return FileResponse(file, headers={**HEADERS, "Cache-Control": kept})
