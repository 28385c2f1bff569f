"""The AWS connection's client side."""
