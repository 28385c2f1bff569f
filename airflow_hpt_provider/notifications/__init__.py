"""Notifications about tuning jobs, sent by the notifiers of other providers."""
