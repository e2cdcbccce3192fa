"""Make the contacts of a run a Merkle tree of keyed tokens, and prove one of its leaves.

A contact's token is an HMAC under a key of that contact and run alone, which is made of the workspace's key and of a
random salt that is kept for the contact: to show the key of one token opens no other, and without the salt nobody can
tell any more whose a token was. Hashes are those of RFC 6962, section 2.1: 0x00 before a leaf, 0x01 before a node.
Computed by the engine of this process, whichever the audience is computed on: the key goes nowhere.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience.relations import engine
from reconciler.model.evidence import Decided, DecidedCount, LeafProof, TreeHead
from reconciler.model.secret import Secret
from reconciler.model.workspace_settings import Engine

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

_BLOCK = 64
_SALT, _WHO = 32, 16
EMPTY = hashlib.sha256(b"").hexdigest()
"""The root of a tree without leaves."""


def build_tree(
    chosen: Engine,
    scratch: Path,
    decided: Sequence[Decided],
    key: Secret,
    run: str,
    known: Path | None,
    salts: Path,
    leaves: Path,
) -> TreeHead:
    """Write the leaves of a run to the new file `leaves`, and to `salts` those of everybody who has one by then.

    Args:
        known: the salts that there are; None: there are none yet.
    """
    if not any(each.rows.count for each in decided):
        return TreeHead(0, EMPTY)
    with engine.open_reader(chosen, scratch) as backend:
        backend.raw_sql(f"CREATE TEMP TABLE people AS {_select_people(decided, key)}")
        _keep_salts(backend, scratch, known, salts)
        backend.raw_sql(f"CREATE TEMP TABLE keyed AS {_select_keyed(key, run)}")
        text = (
            "to_json(struct_pack(contact := contact, number := number, segment := segment, decision := decision, "
            "band := band, code := code, args := args))::VARCHAR"
        )
        _copy(backend, f"SELECT contact, {text} AS leaf FROM keyed ORDER BY contact, segment", leaves)  # noqa: S608
        counted = backend.raw_sql(
            "SELECT segment, decision, band, code, args, count(*) FROM keyed GROUP BY ALL ORDER BY ALL NULLS FIRST"
        ).fetchall()
        counts = tuple(DecidedCount(each[0], each[1], each[2], each[3], tuple(each[4]), each[5]) for each in counted)
        size, levels = _make_levels(backend, leaves)
        return TreeHead(size, _read_root(backend, levels), counts)


def prove_leaf(
    chosen: Engine, scratch: Path, leaves: Path, salts: Path, key: Secret, run: str, contact: str
) -> list[LeafProof]:
    """The proofs of a contact's leaves, one for each segment; none where it has no salt, or was not in the run."""
    with engine.open_reader(chosen, scratch) as backend:
        who = hmac.digest(_derive(key, "who"), contact.encode(), "sha256")[:_WHO]
        found = backend.raw_sql(
            f"SELECT salt FROM {_parquet(salts)} WHERE who = from_hex('{who.hex()}')"  # noqa: S608 # hexadecimal
        ).fetchall()
        if not found:
            return []
        own = hmac.digest(_derive(key, f"run:{run}"), found[0][0], "sha256")
        token = hmac.digest(own, b"contact\n" + contact.encode(), "sha256").hex()
        size, levels = _make_levels(backend, leaves)
        named = backend.raw_sql(f"SELECT i, leaf FROM leaves WHERE contact = '{token}' ORDER BY i").fetchall()  # noqa: S608
        root = _read_root(backend, levels)
        return [LeafProof(leaf, i, size, root, list(_iter_path(backend, levels, i)), own.hex()) for i, leaf in named]


def drop_salt(chosen: Engine, scratch: Path, salts: Path, key: Secret, contact: str, target: Path) -> bool:
    """Write all salts but a contact's to `target`; whether there was one."""
    who = hmac.digest(_derive(key, "who"), contact.encode(), "sha256")[:_WHO].hex()
    with engine.open_reader(chosen, scratch) as backend:
        others = f"SELECT * FROM {_parquet(salts)} WHERE who <> from_hex('{who}')"  # noqa: S608 # hexadecimal
        _copy(backend, others, target)
    return engine.count_parquet(target) < engine.count_parquet(salts)


def list_leaves(leaves: Path) -> bytes:
    """The leaves of a run as they were hashed, one a line, for whoever computes the root anew."""
    import pyarrow.parquet as pq

    return b"".join(each.encode() + b"\n" for each in pq.read_table(leaves, columns=["leaf"])["leaf"].to_pylist())


def _derive(key: Secret, purpose: str) -> bytes:
    return hmac.digest(key.reveal().encode(), f"evidence-1:{purpose}".encode(), "sha256")


def _select_people(decided: Sequence[Decided], key: Secret) -> str:
    """Everybody, with who they are in the file of salts."""
    who = _hmac(_derive(key, "who"), "encode(contactId)")
    columns = "contactId, e164, band, reason.code AS code, coalesce(reason.args, []::VARCHAR[]) AS args"
    parts = [
        f"SELECT {_quote(str(each.segment))} AS segment, {columns}, {who}[1:{_WHO}] AS who "  # noqa: S608 # quoted
        f"FROM {_parquet(each.rows.path)}"
        for each in decided
        if each.rows.count
    ]
    return " UNION ALL ".join(parts)


