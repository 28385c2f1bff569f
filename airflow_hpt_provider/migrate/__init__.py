"""From the amazon provider's tuning operator and sensor to ours: what to change in a DAG file, and why."""
