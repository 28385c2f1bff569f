"""Waiting for a tuning job, in the order of the data's way.

``snapshot`` is what one look tells; ``decision`` is the one table from a status to an outcome; ``patience`` is what
a waiter bears before it gives up. ``polling`` waits alone, in a worker; ``watcher`` waits for many at once, in a
triggerer, each of them a ``waiter``, at the rhythm of ``pacing`` and through the ``paced_client``, woken early by
``wakeups`` where a queue tells of a ``state_change``. ``progress`` is what the task log shows meanwhile.
"""
