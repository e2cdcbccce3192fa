"""Is the time confirmed by a real authority (`openssl ts`) on the loopback, and a false reply told from a true one?"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from functools import partial

import pytest

from reconciler.cxone.timestamp_client import NotStamped, StampsUnusable, TimestampClient
from tests.stamps import Authority


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    authority = Authority(tmp_path_factory.mktemp("tsa"))
    yield authority
    authority.close()


@pytest.fixture
def authority(made: Authority) -> Authority:
    made.answer = made.stamp
    return made


def test_the_time_of_some_bytes_is_confirmed_and_openssl_verifies_it(authority: Authority) -> None:
    reply = TimestampClient(authority.url).stamp(b"an envelope")
    (authority.folder / "kept.tsr").write_bytes(reply)
    (authority.folder / "data").write_bytes(b"an envelope")
    authority.openssl("ts", "-verify", "-in", "kept.tsr", "-data", "data", "-CAfile", "tsa.pem")
    (authority.folder / "data").write_bytes(b"another envelope")
    with pytest.raises(subprocess.CalledProcessError):
        authority.openssl("ts", "-verify", "-in", "kept.tsr", "-data", "data", "-CAfile", "tsa.pem")


def give(reply: tuple[int, bytes], query: bytes) -> tuple[int, bytes]:
    """A reply that does not look at what was asked."""
    return reply


def test_what_is_no_stamp_of_what_was_asked_for_is_refused(authority: Authority) -> None:
    client, earlier = TimestampClient(authority.url), authority.stamp
    of_others = TimestampClient(authority.url).stamp(b"something else")
    of_before = TimestampClient(authority.url).stamp(b"an envelope")
    for status, content in (
        (200, of_others),
        (200, of_before),  # of the same bytes, to another question: its nonce is not ours
        (200, b"no DER"),
        (200, b""),
        (200, b"x" * 100_000),
        (500, b"an error"),
        (302, b""),
    ):
        authority.answer = partial(give, (status, content))
        with pytest.raises(NotStamped) as found:
            client.stamp(b"an envelope")
        assert "/tsa" not in str(found.value)
    authority.answer = earlier


def test_nobody_there_is_told_and_what_can_never_be_is_refused_at_once() -> None:
    with pytest.raises(NotStamped, match="cannot be reached"):
        TimestampClient("http://127.0.0.1:9/tsa", timeout=2).stamp(b"an envelope")
    for url in ("ftp://example.com", "https://user:secret@example.com/", "tsa"):
        with pytest.raises(StampsUnusable) as found:
            TimestampClient(url)
        assert "secret" not in str(found.value)
