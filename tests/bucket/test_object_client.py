"""Does the environment say where a store is and who asks, in the words of each provider, and who is told when it does not?

S3 is asked for real elsewhere. Of the others it is tried here whom they ask, and with which credentials.
"""

from __future__ import annotations

import base64
import itertools
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import orjson
import pytest

from reconciler.bucket import object_client
from reconciler.bucket.object_client import Bucket
from reconciler.bucket.store_errors import BucketError, Exists, Missing, Moved
from tests.s3 import S3

Asked = list[tuple[str, dict[str, str]]]


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that says nothing of any store."""
    import os

    for name in list(os.environ):
        if name.startswith(("AWS_", "GOOGLE_", "AZURE_")):
            monkeypatch.delenv(name)
    monkeypatch.setattr("reconciler.bucket.object_client.ATTEMPTS", 1)


@pytest.fixture
def listener() -> Iterator[tuple[str, Asked]]:
    """A server that has nothing and takes everything, and what it was asked."""
    asked: Asked = []

    class Nothing(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            self.send_response(201)
            self.send_header("ETag", '"tag"')
            self.send_header("x-goog-generation", "17")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Nothing)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def google(listener: tuple[str, Asked], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What Google was asked."""
    url, asked = listener
    account = {"private_key": "", "private_key_id": "", "client_email": "", "disable_oauth": True, "gcs_base_url": url}
    (tmp_path / "account.json").write_bytes(orjson.dumps(account))
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT", str(tmp_path / "account.json"))
    monkeypatch.setenv("GOOGLE_BASE_URL", url)
    return asked


