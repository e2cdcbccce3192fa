"""Does a callback reach public addresses, those that a tenant allows, and no others?"""

from __future__ import annotations

import pytest

from reconciler.model.callback_hosts import Allowance, make_allowance, parse_network
from reconciler.model.url_parts import parse_endpoint

NOBODY = Allowance()


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::808:808"])
def test_a_public_address_may_be_called(address: str) -> None:
    assert NOBODY.find_refused("hooks.example.com", address) is None


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("127.8.8.8", "loopback"),
        ("::1", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("10.1.2.3", "private"),
        ("172.16.0.1", "private"),
        ("192.168.1.1", "private"),
        ("fd00::1", "private"),
        ("169.254.169.254", "link-local"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("100.64.0.1", "shared"),
        ("224.0.0.1", "multicast"),
        ("ff0e::1", "multicast"),
        ("255.255.255.255", "private"),
        ("240.0.0.1", "private"),
        ("198.18.0.1", "private"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:10.0.0.1", "private"),
        ("64:ff9b::10.0.0.1", "private"),
        ("64:ff9b:1::1", "reserved"),
        ("::127.0.0.1", "reserved"),
        ("2002:7f00:1::", "tunnelled"),
        ("2001:0:53aa:64c:0:0:f5ff:fffe", "tunnelled"),
    ],
)
def test_no_other_address_is_called(address: str, kind: str) -> None:
    assert NOBODY.find_refused("hooks.example.com", address) == kind


def test_a_host_or_a_network_that_the_tenant_names_may_be_private() -> None:
    allowed = make_allowance({"allowPrivate": ["Hooks.Internal", "10.20.0.0/16", "fd00:1::/32", "127.0.0.1"]})
    assert allowed.find_refused("hooks.internal", "192.168.1.1") is None
    assert allowed.find_refused("other.internal", "10.20.9.9") is None
    assert allowed.find_refused("other.internal", "::ffff:10.20.9.9") is None
    assert allowed.find_refused("other.internal", "fd00:1::9") is None
    assert allowed.find_refused("127.0.0.1", "127.0.0.1") is None
    assert allowed.find_refused("other.internal", "10.21.0.1") is not None
    assert allowed.find_refused("other.internal", "127.0.0.2") is not None


def test_an_exception_that_cannot_be_read_allows_nothing() -> None:
    assert make_allowance({"allowPrivate": ["0.0.0.0/0", "10.0.0.1/8", "300.1.1.1"]}) == NOBODY


def test_a_name_is_no_network() -> None:
    assert parse_network("hooks.internal") is None
    assert parse_network("10-20.internal") is None


@pytest.mark.parametrize(
    ("url", "host", "port", "target", "authority"),
    [
        ("https://hooks.example.com", "hooks.example.com", 443, "/", "hooks.example.com"),
        ("https://HOOKS.example.com.:8443/a?b=c", "hooks.example.com", 8443, "/a?b=c", "hooks.example.com:8443"),
        ("http://127.0.0.1:80/x", "127.0.0.1", 80, "/x", "127.0.0.1"),
        ("https://[2001:db8::1]:444/", "2001:db8::1", 444, "/", "[2001:db8::1]:444"),
    ],
)
def test_a_url_is_taken_apart(url: str, host: str, port: int, target: str, authority: str) -> None:
    there = parse_endpoint(url)
    assert (there.host, there.port, there.target, there.authority) == (host, port, target, authority)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://hooks.example.com",
        "//hooks.example.com",
        "https://",
        "https://user@hooks.example.com",
        "https://hooks.example.com#part",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/\r\nHost:x",
        "https://hööks.example.com/",
        "https://hooks.example.com\\@127.0.0.1/",
        "https://[::1/",
    ],
)
def test_a_url_that_is_wrong_is_told_without_being_quoted(url: str) -> None:
    with pytest.raises(ValueError, match=r"^it ") as error:
        parse_endpoint(url)
    assert "hooks" not in str(error.value)
