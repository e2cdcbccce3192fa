"""Define the origin of a plan or a run: the commit, people and pipeline behind it, as the environment says.

Nobody vouches for it but the pipeline: its values are foreign text. They are one line each, without what nobody sees,
cut to a length, and `***` stands for what is the value of a secret.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

from reconciler.model.serialization import from_json
from reconciler.model.text_folding import strip_invisible

LONGEST = 200
"""Characters of a value; of a longer one the end is left out."""
MOST_APPROVERS = 20
APPROVERS = "RECONCILER_APPROVERS"
"""Who has approved the change: names, with commas between them. No pipeline has a variable of its own for it."""

_SECRET_NAME = re.compile(r"SECRET|TOKEN|PASSW|PASSPHRASE|CREDENTIAL|API_?KEY|PRIVATE|(^|_)(KEY|KEYS|PAT|AUTH)$", re.I)
_SHORTEST_SECRET = 6
"""Characters: a shorter value of such a variable (`true`, `1`) hides nothing, and would mask other words."""
_SECRET_SHAPE = re.compile(
    r"gh[opsur]_\w{16,}|github_pat_\w{16,}|gl[a-z]{2,8}-[\w.-]{16,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|AKIA[0-9A-Z]{16}"
)
"""Tokens of the code hosts, JSON Web Tokens, and keys of Amazon's, wherever they stand."""
_USER = re.compile(r"(?<=://)[^/@\s]+@")
_MAIL = re.compile(r"\s*<[^<>]*@[^<>]*>\s*$")
_PLACE = re.compile(r"\{(event:)?([\w.]+)\}")


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose change it is, and what ran for it; None where nobody said.

    Attributes:
        repository: its address. commit: the one that was proposed, in full. author: who wrote the change.
        started_by: who set the pipeline off. pull_request: its number. run, run_url: the pipeline's run.
        approvers: who had approved the change when the run began.
    """

    repository: str | None = None
    commit: str | None = None
    author: str | None = None
    started_by: str | None = None
    pull_request: str | None = None
    run: str | None = None
    run_url: str | None = None
    approvers: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """As JSON values; what nobody said is left out."""
        told = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: list(value) if name == "approvers" else value for name, value in told.items() if value}


def make_origin(environ: Mapping[str, str], event: Mapping[str, Any] | None = None) -> Origin | None:
    """What the environment says, this program's own variables before the pipeline's; None where it says nothing.

    `event`: the document of the event that set the pipeline off, where it has one.
    """
    secrets = sorted(_list_secrets(environ), key=lambda each: (-len(each), each))
    told: dict[str, Any] = {}
    for system in _load_systems():
        if not system["variable"] or environ.get(system["variable"]):
            found = {name: _fill(places, environ, event or {}) for name, places in system.items() if name in _NAMES}
            told |= {name: cleaned for name, value in found.items() if (cleaned := _clean(value, secrets))}
    approvers = (_clean(each, secrets) for each in re.split(r"[,\n]", environ.get(APPROVERS, "")))
    told["approvers"] = tuple(dict.fromkeys(each for each in approvers if each))[:MOST_APPROVERS]
    made = Origin(**told)
    return None if made == Origin() else made


def read_origin(document: Any) -> Origin | None:
    """What `document` wrote; None where there is none.

    Raises:
        ValueError, TypeError: it is written otherwise.
    """
    if document is None:
        return None
    return from_json(Origin, document)


_NAMES = frozenset(each.name for each in fields(Origin)) - {"approvers"}


@cache
def _load_systems() -> list[dict[str, Any]]:
    text = (files(__package__) / "origin_variables.toml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text)["system"]
    return found


def _fill(places: list[str], environ: Mapping[str, str], event: Mapping[str, Any]) -> str:
    """The first of some places of which everything is set."""
    for place in places:
        values = [_look_up(name, event) if of else environ.get(name, "") for of, name in _PLACE.findall(place)]
        if all(values):
            each = iter(values)
            return _PLACE.sub(lambda _, each=each: next(each), place)  # type: ignore[misc]
    return ""


def _look_up(path: str, event: Mapping[str, Any]) -> str:
    found: Any = event
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""


def _list_secrets(environ: Mapping[str, str]) -> Iterator[str]:
    """The values of variables whose names say that they are secret, and each line of them."""
    for name, value in environ.items():
        if _SECRET_NAME.search(name):
            for line in (value, *value.splitlines()):
                if len(shown := _show(line)) >= _SHORTEST_SECRET:
                    yield shown


def _show(text: str) -> str:
    """A text on one line, without controls, what nobody sees, and halves of characters."""
    kept = (" " if each.isspace() else each for each in text if each.isspace() or unicodedata.category(each)[0] != "C")
    return " ".join(strip_invisible("".join(kept)).split())


def _clean(text: str, secrets: list[str]) -> str:
    shown = _MAIL.sub("", _show(text))
    for secret in secrets:
        shown = shown.replace(secret, "***")
    shown = _USER.sub("***@", _SECRET_SHAPE.sub("***", shown))
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"
