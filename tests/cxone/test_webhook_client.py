"""Does a callback reach its webhook once it can be reached, and nobody else ever?"""

from __future__ import annotations

import hashlib
import hmac
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reconciler.cxone.webhook_client import WebhookClient
from reconciler.model.callback_hosts import make_allowance
from reconciler.model.reason import Reason
from reconciler.model.secret import Secret
from reconciler.model.webhook import Callback, Event, Receipt, Receiver
from reconciler.simulator import Simulator
from tests.cxone.conftest import FakeTime

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
HOME = make_allowance({"allowPrivate": ["127.0.0.0/8"], "allowHttp": ["127.0.0.1", "hooks.example.com"]})
CALLBACK = Callback("key-1", "crm", Event.APPLY, "run-1", NOW, "application/json", {}, '{"run":"rün-1"}')

Send = Callable[..., Receipt]


@pytest.fixture
def receiving() -> Iterator[Simulator]:
    """Somebody who takes callbacks."""
    with Simulator() as started:
        yield started


@pytest.fixture
def send(receiving: Simulator, time: FakeTime) -> Send:
    """Send a callback to the receiver `crm`: `send(attempts=2)`; what is given is of the receiver, or the courier."""

    def deliver(url: str | None = None, **given: Any) -> Receipt:
        ours = {name: given.pop(name) for name in ("resolve", "stop") if name in given}
        settings: dict[str, Any] = {"headers": {}, "secret": None, "allowance": HOME, "attempts": 3, "within": 300.0}
        receiver = Receiver(Secret(url or receiving.webhook_url("crm")), **{**settings, "timeout": 10.0, **given})
        return WebhookClient(clock=time.clock, sleep=time.sleep, now=lambda: NOW, jitter=lambda: 1.0, **ours).deliver(
            receiver, CALLBACK
        )

    return deliver


def at(*addresses: str) -> Callable[[str, int], Sequence[str]]:
    """A resolver that knows every host at these addresses."""
    return lambda host, port: addresses


