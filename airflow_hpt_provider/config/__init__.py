"""1 CONFIG: from what a DAG author wrote to a validated request."""
