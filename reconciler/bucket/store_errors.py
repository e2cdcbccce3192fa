# tested by: tests/bucket/test_object_client.py
"""Describe errors of object stores.

Nothing that a store answers is repeated but its status, its code and the request's id: its words may hold an access
key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from reconciler.bucket.object_urls import CREDENTIALS, SCHEMES
from reconciler.model.errors import ReconcilerError


class BucketError(ReconcilerError):
    """An object store cannot be reached, or refuses."""

    code = "object-store"


class Missing(BucketError):
    """There is no such object."""

    code = "no-object"


class Exists(BucketError):
    """There is such an object already."""


class Moved(BucketError):
    """The object is not the one that was meant any more: somebody has written it since."""

    code = "object-changed"


_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w{1,80})</Code>")
_REQUEST = re.compile(r"<RequestId>([\w-]{1,80})</RequestId>")
_ASKED = re.compile(r"(GET|HEAD|PUT|POST|DELETE) (https?://[^\s?]+)")


@contextmanager
def map_store_error(scheme: str, name: str, key: str) -> Iterator[None]:
    """Say of a store's error what a person can use, and none of the store's own words.

    Raises:
        BucketError: what the library raised, or what of its kinds it is.
    """
    import obstore.exceptions as refusals

    try:
        yield
    except (refusals.BaseError, OSError, ValueError) as error:
        found = _map_conditional(f"{scheme}://{name}/{key}", error) or _describe_refusal(scheme, name, key, error)
    else:
        return
    raise found  # out here, so that the library's error is not even the context of this one


def _parse_answer(text: str) -> tuple[str, str, str | None]:
    """The status and the code of an answer, and both with the request's id for people."""
    status, code, request = (found[1] if (found := each.search(text)) else "" for each in (_STATUS, _CODE, _REQUEST))
    if not status:
        return "", code, None
    return status, code, f"the store answers {status} {code}".strip() + (f", request {request}" if request else "")


def _map_conditional(url: str, error: Exception) -> BucketError | None:
    """The errors that are answers."""
    import obstore.exceptions as refusals

    note = _parse_answer(str(error))[2]
    if isinstance(error, refusals.AlreadyExistsError):
        return Exists(f"{url} exists already", note=note)
    if isinstance(error, refusals.PreconditionError):
        return Moved(f"{url} was written by somebody else in the meantime", note=note)
    return None


def _describe_refusal(scheme: str, name: str, key: str, error: Exception) -> BucketError:
    import obstore.exceptions as refusals

    url, text = f"{scheme}://{name}/{key}", str(error)
    status, code, note = _parse_answer(text)
    if code in ("NoSuchBucket", "ContainerNotFound") or (status == "404" and not key):
        hint = "look at its name, and at the endpoint and the account in the environment"
        return BucketError(f"there is no {SCHEMES[scheme]} {scheme}://{name}", note=note, hint=hint)
    if isinstance(error, FileNotFoundError | refusals.NotFoundError):
        return Missing(f"there is no object {url}", note=note)
    if isinstance(error, refusals.UnauthenticatedError | refusals.PermissionDeniedError) or status in ("401", "403"):
        hint = f"look at {CREDENTIALS[scheme]}, and at what they may do in this place"
        return BucketError(f"the store refuses access to {url}", note=note, hint=hint)
    if isinstance(error, ValueError | refusals.InvalidPathError):
        words = "a part of a key is empty, or is one that no object may have"
        return BucketError(f"{url} cannot be asked for", note=words, hint="put the objects where no key holds `//`")
    return _describe_unanswered(scheme, name, url, text, note)


def _describe_unanswered(scheme: str, name: str, url: str, text: str, note: str | None) -> BucketError:
    asked = found[2] if (found := _ASKED.search(text)) else ""
    host = urlsplit(asked).netloc
    if "builder error" in text:
        hint = "name it with https, or set AWS_ALLOW_HTTP=true where contacts may travel in the clear"
        return BucketError(f"the store at {host} is named without TLS", hint=hint)
    if host and name not in asked and any(each in asked for each in _CREDENTIALS_FROM):
        words = f"none are in the environment, and this machine has none either (asked {host})"
        return BucketError(f"there are no credentials for {url}", note=words, hint=f"set {CREDENTIALS[scheme]}")
    hint = "is the network there, and is the endpoint in the environment right?"
    note = note or (f"tried at {host}, several times" if host else None)
    return BucketError(f"the object store did not serve {url}", note=note, hint=hint)


_CREDENTIALS_FROM = ("/latest/", "/computeMetadata/", "/metadata/identity/", "/oauth2/", "/token", "/v2/credentials")
