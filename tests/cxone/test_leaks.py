"""Does anything get out that must not: another library's exception, a token, a secret, a body?"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3 import exceptions as urllib3_errors

from reconciler.cxone.errors import Unavailable, Unknown, WireError
from tests.cxone.conftest import CLIENT_SECRET, Connect
from tests.cxone.scripted import Answer, ScriptedTenant

BODY = {"phoneNumber": "+15551234567", "firstName": "Ottoline", "email": "o@example.com"}
UNSPEAKABLE = ("token-1", CLIENT_SECRET, "hush%2Bhush%2F42", "+15551234567", "Ottoline", "o@example.com", "Zaphod")


def family(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for child in kind.__subclasses__():
        yield from family(child)


def telling(kind: type[Exception]) -> Exception:
    """An exception of that kind with everything in it that it must not pass on."""
    error = kind.__new__(kind)
    error.args = (" ".join(UNSPEAKABLE),)
    return error


THEIRS = sorted(
    {
        *family(requests.RequestException),
        *family(urllib3_errors.HTTPError),
        OSError,
        ConnectionResetError,
        UnicodeError,
    },
    key=lambda kind: (kind.__module__, kind.__name__),
)


def assert_discreet(error: WireError, log: str) -> None:
    assert error.__cause__ is None
    assert error.__context__ is None
    shown = "\n".join(map(str, (error, repr(error), error.where, error.note, error.hint, log)))
    shown += "".join(traceback.format_exception_only(error))
    for text in UNSPEAKABLE:
        assert text not in shown


@pytest.mark.parametrize("kind", THEIRS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_failure_of_sending_gets_out_as_what_it_was(
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    kind: type[Exception],
    method: str,
) -> None:
    transport = connect()
    transport.tokens.obtain_token()

    def fail(*_: object, **__: object) -> requests.Response:
        raise telling(kind)

    monkeypatch.setattr(HTTPAdapter, "send", fail)
    caplog.set_level(logging.DEBUG, "reconciler")
    with pytest.raises((Unavailable, Unknown)) as caught:
        transport.call(method, "/lists", query={"name": "Zaphod"}, body=BODY)
    assert_discreet(caught.value, caplog.text)


@pytest.mark.parametrize("kind", THEIRS)
def test_no_failure_of_reading_gets_out_as_what_it_was(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kind: type[Exception]
) -> None:
    transport = connect()
    transport.tokens.obtain_token()

    def fail(*_: object, **__: object) -> Iterator[bytes]:
        raise telling(kind)

    monkeypatch.setattr(requests.Response, "iter_content", fail)
    caplog.set_level(logging.DEBUG, "reconciler")
    with pytest.raises(Unknown) as caught:
        transport.call("POST", "/lists", query={"name": "Zaphod"}, body=BODY)
    assert_discreet(caught.value, caplog.text)


ECHO = f"bad request: {UNSPEAKABLE[0]} {CLIENT_SECRET} {{'firstName': 'Ottoline', 'name': 'Zaphod'}}"


@pytest.mark.parametrize("status", [301, 400, 403, 404, 409, 413, 418, 422, 429, 500, 503])
@pytest.mark.parametrize(
    "reply",
    [
        BODY,
        [BODY],
        {"message": ECHO},
        {"error": {"message": ECHO}},
        {"errors": [{"message": ECHO}, ECHO]},
        {"error": "bad", "error_description": "client_secret=hush%2Bhush%2F42 for +15551234567 (o@example.com)"},
        ECHO,
        b"<html>token-1 Ottoline</html>",
    ],
)
def test_a_tenant_that_quotes_what_it_was_sent_is_not_quoted(
    tenant: ScriptedTenant, connect: Connect, caplog: pytest.LogCaptureFixture, status: int, reply: object
) -> None:
    tenant.answers += [Answer(status, reply, {"X-Request-Id": f"{CLIENT_SECRET} token-1"})] * 3
    caplog.set_level(logging.DEBUG, "reconciler")
    with pytest.raises(WireError) as caught:
        connect().call("POST", "/lists", query={"name": "Zaphod"}, body=BODY)
    assert_discreet(caught.value, caplog.text)


@pytest.mark.parametrize("form", ["json", "form"])
def test_a_refused_token_request_does_not_tell_the_secret(
    tenant: ScriptedTenant, connect: Connect, caplog: pytest.LogCaptureFixture, form: str
) -> None:
    quoted = f"client-7 with {CLIENT_SECRET} (hush%2Bhush%2F42) is unknown"
    tenant.token_answers.append(Answer(400, {"error": "invalid_client", "error_description": quoted}))
    with pytest.raises(WireError) as caught:
        connect(token_body=form).call("GET", "/lists")
    assert caught.value.note == "the tenant says: invalid_client; client-7 with *** (***) is unknown"
    assert_discreet(caught.value, caplog.text)


def test_a_body_quoted_whole_is_not_shown(tenant: ScriptedTenant, connect: Connect) -> None:
    tenant.answers.append(Answer(400, {"message": 'cannot read ["Ottoline"]'}))
    with pytest.raises(WireError) as caught:
        connect().call("POST", "/lists", body=["Ottoline"])
    assert caught.value.note == "the tenant says: cannot read ***"
