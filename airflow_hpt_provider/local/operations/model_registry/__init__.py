"""SageMaker's model registry: model package groups and model packages, kept in SQLite.

moto has these operations too, but in memory only, and it drops some members that a registered model is found
by. ``groups.py`` and ``packages.py`` hold the operations, ``store.py`` the documents they keep; ``operations.py``
has the operations on the tags of both, and puts all of them together.
"""