@pytest.fixture
def azure(listener: tuple[str, Asked], monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What Azure was asked."""
    url, asked = listener
    monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", url)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "example")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", base64.b64encode(b"not-a-secret").decode())
    return asked


def test_google_is_asked_where_and_as_whom_the_environment_says(google: Asked) -> None:
    with pytest.raises(Missing, match=r"there is no object gs://contacts/day=1/a\.csv"):
        Bucket("gs", "contacts").read_head("day=1/a.csv")
    assert [path for path, _ in google] == ["/contacts/day%3D1%2Fa%2Ecsv"]


def test_azure_is_asked_where_and_as_whom_the_environment_says(azure: Asked) -> None:
    with pytest.raises(Missing, match=r"there is no object az://contacts/a\.csv"):
        Bucket("az", "contacts").read_head("a.csv")
    ((path, headers),) = azure
    assert path == "/contacts/a.csv"
    assert headers["authorization"].startswith("SharedKey example:")


def test_google_is_told_the_condition_of_a_write(google: Asked) -> None:
    bucket = Bucket("gs", "ledger")
    made = bucket.create("lock.json", b"{}")
    bucket.replace("lock.json", b"{}", made)
    assert [headers["x-goog-if-generation-match"] for _, headers in google] == ["0", "17"]


def test_azure_is_told_the_condition_of_a_write(azure: Asked) -> None:
    bucket = Bucket("az", "ledger")
    made = bucket.create("lock.json", b"{}")
    bucket.replace("lock.json", b"{}", made)
    first, second = (headers for _, headers in azure)
    assert first["if-none-match"] == "*"
    assert second["if-match"] == '"tag"'


@pytest.mark.parametrize(
    ("scheme", "said", "words"),
    [
        ("az", {}, "Account must be specified"),
        ("az", {"AZURE_STORAGE_ACCOUNT_NAME": "a", "AZURE_STORAGE_ACCOUNT_KEY": "not-a-secret"}, "Invalid Access Key"),
        ("gs", {"GOOGLE_APPLICATION_CREDENTIALS": "/no/such/file.json"}, "No such file"),
        ("s3", {"AWS_ENDPOINT_URL": "nonsense"}, "AWS_ENDPOINT_URL is not the URL of a server"),
        ("s3", {"AWS_ENDPOINT_URL_S3": "http://"}, "AWS_ENDPOINT_URL_S3 is not the URL of a server"),
    ],
)
def test_an_environment_that_cannot_be_used_is_told(
    scheme: str, said: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BucketError) as caught:
        Bucket(scheme, "contacts")
    told = f"{caught.value.message} {caught.value.note}"
    assert words in told
    assert "not-a-secret" not in told
    assert caught.value.hint is not None


def test_who_has_no_credentials_is_told_where_they_belong(
    monkeypatch: pytest.MonkeyPatch, listener: tuple[str, Asked]
) -> None:
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", listener[0])
    with pytest.raises(BucketError, match="there are no credentials for s3://contacts/a") as caught:
        Bucket("s3", "contacts").read_head("a")
    assert caught.value.hint == "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"


def test_a_store_named_without_tls_is_not_asked_unless_that_is_said(
    s3_server: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.2:{s3_server.port}")
    with pytest.raises(BucketError, match="is named without TLS"):
        Bucket("s3", "contacts").read_head("a")


def test_a_condition_that_does_not_hold_is_an_answer(s3_here: S3) -> None:
    for name, value in s3_here.environment().items():
        assert value, name
    bucket = Bucket("s3", s3_here.bucket())
    first = bucket.create("a", b"1")
    assert first
    with pytest.raises(Exists):
        bucket.create("a", b"2")
    second = bucket.replace("a", b"3", first)
    assert second
    with pytest.raises(Moved):
        bucket.replace("a", b"4", first)
    with pytest.raises(Moved):
        list(bucket.stream("a", first["e_tag"]))
    with pytest.raises((Missing, Moved)):
        bucket.replace("b", b"1", second)
    assert bucket.read("a")[0] == b"3"
    assert bucket.read_head("a").version == second


class TestOfAStoreThatAnswersWithoutEnd:
    """Whatever a store answers, a read of it has an end."""

    @pytest.fixture
    def bucket(self, s3_here: S3, monkeypatch: pytest.MonkeyPatch) -> Bucket:
        for name, value in s3_here.environment().items():
            monkeypatch.setenv(name, value)
        name = s3_here.bucket()
        for key in ("a", "b", "c"):
            s3_here.put(name, f"x/{key}", b"0123456789")
        return Bucket("s3", name)

    @pytest.mark.parametrize(("most", "fits"), [(10, True), (9, False), (0, False)])
    def test_a_record_is_held_in_memory_to_its_largest_and_no_further(
        self, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, most: int, fits: bool
    ) -> None:
        monkeypatch.setattr(object_client, "LARGEST_RECORD", most)
        if fits:
            assert bucket.read("x/a")[0] == b"0123456789"
        else:
            with pytest.raises(BucketError, match=f"more than the {most} bytes"):
                bucket.read("x/a")

    def test_a_transfer_ends_with_the_bytes_that_were_promised(
        self, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Reply:
            meta: ClassVar = {"size": 10}

            def stream(self, size: int) -> Iterator[bytes]:
                for _ in range(3):
                    yield b"0123"
                raise AssertionError("nothing more is asked for")

        monkeypatch.setattr("obstore.get", lambda *_, **__: Reply())
        with pytest.raises(BucketError, match="more than the 10 bytes"):
            list(bucket.stream("x/a", None))

    @pytest.mark.parametrize(
        ("bound", "value", "words"),
        [("MOST_LISTED", 2, "more than 2 objects"), ("SECONDS_OF_A_LISTING", -1.0, "hours")],
    )
    def test_names_are_read_to_their_most_and_no_longer(
        self, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, bound: str, value: float, words: str
    ) -> None:
        assert len(list(bucket.list_under("x/"))) == 3
        monkeypatch.setattr(object_client, bound, value)
        with pytest.raises(BucketError, match=f"has no end: .*{words}"):
            list(bucket.list_under("x/"))

    def test_pages_that_name_the_same_objects_for_ever_are_an_end(
        self, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import obstore

        page = next(iter(obstore.list(bucket._store, "x/")))
        monkeypatch.setattr("obstore.list", lambda *_, **__: itertools.repeat(page))
        with pytest.raises(BucketError, match="names the same objects again"):
            list(bucket.list_under("x/"))

    def test_a_reply_that_comes_byte_by_byte_has_an_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        over = threading.Event()

        class Slow(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", "1000000")
                self.send_header("ETag", '"tag"')
                self.send_header("Last-Modified", "Wed, 01 Jul 2026 09:00:00 GMT")
                self.end_headers()
                with suppress(OSError):
                    while not over.wait(0.05):
                        self.wfile.write(b"<")
                        self.wfile.flush()

            def log_message(self, *_: object) -> None:
                """Nothing is printed."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setattr(object_client, "SECONDS_OF_A_SMALL_REPLY", 1)
        for name, value in S3(server.server_port).environment().items():
            monkeypatch.setenv(name, value)
        bucket = Bucket("s3", "example")
        try:
            for read in (
                lambda: bucket.read("a"),
                lambda: list(bucket.list_under("x/")),
                lambda: bucket.list_folders("x/"),
            ):
                with pytest.raises(BucketError, match="did not serve"):
                    read()
        finally:
            over.set()
            server.shutdown()
            thread.join()
            server.server_close()