def test_a_callback_carries_its_event_its_key_and_a_signature_that_can_be_verified(
    receiving: Simulator, send: Send
) -> None:
    headers = {"X-Team": Secret("outbound"), "Authorization": Secret("not-a-secret")}
    assert send(secret=Secret("not-a-secret-either"), headers=headers) == Receipt(CALLBACK, True, 1)
    (delivery,) = receiving.webhooks("crm")
    assert delivery.raw == '{"run":"rün-1"}'.encode()
    assert delivery.headers["content-type"] == "application/json"
    assert (delivery.headers["x-team"], delivery.headers["authorization"]) == ("outbound", "not-a-secret")
    assert delivery.headers["idempotency-key"] == "key-1"
    assert delivery.headers["x-reconciler-event"] == "apply"
    moment, _, signed = delivery.headers["x-reconciler-signature"].removeprefix("t=").partition(",v1=")
    assert int(moment) == NOW.timestamp()
    wanted = hmac.new(b"not-a-secret-either", moment.encode() + b"." + delivery.raw, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(signed, wanted)


def test_a_receiver_that_verifies_as_documented_takes_it_and_no_old_one(receiving: Simulator, send: Send) -> None:
    send(secret=Secret("not-a-secret"))
    (delivery,) = receiving.webhooks("crm")
    signed = delivery.headers["x-reconciler-signature"]
    text = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
    documented: dict[str, Any] = {}
    exec(text.partition("```python\n")[2].partition("```")[0], documented)
    verified = documented["verified"]
    documented["time"] = SimpleNamespace(time=lambda: NOW.timestamp() + 299)
    assert verified(signed, delivery.raw, "not-a-secret")
    assert not verified(signed, delivery.raw + b" ", "not-a-secret")
    assert not verified(signed, delivery.raw, "another")
    assert not verified("", delivery.raw, "not-a-secret")
    documented["time"] = SimpleNamespace(time=lambda: NOW.timestamp() + 301)
    assert not verified(signed, delivery.raw, "not-a-secret")


def test_a_webhook_without_a_secret_is_not_signed(receiving: Simulator, send: Send) -> None:
    send()
    assert "x-reconciler-signature" not in receiving.webhooks("crm")[0].headers


def test_a_receiver_that_fails_is_tried_again_with_the_same_key(
    receiving: Simulator, send: Send, time: FakeTime
) -> None:
    receiving.faults.add("status", path="/_webhooks/", status=500, times=2, after=True)
    assert send() == Receipt(CALLBACK, True, 3)
    assert [each.headers["idempotency-key"] for each in receiving.webhooks("crm")] == ["key-1"] * 3
    assert time.sleeps == [0.5, 1.0]


def test_a_reply_that_is_lost_makes_the_receiver_see_one_key_twice(receiving: Simulator, send: Send) -> None:
    receiving.faults.add("reset-after", path="/_webhooks/", times=1)
    assert send() == Receipt(CALLBACK, True, 2)
    assert [each.headers["idempotency-key"] for each in receiving.webhooks("crm")] == ["key-1", "key-1"]


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_receiver_that_says_when_is_asked_again_then(
    receiving: Simulator, send: Send, time: FakeTime, form: str
) -> None:
    receiving.faults.add("rate-limited", path="/_webhooks/", seconds=7, form=form, times=1)
    assert send() == Receipt(CALLBACK, True, 2)
    assert time.sleeps == [pytest.approx(7, abs=1)]


def test_a_wait_beyond_the_time_there_is_is_not_waited(receiving: Simulator, send: Send, time: FakeTime) -> None:
    receiving.faults.add("rate-limited", path="/_webhooks/", seconds=3600, times=None)
    assert send(within=30.0) == Receipt(CALLBACK, False, 1, Reason("callback_answered", ("429",)), unreachable=True)
    assert time.sleeps == []
    assert send(within=200.0, attempts=2).attempts == 2
    assert time.sleeps == [60.0]


def test_attempts_end_when_the_time_is_used_up(receiving: Simulator, send: Send, time: FakeTime) -> None:
    receiving.faults.add("status", path="/_webhooks/", status=503, times=None)
    assert send(within=4.0, attempts=10) == Receipt(
        CALLBACK, False, 4, Reason("callback_answered", ("503",)), unreachable=True
    )
    assert sum(time.sleeps) < 4


@pytest.mark.parametrize("status", [400, 401, 404, 408, 410, 422])
def test_a_receiver_that_refuses_is_not_asked_again(receiving: Simulator, send: Send, status: int) -> None:
    receiving.faults.add("status", path="/_webhooks/", status=status, times=None)
    assert send() == Receipt(CALLBACK, False, 1, Reason("callback_answered", (str(status),)))


def test_what_a_receiver_says_is_not_read(receiving: Simulator, send: Send) -> None:
    receiving.faults.add("cut-body", path="/_webhooks/", times=None)
    assert send().delivered


def heard(connection: socket.socket) -> bytes:
    """A whole callback: whoever closes a connection before that resets it."""
    found = b""
    while not found.endswith(b"}") and (more := connection.recv(65536)):
        found += more
    return found


class Answers:
    """Whoever connects is sent these bytes."""

    def __init__(self, said: bytes) -> None:
        self.said = said
        self.heard = b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        try:
            while True:
                connection, _ = self._socket.accept()
                with connection:
                    self.heard += heard(connection)
                    connection.sendall(self.said)
        except OSError:
            return

    def close(self) -> None:
        self._socket.close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_to_nobody(receiving: Simulator, send: Send, status: int) -> None:
    there = receiving.webhook_url("elsewhere").encode()
    said = b"HTTP/1.1 %d Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % (status, there)
    with closing(Answers(said)) as other:
        receipt = send(f"http://127.0.0.1:{other.port}/")
    assert receipt == Receipt(CALLBACK, False, 1, Reason("callback_redirected", (str(status),)))
    assert receiving.webhooks() == []


@pytest.mark.parametrize(
    "address", ["10.0.0.7", "127.0.0.1", "169.254.169.254", "100.64.0.1", "::1", "::ffff:10.0.0.7"]
)
def test_a_name_that_leads_inside_is_not_called(receiving: Simulator, send: Send, address: str) -> None:
    public = f"https://hooks.example.com:{receiving.url.rpartition(':')[2]}/_webhooks/crm"
    receipt = send(public, allowance=make_allowance({}), resolve=at(address))
    assert not receipt.delivered
    assert receipt.attempts == 1
    assert receipt.why is not None
    assert (receipt.why.code, receipt.why.args[0]) == ("host_not_allowed", "hooks.example.com")
    assert receiving.requests() == []


def test_a_name_that_leads_inside_and_outside_is_not_called(send: Send) -> None:
    receipt = send("https://hooks.example.com/", resolve=at("93.184.216.34", "10.0.0.7"))
    assert receipt.why == Reason("host_not_allowed", ("hooks.example.com", "private"))


def test_the_address_that_was_judged_is_the_one_that_is_called(receiving: Simulator, send: Send) -> None:
    asked: list[str] = []

    def changing(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ("127.0.0.1",) if len(asked) == 1 else ("10.0.0.7",)

    port = receiving.url.rpartition(":")[2]
    assert send(f"http://hooks.example.com:{port}/_webhooks/crm", resolve=changing).delivered
    assert asked == ["hooks.example.com"]
    assert receiving.webhooks("crm")[0].headers["host"] == f"hooks.example.com:{port}"


def test_an_address_that_nobody_listens_at_is_passed_over(receiving: Simulator, send: Send) -> None:
    port = receiving.url.rpartition(":")[2]
    receipt = send(f"http://hooks.example.com:{port}/_webhooks/crm", resolve=at("127.0.0.9", "127.0.0.1"))
    assert receipt == Receipt(CALLBACK, True, 1)


def test_a_proxy_of_the_environment_changes_nothing(
    receiving: Simulator, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Answers(b"HTTP/1.1 204 No Content\r\n\r\n")) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("NO_PROXY")
        assert send().delivered
        assert proxy.heard == b""
    assert len(receiving.webhooks("crm")) == 1


def test_a_host_that_is_not_known_is_tried_again(send: Send) -> None:
    def nowhere(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    receipt = send("https://hooks.example.com/?token=hush", resolve=nowhere)
    assert receipt == Receipt(CALLBACK, False, 3, Reason("host_unknown", ("hooks.example.com",)), unreachable=True)


def test_a_host_where_nobody_listens_is_tried_again(send: Send) -> None:
    assert send("http://127.0.0.1:1/") == Receipt(CALLBACK, False, 3, Reason("connection_refused"), unreachable=True)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.2/?token=hush", Reason("http_not_allowed")),
        (
            "https://hush@127.0.0.1/",
            Reason("url_unusable", ("it holds a user name or a password",)),
        ),
        (
            "not a url hush",
            Reason("url_unusable", ("it holds a space or a character that is not ASCII",)),
        ),
    ],
)
def test_a_url_that_was_kept_elsewhere_is_judged_when_it_is_there(send: Send, url: str, why: Reason) -> None:
    assert send(url) == Receipt(CALLBACK, False, 0, why, unreachable=True)


@pytest.mark.parametrize("value", ["a\r\nX-Other: b", "h\u4e16"])
def test_a_secret_that_no_header_can_hold_is_not_sent_and_not_told(
    receiving: Simulator, send: Send, value: str
) -> None:
    receipt = send(headers={"Authorization": Secret(value)})
    assert receipt == Receipt(CALLBACK, False, 1, Reason("callback_unprepared"), unreachable=True)
    assert receiving.webhooks() == []


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 204 No Content\r\nno header\r\n: x\r\n\r\n",
        b"HTTP/1.1 500 Broken\r\nContent-Length: 4\r\nContent-Encoding: gzip\r\n\r\nhush",
        b"SSH-2.0-OpenSSH_9.9\r\n",
    ],
)
def test_whatever_is_answered_the_address_is_in_no_log(
    send: Send, caplog: pytest.LogCaptureFixture, said: bytes
) -> None:
    caplog.set_level("DEBUG")
    with closing(Answers(said)) as other:
        receipt = send(f"http://127.0.0.1:{other.port}/hush?token=hush", headers={"X-Key": Secret("hush")})
    assert "hush" not in caplog.text + repr(receipt)


