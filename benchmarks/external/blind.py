"""Which runs were blind: the search learned, and no longer used what it had learned.

A loss is near the best of its run if it is higher by at most 5% of the distance between that best and the median loss
of random search's training jobs in the same setting, with the same problem and seed. A run of 60 training jobs is
blind if fewer than a quarter of its last 24 training jobs are near its best, and at least a quarter of those of
optuna's TPE are near its own best. Where TPE's are not, the problem does not allow it, and the run is not judged.

(The distance between random search's best loss and the floor, by which regret is normalised, is too short a unit: TPE
has a quarter of its losses within 5% of it in 2 of 28 runs, so that hardly a run is judged.)
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.external.run import Run

SETTING, LATE, NEAR, SHARE = "60 with 4", 24, 0.05, 0.25
JUDGE, SCALE = "optuna TPE", "random"

Place = tuple[str, int]
"""Problem and seed."""


def near(run: Run, scale: Run) -> float:
    """Return the share of late training jobs whose loss is near the best of the run; failed ones are not."""
    losses = [loss for loss in run.losses if loss is not None]
    others = [loss for loss in scale.losses if loss is not None]
    if not losses or not others:
        return 0.0
    best = min(losses)
    most = best + NEAR * max(statistics.median(others) - best, 0.0)
    return sum(loss is not None and loss <= most for loss in run.losses[-LATE:]) / LATE


def blind(runs: Sequence[Run]) -> dict[str, tuple[int, list[Place]]]:
    """Return, by searcher, how many runs were judged, and which of them were blind."""
    table: dict[Place, dict[str, Run]] = defaultdict(dict)
    for run in runs:
        if run.setting == SETTING and run.losses:
            table[run.problem, run.seed][run.searcher] = run
    counts: dict[str, tuple[int, list[Place]]] = {}
    for place, found in sorted(table.items()):
        if JUDGE not in found or SCALE not in found or near(found[JUDGE], found[SCALE]) < SHARE:
            continue
        for searcher, run in found.items():
            judged, blinded = counts.get(searcher, (0, []))
            lost = [place] if near(run, found[SCALE]) < SHARE else []
            counts[searcher] = judged + 1, blinded + lost
    return counts


def blindness(runs: Sequence[Run]) -> str:
    """Return a line for every searcher: blind runs, of those judged, and their problems and seeds."""
    return "\n".join(
        " ".join([f"{name}: {len(places)} of {judged} blind", *(f"{p} {seed}" for p, seed in places)])
        for name, (judged, places) in sorted(blind(runs).items())
    )
