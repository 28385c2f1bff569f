"""The table of errors: which are worth another try."""

import pickle
from datetime import timedelta

import pytest
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError
from botocore.retries import standard

from airflow_hpt_provider import exceptions
from airflow_hpt_provider.compat import mask_secret
from airflow_hpt_provider.retries.calls import FullJitter, retrying
from airflow_hpt_provider.retries.classify import TRANSIENT_CODES, ErrorClass, classify
from airflow_hpt_provider.retries.errors import (
    THROTTLING_CODES,
    is_denied,
    is_throttled,
    one_line,
    retry_after,
)
from airflow_hpt_provider.retries.failure_reasons import is_retryable_failure


def client_error(code, message="", status=400, **headers):
    return boto.ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers},
        },
        "DescribeHyperParameterTuningJob",
    )


TABLE = [
    (client_error("ThrottlingException", "Rate exceeded"), ErrorClass.TRANSIENT),
    (client_error("TooManyRequestsException", status=429), ErrorClass.TRANSIENT),
    (client_error("Whatever", status=429), ErrorClass.TRANSIENT),
    (client_error("InternalFailure", status=500), ErrorClass.TRANSIENT),
    (client_error("502", status=502), ErrorClass.TRANSIENT),
    (client_error("OnNoList", status=499), ErrorClass.FATAL),
    (client_error("OnNoList", status=500), ErrorClass.TRANSIENT),
    (client_error("OnNoList", status=429), ErrorClass.TRANSIENT),
    (client_error("ServiceUnavailable", status=503), ErrorClass.TRANSIENT),
    (client_error("RequestTimeout", status=408), ErrorClass.TRANSIENT),
    (client_error("400", '{"__type": "Resour', status=400), ErrorClass.TRANSIENT),
    (client_error("403", "<html>proxy</html>", status=403), ErrorClass.FATAL),
    (boto.EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), ErrorClass.TRANSIENT),
    (boto.ConnectTimeoutError(endpoint_url="http://127.0.0.1:1"), ErrorClass.TRANSIENT),
    (boto.ReadTimeoutError(endpoint_url="http://127.0.0.1:1"), ErrorClass.TRANSIENT),
    (boto.ConnectionClosedError(endpoint_url="http://127.0.0.1:1"), ErrorClass.TRANSIENT),
    (boto.IncompleteReadError(actual_bytes=1, expected_bytes=2), ErrorClass.TRANSIENT),
    (ResponseParserError("<html>503</html>"), ErrorClass.TRANSIENT),
    (ConnectionResetError(), ErrorClass.TRANSIENT),
    (boto.SSLError(endpoint_url="https://x", error="EOF occurred"), ErrorClass.TRANSIENT),
    (boto.SSLError(endpoint_url="https://x", error="CERTIFICATE_VERIFY_FAILED"), ErrorClass.FATAL),
    (client_error("ExpiredToken"), ErrorClass.CREDENTIALS),
    (client_error("ExpiredTokenException"), ErrorClass.CREDENTIALS),
    (client_error("RequestExpired"), ErrorClass.CREDENTIALS),
    (client_error("InvalidSignatureException", "Signature expired: 20261123T"), ErrorClass.CREDENTIALS),
    (
        client_error("InvalidSignatureException", "Signature not yet current: 20261123T"),
        ErrorClass.CREDENTIALS,
    ),
    (boto.CredentialRetrievalError(provider="iam-role", error_msg="x"), ErrorClass.CREDENTIALS),
    (client_error("ResourceNotFound", "can't find a tuning job"), ErrorClass.NOT_FOUND),
    (
        client_error("ValidationException", "Amazon SageMaker can't find a tuning job called x."),
        ErrorClass.NOT_FOUND,
    ),
    (client_error("AccessDeniedException", status=400), ErrorClass.FATAL),
    (client_error("ValidationException", "1 validation error detected"), ErrorClass.FATAL),
    (client_error("ResourceInUse"), ErrorClass.FATAL),
    (client_error("ResourceLimitExceeded"), ErrorClass.FATAL),
    (ValueError("a bug"), ErrorClass.FATAL),
]


@pytest.mark.parametrize(("error", "verdict"), TABLE, ids=lambda x: repr(x)[:60])
def test_what_an_error_means(error, verdict):
    assert classify(error) is verdict


@pytest.mark.parametrize(
    "error",
    [
        client_error("UnrecognizedClientException"),
        client_error("InvalidClientTokenId", status=403),
        boto.NoCredentialsError(),
        exceptions.TuningConnectionError("no such connection"),
    ],
    ids=repr,
)
def test_refused_credentials_are_a_mistake_at_first_and_a_rotation_later(error):
    assert classify(error) is ErrorClass.FATAL
    assert classify(error, connection_worked=True) is ErrorClass.CREDENTIALS


@pytest.mark.parametrize(
    ("reason", "retryable"),
    [
        ("InternalServerError: We encountered an internal error.", True),
        ("CapacityError: Unable to provision requested ML compute capacity.", True),
        ("ClientError: Data download failed", False),
        ("AlgorithmError: InternalServerError in user code", False),
        ("No training job succeeded after 5 attempts.", False),
        (None, False),
    ],
)
def test_which_failed_tuning_jobs_are_worth_submitting_again(reason, retryable):
    assert is_retryable_failure(reason) is retryable


