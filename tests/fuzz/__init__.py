"""Malformed requests at a real local service: each is refused as AWS refuses, and none changes anything.

``python -m tests.fuzz`` (``make fuzz``) sends 10,000 and prints a table; tests/integration/fuzz sends a sample.

    case.py        one malformed request, and how it must be refused
    json_bodies.py, envelopes.py, s3_requests.py, other_services.py, http_bytes.py
                   the kinds of malformed requests, each a function of a random generator
    service.py     the service, and something in its store
    wire.py        signing and sending
    store.py       everything that the service keeps, to compare
    campaign.py    a number of random cases of every kind, and what came of them
"""
