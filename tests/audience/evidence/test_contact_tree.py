"""Are the contacts of a run a tree as RFC 6962 has it, of which one leaf is proved without the others?"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reconciler.audience.evidence.contact_tree import EMPTY, build_tree, drop_salt, prove_leaf
from reconciler.model.evidence import Decided, TreeHead
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import Rows
from reconciler.model.secret import Secret
from reconciler.model.tables import DECIDED_CONTACTS
from reconciler.model.workspace_settings import Engine

KEY = Secret("k" * 40)


def merkle(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, as it is written there."""
    if len(leaves) <= 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest() if leaves else hashlib.sha256(b"").digest()
    k = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\1" + merkle(leaves[:k]) + merkle(leaves[k:])).digest()


def decided(folder: Path, count: int, segment: str = "all") -> Decided:
    """So many contacts, every third of whom is on a do-not-call list, and every fifth without a number."""
    file = folder / f"{segment}-{count}.parquet"
    reason = pa.struct([("code", pa.string()), ("args", pa.list_(pa.string()))])
    out = [{"code": "suppressed", "args": ["SuppressionList/own"]} if n % 3 == 0 else None for n in range(count)]
    rows = pa.table(
        {
            "contactId": [f"CUST{n:04d}'\"ü" for n in range(count)],
            "band": [None if n % 3 == 0 else "high" for n in range(count)],
            "reason": pa.array(out, reason),
            "e164": pa.array(
                [None if n % 5 == 0 else f"+1212555{100 + n % 100:04d}" for n in range(count)], pa.string()
            ),
        }
    )
    pq.write_table(rows, file)
    return Decided(Address("Segment", segment), Rows(file, "parquet", DECIDED_CONTACTS.types, count))


def built(folder: Path, *parts: Decided, run: str = "one", known: Path | None = None) -> TreeHead:
    """A tree of some segments; its files are `RUN.leaves` and `RUN.salts`."""
    salts, leaves = folder / f"{run}.salts", folder / f"{run}.leaves"
    return build_tree(Engine(), folder, parts, KEY, run, known, salts, leaves)


def leaves(folder: Path, run: str = "one") -> list[str]:
    return [str(each) for each in pq.read_table(folder / f"{run}.leaves")["leaf"].to_pylist()]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 9])
def test_the_root_is_that_of_the_rfc(tmp_path: Path, count: int) -> None:
    head = built(tmp_path, decided(tmp_path, count))
    assert (head.size, head.root) == (count, merkle([each.encode() for each in leaves(tmp_path)]).hex())


def test_nobody_is_a_tree_too(tmp_path: Path) -> None:
    assert built(tmp_path, decided(tmp_path, 0)) == TreeHead(0, EMPTY)


def climb(leaf: str, index: int, size: int, path: Sequence[str]) -> str:
    """RFC 9162, section 2.1.3.2."""
    here, last, found = index, size - 1, hashlib.sha256(b"\0" + leaf.encode()).digest()
    for each in map(bytes.fromhex, path):
        assert last
        if here & 1 or here == last:
            found = hashlib.sha256(b"\1" + each + found).digest()
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\1" + found + each).digest()
        here, last = here >> 1, last >> 1
    assert last == 0
    return found.hex()


@pytest.mark.parametrize("size", [1, 6, 7, 13])
def test_every_contact_is_proved_and_its_token_is_an_hmac_of_the_contact(tmp_path: Path, size: int) -> None:
    head = built(tmp_path, decided(tmp_path, size))
    for number in range(size):
        who = f"CUST{number:04d}'\"ü"
        (proof,) = prove_leaf(Engine(), tmp_path, tmp_path / "one.leaves", tmp_path / "one.salts", KEY, "one", who)
        assert climb(proof.leaf, proof.index, proof.size, proof.path) == head.root == proof.root
        told = json.loads(proof.leaf)
        key = bytes.fromhex(proof.key)
        assert told["contact"] == hmac.new(key, b"contact\n" + who.encode(), "sha256").hexdigest()
        phone = f"+1212555{100 + number:04d}"
        expected = None if number % 5 == 0 else hmac.new(key, f"number\n{phone}".encode(), "sha256").hexdigest()
        assert told["number"] == expected
        assert told["decision"] == ("out" if number % 3 == 0 else "in")
        assert told["code"] == ("suppressed" if number % 3 == 0 else None)
        assert told["args"] == (["SuppressionList/own"] if number % 3 == 0 else [])


def test_a_contact_of_two_segments_has_a_leaf_in_each_and_counts_add_up(tmp_path: Path) -> None:
    head = built(tmp_path, decided(tmp_path, 4), decided(tmp_path, 6, "some"))
    assert sum(each.count for each in head.counts) == head.size == 10
    told = prove_leaf(Engine(), tmp_path, tmp_path / "one.leaves", tmp_path / "one.salts", KEY, "one", "CUST0001'\"ü")
    assert {json.loads(each.leaf)["segment"] for each in told} == {"Segment/all", "Segment/some"}


def test_tokens_of_two_runs_have_nothing_in_common_and_salts_stay(tmp_path: Path) -> None:
    built(tmp_path, decided(tmp_path, 4))
    built(tmp_path, decided(tmp_path, 6), run="two", known=tmp_path / "one.salts")
    first, second = (pq.read_table(tmp_path / f"{run}.salts").to_pylist() for run in ("one", "two"))
    assert len(second) == 6
    assert all(each in second for each in first)
    ours, theirs = ({json.loads(each)["contact"] for each in leaves(tmp_path, run)} for run in ("one", "two"))
    assert not ours & theirs


def test_who_was_forgotten_is_found_no_more_and_the_root_stays(tmp_path: Path) -> None:
    head = built(tmp_path, decided(tmp_path, 6))
    who, kept = "CUST0003'\"ü", tmp_path / "kept"
    assert drop_salt(Engine(), tmp_path, tmp_path / "one.salts", KEY, who, kept)
    assert not prove_leaf(Engine(), tmp_path, tmp_path / "one.leaves", kept, KEY, "one", who)
    (other,) = prove_leaf(Engine(), tmp_path, tmp_path / "one.leaves", kept, KEY, "one", "CUST0004'\"ü")
    assert climb(other.leaf, other.index, other.size, other.path) == head.root
    assert not drop_salt(Engine(), tmp_path, kept, KEY, who, tmp_path / "again")
