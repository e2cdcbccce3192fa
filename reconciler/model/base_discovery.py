# tested by: tests/cxone/test_base_discovery.py
"""Describe how the base URL of a surface is found by a token: what is asked, and what each answer tells.

What is known at first are the manifest's parameters and the token's claims; each question adds names to it. The host
that is found gets the tenant's tokens, so it must be one of the vendor's, or the one that was asked.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.model.reply_shape import Rows, Shape

_TAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_URL = re.compile(r"https?://[A-Za-z0-9._:\[\]-]+(/[A-Za-z0-9._~/-]*)?")


@dataclass(frozen=True, slots=True)
class Question:
    """One request on the way to the base URL, by GET.

    Attributes:
        url, query: with holes such as `{tenantId}`, filled from what is known; not asked where a hole stays open.
        shape: of the answer. read: the answer → names and what they mean.
        finds: the names that it is asked for; not asked where all are known.
        open: whether it is asked without the token.
    """

    url: str
    shape: Shape | Rows
    read: Callable[[Any], Mapping[str, str]]
    finds: frozenset[str]
    query: Mapping[str, str] = field(default_factory=dict)
    open: bool = False


@dataclass(frozen=True, slots=True)
class Discovery:
    """How a base URL is found.

    Attributes:
        claims: those of the token by which something is known, by the name that it has here.
        questions: asked in this order.
        bases: the base URL, with holes; the first of which all are known is it.
        domains: those below which the hosts are that may be found.
        check: what is known → why nothing can be done with this tenant; None: something can.
    """

    claims: Mapping[str, str]
    questions: tuple[Question, ...]
    bases: tuple[str, ...]
    domains: tuple[str, ...]
    check: Callable[[Mapping[str, str]], str | None] = lambda known: None


def read_claims(token: str) -> Mapping[str, Any]:
    """What a JSON Web Token says of itself (RFC 7519), unverified; nothing, where it is none.

    The tenant checks its tokens; here the claims only say where to ask.
    """
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        told = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def keep_tame(told: Mapping[str, Any]) -> dict[str, str]:
    """Of what was told, by name, the words that can stand in a URL: texts and whole numbers, and URLs themselves."""
    texts = {name: str(value) for name, value in told.items() if type(value) in (str, int)}
    return {name: text for name, text in texts.items() if _TAME.fullmatch(text) or _URL.fullmatch(text)}


def fill(template: str, known: Mapping[str, str]) -> str | None:
    """A template with what is known; None where a hole stays open."""
    try:
        return template.format_map(known)
    except KeyError:
        return None
