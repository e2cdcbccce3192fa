"""Where a URL leads is read in one way, and an entry of the operator's file means what it says and no more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.url_destination import is_local, parse_destination, parse_host_pattern


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://acme.cxone.com/api/v2", "acme.cxone.com"),
        ("https://ACME.CXone.com./api", "acme.cxone.com"),
        ("wss://acme.cxone.com/events", "acme.cxone.com"),
        ("https://acme.cxone.com:8443/", "acme.cxone.com:8443"),
        ("http://hooks.internal/x", "http://hooks.internal"),
        ("https://[::1]/x", "[::1]"),
        ("https://[::FFFF:127.0.0.1]:9/x", "127.0.0.1:9"),
        ("https://[0:0:0:0:0:0:0:1]/x", "[::1]"),
        ("https://ok.example.com?@evil.example.com", "ok.example.com"),
        ("spark://spark.example.com:7077", "spark.example.com:7077"),
        ("https://xn--bcher-kva.example/x", "xn--bcher-kva.example"),
    ],
)
def test_a_host_is_shown_in_one_way_of_writing(url: str, shown: str) -> None:
    assert str(parse_destination(url)) == shown


@pytest.mark.parametrize(
    "url",
    [
        "https://login.nicecxone.com@evil.example.com/token",
        "https://user:secret@acme.cxone.com/",
        "https://evil.example.com\\@acme.cxone.com/",
        "https://acme.cxone.com\\.evil.example.com/",
        "https://evil.example.com#@acme.cxone.com/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://127.0.0.1.5/",
        "https://bücher.example/",
        "https://acme.cxone.com%2eevil.example.com/",
        "https://acme .cxone.com/",
        "https:///token",
        "https:evil.example.com",
        "ftp://acme.cxone.com/",
        "file:///etc/passwd",
        "acme.cxone.com",
    ],
)
def test_what_readers_do_not_agree_on_leads_nowhere(url: str) -> None:
    with pytest.raises(ValueError):
        parse_destination(url)


@pytest.mark.parametrize(
    ("entry", "url", "means"),
    [
        ("acme.cxone.com", "https://acme.cxone.com/x", True),
        ("ACME.cxone.com", "https://acme.cxone.com/x", True),
        ("acme.cxone.com", "https://acme.cxone.com:8443/x", False),
        ("acme.cxone.com", "http://acme.cxone.com/x", False),
        ("acme.cxone.com", "https://acme.cxone.com.evil.example/x", False),
        ("acme.cxone.com", "https://other.acme.cxone.com/x", False),
        ("acme.cxone.com:*", "https://acme.cxone.com:8443/x", True),
        ("acme.cxone.com:8443", "https://acme.cxone.com/x", False),
        ("*.example.com", "https://a.b.example.com/x", True),
        ("*.example.com", "https://example.com/x", False),
        ("*.example.com", "https://evilexample.com/x", False),
        ("http://hooks.internal", "http://hooks.internal/x", True),
        ("http://hooks.internal", "https://hooks.internal/x", False),
        ("http://hooks.internal:8080", "http://hooks.internal:8080/x", True),
        ("127.0.0.1", "http://127.0.0.1:8642/x", True),
        ("127.0.0.1:8642", "http://127.0.0.1:9/x", False),
        ("[::1]", "https://[0::1]:9/x", True),
    ],
)
def test_an_entry_means_its_host_its_port_and_its_scheme(entry: str, url: str, means: bool) -> None:
    assert parse_host_pattern(entry).means(parse_destination(url)) is means


@pytest.mark.parametrize("entry", ["*.com", "*", "https://a/b", "a b", "2130706433", ""])
def test_an_entry_that_is_no_host_is_told(entry: str) -> None:
    with pytest.raises(ValueError):
        parse_host_pattern(entry)


def test_this_machine_is_localhost_and_the_loopback_addresses_alone() -> None:
    assert [is_local(host) for host in ("localhost", "127.0.0.1", "127.9.9.9", "::1")] == [True] * 4
    assert not any(map(is_local, ("localhost.evil.example", "127.0.0.1.nip.io", "0.0.0.0", "10.0.0.1", "::")))


LABEL = st.from_regex(r"[a-z][a-z0-9-]{0,10}[a-z0-9]", fullmatch=True)


@given(st.lists(LABEL, min_size=2, max_size=4), st.lists(LABEL, min_size=2, max_size=4))
def test_an_entry_of_one_host_means_no_other(one: list[str], other: list[str]) -> None:
    there = parse_destination(f"https://{'.'.join(other)}/token")
    assert parse_host_pattern(".".join(one)).means(there) is (one == other)
