"""Decides what runs next; the only one that changes anything in the store.

``loop.py`` is its thread; ``training.py`` a training job's life, ``tuning.py`` a tuning job's, decided from
``state.py`` (a request read once: ``plan.py``; the trials: ``history.py``); ``searches.py`` what is computed beside
the thread; ``criteria.py``, ``endings.py``, ``limits.py``, ``slots.py`` and ``naming.py`` the rules they go by.
``engine.py`` puts them together.
"""
