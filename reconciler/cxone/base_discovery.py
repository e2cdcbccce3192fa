"""Find where the endpoints of a surface are, by its token, and where its tokens are asked for.

Both are told by documents of the vendor's. What gets a token or a secret because of them must be one of the vendor's
hosts, or the one that was asked, and by https unless that was not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from reconciler.cxone.errors import NotFound
from reconciler.model.base_discovery import Discovery, Question, fill, keep_tame
from reconciler.model.errors import ReconcilerError
from reconciler.model.paging import make_answer_shape, pick
from reconciler.model.reply_shape import NAME, Rows, Shape, needs
from reconciler.model.tenant import TokenRequest

Ask = Callable[[str, Mapping[str, str], Shape | Rows, bool], Any]
"""URL, query, shape of the answer, whether it is asked with the token → the answer."""


class BaseUnknown(ReconcilerError):
    """Where a surface's endpoints are cannot be found, or not be trusted."""

    code = "base-unknown"


def find_base(discovery: Discovery, known: Mapping[str, str], claims: Callable[[], Mapping[str, Any]], ask: Ask) -> str:
    """The base URL of a surface.

    Args:
        known: what the manifest says. claims: those of the tenant's token; it is asked for where there is none yet.

    Raises:
        WireError: a question has no answer.
        BaseUnknown: what is told leads nowhere, or elsewhere than to the vendor.
    """
    told = claims()
    found = keep_tame({ours: told.get(theirs) for theirs, ours in discovery.claims.items()}) | dict(known)
    asked: list[str] = []
    for question in discovery.questions:
        url = None if question.finds <= found.keys() else fill(question.url, found)
        query = {name: fill(value, found) for name, value in question.query.items()}
        if url is None or None in query.values():
            continue
        asked.append(url)
        with suppress(NotFound):  # what it would have told may be known otherwise
            answer = ask(url, {name: str(value) for name, value in query.items()}, question.shape, not question.open)
            found |= dict(_read(question, answer, url, discovery)) | dict(known)
    base = next((url for each in discovery.bases if (url := fill(each, found)) is not None), None)
    if base is None:
        raise BaseUnknown(
            "the tenant's token does not lead to its API",
            note=f"asked were {', '.join(asked)}" if asked else "its token says nothing of the tenant",
            hint="give the surface its `baseUrl`, or its `area` and `tenantId`",
        )
    refusal = discovery.check(found)
    if refusal is not None:
        raise BaseUnknown(refusal, where=base)
    return base


def _read(question: Question, answer: Any, url: str, discovery: Discovery) -> Mapping[str, str]:
    told = keep_tame(question.read(answer))
    for value in told.values():
        if "://" in value:
            _check_host(value, url, discovery.domains)
    return told


def find_token_url(request: TokenRequest, ask: Ask) -> str:
    """Where the tokens of a surface are asked for, as the document at the request's URL says.

    Raises:
        WireError: it does not say.
        BaseUnknown: it is not the vendor's.
    """
    path = str(request.login.named_at)
    found = str(pick(ask(request.url, {}, make_answer_shape({path: needs(NAME)}), False), path))
    _check_host(found, request.url, request.domains)
    return found


def _check_host(url: str, asked: str, domains: Iterable[str]) -> None:
    """Raise BaseUnknown for a URL that is neither of the host that told it nor of the vendor."""
    told, by = urlsplit(url), urlsplit(asked)
    same = (told.scheme, told.netloc) == (by.scheme, by.netloc)
    host = told.hostname or ""
    vendors = told.scheme == "https" and any(host == each or host.endswith(f".{each}") for each in domains)
    if not same and not vendors:
        raise BaseUnknown(
            f"the tenant's API is said to be at {told.scheme}://{told.netloc}, which is not the vendor's",
            where=f"GET {asked}",
            note=f"known are {', '.join(domains)}",
            hint="if that is right, give the surface its `baseUrl`",
        )
