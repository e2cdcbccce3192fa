"""Stand in for what tells who somebody is: ids, numbers, names and other texts, by the workspace's key, and back."""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from mmap import mmap
from typing import Any

import orjson

from reconciler.model.contact_tokens import Tokens
from reconciler.model.text_folding import normalise_id

COUNTRY_CODE = "+999"
"""No country has it: 999 is reserved (ITU-T, List of Recommendation ITU-T E.164 Assigned Country Codes).

The numbers that are kept for fiction in North America, 555-0100 to 555-0199 of each area, are some forty thousand: too
few to keep a hundred thousand people apart. Fifteen digits is as long as a number may be (ITU-T E.164, clause 6).
"""

_DIGITS = 12
_MAIL = "@example.invalid"
"""RFC 2606, section 2: nobody will ever have an address there."""
_PATTERN = re.compile(rb'"(?:pv-[0-9a-f]{16}(?:@example\.invalid)?|\+999\d{12})"')
_LARGEST_PLAIN = 999_999
"""A whole number with more digits may be somebody's: a telephone number has at least seven."""
_NAMES = ("name", "firstName", "lastName")


class StandIns:
    """One stand-in for each value and one value for each stand-in; the same again in every run with the same key.

    What stands in for texts is `pv-` with sixteen hexadecimal digits; for mail addresses the same at a domain that
    nobody can have; for numbers twelve digits after the country code of nobody. May be used from several threads.
    """

    def __init__(self, tokens: Tokens) -> None:
        self._key = tokens.key.reveal().encode()
        self._guard = threading.Lock()
        self._forth: dict[tuple[str, bytes], str] = {}
        self._back: dict[bytes, bytes] = {}

    def hide(self, value: Any) -> str:
        """What stands in for an id, a name, or any other value that JSON can hold."""
        return self._find("text", value, lambda digest: f"pv-{digest.hex()[:16]}")

    def hide_mail(self, value: str) -> str:
        """What stands in for a mail address."""
        return self._find("mail", value, lambda digest: f"pv-{digest.hex()[:16]}{_MAIL}")

    def hide_phone(self, value: str) -> str:
        """What stands in for a telephone number: a number in E.164 that is nobody's."""

        def make(digest: bytes) -> str:
            return f"{COUNTRY_CODE}{int.from_bytes(digest[:8], 'big') % 10**_DIGITS:0{_DIGITS}d}"

        return self._find("phone", value, make)

    def hide_data(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """What is kept with a contact: truths and small numbers, such as scores, stay, and all else has a stand-in."""
        return {name: value if _is_plain(value) else self.hide(value) for name, value in data.items()}

    def hide_row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row as it goes onto the wire (`model.row_wire.Row`), with a stand-in for whatever tells whose it is."""
        hidden = {
            "member": None if row["member"] is None else self.hide(str(row["member"])),
            "sent_as": None if row["sent_as"] is None else self.hide(str(row["sent_as"])),
            "phone": None if row["phone"] is None else self.hide_phone(str(row["phone"])),
            "email": self.hide_mail(str(row["email"])) if row["email"] else row["email"],
            **{name: self.hide(row[name]) if row[name] else row[name] for name in _NAMES},
            "data": self.hide_data(row["data"] or {}),
        }
        # what an id is compared by is that of its stand-in, where it was that of the id
        known = str(row["member"] or row["sent_as"])
        same = normalise_id(known) == row["contactId"]
        hidden["contactId"] = self.hide(known) if same else self.hide(str(row["contactId"]))
        return {**row, **hidden}

    def reveal(self, content: bytes | mmap) -> Iterator[bytes]:
        """A JSON text with every stand-in replaced by what it stands for, in pieces; what is none stays as it is."""
        at = 0
        for found in _PATTERN.finditer(content):
            told = self._back.get(found[0])
            if told is not None:
                yield content[at : found.start()]
                yield told
                at = found.end()
        yield content[at:]

    def _find(self, kind: str, told: Any, make: Callable[[bytes], str]) -> str:
        # copied: what orjson gives has kilobytes to spare
        value = orjson.dumps(told).decode().encode()
        with self._guard:
            known = self._forth.get((kind, value))
            if known is not None:
                return known
            number = 0
            while (written := b'"%s"' % (made := make(self._digest(kind, number, value))).encode()) in self._back:
                number += 1  # another value has it: then it is not this one's
            self._forth[kind, value], self._back[written] = made, value
            return made

    def _digest(self, kind: str, number: int, value: bytes) -> bytes:
        return hmac.new(self._key, b"%s %d %s" % (kind.encode(), number, value), hashlib.sha256).digest()


def _is_plain(value: Any) -> bool:
    """Whether a value can be nobody's: a truth, nothing, or a number that is too small for a telephone's."""
    return value is None or isinstance(value, bool) or (isinstance(value, int | float) and abs(value) <= _LARGEST_PLAIN)
