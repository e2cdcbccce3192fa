"""Make tokens that stand for contacts in plans and logs."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass

from reconciler.model.secret import Secret

_TOKEN = re.compile(r"c-[0-9a-f]{12}")
_SHOWN = 2
_SHORTEST_HINTED = 6


@dataclass(frozen=True, slots=True)
class Tokens:
    """Stands for contacts by HMAC-SHA256 with a workspace's key: the same contact, the same token in every plan."""

    key: Secret

    def token(self, contact: str) -> str:
        """Twelve hexadecimal digits after `c-`: enough to tell a million contacts apart, and not reversible."""
        digest = hmac.new(self.key.reveal().encode(), contact.encode(), hashlib.sha256)
        return f"c-{digest.hexdigest()[:12]}"

    def may_be(self, text: str) -> bool:
        """Whether a text looks like a token."""
        return _TOKEN.fullmatch(text) is not None

    def hint(self, contact: str) -> str:
        """The last two characters of an id that is long enough for them to give nothing away."""
        return f"…{contact[-_SHOWN:]}" if len(contact) >= _SHORTEST_HINTED else "…"
