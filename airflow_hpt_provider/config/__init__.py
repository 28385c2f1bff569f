"""Step 1, CONFIG: turns what a DAG author wrote into a validated request."""
