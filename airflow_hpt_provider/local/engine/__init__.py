"""Decides what runs next; the only one that changes anything in the store.

``loop.py`` is its thread; ``training.py`` a training job's life, ``tuning.py`` a tuning job's, decided from
``state.py`` (a request read once: ``plan.py``; the training jobs: ``history.py``); ``suggesters.py`` what is computed
outside the thread. ``criteria.py``, ``stop_reasons.py``, ``limits.py``, ``slots.py`` and ``naming.py`` are their rules.
``engine.py`` puts them together.
"""
