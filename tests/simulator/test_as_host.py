"""Does a tenant that stands in for its vendor's hosts serve clients that know nothing of it, and lead nowhere else?"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from reconciler.cli.simulate import PortRefused, simulate
from reconciler.cxone.auth import make_access
from reconciler.cxone.transport import Transport
from reconciler.model.secret import Secret
from reconciler.model.tenant import DeclaredSurface, Pace
from reconciler.simulator import Options, Simulator
from reconciler.simulator.connect_proxy import LONGEST_HEAD
from reconciler.simulator.surfaces.nice.login import APPLICATION, TENANT_ID

ROOT = Path(__file__).parents[2]
HUB, ISSUER = "https://na1.nice-incontact.com", "https://cxone.niceincontact.com"
KEY = {"accessKeyId": "demo-client", "accessKeySecret": "not-a-secret"}
OPTIONS = Options(surfaces=frozenset({"nice"}), as_host=True)


@pytest.fixture(scope="module")
def tenant() -> Iterator[Simulator]:
    """A tenant that stands in for its vendor's hosts."""
    with Simulator(OPTIONS) as started:
        yield started


@pytest.fixture
def session(tenant: Simulator) -> Iterator[requests.Session]:
    """A client that comes by the proxy and trusts the authority."""
    with requests.Session() as made:
        made.trust_env = False
        made.proxies, made.verify = {"https": tenant.proxy_url}, str(tenant.authority)
        yield made


def log_in(session: requests.Session) -> None:
    """Log in by an access key, at the hub of an area."""
    granted = session.post(f"{HUB}/authentication/v1/token/access-key", json=KEY).json()
    session.headers["Authorization"] = f"Bearer {granted['access_token']}"


def test_both_logins_lead_to_the_api_that_the_discovery_names(session: requests.Session) -> None:
    log_in(session)
    assert session.get(f"{ISSUER}/inContactAPI/services/v27.0/business-unit").json()["businessUnits"][0][
        "tenantId"
    ] == (TENANT_ID)
    told = session.get(f"{ISSUER}/.well-known/cxone-configuration", params={"tenantId": TENANT_ID}).json()
    assert (told["area"], told["cluster"], told["auth_endpoint"]) == ("na1", "c32", ISSUER)
    assert session.get(f"{HUB}/.well-known/cxone-configuration").json() == told
    versions = session.get(f"{told['api_endpoint']}/incontactAPI/services/v33.0/apiversion")
    assert versions.json()["apiInfo"][0]["version"] == 33
    # the other login: its place is asked for, and answers with a token for the same API
    found = session.get(f"{ISSUER}/.well-known/openid-configuration").json()["token_endpoint"]
    form = {"grant_type": "password", "username": KEY["accessKeyId"], "password": KEY["accessKeySecret"]}
    del session.headers["Authorization"]
    session.headers["Authorization"] = (
        f"Bearer {session.post(found, data=form, auth=APPLICATION).json()['access_token']}"
    )
    assert session.get("https://api-c32.nice-incontact.com/inContactAPI/services/v34.0/apiversion").status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/incontactAPI/services/v33.0/apiversion", 200),
        ("/inContactAPI//services/v20.0/apiversion", 200),
        ("/InContactAPI/services/v34.0/apiversion", 200),
        ("/incontactAPI/services/v19.0/apiversion", 404),
        ("/nice/incontactAPI/services/v33.0/apiversion", 404),
        ("/_control/state", 404),
        ("/_webhooks/crm", 404),
    ],
)
def test_a_host_has_the_paths_of_the_vendor_and_none_of_ours(session: requests.Session, path: str, status: int) -> None:
    log_in(session)
    assert session.get(f"https://api-na1.niceincontact.com{path}").status_code == status


def test_where_a_page_is_is_told_as_its_client_asked_for_it(session: requests.Session, tenant: Simulator) -> None:
    tenant.store.add_list("All", [])
    log_in(session)
    url = "https://api-c32.nice-incontact.com/incontactAPI/services/v33.0/lists/call-lists"
    assert session.get(url).json()["_links"]["self"] == url


