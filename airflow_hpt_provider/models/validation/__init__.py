"""Validation of requests and leniency towards responses, shared by all models."""
