"""What the service knows, in one SQLite file.

``migrate.py`` opens it and runs ``migrations/``, which makes its tables. ``sql/`` holds every statement by name; the
other modules are the functions over it. Times are seconds since the epoch.
"""