def ask_proxy(tenant: Simulator, head: bytes) -> str:
    """What the proxy answers to a head, until it ends."""
    host, _, port = tenant.proxy_url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as sent:
        sent.sendall(head)
        return b"".join(iter(lambda: sent.recv(4096), b"")).decode()


@pytest.mark.parametrize(
    ("line", "status", "words"),
    [
        ("CONNECT example.com:443", 403, "example.com:443 is no host of the embedded tenant"),
        ("CONNECT nice-incontact.com.example.com:443", 403, "leads to no other"),
        ("CONNECT a.b.nice-incontact.com:443", 403, "leads to no other"),
        ("CONNECT nice-incontact.com:443", 403, "leads to no other"),
        ("CONNECT na1.nice-incontact.com:22", 403, "na1.nice-incontact.com:22"),
        ("CONNECT na1.nice-incontact.com", 403, "leads to no other"),
        ("CONNECT 127.0.0.1:443", 403, "leads to no other"),
        ("GET http://na1.nice-incontact.com/", 405, "CONNECT alone"),
        ("GET", 405, "CONNECT alone"),
        ("CONNECT " + "a" * LONGEST_HEAD, 431, "too long"),
    ],
)
def test_the_proxy_refuses_every_other_place_with_a_sentence(
    tenant: Simulator, line: str, status: int, words: str
) -> None:
    said = ask_proxy(tenant, f"{line} HTTP/1.1\r\n\r\n".encode())
    assert said.startswith(f"HTTP/1.1 {status} ")
    assert words in said.partition("\r\n\r\n")[2]


def test_the_proxy_connects_to_the_tenant_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    connected, connect = [], asyncio.open_connection

    async def listen(host: str, port: int) -> Any:
        connected.append(host)
        return await connect(host, port)

    monkeypatch.setattr(asyncio, "open_connection", listen)
    with Simulator(OPTIONS) as tenant, requests.Session() as client:
        client.trust_env = False
        client.proxies, client.verify = {"https": tenant.proxy_url}, str(tenant.authority)
        assert client.get(f"{ISSUER}/.well-known/cxone-configuration").status_code == 200
        with pytest.raises(requests.exceptions.ProxyError, match="403"):
            client.get("https://example.com/")
    assert connected == ["127.0.0.1"]


def test_a_request_for_another_host_in_a_connection_for_one_of_ours_is_misdirected(session: requests.Session) -> None:
    for host, status in (("example.com", 421), ("[::1]", 421), ("na1.nice-incontact.com:443", 200)):
        told = session.get(f"{HUB}/.well-known/cxone-configuration", headers={"Host": host})
        assert told.status_code == status, host
        assert status == 200 or told.text == "this host is none of the embedded tenant\n"


def test_the_certificate_is_good_for_these_hosts_by_this_authority_alone(tenant: Simulator) -> None:
    strict = ssl.create_default_context(cafile=str(tenant.authority))
    strict.verify_flags |= ssl.VERIFY_X509_STRICT
    host, _, port = tenant.proxy_url.removeprefix("http://").partition(":")
    for name, context, trusted in (
        ("na1.nice-incontact.com", strict, True),
        ("cxone.niceincontact.com", strict, True),
        ("example.com", strict, False),
        ("na1.nice-incontact.com", ssl.create_default_context(), False),
    ):
        with socket.create_connection((host, int(port)), timeout=5) as sent:
            sent.sendall(b"CONNECT na1.nice-incontact.com:443 HTTP/1.1\r\n\r\n")
            assert sent.recv(4096).startswith(b"HTTP/1.1 200")
            if trusted:
                context.wrap_socket(sent, server_hostname=name).close()
            else:
                with pytest.raises(ssl.SSLCertVerificationError):
                    context.wrap_socket(sent, server_hostname=name)


