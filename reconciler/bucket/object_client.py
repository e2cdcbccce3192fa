"""Read and write objects of an object store.

Where a store is and who asks is read from the environment, in the words of each: `AWS_…`, `GOOGLE_…`, `AZURE_…`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from reconciler.bucket.object_urls import CREDENTIALS
from reconciler.bucket.store_errors import BucketError, map_store_error

_ENDPOINTS = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "gs": ("GOOGLE_BASE_URL",),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
}

ATTEMPTS = 6
PATIENCE = timedelta(seconds=90)
"""How often, and for how long, a request is tried that no answer or a server's error came to."""

SECONDS_OF_A_SMALL_REPLY, SECONDS_OF_A_TRANSFER = 120, 6 * 3600
"""A whole reply takes no longer, from sending the request to the last byte: a page of names, a record; a large file."""

SECONDS_OF_A_LISTING, MOST_LISTED = 2 * 3600.0, 2_000_000
"""A read of many pages takes no longer, and brings no more names."""

LARGEST_RECORD = 256 << 20
"""Bytes of what is held in memory: a record of a ledger is never as large."""

_PIECE = 4 << 20
_PAGE = 1000

Version = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Meta:
    """What a store says of an object.

    Attributes:
        written: by the store's clock.
        tag: what a read may be bound to.
        version: what a write may be bound to: of Google another number than the tag.
    """

    key: str
    size: int
    written: datetime
    tag: str | None
    version: Version


class Bucket:
    """One bucket or container, its objects named by their keys. Methods may be called from several threads.

    Every method raises `BucketError`, told for people, where the store cannot be reached or refuses.
    """

    def __init__(self, scheme: str, name: str) -> None:
        self.scheme, self.name = scheme, name
        self._store = _open_store(scheme, name, SECONDS_OF_A_SMALL_REPLY)
        self._transfers = _open_store(scheme, name, SECONDS_OF_A_TRANSFER)

    def url(self, key: str) -> str:
        """An object's name for people."""
        return f"{self.scheme}://{self.name}/{key}"

    def _map_errors(self, key: str) -> AbstractContextManager[None]:
        return map_store_error(self.scheme, self.name, key)

    def read_head(self, key: str) -> Meta:
        """What the store says of an object.

        Raises:
            Missing: there is none.
        """
        import obstore

        with self._map_errors(key):
            return _make_meta(obstore.head(self._store, key))

    def list_under(self, prefix: str) -> Iterator[Meta]:
        """The objects whose keys begin with a prefix that is empty or ends with `/`; one request a thousand.

        What some consoles put in the place of folders comes along, as an empty object that `read_head` does not know.

        Raises:
            BucketError: it takes too long, is too much, or names the same objects again and again.
        """
        import obstore

        began, count, firsts = time.monotonic(), 0, set[str]()
        with self._map_errors(prefix):
            for page in obstore.list(self._store, prefix or None, chunk_size=_PAGE):
                found = [_make_meta(each) for each in page]
                count += len(found)
                if found and found[0].key in firsts:
                    raise self._listing_endless(prefix, "it names the same objects again")
                if count > MOST_LISTED:
                    raise self._listing_endless(prefix, f"more than {MOST_LISTED:,} objects came")
                if time.monotonic() - began > SECONDS_OF_A_LISTING:
                    raise self._listing_endless(prefix, f"{SECONDS_OF_A_LISTING / 3600:g} hours have passed")
                firsts.update(each.key for each in found[:1])
                yield from found

    def list_folders(self, prefix: str) -> list[str]:
        """The names between a prefix that ends with `/` and the next slash."""
        return self.list_entries(prefix)[0]

    def list_entries(self, prefix: str) -> tuple[list[str], list[str]]:
        """The same, and the names of the objects that have no further slash."""
        import obstore

        with self._map_errors(prefix):
            found = obstore.list_with_delimiter(self._store, prefix)
            names = [each.rstrip("/").rpartition("/")[2] for each in found["common_prefixes"]]
            return names, [each["path"].rpartition("/")[2] for each in found["objects"]]

    def read(self, key: str) -> tuple[bytes, Meta]:
        """A small object.

        Raises:
            Missing: there is none.
            BucketError: it is larger than any record.
        """
        import obstore

        with self._map_errors(key):
            result = obstore.get(self._store, key)
            return b"".join(self._bound_reply(key, LARGEST_RECORD, result)), _make_meta(result.meta)

    def stream(self, key: str, tag: str | None) -> Iterator[bytes]:
        """A large object in pieces, as it was when it had this tag.

        Raises:
            Missing, Moved: it no longer exists, or is another.
        """
        import obstore

        with self._map_errors(key):
            result = obstore.get(self._transfers, key, options={"if_match": tag} if tag else None)
            yield from self._bound_reply(key, result.meta["size"], result)

    def _bound_reply(self, key: str, most: int, result: Any) -> Iterator[bytes]:
        """The pieces of a reply, to the last byte that it may have.

        Raises:
            BucketError: it has more, or says so.
        """
        told, came = result.meta["size"], 0
        for piece in result.stream(_PIECE) if told <= most else ():
            came += len(piece)
            if came > most:
                break
            yield bytes(piece)
        if max(told, came) > most:
            message = f"{self.url(key)} has more than the {most:,} bytes that it may have"
            raise BucketError(message, hint="nothing is read of it; look at it in the store")

    def _listing_endless(self, prefix: str, why: str) -> BucketError:
        hint = "keep the objects apart from others, or look at the endpoint in the environment"
        return BucketError(f"the list of objects under {self.url(prefix)} has no end: {why}", hint=hint)

    def create(self, key: str, content: bytes) -> Version:
        """Make an object that is not there; its version.

        Raises:
            Exists: it is there, perhaps because the reply to the first of several attempts was lost.
        """
        import obstore

        with self._map_errors(key):
            return _make_version(obstore.put(self._store, key, content, mode="create", use_multipart=False))

    def replace(self, key: str, content: bytes, version: Version) -> Version:
        """Write an object anew, if it is still this version; its new one.

        Raises:
            Missing, Moved: it no longer exists, or was written by somebody else.
        """
        import obstore

        condition: Any = dict(version)
        with self._map_errors(key):
            return _make_version(obstore.put(self._store, key, content, mode=condition, use_multipart=False))

    def write(self, key: str, content: bytes) -> None:
        """Write an object, whatever is there."""
        import obstore

        with self._map_errors(key):
            obstore.put(self._store, key, content, mode="overwrite", use_multipart=False)

    def upload(self, key: str, file: Path) -> None:
        """Put a file there, whole or not at all."""
        import obstore

        with self._map_errors(key):
            obstore.put(self._transfers, key, file)


