"""Verify a pack of evidence without the program that wrote it: python verify_evidence.py PACK --key SHA256."""

import argparse
import base64
import hashlib
import hmac
import json
import re
import zipfile
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

OURS, SLSA = "https://cxone-reconciler.dev/attestation", "https://slsa.dev/verification_summary/v1"
PLAN, APPROVAL, APPLY = (f"{OURS}/{name}/v1" for name in ("plan", "approval", "apply"))
NOTHING = {"exit_code": None, "audit": {"entries": 0, "head": None}, "contacts": None}


def need(holds, words):
    if not holds:
        raise ValueError(words)


def sha(data):
    return hashlib.sha256(data).hexdigest()


def read_envelope(line, keys):  # DSSE: what is signed is the pre-authentication encoding
    told = json.loads(line)
    payload, kind = base64.b64decode(told["payload"], validate=True), told["payloadType"]
    need(kind == "application/vnd.in-toto+json" and told["signatures"], "an envelope of another type, or unsigned")
    for each in told["signatures"]:
        need(each["keyid"] in keys, f"a signature by key {each['keyid'][:16]}…, which is not in the pack")
        key, pae = keys[each["keyid"]], b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
        how = () if isinstance(key, ed25519.Ed25519PublicKey) else (ec.ECDSA(hashes.SHA256()),)
        key.verify(base64.b64decode(each["sig"], validate=True), pae, *how)
    need(json.loads(payload)["_type"] == "https://in-toto.io/Statement/v1", "a statement of another type")
    return json.loads(payload)


def root_of(leaves):  # RFC 6962, section 2.1
    if len(leaves) < 2:
        return hashlib.sha256(b"\0" + leaves[0] if leaves else b"").digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root_of(leaves[:half]) + root_of(leaves[half:])).digest()


def climb(leaf, index, size, path):  # the root of a tree of so many leaves, from one of them and what is beside its way
    if size == 1:
        return root_of([leaf]) if (index, path) == (0, []) else b"its path is too long"
    half, beside = 1 << (size - 1).bit_length() - 1, bytes.fromhex(path[-1])
    left = (climb(leaf, index, half, path[:-1]), beside) if index < half else None
    return hashlib.sha256(b"\1%s%s" % (left or (beside, climb(leaf, index - half, size - half, path[:-1])))).digest()


def read_statements(pack, files, keys):
    runs = {}
    for line in (line for name in files if name.startswith("statements/") for line in files[name].splitlines()):
        told = read_envelope(line, keys)
        kind, predicate, plan = told["predicateType"], told["predicate"], told["subject"][0]["digest"]["sha256"]
        name = predicate["resourceUri"].rpartition(":")[2] if kind == SLSA else predicate["run"]
        run = runs.setdefault(name, {"plan": f"sha256:{plan}", "last": b""})
        need(kind in (PLAN, APPROVAL, APPLY, SLSA), f"a statement of run {name} is of an unknown kind: {kind}")
        need(run["plan"] == f"sha256:{plan}", f"statements of run {name} are about different plans")
        run |= {kind: predicate, **({"last": line} if kind == APPLY else {})}
    need(set(runs) <= {*pack["runs"], *pack["carried"]}, "there are statements of a run that is not of the pack")
    for name, run in runs.items():
        need(PLAN in run and SLSA in run, f"run {name} has no statement of its plan, or of its rules")
        document = files.get(f"plans/{run[PLAN]['document']['sha256']}.json", b"{}")
        need(sha(document) == run[PLAN]["document"]["sha256"], f"the plan of run {name} is not in the pack")
        need(json.loads(document)["digest"] == run["plan"], f"the plan of run {name} is another than was signed")
        need(run[SLSA]["verificationResult"] == "PASSED", f"run {name} was applied though rules refused it")
    return runs


def check_record(pack, lines, runs):
    record, before, heads = [json.loads(line) for line in lines], None, {}
    for entry, line in zip(record, lines, strict=True):
        need(before in (None, (entry["previous"], entry["number"])), f"entry {entry['number']} is not chained")
        before, heads[entry["number"]] = (sha(line), entry["number"] + 1), sha(line)
    begun = {each["run"]: each for each in record if each["event"] == "started"}
    ended = {each["run"]: each["exit_code"] for each in record if each["event"] in ("finished", "stopped")}
    need(set(pack["runs"]) == set(begun), "the runs of the pack are not those that the audit record tells of")
    for name, entry in ((name, entry) for name, entry in begun.items() if name in runs or "tree" in entry):
        need(name in runs, f"the statements of run {name} were taken out")
        tree, apply = entry.get("tree"), runs[name].get(APPLY, NOTHING)
        need(runs[name]["plan"] == entry["plan"], f"run {name} applied another plan than was signed")
        code, at = apply["exit_code"], apply["audit"]
        need(ended.get(name, code) == code, f"it is not signed how run {name} ended, or otherwise")
        need(heads.get(at["entries"], at["head"]) == at["head"], f"run {name} saw another audit record")
        need(not tree or apply is NOTHING or apply["contacts"]["root"] == tree["root"], f"run {name} has two trees")


