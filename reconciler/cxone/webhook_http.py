# tested by: tests/cxone/test_webhook_client.py
"""Post one callback to the address that was checked, and to no other.

`requests` looks names up itself, follows proxies of the environment and reads `~/.netrc`. Below it, urllib3 takes the
address to connect to and the name to verify apart: what was judged is what is connected to. Nothing is followed.
"""

from __future__ import annotations

import logging
import os
import ssl
import threading
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import certifi
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3 import exceptions as theirs

from reconciler.cxone.response import Reply
from reconciler.model.reason import Reason
from reconciler.model.url_parts import Endpoint


class _Silenced(logging.Filter):
    """Keeps the library's words of a callback out of every log: they quote the URL, whose path may be the secret.

    It is silent in a thread that posts, and speaks for everybody else's requests as before.
    """

    def __init__(self) -> None:
        super().__init__()
        self.here = threading.local()

    def filter(self, record: logging.LogRecord) -> bool:
        return not getattr(self.here, "posting", False)


_silenced = _Silenced()
for _name in ("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry"):
    logging.getLogger(_name).addFilter(_silenced)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No reply came, and why. `sent`: the receiver may have seen it. `hopeless`: so would another attempt end."""

    why: Reason
    sent: bool
    hopeless: bool = False


def post(
    there: Endpoint, address: str, headers: Mapping[str, str], body: bytes, *, connect: float, read: float
) -> Reply | Unanswered:
    """Send a callback once, to one address of its host. What comes back besides status and headers is not read.

    Args:
        connect, read: seconds.
    """
    _silenced.here.posting = True
    try:
        with closing(_make_pool(there, address, Timeout(connect=connect, read=read))) as pool:
            response = pool.urlopen(
                "POST",
                there.target,
                body=body,
                headers={**headers, "Host": there.authority},
                redirect=False,
                retries=False,
                assert_same_host=False,
                preload_content=False,
                decode_content=False,
            )
            with closing(response):
                found = {name.lower(): value for name, value in response.headers.items()}
                return Reply(response.status, found, None, None)
    except (theirs.HTTPError, OSError, ValueError) as error:
        # returned, not raised: the library's own exception would carry the headers in its context
        return _classify_broken(error)
    finally:
        _silenced.here.posting = False


def _make_pool(there: Endpoint, address: str, timeout: Timeout) -> HTTPConnectionPool:
    if not there.tls:
        return HTTPConnectionPool(address, there.port, timeout=timeout)
    # an address has no name to ask for; its certificate must then be the address's own
    name = None if there.host == address else there.host
    return HTTPSConnectionPool(
        address, there.port, timeout=timeout, ssl_context=_make_trust(_find_bundle()), server_hostname=name
    )


def _find_bundle() -> str:
    """The certificates that are trusted: those that `requests` would take, so that one setting serves for both."""
    return os.environ.get("REQUESTS_CA_BUNDLE") or certifi.where()


@cache
def _make_trust(bundle: str) -> ssl.SSLContext:
    folder = Path(bundle).is_dir()
    return ssl.create_default_context(cafile=None if folder else bundle, capath=bundle if folder else None)


def _classify_broken(error: Exception) -> Unanswered:
    cause = error.args[0] if isinstance(error, theirs.SSLError) and error.args else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Unanswered(Reason("certificate_not_trusted"), sent=False, hopeless=True)
    match error:
        case theirs.NewConnectionError():  # before the time-out, whose kind it is
            return Unanswered(Reason("connection_refused"), sent=False)
        case theirs.ConnectTimeoutError():
            return Unanswered(Reason("no_connection_in_time"), sent=False)
        case theirs.TimeoutError():
            return Unanswered(Reason("no_reply_in_time"), sent=True)
        case theirs.HTTPError():
            return Unanswered(Reason("connection_lost"), sent=True)
    # a header that cannot be written, a certificate bundle that is not there: before any connection
    return Unanswered(Reason("callback_unprepared"), sent=False, hopeless=True)