def test_a_receiver_that_never_answers_is_not_waited_for(send: Send) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        receipt = send(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout=0.2, attempts=1)
    assert receipt == Receipt(CALLBACK, False, 1, Reason("no_reply_in_time"), unreachable=True)


def test_a_resolver_that_never_answers_is_not_waited_for(send: Send) -> None:
    released = threading.Event()

    def silent(host: str, port: int) -> Sequence[str]:
        released.wait(30)
        raise OSError

    receipt = send("https://hooks.example.com/", resolve=silent, timeout=0.2, attempts=1)
    released.set()
    assert receipt.why == Reason("no_reply_in_time")


def test_nothing_is_sent_for_a_person_who_has_stopped(receiving: Simulator, send: Send) -> None:
    stop = threading.Event()
    stop.set()
    assert send(stop=stop) == Receipt(CALLBACK, False, 0, Reason("callback_stopped"), unreachable=True)
    assert receiving.webhooks() == []


def test_a_person_who_stops_waits_no_longer(send: Send) -> None:
    stop = threading.Event()

    def stopping(host: str, port: int) -> Sequence[str]:
        stop.set()
        return ("127.0.0.1",)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        receipt = send(f"http://127.0.0.1:{silent.getsockname()[1]}/", stop=stop, resolve=stopping)
    assert receipt == Receipt(CALLBACK, False, 1, Reason("callback_stopped_midway"), unreachable=True)


