"""Decides what runs next; the only one that changes anything in the store.

``loop.py`` is its thread; ``training.py`` a training job's life, ``tuning.py`` a tuning job's, decided from
``state.py``; ``searches.py`` what is computed beside the thread; ``criteria.py``, ``slots.py`` and
``endings.py`` the rules they go by. ``engine.py`` puts them together.
"""
