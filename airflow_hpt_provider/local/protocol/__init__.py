"""AWS's protocols, seen from the server.

A request's way::

    server limits   connections.py  slow, many or silent clients
    guard.py        loopback Host headers only
    signature.py    SigV4, with botocore's own signer; payload.py  the body's hash, chunked uploads
    endpoint.py     whose it is: ours, S3 (../storage/wire), or moto's (moto_backend.py)
    envelope.py     SageMaker's calls: POST /, their content type, their target
    decode.py       JSON 1.1 -> validated parameters, with constraints.py for AWS's texts
    encode.py       answers -> JSON;  errors.py  errors -> the shape that the client's protocol has
"""