def test_a_fault_in_a_thread_is_told_without_a_traceback(send: Send, capfd: pytest.CaptureFixture[str]) -> None:
    receipt = send("https://hooks.example.com/", resolve=at("no address"))
    assert (receipt.delivered, receipt.why) == (False, Reason("callback_unprepared"))
    assert capfd.readouterr().err == ""


class Encrypted:
    """Answers 204 over TLS, with a certificate of its own for one name."""

    def __init__(self, folder: Path, name: str) -> None:
        self.certificate, key = folder / "certificate.pem", folder / "key.pem"
        words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        names = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
        files = ["-keyout", str(key), "-out", str(self.certificate)]
        subprocess.run(["openssl", *words, *names, *files], check=True, capture_output=True)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificate, key)
        self._context.sni_callback = lambda connection, name, context: self.asked.append(name)
        self.asked: list[str | None] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                bare, _ = self._socket.accept()
            except OSError:
                return
            try:
                with self._context.wrap_socket(bare, server_side=True) as connection:
                    heard(connection)
                    connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            except OSError:
                bare.close()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Encrypted]:
    """A receiver with the certificate of hooks.example.com, which is trusted."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    with closing(Encrypted(tmp_path, "hooks.example.com")) as server:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.certificate))
        yield server


def test_the_name_is_verified_though_the_address_is_called(encrypted: Encrypted, send: Send) -> None:
    assert send(f"https://hooks.example.com:{encrypted.port}/", resolve=at("127.0.0.1")).delivered
    assert encrypted.asked == ["hooks.example.com"]


@pytest.mark.parametrize("host", ["other.example.com", "127.0.0.1"])
def test_a_certificate_of_another_name_is_not_trusted(encrypted: Encrypted, send: Send, host: str) -> None:
    receipt = send(f"https://{host}:{encrypted.port}/", resolve=at("127.0.0.1"))
    assert receipt == Receipt(CALLBACK, False, 1, Reason("certificate_not_trusted"), unreachable=True)


def test_certificates_may_be_in_a_folder(
    encrypted: Encrypted, send: Send, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "trusted"
    folder.mkdir()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(folder))
    url = f"https://hooks.example.com:{encrypted.port}/"
    assert send(url, resolve=at("127.0.0.1")).why == Reason("certificate_not_trusted")
    hashed = ["openssl", "x509", "-subject_hash", "-noout", "-in", str(encrypted.certificate)]
    name = subprocess.run(hashed, check=True, capture_output=True, text=True).stdout.strip()
    (folder / f"{name}.0").write_bytes(encrypted.certificate.read_bytes())
    assert send(url, resolve=at("127.0.0.1")).delivered


def test_certificates_that_are_not_there_are_told(
    encrypted: Encrypted, send: Send, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "nothing.pem"))
    receipt = send(f"https://hooks.example.com:{encrypted.port}/", resolve=at("127.0.0.1"))
    assert receipt == Receipt(CALLBACK, False, 1, Reason("callback_unprepared"), unreachable=True)


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    encrypted: Encrypted, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    receipt = send(f"https://hooks.example.com:{encrypted.port}/", resolve=at("127.0.0.1"))
    assert receipt.why == Reason("certificate_not_trusted")


def test_an_address_with_a_scope_is_judged_without_it(send: Send) -> None:
    receipt = send("https://hooks.example.com/", allowance=replace(HOME, networks=()), resolve=at("fe80::1%lo"))
    assert receipt.why == Reason("host_not_allowed", ("hooks.example.com", "link-local"))
