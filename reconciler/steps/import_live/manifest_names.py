# tested by: tests/steps/import_live/test_import_live.py
"""Name the manifests of imported objects."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Container, Iterable, Mapping

_LONGEST = 63
_DIGITS = 6


def choose_names(live_names: Iterable[str], taken: Container[str]) -> Mapping[str, str]:
    """By live name the name of its manifest: its letters and digits, joined by hyphens.

    Names that come to the same get a few digits of the live name's digest, all but the first of them, and so does one
    that another manifest has. It follows from the names alone: whatever is chosen, an object has the same one.
    """
    found: dict[str, str] = {}
    used: set[str] = set()
    for live_name in sorted(set(live_names)):
        name = _make_slug(live_name)
        if name in used or name in taken:
            digest = hashlib.sha256(live_name.encode()).hexdigest()
            digits = _DIGITS
            while (longer := f"{name[: _LONGEST - digits - 1]}-{digest[:digits]}") in used or longer in taken:
                digits += 1
            name = longer
        used.add(name)
        found[live_name] = name
    return found


def _make_slug(live_name: str) -> str:
    plain = unicodedata.normalize("NFKD", live_name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST].strip("-") or "unnamed"
