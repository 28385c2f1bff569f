"""Sensors that wait for a job started elsewhere."""