def _keep_salts(backend: Backend, scratch: Path, known: Path | None, salts: Path) -> None:
    """Everybody's salt, a random one for who had none, as the table `salts` and in a file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    nobody = "(SELECT ''::BLOB AS who, ''::BLOB AS salt LIMIT 0)"
    backend.raw_sql(f"CREATE TEMP TABLE known AS FROM {nobody if known is None else _parquet(known)}")
    backend.raw_sql(
        "CREATE TEMP TABLE fresh AS SELECT who, row_number() OVER (ORDER BY who) - 1 AS i "
        "FROM (SELECT DISTINCT who FROM people) ANTI JOIN known USING (who)"
    )
    count = _count(backend, "fresh")
    chance = pa.py_buffer(secrets.token_bytes(_SALT * count))
    drawn = pa.FixedSizeBinaryArray.from_buffers(pa.binary(_SALT), count, [None, chance])
    numbers = pa.array(range(count), pa.int64())
    file = scratch / f"salts-{secrets.token_hex(4)}.parquet"
    file.touch(mode=0o600)
    pq.write_table(pa.table({"i": numbers, "salt": drawn}), file, compression="none", use_dictionary=False)
    backend.raw_sql(
        f"CREATE TEMP TABLE salts AS SELECT * FROM known UNION ALL "  # noqa: S608 # a path of ours, quoted
        f"SELECT who, salt FROM fresh JOIN {_parquet(file)} USING (i)"
    )
    file.unlink()
    _copy(backend, "SELECT who, salt FROM salts ORDER BY who", salts)


def _select_keyed(key: Secret, run: str) -> str:
    """Everybody with the tokens of this run, and what was decided."""
    own = _hmac(_derive(key, f"run:{run}"), "salt")
    contact = _hmac_by("own", "encode('contact' || chr(10) || contactId)")
    number = _hmac_by("own", "encode('number' || chr(10) || e164)")
    return (
        "SELECT segment, CASE WHEN band IS NULL THEN 'out' ELSE 'in' END AS decision, band, "  # noqa: S608
        f"CASE WHEN band IS NULL THEN code END AS code, args, {contact} AS contact, {number} AS number "
        f"FROM (SELECT people.*, {own} AS own FROM people JOIN salts USING (who))"
    )


def _make_levels(backend: Backend, leaves: Path) -> tuple[int, int]:
    """The tree of a file of leaves, as tables `level_0`, …; how many leaves, and the number of the top."""
    backend.raw_sql(
        f"CREATE TEMP TABLE leaves AS SELECT file_row_number AS i, contact, leaf "  # noqa: S608 # quoted
        f"FROM read_parquet({_quote(str(leaves))}, file_row_number = true)"
    )
    backend.raw_sql(
        "CREATE TEMP TABLE level_0 AS SELECT i, unhex(sha256('\\x00'::BLOB || encode(leaf))) AS hash FROM leaves"
    )
    size = _count(backend, "leaves")
    level, width = 0, size
    while width > 1:
        # the last of an odd number goes up as it is: the tree of RFC 6962, which splits at powers of two
        pairs = f"SELECT i, hash, lead(hash) OVER (ORDER BY i) AS beside FROM level_{level}"  # noqa: S608
        node = "CASE WHEN beside IS NULL THEN hash ELSE unhex(sha256('\\x01'::BLOB || hash || beside)) END"
        level += 1
        backend.raw_sql(
            f"CREATE TEMP TABLE level_{level} AS SELECT i // 2 AS i, {node} AS hash FROM ({pairs}) WHERE i % 2 = 0"  # noqa: S608
        )
        width = (width + 1) // 2
    return size, level


def _iter_path(backend: Backend, levels: int, index: int) -> Iterator[str]:
    for level in range(levels):
        beside = backend.raw_sql(f"SELECT hash FROM level_{level} WHERE i = {index ^ 1}").fetchall()  # noqa: S608
        yield from (each.hex() for (each,) in beside)
        index //= 2


def _read_root(backend: Backend, levels: int) -> str:
    ((root,),) = backend.raw_sql(f"SELECT hash FROM level_{levels}").fetchall()  # noqa: S608 # a number
    return bytes(root).hex()


def _count(backend: Backend, table: str) -> int:
    ((found,),) = backend.raw_sql(f"SELECT count(*) FROM {table}").fetchall()  # noqa: S608 # one of those made here
    return int(found)


def _copy(backend: Backend, query: str, target: Path) -> None:
    target.touch(mode=0o600)
    how = "FORMAT parquet, USE_TMP_FILE false, COMPRESSION zstd"
    backend.raw_sql(f"COPY ({query}) TO {_quote(str(target))} ({how})")


def _hmac(key: bytes, message: str) -> str:
    """SQL: HMAC-SHA256 (RFC 2104) of an expression of bytes under a key that is the same for all rows."""
    inner, outer = (bytes(one ^ pad for one in key.ljust(_BLOCK, b"\0")) for pad in (0x36, 0x5C))
    return f"unhex(sha256(from_hex('{outer.hex()}') || unhex(sha256(from_hex('{inner.hex()}') || {message}))))"


def _hmac_by(key: str, message: str) -> str:
    """SQL: the same in hexadecimal, under a key of 32 bytes that is an expression as well."""
    whole = f"({key} || from_hex('{bytes(_BLOCK - 32).hex()}'))::BIT"
    inner, outer = (f"xor({whole}, from_hex('{bytes([pad] * _BLOCK).hex()}')::BIT)::BLOB" for pad in (0x36, 0x5C))
    return f"lower(sha256({outer} || unhex(sha256({inner} || {message}))))"


def _parquet(path: Path) -> str:
    return f"read_parquet({_quote(str(path))})"


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
