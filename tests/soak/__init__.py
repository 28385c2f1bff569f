"""``make soak``: a day's work of the local service in 20 minutes, with a SIGKILL every 30 seconds.

Four clients create 200 tuning jobs, stop some, list and search. Four more write, read and delete objects.
``clients.py`` and ``objects.py`` remember what the service has confirmed. At the end ``books.py`` compares that with
what the service has, and ``memory.py`` what its processes needed. ``campaign.py`` runs it all.
"""
