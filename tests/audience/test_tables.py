"""A relation crosses a border only with exactly the columns of its table: a missing, spare or wrongly typed one is refused."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from reconciler.audience import tables as borders
from reconciler.audience.decision import eligibility
from reconciler.audience.delivery import dnc_consent_recheck, read_back, wire_rows
from reconciler.audience.diff import membership_diff
from reconciler.audience.relations.reasons import FAULT_SQL
from reconciler.audience.relations.row_type_check import WrongColumns
from reconciler.audience.staging import staged_contacts, staged_interactions, staged_members
from reconciler.model import intermediate_tables, tables
from reconciler.model.list_change import Accounting, RowChange
from reconciler.model.reason_codes import REASON
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import Rows
from reconciler.model.segment import Segment
from reconciler.model.segment_membership import MembershipDecision
from reconciler.model.table_spec import TableSpec
from reconciler.model.tables import (
    DECISIONS,
    MEMBER_CHANGES,
    MUST_REMOVE,
    STAGED_CONTACTS,
    STAGED_INTERACTIONS,
    STAGED_MEMBERS,
    WIRE_ROWS,
)
from tests.audience.diff.test_membership_diff import segment

Damage = Callable[[TableSpec], dict[str, str]]
SPECS = (*vars(tables).items(), *vars(intermediate_tables).items())
TABLES = [each for _, each in SPECS if isinstance(each, TableSpec)]


def lack_one(table: TableSpec) -> dict[str, str]:
    """Without its last column."""
    return dict(list(table.types.items())[:-1])


def have_one_more(table: TableSpec) -> dict[str, str]:
    """With a column that nobody knows."""
    return {**table.types, "spare_one": "string"}


def mistype_one(table: TableSpec) -> dict[str, str]:
    """With a last column of another type."""
    name, kind = list(table.types.items())[-1]
    return {**table.types, name: "int64" if kind != "int64" else "string"}


DAMAGES: Mapping[str, Damage] = {"missing": lack_one, "spare": have_one_more, "wrong type": mistype_one}


def describe(damage: str, table: TableSpec) -> str:
    """What the error says of a damage."""
    name, kind = list(table.types.items())[-1]
    if damage == "spare":
        return f"{table.name}: column spare_one: none expected, string found"
    found = "none" if damage == "missing" else mistype_one(table)[name]
    return f"{table.name}: column {name}: {kind} expected, {found} found"


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_relation_with_other_columns_than_its_table_is_refused(table: TableSpec, damage: str) -> None:
    import ibis

    wrong = ibis.table(DAMAGES[damage](table), name="rows")
    with pytest.raises(WrongColumns) as refused:
        borders.check_table(wrong, table)
    assert refused.value.note == describe(damage, table)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_relation_with_the_columns_of_its_table_passes_in_any_order(table: TableSpec) -> None:
    import ibis

    right = ibis.table(dict(reversed(table.types.items())), name="rows")
    assert borders.check_table(right, table) is right


def test_all_that_is_wrong_is_told_at_once() -> None:
    import ibis

    types = {**MUST_REMOVE.types, "suppressed_by": "int64", "more": "string"}
    del types["barred_for"]
    with pytest.raises(WrongColumns) as refused:
        borders.check_table(ibis.table(types, name="rows"), MUST_REMOVE)
    assert refused.value.note is not None
    assert [each.split(":")[0] for each in refused.value.note.removeprefix("MUST_REMOVE: ").split("; ")] == [
        "column barred_for",
        "column suppressed_by",
        "column more",
    ]


def test_rows_that_are_refused_are_not_written(backend: Any, tmp_path: Path) -> None:
    import ibis

    rows = ibis.table(have_one_more(MUST_REMOVE), name="rows")
    with pytest.raises(WrongColumns):
        borders.write_table(backend, rows, tmp_path / "rows.parquet", MUST_REMOVE)
    assert list(tmp_path.glob("*.parquet")) == []


def lay(backend: Any, folder: Path, table: TableSpec, types: Mapping[str, str]) -> Rows:
    """A file that says it is of a table, with these columns and no row."""
    file = folder / f"{table.name}.parquet"
    made = ", ".join(f'CAST(NULL AS {IN_DUCKDB[kind]}) AS "{name}"' for name, kind in types.items())
    backend.raw_sql(f"COPY (SELECT {made} WHERE false) TO '{file}' (FORMAT parquet)")
    return Rows(file, "parquet", table.types, 1)


IN_DUCKDB = {
    "string": "VARCHAR",
    "int64": "BIGINT",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP",
    "array<string>": "VARCHAR[]",
    "map<string, string>": "MAP(VARCHAR, VARCHAR)",
    REASON: FAULT_SQL,
}


def change_of(rows: Rows) -> RowChange:
    """A change of a list with these rows."""
    return RowChange(
        address=Address("Segment", "chosen", "high"),
        list_address=Address("ContactList", "chosen"),
        list="Chosen",
        method="listContacts",
        chunk_size=10,
        attributes=(),
        live=1,
        adds=0,
        updates=0,
        removes=1,
        unchanged=0,
        rows=rows,
        digest="",
        precondition="",
    )


def decided(backend: Any, rows: Rows, barred: Rows, folder: Path) -> None:
    chosen: Segment = segment()
    standing = MembershipDecision(chosen, rows, barred, Accounting(chosen.address, 0, (), ()))
    bands = [target.band for target in chosen.targets]
    nobody = replace(lay(backend, folder, STAGED_MEMBERS, STAGED_MEMBERS.types), count=0)
    into = {band: folder / f"{band}.parquet" for band in bands}
    membership_diff.compare_members(backend, standing, dict.fromkeys(bands, nobody), into)


def _read_decisions(backend: Any, rows: Rows, folder: Path) -> None:
    decided(backend, rows, replace(lay(backend, folder, MUST_REMOVE, MUST_REMOVE.types), count=0), folder)


def _read_contacts(backend: Any, rows: Rows, _: Path) -> None:
    staged_contacts.read_contacts(backend, rows)


def _read_members(backend: Any, rows: Rows, _: Path) -> None:
    staged_members.read_members(backend, rows)


def _read_interactions(backend: Any, rows: Rows, _: Path) -> None:
    staged_interactions.read_interactions(backend, rows)


def _send(_: Any, rows: Rows, __: Path) -> None:
    list(wire_rows.iter_bodies(change_of(rows), "put"))


def _read_back(backend: Any, rows: Rows, folder: Path) -> None:
    now = lay(backend, folder, STAGED_MEMBERS, STAGED_MEMBERS.types)
    read_back.find_not_as_written(backend, change_of(rows), now, ())


def _recheck(backend: Any, rows: Rows, folder: Path) -> None:
    source = lay(backend, folder, STAGED_CONTACTS, STAGED_CONTACTS.types)
    list(dnc_consent_recheck.recheck_consent(backend, change_of(rows), segment(), source))


def _count_decisions(backend: Any, rows: Rows, _: Path) -> None:
    eligibility.count_decisions(backend, rows)


BORDERS: Mapping[str, tuple[TableSpec, Callable[[Any, Rows, Path], None]]] = {
    "staging to decision, contacts": (STAGED_CONTACTS, _read_contacts),
    "staging to decision, interactions": (STAGED_INTERACTIONS, _read_interactions),
    "staging to diff, members": (STAGED_MEMBERS, _read_members),
    "decision to diff": (DECISIONS, _read_decisions),
    "decision to its counts": (DECISIONS, _count_decisions),
    "diff to delivery, sent": (MEMBER_CHANGES, _send),
    "diff to delivery, read back": (MEMBER_CHANGES, _read_back),
    "diff to delivery, checked again": (MEMBER_CHANGES, _recheck),
}
"""Where one folder takes rows of another: from a file."""


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("border", BORDERS)
def test_a_border_refuses_a_file_of_other_columns(backend: Any, tmp_path: Path, border: str, damage: str) -> None:
    table, cross = BORDERS[border]
    with pytest.raises(WrongColumns) as refused:
        cross(backend, lay(backend, tmp_path, table, DAMAGES[damage](table)), tmp_path)
    assert refused.value.note == describe(damage, table)


@pytest.mark.parametrize("border", BORDERS)
def test_a_border_lets_the_right_columns_through(backend: Any, tmp_path: Path, border: str) -> None:
    table, cross = BORDERS[border]
    cross(backend, lay(backend, tmp_path, table, table.types), tmp_path)


def test_what_is_sent_has_the_columns_of_the_wire() -> None:
    kinds = {"string": (str, str | None), "json": (dict[str, object],)}
    said = get_type_hints(wire_rows.WireRow)
    assert set(said) == set(WIRE_ROWS.columns)
    assert all(said[name] in kinds[kind] for name, kind in WIRE_ROWS.types.items())


def test_each_column_says_what_it_means() -> None:
    for table in TABLES:
        assert table.row and table.columns
        assert [name for name, each in table.columns.items() if not each.meaning.strip()] == []
    assert len({table.name for table in TABLES}) == len(TABLES)
    assert all(name == table.name for name, table in SPECS if isinstance(table, TableSpec))


TYPE = re.compile(r"string|boolean|int\d+|float\d+|timestamp|json|(array|map|struct)<.*>")


def find_layouts(tree: ast.Module) -> Iterator[str]:
    """The names of a module's own layouts of rows: the types of columns by their names."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            texts = [each.value for each in node.value.values if isinstance(each, ast.Constant)]
            if any(isinstance(each, str) and TYPE.fullmatch(each) for each in texts):
                yield from (each.id for each in node.targets if isinstance(each, ast.Name))


def test_a_layout_of_rows_stands_among_the_tables_and_nowhere_else() -> None:
    room = Path(borders.__file__).parent
    found = {
        f"{path.relative_to(room).as_posix()}: {name}"
        for path in room.rglob("*.py")
        for name in find_layouts(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == set(), "define it in model/tables.py or model/intermediate_tables.py"
    assert list(find_layouts(ast.parse('SEEN = {"contactId": "string", **MORE}'))) == ["SEEN"]
