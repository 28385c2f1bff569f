"""SageMaker's wire protocol: AWS JSON 1.1.

``envelope.py`` recognises SageMaker's calls (POST /, their content type and target). ``decode.py`` turns a body into
parameters validated against botocore's model (``service_model.py``, ``constraints.py``), with AWS's texts
(``coral.py``). ``encode.py`` turns a response into JSON.
"""
