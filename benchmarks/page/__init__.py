"""Measuring the tuning page, and the tuning jobs that it is measured and photographed with."""
