"""A reason is a code with arguments: a program knows it whatever name or number its words have."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.reason import Counted, Reason, count_codes
from reconciler.model.reason_codes import CODES, FAULT, LIST, NUMBER, ROW_FAULTS
from reconciler.model.reason_json import make_reason_document, read_named

ROOT = Path(__file__).parents[2] / "reconciler"
NUMBERS = st.integers(-(10**9), 10**9).map(str) | st.integers(-(10**6), 10**6).map(lambda n: f"{n / 100:g}")


@st.composite
def reasons(draw: st.DrawFn) -> Reason:
    """Any reason with any arguments."""
    return draw_reason(draw, CODES)


def draw_reason(draw: st.DrawFn, codes: Mapping[str, Mapping[str, str]]) -> Reason:
    code = draw(st.sampled_from(sorted(codes)))
    args: list[str] = []
    for kind in codes[code].values():
        if kind == LIST:
            args += draw(st.lists(st.text(max_size=8), max_size=3))
        elif kind == FAULT:
            fault = draw_reason(draw, ROW_FAULTS)
            args += [fault.code, *fault.args]
        else:
            args.append(draw(NUMBERS if kind == NUMBER else st.text(max_size=8)))
    return Reason(code, tuple(args))


@given(reasons())
def test_a_reason_that_was_written_down_is_read_as_the_same(reason: Reason) -> None:
    assert (
        read_named(orjson.loads(orjson.dumps(make_reason_document(reason)))).name_arguments() == reason.name_arguments()
    )


def test_numbers_are_numbers_and_lists_are_lists_in_json() -> None:
    assert make_reason_document(Reason("below_threshold", ("75.5",))) == {
        "code": "below_threshold",
        "args": {"threshold": 75.5},
    }
    assert make_reason_document(Reason("changed", ("phone", "name")))["args"] == {"fields": ["phone", "name"]}


@pytest.mark.parametrize(
    ("code", "args"),
    [
        ("no_such_thing", ()),
        ("suppressed", ()),
        ("archived", ("x",)),
        ("moved", ("high",)),
    ],
)
def test_a_reason_that_no_view_has_words_for_cannot_be_made(code: str, args: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=code):
        Reason(code, args)


def test_the_fault_of_a_row_is_a_reason_within_the_reason() -> None:
    why = Reason("unusable", ("unfit_text", "agent", "200"))
    assert why.fault == Reason("unfit_text", ("agent", "200"))
    fault = {"code": "unfit_text", "args": {"field": "agent", "longest": 200}}
    assert make_reason_document(why) == {"code": "unusable", "args": {"fault": fault}}


@pytest.mark.parametrize("args", [(), ("archived",), ("no_such_fault",), ("empty",)])
def test_what_is_no_fault_of_a_row_makes_no_reason(args: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"no such reason|is no fault of a row|takes 1 arguments"):
        Reason("unusable", args)


def test_reasons_of_one_code_are_counted_together() -> None:
    counted = [
        Counted(Reason("unknown_region", ("A",)), 2),
        Counted(Reason("archived"), 1),
        Counted(Reason("unknown_region", ("B",)), 3),
    ]
    assert count_codes(counted) == {"unknown_region": 5, "archived": 1}


MADE_BY = {"Reason", "make_reason", "make_list_reason", "read_fault_reason", "write_fault"}
MADE_BY |= {"make_fault", "_fault"}


def written_codes() -> Iterator[tuple[str, str]]:
    """Every code that the program gives, with the module."""
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                first = node.args[0] if node.args else None
                if name in MADE_BY and isinstance(first, ast.Constant):
                    yield path.name, str(first.value)


def test_every_code_that_is_given_is_one_of_the_codes() -> None:
    given_codes = list(written_codes())
    assert len(given_codes) > len(CODES) / 2
    assert [each for each in given_codes if each[1] not in CODES] == []


def test_every_code_is_given_somewhere() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in ROOT.rglob("*.py") if path.name != "reason.py"}
    texts = {path: text for path, text in texts.items() if path.parent.name != "views"}
    unused = [code for code in CODES if not any(re.search(rf'"{code}"', text) for text in texts.values())]
    assert unused == []


SENTENCE = re.compile(r"[a-zA-Z]{2,}.* .*[a-zA-Z]{2,}|^[a-z]+: $|^[a-z]+ $")
TAKES_APART = {
    *("startswith", "endswith", "split", "partition", "rpartition"),
    *("removeprefix", "removesuffix", "find", "index", "count", "isin"),
}
OF_LIBRARIES = {
    ("audience/sources/database_connection.py", "does not exist"),
    ("audience/sources/formats/csv.py", "unexpected end"),
    ("audience/sources/formats/csv.py", "field limit"),
    ("bucket/store_errors.py", "builder error"),
    ("cxone/event_socket.py", "keepalive ping timeout"),
}
"""What libraries say where they have no code for it."""


def named_sentences(modules: Iterable[Path]) -> Mapping[tuple[str, str], str]:
    """The sentences that have a name of their own, by their module and that name: one may be read in another module."""
    found: dict[tuple[str, str], str] = {}
    for module in modules:
        for node in ast.parse(module.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                said = node.value.value
                if isinstance(said, str) and SENTENCE.search(said):
                    found |= {(module.stem, each.id): said for each in node.targets if isinstance(each, ast.Name)}
    return found


def sentences_read(module: Path, named: Mapping[tuple[str, str], str] | None = None) -> Iterator[str]:
    """The sentences that a module compares with something, or takes something apart by; be it by their names."""
    named = named_sentences([module]) if named is None else named
    tree = ast.parse(module.read_text(encoding="utf-8"))
    imports = [each for each in ast.walk(tree) if isinstance(each, ast.ImportFrom) and each.module]
    known = {each.name: str(one.module).rpartition(".")[2] for one in imports for each in one.names}
    for node in ast.walk(tree):
        asked: list[ast.expr] = []
        if isinstance(node, ast.Compare):
            asked = [node.left, *node.comparators]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in TAKES_APART:
            asked = node.args
        for each in (part for one in asked for part in ast.walk(one)):
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and SENTENCE.search(each.value):
                yield each.value
        for each in (
            part for one in asked for part in ([*one.elts] if isinstance(one, ast.Tuple | ast.Set) else [one])
        ):
            if isinstance(each, ast.Name):
                of = (known.get(each.id, module.stem), each.id)
            elif isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name):
                of = (each.value.id, each.attr)
            else:
                continue
            if of in named:
                yield named[of]


def test_nothing_in_the_program_compares_splits_or_counts_by_a_sentence() -> None:
    modules = [each for each in ROOT.rglob("*.py") if "simulator" not in each.parts and each.parent.name != "cli"]
    named = named_sentences(modules)
    found = {(str(module.relative_to(ROOT)), text) for module in modules for text in sentences_read(module, named)}
    data = {("model/countries.py", " of the")}  # a part of names of countries, which are data
    assert found - data == OF_LIBRARIES


def test_a_sentence_that_is_read_would_be_found(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('x.startswith("moves from ") or x == "no longer in the source" or "add: " in x\n')
    assert set(sentences_read(module)) == {"moves from ", "no longer in the source", "add: "}
    module.write_text('GONE = "outcome is empty"\nx["fault"] != GONE\nx.isin(module.GONE)\n')
    assert list(sentences_read(module)) == ["outcome is empty", "outcome is empty"]
