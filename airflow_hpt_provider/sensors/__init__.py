"""Waiting for a job that something else started."""
