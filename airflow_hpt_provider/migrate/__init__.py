"""Migration from the amazon provider's tuning operator and sensor: what to change in a DAG file, and why."""
