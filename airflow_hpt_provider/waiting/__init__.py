"""Waits for a tuning job.

``snapshot`` is a job's state after one poll; ``outcome`` is the only table from a status to an outcome; ``limits`` says
when to give up. ``blocking_poller`` waits for one job in a worker. ``shared_poller`` waits for many jobs in a
triggerer, each a ``subscription``, at the rate of ``rate_limit`` and through the ``rate_limited_client``;
``event_listener`` makes it poll early when a queue delivers a ``state_change``. ``progress`` writes the task log.
"""
