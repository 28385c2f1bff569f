"""The faults of the whole form, and those of the short form that CI runs."""

from __future__ import annotations

import itertools
import random

from tests.cluster.process_faults import Action, Fault, Target

SEED = 1
STOP_SECONDS = 60.0
OUTAGES = (5.0, 20.0, 60.0)
SIGNALS = (Action.TERM, Action.QUIT, Action.KILL)
COMPONENTS = (Target.WORKER, Target.TRIGGERER, Target.SCHEDULER, Target.DAG_PROCESSOR, Target.API_SERVER)
FAULTS_IN_WAVE = 21
AWAY_AT_ONCE = 3
"""Parts that are away or stopped at the same time, at most."""

EVERY_FAULT = (
    *(Fault(target, action) for target in (Target.TASK, Target.SUPERVISOR) for action in SIGNALS),
    *(Fault(target, action) for target in COMPONENTS for action in SIGNALS),
    *(Fault(target, Action.STOP, STOP_SECONDS) for target in (Target.TASK, Target.SUPERVISOR, *COMPONENTS)),
    Fault(Target.WORKER, Action.TERM_ALL),
    *(
        Fault(target, Action.AWAY, seconds)
        for target in (Target.API_SERVER, Target.POSTGRES, Target.REDIS)
        for seconds in OUTAGES
    ),
    Fault(Target.POSTGRES, Action.KILL),
    Fault(Target.REDIS, Action.KILL),
    Fault(Target.SERVICE, Action.KILL),
)
KILLS = 3 * FAULTS_IN_WAVE
"""The whole form: each fault once in a random order, and half of them again in another one."""

SHORT = (
    Fault(Target.TASK, Action.TERM),
    Fault(Target.WORKER, Action.QUIT),
    Fault(Target.TRIGGERER, Action.KILL),
    Fault(Target.API_SERVER, Action.AWAY, 5.0),
)


def waves(seed: int, kills: int) -> list[list[Fault]]:
    """Return the faults in waves: every kind once in a random order, then again in another order, and so on."""
    rng = random.Random(seed)
    orders = (rng.sample(EVERY_FAULT, len(EVERY_FAULT)) for _ in itertools.count())
    chosen = list(itertools.islice(itertools.chain.from_iterable(orders), kills))
    return [chosen[at : at + FAULTS_IN_WAVE] for at in range(0, kills, FAULTS_IN_WAVE)]
