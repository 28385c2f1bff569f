"""What the service knows, in one SQLite file.

``database.py`` opens it, ``migrations/`` makes its tables, ``sql/`` holds every statement by name, and the
modules beside them are the functions over it. Times are seconds since the epoch.
"""
