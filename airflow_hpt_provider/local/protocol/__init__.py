"""AWS's protocols, seen from the server.

A request's way::

    connections.py  limits: slow, many or silent clients
    endpoint.py     whose the request is: ours, S3's (../storage/wire), or moto's (moto_backend.py)
    request.py      the request as the signature sees it;  body.py  reads its body, within limits
    guard.py        loopback Host headers only
    claim.py        what it says of its signer;  signature.py, signature_v2.py  whether that is true, by botocore's
                    signers;  refusal.py  why not;  payload.py  the body's hash, and chunked uploads
    envelope.py     SageMaker's calls: POST /, their content type, their target
    decode.py       JSON 1.1 -> validated parameters, by botocore's model (model.py, constraints.py), with AWS's
                    texts (coral.py)
    encode.py       answers -> JSON;  errors.py  errors -> the shape that the client's protocol has

``credentials.py`` is the service's own access key, and ``local.env``.
"""
