"""Bayesian search: a Gaussian process of the loss, written on numpy and scipy."""