def _make_meta(found: Any) -> Meta:
    return Meta(found["path"], found["size"], found["last_modified"], found["e_tag"], _make_version(found))


def _make_version(found: Any) -> Version:
    return {name: found[name] for name in ("e_tag", "version") if found[name] is not None}


def _open_store(scheme: str, name: str, seconds: int) -> Any:
    """A way to a bucket; a whole reply takes no longer than so many seconds."""
    from obstore.store import AzureStore, GCSStore, S3Store

    client: Any = {"connect_timeout": "10s", "read_timeout": "60s", "timeout": f"{seconds}s"}
    if _find_endpoint(scheme) in ("127.0.0.1", "localhost", "::1"):
        client["allow_http"] = True  # elsewhere it takes what obstore reads, for example AWS_ALLOW_HTTP=true
    retry: Any = {
        "max_retries": ATTEMPTS - 1,
        "retry_timeout": PATIENCE,
        "backoff": {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=5), "base": 2},
    }
    try:
        if scheme == "s3":
            return S3Store(name, client_options=client, retry_config=retry)
        if scheme == "gs":
            return GCSStore(name, client_options=client, retry_config=retry)
        return AzureStore(name, client_options=client, retry_config=retry)
    except Exception as error:
        raise BucketError(
            f"what the environment says of {scheme}://{name} cannot be used",
            note=str(error).partition("\n")[0],
            hint=f"look at {CREDENTIALS[scheme]}",
        ) from None


def _find_endpoint(scheme: str) -> str:
    """The host that the environment names in the place of the provider's own; empty where it names none."""
    name, said = next(((each, os.environ[each]) for each in _ENDPOINTS[scheme] if os.environ.get(each)), ("", ""))
    if not said:
        return ""
    try:
        parts = urlsplit(said)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return parts.hostname
    except ValueError:
        pass
    # the library would not return from it
    raise BucketError(f"{name} is not the URL of a server", hint="write it as `https://host` or `http://host:port`")