def test_jitter_grows_to_its_cap_and_honours_retry_after():
    jitter = FullJitter(base=1, cap=8)
    assert all(0 <= jitter.after(n) <= min(8, 2 ** (n - 1)) for n in range(1, 60) for _ in range(20))
    assert max(jitter.after(10) for _ in range(200)) > 4
    assert retry_after(client_error("ThrottlingException", **{"retry-after": "7"})) == 7
    assert retry_after(client_error("ThrottlingException", **{"retry-after": "86400"})) == 300, (
        "not for a day"
    )
    assert retry_after(client_error("ThrottlingException", **{"retry-after": "Wed, 21 Oct"})) == 0


def test_a_call_is_tried_again_with_a_new_client_when_the_credentials_have_expired():
    outcomes = [client_error("ThrottlingException"), client_error("ExpiredToken"), "answer"]
    rebuilt, slept = [], []

    def call():
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    policy = retrying(rebuild=lambda: rebuilt.append(1))
    policy.sleep = slept.append
    assert policy(call) == "answer"
    assert rebuilt == [1]
    assert len(slept) == 2


def test_a_fatal_error_is_raised_as_it_came_and_a_transient_one_at_the_end():
    policy = retrying(max_delay=timedelta(0))
    denied, throttled = client_error("AccessDeniedException"), client_error("ThrottlingException")
    for error in (denied, throttled):
        with pytest.raises(boto.ClientError) as raised:
            policy(lambda error=error: (_ for _ in ()).throw(error))
        assert raised.value is error


@pytest.mark.parametrize(
    "kind",
    [c for c in vars(exceptions).values() if isinstance(c, type) and issubclass(c, exceptions.TuningError)],
)
def test_exceptions_survive_pickling(kind):
    error = pickle.loads(pickle.dumps(kind("what happened", "tune-1")))
    assert type(error) is kind
    assert (str(error), error.tuning_job_name) == ("what happened", "tune-1")


def test_a_reset_connection_says_nothing_of_when_to_come_back():
    error = boto.ConnectionClosedError(endpoint_url="http://127.0.0.1:1")
    assert error.response is None  # unlike ClientError's
    assert retry_after(error) == 0.0
    assert not is_throttled(error)
    assert classify(error) is ErrorClass.TRANSIENT


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("300", 300), ("301", 300), ("-5", 0), ("inf", 0), ("nan", 0), ("", 0), ("Wed, 21 Oct", 0), (None, 0)],
)  # fmt: skip
def test_when_to_come_back(header, seconds):
    headers = {} if header is None else {"retry-after": header}
    assert retry_after(client_error("ThrottlingException", **headers)) == seconds
    assert retry_after(None) == 0


@pytest.mark.parametrize(
    ("error", "throttled", "denied"),
    [
        (client_error("ThrottlingException"), True, False),
        (client_error("OnNoList", status=429), True, False),
        (client_error("OnNoList", status=430), False, False),
        (client_error("AccessDeniedException"), False, True),
        (client_error("AccessDenied", status=403), False, True),
        (client_error("UnauthorizedOperation"), False, True),
        (client_error("ValidationException"), False, False),
        (ValueError("AccessDenied"), False, False),
    ],
)
def test_calls_that_are_throttled_or_denied(error, throttled, denied):
    assert (is_throttled(error), is_denied(error)) == (throttled, denied)


def test_throttling_codes_are_botocores():
    assert set(standard.ThrottledRetryableChecker._THROTTLED_ERROR_CODES) == THROTTLING_CODES
    assert set(standard.TransientRetryableChecker._TRANSIENT_ERROR_CODES) <= TRANSIENT_CODES


def test_a_text_in_one_line():
    assert one_line(ValueError("short,\n and  broken")) == "short, and broken"
    assert one_line(ValueError("x" * 300)) == "x" * 300
    assert one_line(ValueError("x" * 301)) == "x" * 297 + "..."
    assert one_line(ValueError()) == "ValueError"


def test_the_callers_own_mistake_is_fatal_whenever_it_is_made():
    error = boto.ParamValidationError(report="wrong")
    assert classify(error, connection_worked=True) is ErrorClass.FATAL
    assert classify(RuntimeError(), connection_worked=True) is ErrorClass.TRANSIENT


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no https://u:hunter2@proxy:1/x?y", "no https://***@proxy:1/x?y"),
        ("no https://u:hun@ter2@proxy", "no https://***@proxy"),
        ("no https://gh_0123456789abcdefghij@host", "no https://***@host"),
        ("no s3://bucket/a@b, mail me@example.com, https://host:1/u:p@x", None),
        ("x" * 290 + " https://u:hunter2-and-more@proxy.internal", "x" * 290 + " https:..."),
    ],
)
def test_one_line_shows_no_password_of_a_url(text, shown):
    assert one_line(ValueError(text)) == (text if shown is None else shown)


def test_one_line_cuts_no_secret_in_two():
    """Airflow's masker would not find its beginning."""
    mask_secret("hunter2-" * 20)
    assert "hunter2" not in one_line(ValueError("x" * 280 + " " + "hunter2-" * 20))
