"""The ``airflow-hpt`` command line: ``main.py`` lists the commands, one module each."""