def checks(pack_file, trusted, proofs, contact, number):
    with zipfile.ZipFile(pack_file) as archive:
        names, files = archive.namelist(), {name: archive.read(name) for name in archive.namelist()}
    pack = json.loads(files["pack.json"])
    need(sorted(names) == sorted([*pack["files"], "pack.json", "pack.dsse.json"]), "files were added or taken out")
    for name, digest in pack["files"].items():
        need(sha(files[name]) == digest, f"{name} was changed")
    yield "files", f"{len(names)}, each as pack.json lists it"
    opened = [load_pem_public_key(files[name]) for name in names if name.startswith("keys/")]
    keys = {sha(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)): key for key in opened}
    need(not trusted or set(keys) <= set(trusted), "it is signed by another key than you named")
    yield "keys", ", ".join(keys) + ("" if trusted else " (compared with none: name it with --key)")
    about = read_envelope(files["pack.dsse.json"], {pack["key"]: keys[pack["key"]]})
    need(about["subject"][0]["digest"]["sha256"] == sha(files["pack.json"]), "another list of files was signed")
    yield "pack", f"signed, of {pack['first']} to {pack['last']}"
    runs = read_statements(pack, files, keys)
    yield "statements", f"of {len(runs)} runs, each signed, with the plans that they are about"
    check_record(pack, files["audit.jsonl"].splitlines(), runs)
    yield "audit", f"chained, and its {len(pack['runs'])} runs are those that were signed"
    trees = {n: (t["root"], t["size"]) for n, run in runs.items() if (t := run.get(APPLY, NOTHING)["contacts"])}
    shown = [name for name in names if name.startswith("leaves/")]
    for name, leaves in ((name, files[name].splitlines()) for name in shown):
        need((root_of(leaves).hex(), len(leaves)) == trees[name[7:-6]], f"{name} is not what was signed")
    yield "trees", f"{len(trees)} signed, {len(shown)} computed from their leaves"
    given = [*(files[name] for name in names if name.startswith("proofs/")), *map(Path.read_bytes, proofs)]
    for proof in map(json.loads, given):
        run, (root, size) = proof["run"], trees.get(proof["run"], ("", 0))
        need(size and proof["leaves"], f"a proof is of run {run}, which has no tree in the pack")
        for each, leaf in ((each, json.loads(each["leaf"])) for each in proof["leaves"]):
            top = climb(each["leaf"].encode(), each["index"], size, each["path"]).hex()
            need(top == root, f"what a proof tells is not in the tree of run {run}")
            for field, value in (("contact", contact), ("number", number)):
                token = hmac.digest(bytes.fromhex(each["key"]), f"{field}\n{value}".encode(), "sha256").hex()
                need(value is None or token == leaf[field], f"a proof is about another {field}")
            yield "proof", " ".join((run, leaf["segment"], leaf["decision"], leaf["code"] or "", *leaf["args"]))
    for name in (name for name in names if name.startswith("timestamps/")):
        info = files[name].partition(bytes.fromhex("060b2a864886f70d0109100104"))[2]  # id-ct-TSTInfo, RFC 3161
        when = re.search(rb"\x04\x20(.{32}).{,40}?\x18.(\d{14}[\d.]*Z)", info, re.DOTALL)  # imprint, serial, time
        need(when and when[1].hex() == sha(runs[name[11:-4]]["last"]), f"{name} was put on something else")
        yield "time", f"{name[11:-4]} had ended by {when[2].decode()}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack")
    parser.add_argument("--key", action="append", help="SHA-256 of a key that may have signed, as you were told it")
    parser.add_argument("--proof", action="append", default=[], type=Path, help="a proof, beside those in the pack")
    parser.add_argument("--contact", help="the id that proofs are to be about")
    parser.add_argument("--number", help="the number that proofs are to be about, as +12125550100")
    try:
        for name, words in checks(*vars(parser.parse_args()).values()):
            print(f"ok    {name:<11} {words}")
    except Exception as error:  # whatever cannot be read is no pack
        raise SystemExit(f"FAIL  {error if type(error) is ValueError else repr(error)}") from None
    print("The pack is whole.")
