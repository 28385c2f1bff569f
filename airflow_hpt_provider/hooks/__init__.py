"""Hooks and clients: every call to AWS."""
