"""``make bench-waiting``: our trigger next to the amazon provider's SageMakerTrigger, on the same scripted endpoint.

Both run with the same libraries, one after the other, each in an interpreter of its own and one event loop, as
in a triggerer. Lateness is from the job's end to the trigger's event. Memory is the growth of the process from
before the first trigger to its peak, shared client included, divided by the jobs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any

from benchmarks.waiting.runner import AMAZON, OURS
from benchmarks.waiting.scenario import scenario_endpoint

NAMES = {OURS: "airflow-hpt-provider", AMAZON: "SageMakerTrigger"}
NORMAL = {"interval": 5, "first": 15.0, "last": 75.0, "fault_rate": 0.0}
LARGE = {"interval": 30, "first": 90.0, "last": 210.0, "fault_rate": 0.0}
HEAD = (
    f"{'jobs':>7} {'faults':>6}  {'':22} {'calls':>6} {'CPU s':>7} {'KB/job':>8} {'block s':>8}"
    f" {'p50 s':>6} {'p99 s':>6} {'lost':>5}"
)


def run(module: str, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-W", "ignore", "-m", f"benchmarks.waiting.{module}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return dict(json.loads(done.stdout.splitlines()[-1]))
    except (IndexError, ValueError):
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")


def measure(who: str, jobs: int, scenario: dict[str, Any]) -> dict[str, Any]:
    with scenario_endpoint() as url:
        result = run("runner", who, url, json.dumps({**scenario, "jobs": jobs}))
    late = " ".join("     -" if result[p] is None else f"{result[p]:6.2f}" for p in ("p50", "p99"))
    print(
        f"{jobs:7} {scenario['fault_rate']:6.0%}  {NAMES[who]:22} {result['calls']:6} {result['cpu']:7.2f}"
        f" {result['kb_per_job']:8.1f} {result['worst_block']:8.3f} {late} {result['lost']:5}",
        flush=True,
    )
    return result


def target(what: str, value: float, sign: str, bound: float, unit: str = "") -> bool:
    met = value >= bound if sign == "≥" else value < bound
    print(
        f"  {'met   ' if met else 'MISSED'}  {what}: {value:.3g}{unit} (target {sign} {bound:g}{unit})",
        flush=True,
    )
    return met


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--jobs", type=int, nargs="*", default=[10, 100, 500, 1000], help="compared with each other"
    )
    parser.add_argument("--alone", type=int, nargs="*", default=[10_000], help="ours alone; none: skip")
    parser.add_argument("--no-hour", action="store_true", help="skip the simulated hour")
    parser.add_argument("--no-faults", action="store_true", help="skip the run with faults")
    options = parser.parse_args()

    print(
        f"Jobs end {NORMAL['first']:g} to {NORMAL['last']:g} s after the start;"
        f" interval {NORMAL['interval']} s.\n\n{HEAD}"
    )
    both = {n: {who: measure(who, n, NORMAL) for who in (OURS, AMAZON)} for n in options.jobs}
    checks = []
    if 500 in both:
        ours, theirs = both[500][OURS], both[500][AMAZON]
        checks += [
            target("less CPU at 500 jobs", theirs["cpu"] / ours["cpu"], "≥", 20, " times"),
            target(
                "less memory per job at 500", theirs["kb_per_job"] / ours["kb_per_job"], "≥", 40, " times"
            ),
            target("worst loop block at 500", ours["worst_block"], "<", 0.2, " s"),
            target("p99 lateness at 500", ours["p99"], "<", 1.2 * NORMAL["interval"], " s"),
        ]
    if not options.no_faults:
        print(f"\n20% of the calls are throttled, reset or answered with 503.\n{HEAD}")
        scenario = {**NORMAL, "fault_rate": 0.2}
        ours, _ = (measure(who, 500, scenario) for who in (OURS, AMAZON))
        checks += [
            target("waits lost with faults", ours["lost"], "<", 1),
            target("p99 lateness with faults", ours["p99"], "<", 3 * NORMAL["interval"], " s"),
        ]
    for count in options.alone:
        print(f"\nAlone: jobs end {LARGE['first']:g} to {LARGE['last']:g} s after the start; interval"
              f" {LARGE['interval']} s.\n{HEAD}")  # fmt: skip
        ours = measure(OURS, count, LARGE)
        pages = -(-count // 100)
        print(
            f"  {ours['by_operation']}; {ours['calls_per_minute']:.0f} calls a minute; the jobs fill {pages} pages"
        )
        checks += [
            target(f"memory per job at {count}", ours["kb_per_job"], "<", 10, " KB"),
            target(
                "calls a minute, in pages",
                ours["calls_per_minute"] / pages,
                "<",
                1.2 * 60 / LARGE["interval"] + 1,
            ),
        ]
    if not options.no_hour:
        print("\nAn hour on a simulated clock: interval 30 s, jobs end in the last ten minutes.")
        ours, theirs = run("simulated_hour", OURS, "500"), run("simulated_hour", AMAZON, "50")
        scaled = theirs["calls"] * ours["jobs"] / theirs["jobs"]
        print(
            f"  {NAMES[OURS]}: {ours['calls']} calls for 500 jobs {ours['by_operation']}, {ours['lost']} lost"
        )
        print(
            f"  {NAMES[AMAZON]}: {theirs['calls']} calls for 50 jobs; each job asks alone, so {scaled:.0f} for 500"
        )
        checks.append(target("fewer calls", scaled / ours["calls"], "≥", 50, " times"))
    sys.exit(not all(checks))


if __name__ == "__main__":
    main()
