"""What DAG files use."""
