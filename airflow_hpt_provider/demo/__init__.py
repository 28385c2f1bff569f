"""``airflow-hpt demo`` and ``airflow-hpt up``: an example DAG in a real Airflow, tuned locally."""
