"""Fault injection, to test how DAGs and programs handle failures.

::

    rules.py     what a file of faults says
    file.py      reads one
    calls.py     which call gets which fault
    endpoint.py  makes the service respond with faults
    runner.py    lets training jobs fail

The file is TOML::

    [[fault]]                                     # the first that matches a call is injected
    operation = "Describe*"                       # glob; other services' as "s3:PutObject", "logs:*"
    kind = "throttle"
    rate = 0.2                                    # of the calls that match; default: all
    seed = 7                                      # the same calls every time; default: others each time

    [[fault]]
    operation = "CreateHyperParameterTuningJob"
    kind = "truncate"                             # carried out, but only half of the response arrives
    times = 1                                     # injected once, then never again

    [[fault]]
    operation = "List*"
    kind = "slow"
    seconds = 90.0                                # the response is delayed by so much
    after = 3                                     # the first three calls are let through
    first = 10                                    # and so are those behind the tenth

    [[training_job]]
    training_job = "forecast-*"                   # glob on the training job's name; default: all
    reason = "AlgorithmError: the data has no label column, exit code: 1"
    numbers = [2, 5]                              # these training jobs of each tuning job; or a rate

    [[training_job]]
    reason = "InternalServerError: We encountered an internal error. Please try again."
    rate = 0.1
    attempts = 1                                  # RetryStrategy's second attempt comes through
    seconds = 2.5                                 # the process is ended after this time

    [[tuning_job]]
    tuning_job = "forecast-?"                     # glob on the tuning job's name; default: all
    reason = "InternalServerError: We encountered an internal error. Please try again."
    after = 3                                     # after 3 of its training jobs have ended; default: immediately

Kinds of faults:

- ``throttle``, ``too_many_requests`` (429 with Retry-After), ``internal_error``, ``expired_token``, ``access_denied``:
  AWS's errors. As with AWS, who is denied ``AddTags`` is denied to create anything with tags, too.
- ``internal_error_html``, ``service_unavailable_html``: the response of a load balancer, not of SageMaker.
- ``reset`` (of the connection), ``lost_request`` (no response): before the call is carried out.
- ``truncate`` (half of the response, then the connection ends), ``half`` (half of the response, as if it were all),
  ``lost_response`` (no response): after the call has been carried out.
- ``slow`` (the response comes after ``seconds``), ``drip`` (the response takes ``seconds`` to arrive, piece by piece).
"""
