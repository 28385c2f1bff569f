"""Training jobs in docker or podman containers."""
