"""Lighthouse's scores for the tuning page with 1,000 training jobs, as part of ``make bench-page``.

Lighthouse opens the stand-alone page twice, as a desktop and as a slow phone: for the phone it assumes a slow mobile
network and a quarter of this machine's speed. A score is between 0 and 1.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.page.jobs import fill
from benchmarks.page.session import chromium, standalone_page

PROGRAM = Path(".heavy/lighthouse/node_modules/.bin/lighthouse")
TARGET = 0.9
CATEGORIES = ("performance", "accessibility", "best-practices")
TIMES = (
    "first-contentful-paint",
    "largest-contentful-paint",
    "total-blocking-time",
    "cumulative-layout-shift",
)


def main(training_jobs: int = 1000) -> int:
    """Measure and print; 1 if the desktop's performance is below the target."""
    if not PROGRAM.exists():
        print(f"Lighthouse is not installed: {PROGRAM} is missing. Run `make bench-page`, which installs it.")
        return 1
    with tempfile.TemporaryDirectory() as name:
        data = Path(name) / "service"
        fill(data, "churn-wide", training_jobs, seed=5)
        with standalone_page(data) as address:
            base, _, token = address.partition("/?token=")
            page = f"{base}/connections/local/jobs/churn-wide"
            reports = {kind: _report(page, token, kind) for kind in ("desktop", "phone")}
    print(
        f"Lighthouse {reports['desktop']['lighthouseVersion']}, {training_jobs:,} training jobs, "
        f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )
    for kind, report in reports.items():
        scores = "  ".join(f"{one} {report['categories'][one]['score']:.2f}" for one in CATEGORIES)
        times = ", ".join(f"{one} {report['audits'][one]['displayValue']}" for one in TIMES)
        print(f"  {kind:8} {scores}\n           {times}")
    score = reports["desktop"]["categories"]["performance"]["score"]
    print(f"target: performance of at least {TARGET} as a desktop: {'met' if score >= TARGET else 'MISSED'}")
    return 0 if score >= TARGET else 1


def _report(page: str, token: str, kind: str) -> dict[str, Any]:
    command = [
        PROGRAM, page, "--quiet", "--output=json", f"--only-categories={','.join(CATEGORIES)}",
        "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
        f"--extra-headers={json.dumps({'Authorization': f'Bearer {token}'})}",
        *(["--preset=desktop"] if kind == "desktop" else []),
    ]  # fmt: skip
    ran = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, env=os.environ | {"CHROME_PATH": chromium() or ""}
    )
    report: dict[str, Any] = json.loads(ran.stdout)
    if report.get("runtimeError"):
        raise RuntimeError(report["runtimeError"]["message"])
    return report


if __name__ == "__main__":
    raise SystemExit(main())
