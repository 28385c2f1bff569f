"""The operators that DAG files use."""
