# tested by: tests/model/test_approval_policy.py
"""Read an allowed-signers file of OpenSSH, as far as one must know whom it names.

The format: ssh-keygen(1), "ALLOWED SIGNERS". `ssh-keygen` alone decides what a line lets a key sign, and when.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

_TOKEN = re.compile(r'(?:"[^"]*"|[^\s"])+')
_PATTERN = re.compile(r"[*?!]")
_TYPES = ("ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-")
_OPTIONS = ("cert-authority", "namespaces=", "valid-after=", "valid-before=")


@dataclass(frozen=True, slots=True)
class SignerLine:
    """A line of the file.

    Attributes:
        number: from 1. principals: whom the key is of. authority: whether it is of a certificate authority, which
            vouches for people by itself; only then a principal may be a pattern.
        blob: the key, in base64.
    """

    number: int
    principals: tuple[str, ...]
    authority: bool
    blob: str

    def is_of(self, principal: str) -> bool:
        """Whether the line may be about somebody."""
        if self.authority:
            return any(fnmatchcase(principal, each) for each in self.principals)
        return principal in self.principals


class BadSigners(ValueError):
    """A line that says nothing, or does not say whom: its number, and why."""

    def __init__(self, number: int, why: str, hint: str) -> None:
        super().__init__(why)
        self.number, self.why, self.hint = number, why, hint


def read_signers(text: str) -> tuple[list[SignerLine], list[BadSigners]]:
    """The lines of an allowed-signers file, and those that cannot be relied on."""
    lines, bad = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                lines.append(_read_line(number, line))
            except BadSigners as error:
                bad.append(error)
    return lines, bad


def _read_line(number: int, line: str) -> SignerLine:
    tokens = _TOKEN.findall(line)
    place = next((place for place, each in enumerate(tokens) if place and each.startswith(_TYPES)), 0)
    if not place or place + 1 >= len(tokens):
        hint = "write: PRINCIPAL[,PRINCIPAL] [OPTIONS] KEYTYPE KEY, as ssh-keygen(1) says"
        raise BadSigners(number, "this is no line of an allowed-signers file", hint)
    options = [each for token in tokens[1:place] for each in _split_options(token)]
    for option in options:
        if not option.lower().startswith(_OPTIONS):
            raise BadSigners(number, "this option is not one of an allowed-signers file", "see ssh-keygen(1)")
    authority = any(each.lower() == "cert-authority" for each in options)
    principals = tuple(each for each in tokens[0].strip('"').split(",") if each)
    if not authority and any(_PATTERN.search(each) for each in principals):
        hint = "write each principal in full: who approves is who the file says has the key"
        raise BadSigners(number, "a principal is a pattern, and a pattern is nobody's name", hint)
    return SignerLine(number, principals, authority, tokens[place + 1])


def _split_options(token: str) -> Iterator[str]:
    """The options of a token: commas in quotes are no ends."""
    yield from (each for each in re.findall(r'(?:"[^"]*"|[^,"])+', token) if each)
