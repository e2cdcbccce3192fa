"""Every reply ends: by its time as a whole, by its size, and by what can be read of it. Nothing here is timed: work is counted."""

from __future__ import annotations

import gzip
import socket
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from reconciler.cxone.errors import BadReply, Unavailable, Unknown
from tests.cxone.conftest import Connect
from tests.cxone.scripted import Answer, ScriptedTenant

MIB = 1024 * 1024
OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"id": "1"}'
TOKEN = b'HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{"access_token": "t1"}'

Speak = Callable[[socket.socket, threading.Event], None]


class Peer:
    """Whoever answers in the tenant's place: `speak` is given the connection once a request has come."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked = 0
        self.sent = 0


@contextmanager
def speaking(speak: Callable[[Peer, socket.socket, threading.Event], None]) -> Iterator[Peer]:
    """A host that hands out a token and then speaks as it likes, until the block ends."""
    server = socket.create_server(("127.0.0.1", 0))
    peer, over, threads = Peer(f"http://127.0.0.1:{server.getsockname()[1]}"), threading.Event(), []

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(5)
            while not over.is_set():
                asked = b""
                while b"\r\n\r\n" not in asked:
                    more = connection.recv(65536)
                    if not more:
                        return
                    asked += more
                if b"/oauth/token" in asked:
                    connection.sendall(TOKEN)
                    continue
                peer.asked += 1
                speak(peer, connection, over)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                threads.append(threading.Thread(target=serve, args=(connection,)))
                threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield peer
    finally:
        over.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        accepting.join()
        for each in threads:
            each.join()


def drips(before: bytes, byte: bytes) -> Callable[[Peer, socket.socket, threading.Event], None]:
    """So much at once, and then a byte every now and then for ever."""

    def speak(peer: Peer, connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(before)
        while not over.wait(0.02):
            connection.sendall(byte)

    return speak


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
DRIPS = {
    "the status line": drips(b"HTTP/1.1 2", b"0"),
    "a header": drips(HEAD + b"X-Long: ", b"x"),
    "interim replies": drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "the body": drips(HEAD + b"Content-Length: 1000000\r\n\r\n", b" "),
    "a body without an end": drips(HEAD + b"Connection: close\r\n\r\n", b" "),
    "chunks": drips(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "the size of a chunk": drips(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x"),
    "trailers": drips(HEAD + b'Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n', b"X: y\r\n"),
    "what is packed": drips(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 90000\r\n\r\n" + gzip.compress(b" " * 9)[:10], b"\0"),
}  # fmt: skip


@pytest.mark.parametrize("part", DRIPS)
def test_a_reply_that_comes_byte_by_byte_ends_though_every_byte_is_in_time(connect: Connect, part: str) -> None:
    with speaking(DRIPS[part]) as peer:
        transport = connect(url=peer.url, read_timeout=5.0, reply_timeout=0.3, attempts=6)
        with pytest.raises((Unavailable, BadReply)) as caught:
            transport.call("GET", "/lists")
        transport.close()
    if part != "trailers":  # too many of them are wrong before they are slow
        assert "the reply was not whole after 0.3 s" in caught.value.message
        assert peer.asked == caught.value.attempts == 2, "it is asked once more, and not as often as a lost connection"


def test_a_reply_that_has_begun_has_less_time_than_one_that_is_waited_for(connect: Connect) -> None:
    def late(peer: Peer, connection: socket.socket, over: threading.Event) -> None:
        over.wait(0.6)
        connection.sendall(OK)

    for speak, right in ((late, True), (DRIPS["the body"], False)):
        with speaking(speak) as peer:
            transport = connect(url=peer.url, read_timeout=20.0, reply_timeout=20.3)
            if right:
                assert transport.call("GET", "/lists/1") == {"id": "1"}
            else:
                with pytest.raises(Unavailable, match=r"was not whole 0\.3 s after it had begun"):
                    transport.call("GET", "/lists/1")
            transport.close()


def test_a_write_whose_reply_is_too_slow_may_have_taken_effect(connect: Connect) -> None:
    with speaking(DRIPS["the body"]) as peer:
        transport = connect(url=peer.url, read_timeout=5.0, reply_timeout=0.3)
        with pytest.raises(Unknown, match="may have taken effect") as caught:
            transport.call("POST", "/lists", body={})
        transport.close()
    assert peer.asked == 1
    assert caught.value.note == "the reply was not whole after 0.3 s"


def test_the_time_of_one_reply_is_not_that_of_the_next_on_the_same_connection(connect: Connect) -> None:
    with speaking(lambda peer, connection, over: connection.sendall(OK)) as peer:
        transport = connect(url=peer.url, read_timeout=5.0, reply_timeout=0.5)
        for _ in range(30):
            assert transport.call("GET", "/lists/1") == {"id": "1"}
        transport.close()
    assert peer.asked == 30


def without_end(packed: bool) -> Callable[[Peer, socket.socket, threading.Event], None]:
    """400 MiB of blanks, as they are or packed."""

    def speak(peer: Peer, connection: socket.socket, over: threading.Event) -> None:
        pack = zlib.compressobj(wbits=31)
        kind = b"Content-Encoding: gzip\r\n" if packed else b""
        connection.sendall(HEAD + kind + b"Connection: close\r\n\r\n")
        for _ in range(400):
            piece = b" " * MIB
            piece = pack.compress(piece) if packed else piece
            connection.sendall(piece)
            peer.sent += len(piece)
        connection.shutdown(socket.SHUT_WR)

    return speak


@pytest.mark.parametrize("packed", [False, True])
def test_a_reply_without_end_is_cut_and_refused_and_takes_no_memory(connect: Connect, packed: bool) -> None:
    with speaking(without_end(packed)) as peer:
        transport = connect(url=peer.url, reply_size=MIB)
        tracemalloc.start()
        try:
            with pytest.raises(BadReply, match="larger than any that is read") as caught:
                transport.call("GET", "/lists")
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        transport.close()
    assert peer.asked == 1, "it would be as large the next time"
    assert peer.sent < 64 * MIB
    assert most < 8 * MIB
    assert "maxReply" in str(caught.value.hint)
    assert caught.value.where == f"GET {peer.url}/api/v1/lists (status 200)"


@pytest.mark.parametrize("length", [MIB, MIB + 1])
def test_the_limit_of_a_reply_is_its_last_byte(tenant: ScriptedTenant, connect: Connect, length: int) -> None:
    tenant.answers.append(Answer(200, b"{" + b" " * (length - 2) + b"}"))
    transport = connect(reply_size=MIB)
    if length == MIB:
        assert transport.call("GET", "/lists") == {}
    else:
        with pytest.raises(BadReply, match="larger than any"):
            transport.call("GET", "/lists")


def test_of_a_refusal_only_the_beginning_is_read(connect: Connect) -> None:
    def speak(peer: Peer, connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n")
        for _ in range(400):
            connection.sendall(b" " * MIB)
            peer.sent += MIB

    from reconciler.cxone.errors import NotFound

    with speaking(speak) as peer:
        transport = connect(url=peer.url)
        with pytest.raises(NotFound):
            transport.call("GET", "/lists/1")
        transport.close()
    assert peer.sent < 64 * MIB


UNREADABLE = {
    "HTML": b"<html><body>Sign in</body></html>",
    "NaN": b'{"id": NaN}',
    "infinity": b'{"id": 1e999}',
    "a number of a thousand digits": b'{"id": 1' + b"0" * 1000 + b"}",
    "bytes that are no UTF-8": b'{"id": "\xff\xfe"}',
    "half a surrogate": b'{"id": "\\ud800"}',
    "brackets a million deep": b"[" * 1_000_000,
    "two documents": b'{"id": 1}{"id": 2}',
    "an object without its end": b'{"id": 1',
    "UTF-16": '{"id": 1}'.encode("utf-16"),
    "blanks": b"  \n ",
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_is_no_json_is_a_bad_reply_and_asked_for_three_times_at_most(
    tenant: ScriptedTenant, connect: Connect, what: str
) -> None:
    tenant.answers += [Answer(200, UNREADABLE[what], {"X-Request-Id": "r7"})] * 9
    with pytest.raises(BadReply) as caught:
        connect(attempts=9).call("GET", "/lists")
    assert caught.value.where == f"GET {tenant.url}/api/v1/lists (status 200, request id r7, 3 attempts)"
    assert len(tenant.calls) == 3


def test_what_cannot_be_unpacked_is_a_bad_reply(tenant: ScriptedTenant, connect: Connect) -> None:
    tenant.answers += [Answer(200, b"no gzip at all", {"Content-Encoding": "gzip"})] * 3
    with pytest.raises(BadReply, match="cannot be unpacked"):
        connect().call("GET", "/lists")


def test_a_mark_of_byte_order_and_a_field_twice_are_read(tenant: ScriptedTenant, connect: Connect) -> None:
    tenant.answers += [Answer(200, b'\xef\xbb\xbf{"id": "1"}'), Answer(200, b'{"id": "1", "id": "2"}')]
    assert connect().call("GET", "/lists/1") == {"id": "1"}
    assert connect().call("GET", "/lists/1") == {"id": "2"}


@pytest.mark.parametrize("levels", [3, 500, 1000])
def test_errors_within_errors_are_looked_through_only_so_far(
    tenant: ScriptedTenant, connect: Connect, levels: int
) -> None:
    from reconciler.cxone.errors import Invalid

    tenant.answers.append(Answer(400, b'{"error":' * levels + b'"deep"' + b"}" * levels))
    with pytest.raises(Invalid) as caught:
        connect().call("GET", "/lists")
    assert (caught.value.note is not None) == (levels == 3)
