"""``make test-mutants``: single changes of the code that decides about money, ownership and stored data.

Each change is tried with the unit tests of its part. A change that no test notices shows a rule that nothing guards.
``changes.py`` makes them, ``trial_run.py`` tries one, ``targets.py`` lists modules and tests, ``judged.toml`` has those
survivors that a reader has judged.
"""
