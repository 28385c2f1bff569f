"""Hundreds of deferred tasks on a cluster with two triggerers, compared with the amazon provider's operator."""
