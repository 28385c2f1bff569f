"""HTTP, independent of the service that is called.

``connections.py`` limits slow, numerous or silent clients. ``request.py`` is the request as its signature covers it;
``body.py`` reads the body, within limits. ``host_check.py`` accepts loopback Host headers only. ``auth/`` verifies
signatures with botocore's signers. ``errors.py`` turns errors into the shape of the client's protocol.
"""
