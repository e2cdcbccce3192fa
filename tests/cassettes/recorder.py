"""How is what a tenant said recorded, so that it can be heard again anywhere and by anybody?

Tokens, credentials and cookies are taken out before anything is written, and what differs from one recording to the
next: a cassette that is recorded anew changes only where the conversation did.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import vcr
import yaml
from vcr.request import Request

CASSETTES = Path(__file__).parents[2] / "cassettes"
ORIGINS = ("http://127.0.0.1:8642", "http://127.0.0.1:8643")
"""Where the two tenants of a case are, on every cassette; replaying never connects to them."""
FILTERED = "filtered"
LARGEST = 200_000

_LOGINS = ("/oauth/token", "/oauth2/token", "/token/access-key", "/user/refresh")
_HEARD = {"content-type", "x-request-id"}
_SENT = {"accept", "content-type"}
_GRANTED = {"access_token", "token_type", "expires_in", "scope"}
_FICTIONAL = re.compile(r"\+?1?[2-9]\d\d55501\d\d")
_NUMBER = re.compile(r"\+\d[\d .()-]{6,}\d|(?<![\w.])\d{10,15}(?![\w.])")
_UUID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_SECRETS = re.compile(
    r"not-a-secret|accessKeySecret|bearer\s+\S+|client_secret|set-cookie|authorization", re.IGNORECASE
)


def recorder(origins: Mapping[str, str]) -> vcr.VCR:
    """Records and replays by method, URI and body; `origins` are told by what they are called on cassettes."""

    def request(sent: Request) -> Request:
        for real, told in origins.items():
            sent.uri = sent.uri.replace(real, told)
        sent.headers = {name: value for name, value in sent.headers.items() if name.lower() in _SENT}
        if sent.path.endswith(_LOGINS):
            sent.body = FILTERED
        return sent

    def response(heard: dict[str, Any]) -> dict[str, Any]:
        found = _response(heard)
        content = found["body"]["string"]
        # an answer may say where the rest of the API is
        for real, told in origins.items():
            content = content.replace(real.encode(), told.encode())
        return {**found, "body": {"string": content}}

    return vcr.VCR(
        match_on=("method", "uri", "body"),
        filter_headers=["authorization", "cookie"],
        before_record_request=request,
        before_record_response=response,
        decode_compressed_response=True,
    )


def _response(heard: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in heard["headers"].items() if name.lower() in _HEARD}
    content = heard["body"]["string"]
    if b"access_token" in content:
        granted = {name: value for name, value in json.loads(content).items() if name in _GRANTED}
        content = json.dumps({**granted, "access_token": FILTERED}).encode()
    return {**heard, "headers": kept, "body": {"string": content}}


def forbidden(text: str) -> list[str]:
    """Whatever of a cassette may not be published: secrets, tokens, and numbers that could be somebody's."""
    text = _UUID.sub("", text)  # its digits are nobody's number
    found = [match[0] for match in _SECRETS.finditer(text)]
    found += [token for token in re.findall(r'"access_token":\s*"([^"]*)"', text) if token != FILTERED]
    numbers = (match[0] for match in _NUMBER.finditer(text))
    return found + [number for number in numbers if not _FICTIONAL.fullmatch(re.sub(r"[ .()-]", "", number))]


def texts(cassette: Path) -> Iterator[str]:
    """Every text of a cassette as it was said, however YAML has folded or encoded it."""
    waiting = [yaml.safe_load(cassette.read_text(encoding="utf-8"))]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            waiting += [*part.keys(), *part.values()]
        elif isinstance(part, list):
            waiting += part
        elif isinstance(part, bytes):
            yield part.decode("utf-8", "replace")
        else:
            yield str(part)
