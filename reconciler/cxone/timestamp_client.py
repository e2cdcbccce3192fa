"""Have a time-stamping authority confirm when something was there (RFC 3161)."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass

import certifi
import urllib3

from reconciler.model.errors import Exit, ReconcilerError
from reconciler.model.url_parts import parse_endpoint

VARIABLE = "RECONCILER_TIMESTAMP_URL"
"""Gives the authority's address. No manifest does."""

_MOST = 64 * 1024
"""Bytes of a reply at most; one with its certificates has some thousands."""
_TIMEOUT = 10.0


class StampsUnusable(ReconcilerError):
    """Time-stamps are asked for, and cannot be had from here at all."""

    code = "stamps-unusable"
    exit_code = Exit.USAGE


class NotStamped(ReconcilerError):
    """The authority did not confirm the time."""

    code = "not-stamped"


@dataclass(frozen=True, slots=True)
class TimestampClient:
    """Asks one authority. `timeout`: seconds, for the whole of a reply.

    Raises:
        StampsUnusable: the address is none, or the library that reads time-stamps is not installed.
    """

    url: str
    timeout: float = _TIMEOUT

    def __post_init__(self) -> None:
        """Refuse what could never succeed before anything is done."""
        try:
            parse_endpoint(self.url)
        except ValueError as error:
            raise StampsUnusable(f"what {VARIABLE} gives is no address: {error}") from None
        try:
            import rfc3161_client  # noqa: F401
        except ImportError:
            raise StampsUnusable(
                "time-stamps need a library that is not installed",
                hint=f"pip install 'cxone-reconciler[timestamps]', or take {VARIABLE} away",
            ) from None

    def stamp(self, content: bytes) -> bytes:
        """A time-stamp of the SHA-256 of some bytes: the authority's reply (DER), as it is kept.

        What it says is held against what was asked; whose it is says its certificate, to whoever verifies.

        Raises:
            NotStamped: nobody answered, or with something else.
        """
        import rfc3161_client as rfc3161

        ask = rfc3161.TimestampRequestBuilder(content, rfc3161.base.HashAlgorithm.SHA256).build()
        reply = self._post(ask.as_bytes())
        try:
            told = rfc3161.decode_timestamp_response(reply)
            granted, info = told.status in (0, 1), told.tst_info
            same = info.message_imprint.message == hashlib.sha256(content).digest() and info.nonce == ask.nonce
        except ValueError:
            raise NotStamped("the time-stamping authority replied with no time-stamp", where=self._place) from None
        if not granted or not same:
            raise NotStamped("the time-stamp is not of what was asked for", where=self._place)
        return reply

    @property
    def _place(self) -> str:
        return f"POST {parse_endpoint(self.url).authority}"

    def _post(self, body: bytes) -> bytes:
        """What the authority answers. No library's words are told: they may quote the address, which may be secret."""
        bundle = os.environ.get("REQUESTS_CA_BUNDLE") or certifi.where()
        headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        try:
            with urllib3.PoolManager(ca_certs=bundle, timeout=urllib3.Timeout(total=self.timeout)) as pool:
                got = pool.request(
                    "POST", self.url, body=body, headers=headers, redirect=False, retries=False, preload_content=False
                )
                content = got.read(_MOST + 1)
                got.release_conn()
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            words = f"the time-stamping authority cannot be reached: {type(error).__name__}"
        else:
            if got.status == 200 and len(content) <= _MOST:
                return bytes(content)
            words = f"the time-stamping authority answers with {got.status}"
            words = "the time-stamping authority's reply is too large" if got.status == 200 else words
        raise NotStamped(words, where=self._place)
