"""Parse the URLs of object stores."""

from __future__ import annotations

import re
from dataclasses import dataclass

SCHEMES = {"s3": "bucket", "gs": "bucket", "az": "container"}
"""The schemes of URLs, and what comes after each."""

CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
"""The usual variables; the others that obstore reads serve as well."""

_NAME = {
    "s3": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}"),
    "gs": re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"),
    "az": re.compile(r"\$?[a-z0-9](-?[a-z0-9]){1,62}"),
}
_QUERY = re.compile(r"\?[A-Za-z0-9._~-]+=")
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*)://")


class NotAnAddress(ValueError):
    """A URL that is none of an object store. It is told without what may be secret in it."""


@dataclass(frozen=True, slots=True)
class Url:
    """A place in an object store: `scheme://bucket/key`."""

    scheme: str
    bucket: str
    key: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.bucket}/{self.key}"


def scheme_of(text: str) -> str | None:
    """The scheme of a URL, in lower case; None where it is a path."""
    found = _SCHEME.match(text)
    return found[1].lower() if found else None


def parse_url(text: str) -> Url:
    """A URL of an object store in its parts.

    Raises:
        NotAnAddress: it is none, or holds credentials or a query.
    """
    scheme = scheme_of(text)
    if scheme not in SCHEMES:
        raise NotAnAddress("object stores are named by `s3://`, `gs://` and `az://`")
    bucket, _, key = text[len(scheme) + 3 :].partition("/")
    if "@" in bucket:
        raise NotAnAddress(f"the URL holds credentials; they are read from the environment: {CREDENTIALS[scheme]}")
    if _QUERY.search(key):
        raise NotAnAddress("the URL holds a query, which may be a signature; name the object alone")
    if not _NAME[scheme].fullmatch(bucket):
        raise NotAnAddress(f"after `{scheme}://` comes the name of a {SCHEMES[scheme]}")
    if any(part in (".", "..") or "\0" in part for part in key.split("/")):
        raise NotAnAddress("the key holds a part that no object's key may have")
    return Url(scheme, bucket, key)
