"""The tuning page in Airflow's UI: what a tuning job does, as pictures and tables, where people already are.

``plugin.py`` is all that loads in every Airflow process. In the API server the rest follows on the first request:
``app.py`` (the app and its guard) → ``pages.py`` (HTML and assets), ``api.py`` (JSON) → ``access.py`` (who may),
``tasks.py`` (which job a task made, from Airflow's own records) → ``jobs.py`` (reading it, through ``cache.py``: one
call for all who look) → ``document.py`` and ``parameters.py`` (what the page gets). ``listing.py`` makes the lists of
jobs, page by page (``paging.py``), ``export.py`` the files to download, ``importance.py`` computes how much each
hyperparameter matters, and ``problems.py`` what the page shows instead of a job. ``frontend/`` holds the page itself,
``static/`` its bundle.

``listener.py`` is notified of tasks that people end in Airflow's UI, and ``stop_orphaned_jobs.py`` stops their tuning
jobs where the triggerer does not.
"""
