"""Sign a JSON object with an HMAC as its last field, and verify it."""

from __future__ import annotations

import hmac

from reconciler.ledger.sealing import NAME, Seal

_START, _END = b',"proof":"', b'"}'
_TAIL = len(_START) + NAME + 1 + 64 + len(_END)


def write_proof(seal: Seal, name: str, line: bytes) -> bytes:
    """A line with its proof: a JSON object that was closed, and is closed again."""
    proof = f"{seal.name}:{seal.make_proof(_name_line(name), [line])}".encode()
    return line[:-1] + _START + proof + _END


def read_proof(seal: Seal, name: str, line: bytes) -> tuple[str, Seal | None, bytes]:
    """What a line shows: `proven`, `altered`, under a `foreign` key, or `none`; the key; the line without its proof."""
    plain, tail = line[:-_TAIL] + b"}", line[-_TAIL:]
    if not (tail.startswith(_START) and tail.endswith(_END)):
        return "none", None, line
    named, _, mac = tail[len(_START) : -len(_END)].decode("ascii", "replace").partition(":")
    key = seal.find_key(named)
    if key is None:
        return "foreign", None, plain
    same = hmac.compare_digest(mac.encode(), key.make_proof(_name_line(name), [plain]).encode())
    return ("proven" if same else "altered"), key, plain


def _name_line(name: str) -> str:
    return f"a line of {name}"
