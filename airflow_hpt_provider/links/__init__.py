"""Links on the task in Airflow's UI."""