def test_no_key_is_written_down_and_nothing_stays() -> None:
    with Simulator(OPTIONS) as tenant:
        assert tenant.authority is not None
        folder = tenant.authority.parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert [each.name for each in folder.iterdir()] == ["ca.pem"]
        assert "PRIVATE" not in tenant.authority.read_text(encoding="ascii")
        first = tenant.authority.read_bytes()
    assert not folder.exists()
    with Simulator(OPTIONS) as tenant:
        assert tenant.authority is not None
        assert tenant.authority.read_bytes() != first


def test_a_tenant_that_stands_in_for_nobody_has_no_proxy() -> None:
    with Simulator(Options()) as tenant:
        assert (tenant.proxy_url, tenant.proxy_environment()) == ("", {})


def test_this_program_reaches_it_by_its_own_setup_for_a_tenant(
    tenant: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in tenant.proxy_environment().items():
        monkeypatch.setenv(name, value)
    declared = DeclaredSurface(
        "nice",
        credential_source="a test",
        pace=Pace(1e4, 1000),
        attempts=2,
        client_id=KEY["accessKeyId"],
        client_secret=Secret(KEY["accessKeySecret"]),
        parameters={"area": "na1"},
    )
    tenant.clear_requests()
    with Transport(make_access(declared)) as transport:
        assert transport.base_url == "https://api-na1.niceincontact.com/incontactAPI/services/v33.0"
        transport.call("GET", "/skills", may_be_empty=True)
    assert tenant.requests()[-1].path == "/nice/incontactAPI/services/v33.0/skills"


def test_a_client_that_is_made_without_requests_comes_by_the_same_variables(
    tenant: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name, value in tenant.proxy_environment().items():
        monkeypatch.setenv(name, value)
    with urllib.request.urlopen(f"{ISSUER}/.well-known/cxone-configuration", timeout=5) as told:
        assert json.load(told)["area"] == "na1"
    with pytest.raises(urllib.error.URLError, match="403"):
        urllib.request.urlopen("https://example.com/", timeout=5)


@pytest.mark.parametrize("which", ["--port", "--proxy-port"])
def test_a_port_in_use_is_an_error_that_names_the_option(which: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ports = {"--port": 0, "--proxy-port": 0, which: port}
        result = CliRunner().invoke(simulate, ["--nice", "--as-host", *(str(a) for b in ports.items() for a in b)])
    assert isinstance(result.exception, PortRefused)
    assert str(result.exception) == f"port {port} of this machine is in use"
    assert f"choose another with {which};" in str(result.exception.hint)


def test_only_an_api_whose_hosts_are_known_is_stood_in_for() -> None:
    result = CliRunner().invoke(simulate, ["--as-host"])
    assert (result.exit_code, "--as-host needs --nice" in result.output) == (2, True)


def test_the_command_says_what_a_client_needs_and_sigterm_ends_it_with_nothing_left() -> None:
    command = [sys.executable, "-W", "error", "-c", "from reconciler.cli import main; main()", "simulate"]
    command += ["--nice", "--as-host", "--port", "0", "--proxy-port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        exported = {}
        while "Ctrl-C" not in (line := running.stdout.readline()):
            assert line
            name, _, value = line.strip().removeprefix("export ").partition("=")
            exported[name] = value
        with requests.Session() as client:
            client.trust_env = False
            client.proxies, client.verify = {"https": exported["HTTPS_PROXY"]}, exported["REQUESTS_CA_BUNDLE"]
            key = {"accessKeyId": exported["CXONE_CLIENT_ID"], "accessKeySecret": exported["CXONE_CLIENT_SECRET"]}
            assert client.post(f"{HUB}/authentication/v1/token/access-key", json=key).status_code == 200
            # a connection is still open
            running.send_signal(signal.SIGTERM)
            output, errors = running.communicate(timeout=10)
    assert (running.returncode, errors) == (0, "")
    assert output == "Stopped after 1 requests; nothing was saved.\n"
    assert not Path(exported["REQUESTS_CA_BUNDLE"]).parent.exists()
