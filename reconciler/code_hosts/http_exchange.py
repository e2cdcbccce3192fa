"""Ask a code host over HTTP: try again where that is safe, read all pages, and never show the token.

What asks is asked again after a lost reply, a 5xx or a 429. What creates is not, but where the host says that it did
nothing (429, or 403 with its limit): whoever creates looks first whether it is there.
"""

from __future__ import annotations

import http.client
import random
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, OpenerDirector, Request, build_opener

import orjson

from reconciler.code_hosts.code_host import CodeHostError, NoCodeHost, Unanswered

ATTEMPTS = 5
LONGEST_WAIT = 120.0
"""Seconds that one wait takes at most, however long a host says."""
TIMEOUT = 60.0
LARGEST_REPLY = 64 * 1024 * 1024
LARGEST_FILE = 4 * 1024 * 1024 * 1024
_MOST_PAGES = 200
_LONGEST_MESSAGE = 300
_LIMITED = (403, 429)
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a host answered: status, headers with names in small letters, and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None


class _StayHere(HTTPRedirectHandler):
    """Follows nothing: where a host leads to another, the token must not go along."""

    def redirect_request(self, *arguments: Any, **options: Any) -> None:
        """Make no other request."""


@dataclass
class HostClient:
    """One API: its base URL, and the headers that prove who asks."""

    base: str
    headers: Mapping[str, str]
    secrets: tuple[str, ...]
    _opener: OpenerDirector = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse to send a token in the clear."""
        parts = urlsplit(self.base)
        local = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            raise NoCodeHost(f"the code host's API is not asked without TLS: {self.base}")
        self._opener = build_opener(_StayHere, HTTPSHandler(context=ssl.create_default_context()))

    def ask(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> Reply:
        """A reply of 2xx, or of 3xx.

        Raises:
            Unanswered: it creates something, and whether that happened is not known.
            CodeHostError: the host says no, or does not answer.
        """
        url = path if "://" in path else f"{self.base}{path}"
        if query:
            url += ("&" if "?" in url else "?") + urlencode(query)
        if not url.startswith(f"{self.base}/"):
            raise CodeHostError(f"{method} {self._hide(url)} is not of the code host", note="it is not asked")
        data = None if body is None else orjson.dumps(body)
        headers = {**self.headers, "User-Agent": "reconciler", **({} if data is None else {"Content-Type": _JSON})}
        for attempt in range(1, ATTEMPTS + 1):
            reply = self._exchange(method, url, headers, data)
            if reply is not None and reply.status < 400:
                return reply
            if reply is not None and _is_limited(reply):
                again = True
            else:
                again = method != "POST" and (reply is None or reply.status >= 500)
            if not again or attempt == ATTEMPTS:
                raise self._make_error(method, url, reply)
            time.sleep(_find_wait(reply, attempt))
        raise AssertionError("the last attempt returns or raises")

    def iter_pages(self, path: str, query: Mapping[str, str] | None = None, key: str = "") -> Iterator[dict[str, Any]]:
        """Every object of a collection; `key`: under which name a page has them, where it is no list itself."""
        url, asked = path, {"per_page": "100", **(query or {})}
        for _ in range(_MOST_PAGES):
            reply = self.ask("GET", url, query=asked)
            page = reply.json()
            found = page.get(key) if key and isinstance(page, dict) else page
            if not isinstance(found, list):
                raise CodeHostError("the code host's answer is no list", where=f"GET {self._hide(path)}")
            yield from (each for each in found if isinstance(each, dict))
            following = _find_next(reply)
            if following is None:
                return
            url, asked = urljoin(f"{self.base}{path}", following), {}
        raise CodeHostError(f"the code host has more than {_MOST_PAGES} pages", where=f"GET {self._hide(path)}")

    def download(self, path: str) -> bytes:
        """A file; where the host leads to another for it, that one is asked without the token."""
        reply = self.ask("GET", path)
        if reply.status in _REDIRECTS:
            target = reply.headers.get("location", "")
            if urlsplit(target).scheme != "https" and not target.startswith("http://127.0.0.1:"):
                raise CodeHostError("the code host leads to a file that is not fetched", where=f"GET {path}")
            found = self._exchange("GET", target, {"User-Agent": "reconciler"}, None, LARGEST_FILE)
            if found is None or found.status != 200:
                # its address may be a signature: it is not told
                raise CodeHostError("the file that the code host leads to cannot be fetched", where=f"GET {path}")
            return found.body
        return reply.body

    def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], data: bytes | None, most: int | None = None
    ) -> Reply | None:
        """One attempt; None: no whole reply came."""
        largest = LARGEST_REPLY if most is None else most
        request = Request(url, data, dict(headers), method=method)  # noqa: S310  the scheme is checked above
        try:
            with self._opener.open(request, timeout=TIMEOUT) as answer:
                return _read(answer.status, answer.headers, answer.read(largest + 1), largest)
        except HTTPError as error:
            with error:
                try:
                    return _read(error.code, error.headers, error.read(LARGEST_REPLY), LARGEST_REPLY)
                except (OSError, http.client.HTTPException):
                    return None
        except (URLError, OSError, http.client.HTTPException):
            return None

    def _make_error(self, method: str, url: str, reply: Reply | None) -> CodeHostError:
        where = f"{method} {self._hide(url)}"
        lost = method == "POST" and (reply is None or reply.status >= 500)
        kind = Unanswered if lost else CodeHostError
        if reply is None:
            return kind("the code host does not answer", where=where, note=_NOT_KNOWN if lost else None)
        document = reply.json()
        said = document.get("message") or document.get("error") if isinstance(document, dict) else None
        note = self._hide(str(said))[:_LONGEST_MESSAGE] if said else None
        hint = _HINTS.get(reply.status)
        error = kind(f"the code host answers {reply.status}", where=where, note=note, hint=hint)
        error.status = reply.status
        return error

    def _hide(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


_JSON = "application/json"
_NOT_KNOWN = "it may have done what it was asked"
_HINTS = {
    401: "the token is wrong, or its time is over",
    403: "the token may not do that: docs/ci.md says which permissions each step needs",
    404: "it is not there, or the token may not see it",
    422: "the code host does not take it",
}


def _read(status: int, headers: Any, body: bytes, largest: int) -> Reply:
    if len(body) > largest:
        raise CodeHostError(f"the code host's answer is larger than {largest:,} bytes")
    return Reply(status, {str(name).lower(): str(value) for name, value in headers.items()}, body)


def _is_limited(reply: Reply) -> bool:
    """Whether the host says that there were too many requests, and it did nothing."""
    spent = reply.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in reply.headers
    return reply.status == 429 or (reply.status in _LIMITED and spent)


def _find_wait(reply: Reply | None, attempt: int) -> float:
    """Seconds until the next attempt: what the host says, else more and more."""
    headers = {} if reply is None else reply.headers
    said = headers.get("retry-after", "")
    if said.isdigit():
        return min(float(said), LONGEST_WAIT)
    reset = headers.get("x-ratelimit-reset", headers.get("ratelimit-reset", ""))
    if reply is not None and _is_limited(reply) and reset.isdigit():
        return min(max(0.0, float(reset) - time.time()), LONGEST_WAIT)
    return float(2 ** (attempt - 1)) * (0.5 + random.random() / 2)  # noqa: S311  it only spreads attempts


def _find_next(reply: Reply) -> str | None:
    """Where the next page is, by the `Link` header that both hosts send (RFC 8288)."""
    for link in reply.headers.get("link", "").split(","):
        target, _, relation = link.partition(";")
        if 'rel="next"' in relation:
            return target.strip().strip("<>")
    return None
