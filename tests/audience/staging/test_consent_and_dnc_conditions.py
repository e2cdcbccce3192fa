"""A condition over a source's columns becomes yes, no or not said; whatever is no such condition is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.audience.relations import engine
from reconciler.audience.staging import consent_and_dnc_conditions
from reconciler.model.problem import BadInput, Location
from tests.audience.conftest import Written

HERE = Location("sources.yaml", 9, 5)


Row = Mapping[str, str | None]


def answer(backend: Any, written: Written, condition: str, rows: Sequence[Row]) -> list[bool | None]:
    """What a condition says of each of some rows."""
    numbered = [{**row, "row": str(n)} for n, row in enumerate(rows)]
    table = engine.read_rows(backend, written(numbered, dict.fromkeys(numbered[0], "VARCHAR")))
    columns = {name: table[name] for name in rows[0]}
    found = table.select("row", found=consent_and_dnc_conditions.compile_consent(condition, columns, HERE))
    told = dict(engine.list_rows(backend, found, tuple[str, bool | None]))
    assert {type(value) for value in told.values()} <= {bool, type(None)}
    return [told[str(n)] for n in range(len(rows))]


ANSWERS: Sequence[tuple[str, Row, bool | None]] = [
    ("consent = 'yes'", {"consent": "yes"}, True),
    ("consent = 'yes'", {"consent": "Yes"}, None),
    ("consent = 'yes'", {"consent": "yes\u00a0"}, None),
    ("consent = 'yes'", {"consent": "yess"}, False),
    ("consent <> 'no'", {"consent": "NO"}, None),
    ("consent <> 'no'", {"consent": "No "}, None),
    ("consent <> 'no'", {"consent": "not"}, True),
    ("consent not in ('no', 'never')", {"consent": "Never"}, None),
    ("kind in ('call', 'Call')", {"kind": "Call"}, True),
    ("kind in ('call', 'Call')", {"kind": "CALL"}, None),
    ("kind <> 'mail' and kind <> 'MAIL'", {"kind": "MAIL"}, False),
    ("kind not like 'mail%'", {"kind": "Mail order"}, None),
    ("kind like 'mail%'", {"kind": " mail"}, None),
    ("kind like 'mail%'", {"kind": "call"}, False),
    ("reply <> 'n\u00e3o'", {"reply": "na\u0303o"}, None),
    ("reply <> 'n\u00e3o'", {"reply": "NAO"}, None),
    ("reply not like 'n\u00e3o%'", {"reply": "na\u0303o ligar"}, None),
    ("reply <> 'opt out'", {"reply": "Opt-out"}, None),
    ("reply <> 'opt-out'", {"reply": "optout"}, None),
    ("reply <> 'do_not_call'", {"reply": "Do Not Call"}, None),
    ("reply <> 'don''t call'", {"reply": "Don\u2019t call"}, None),
    ("kind = 'do-not-call'", {"kind": "do\u2013not\u2013call"}, None),
    ("grade <> 'A-'", {"grade": "A+"}, True),
    ("sign <> '-'", {"sign": "+"}, True),
    ("code <> '10-1'", {"code": "101"}, None),
    ("opted_out <> 't'", {"opted_out": "true"}, None),
    ("opted_out <> 't'", {"opted_out": "1"}, None),
    ("opted_out <> 'true'", {"opted_out": "Y"}, None),
    ("opted_out <> 'yes'", {"opted_out": " 1.0"}, None),
    ("opted_out <> '1'", {"opted_out": "1.0"}, None),
    ("opted_out not in ('1', '2')", {"opted_out": "02"}, None),
    ("consent <> 'no'", {"consent": "N"}, None),
    ("consent <> 'no'", {"consent": "false"}, None),
    ("listed = 'yes'", {"listed": "y"}, None),
    ("listed = 'Y'", {"listed": "true"}, None),
    ("listed in ('y', 'true')", {"listed": "y"}, True),
    ("listed = 'yes'", {"listed": "no"}, False),
    ("listed = 'yes'", {"listed": "0"}, False),
    ("listed = 'yes'", {"listed": "2"}, False),
    ("tier <> '1'", {"tier": "2"}, True),
    ("one = other", {"one": "t", "other": "yes"}, None),
    ("consent <> 'no'", {"consent": "NULL"}, None),
    ("consent <> 'no'", {"consent": "\\N"}, None),
    ("consent <> 'no'", {"consent": "Unknown"}, None),
    ("consent <> 'no'", {"consent": " n/a"}, None),
    ("consent <> 'no'", {"consent": "-"}, None),
    ("consent not like 'no%'", {"consent": "None"}, None),
    ("consent <> 'no' and consent <> 'unknown'", {"consent": "unknown"}, False),
    ("consent <> 'unknown'", {"consent": "Unknown"}, None),
    ("coalesce(consent, 'unknown') <> 'no'", {"consent": None}, True),
    ("revoked is null", {"revoked": "NULL"}, None),
    ("revoked is null", {"revoked": "#N/A"}, None),
    ("lifted_at > '2026-01-01'", {"lifted_at": "none"}, None),
    ("consent = 'yes'", {"consent": None}, None),
    ("lower(trim(consent)) in ('y', 'yes')", {"consent": " YES "}, True),
    ("upper(consent) = 'JA'", {"consent": "ja"}, True),
    ("consent in ('y', 'yes')", {"consent": None}, None),
    ("consent not in ('y', 'yes')", {"consent": "no"}, True),
    ("coalesce(consent, 'no') = 'yes'", {"consent": None}, False),
    ("revoked is null", {"revoked": None}, True),
    ("revoked is null", {"revoked": ""}, None),
    ("revoked is null", {"revoked": "2026-01-05"}, False),
    ("asked_at is not null", {"asked_at": "\u00a0"}, None),
    ("consent <> 'no'", {"consent": ""}, None),
    ("consent <> 'no'", {"consent": " \t"}, None),
    ("consent <> 'no'", {"consent": "\u200b"}, None),
    ("not consent = 'no'", {"consent": "\ufeff"}, None),
    ("consent not in ('no', 'never')", {"consent": " "}, None),
    ("consent not like 'n%'", {"consent": ""}, None),
    ("consent <> ''", {"consent": "yes"}, True),
    ("consent <> ''", {"consent": ""}, False),
    ("consent <> ''", {"consent": None}, None),
    ("consent", {"consent": "maybe"}, None),
    ("consent", {"consent": "pending"}, None),
    ("consent", {"consent": "X"}, None),
    ("consent", {"consent": "Y "}, True),
    ("consent", {"consent": ""}, None),
    ("not opted_out", {"opted_out": "unknown"}, None),
    ("n > 9", {"n": "NaN"}, None),
    ("n > 9", {"n": "Infinity"}, None),
    ("n <> 1", {"n": "1_000"}, None),
    ("revoked is not null and not revoked = 'x'", {"revoked": "y"}, True),
    ("a = 'x' or b = 'y'", {"a": None, "b": "y"}, True),
    ("a = 'x' and b = 'y'", {"a": None, "b": "n"}, False),
    ("a = 'x' or b = 'y'", {"a": None, "b": "n"}, None),
    ("(a = 'x' or b = 'y') and a <> 'z'", {"a": "q", "b": "y"}, True),
    ("at >= '2026-01-01'", {"at": "2026-01-01T00:00:00Z"}, True),
    ("n > 9", {"n": "10"}, True),
    ("n > '9'", {"n": "10"}, None),
    ("until > '2026-11-29'", {"until": " 2026-12-31"}, True),
    ("until > '2026-11-29'", {"until": "2026-11"}, False),
    ("until > '2026-11-29'", {"until": "12/31/2026"}, None),
    ("until > '2026-11-29'", {"until": "31.12.2020"}, None),
    ("until > '2026-11-29'", {"until": "20261231"}, None),
    ("until > '2026-11-29'", {"until": "2026-31-12"}, None),
    ("until > '2026-11-29'", {"until": "Dec 31, 2026"}, None),
    ("given > revoked", {"given": "12/01/2025", "revoked": "03/01/2026"}, None),
    ("given > revoked", {"given": "2026-03-01T10:00:00+02:00", "revoked": "2026-03-01T09:00:00Z"}, False),
    ("given > revoked", {"given": "2026-03-01 10:00:00", "revoked": "2026-03-01T09:00:00"}, True),
    ("given > revoked", {"given": "2026-03-01T10:00+02:00", "revoked": "2026-03-01T09:00Z"}, None),
    ("grade >= 'B'", {"grade": "C"}, True),
    ("grade >= 'b'", {"grade": "C"}, None),
    ("consent <> 'no'", {"consent": "n\u200bo"}, None),
    ("consent <> 'no'", {"consent": "\uff2eo"}, None),
    ("reply <> 'opted out'", {"reply": "opted\u00a0\u00a0out"}, None),
    ("reply not like 'opt out%'", {"reply": "opt  out by mail"}, None),
    ("n = 7", {"n": "007.0"}, True),
    ("n < -1.5", {"n": "-2"}, True),
    ("n > 9", {"n": "many"}, None),
    ("5 <= n", {"n": "5"}, True),
    ("n in (1, 2)", {"n": "2.0"}, True),
    ("ok = true", {"ok": "T"}, True),
    ("ok = true", {"ok": "perhaps"}, None),
    ("ok is true", {"ok": "perhaps"}, None),
    ("ok is not true", {"ok": "perhaps"}, None),
    ("ok is not true", {"ok": "no"}, True),
    ("ok is true", {"ok": None}, False),
    ("ok is not true", {"ok": None}, True),
    ("ok = false", {"ok": "0"}, True),
    ("ok", {"ok": "YES"}, True),
    ("not ok", {"ok": "no"}, True),
    ("mail like '%@example.com'", {"mail": "a@example.com"}, True),
    ("not mail not like 'a%'", {"mail": "a@example.com"}, True),
    ("mail not like 'b%'", {"mail": "a@example.com"}, True),
    ("mail not like 'a%'", {"mail": "a@example.com"}, False),
    ("\"Opt In\" = 'it''s'", {"Opt In": "it's"}, True),
    ("(n) > (9)", {"n": "10"}, True),
    ("(ok) = (true)", {"ok": "y"}, True),
    ("(coalesce((a), 'q')) = ('q')", {"a": None}, True),
    ("n in ((1), (2))", {"n": "2"}, True),
    ("ok = yes", {"ok": "a", "yes": "a"}, True),
]


@pytest.mark.parametrize("condition", dict.fromkeys(condition for condition, _, _ in ANSWERS))
def test_a_condition_says_yes_no_or_nothing(backend: Any, written: Written, condition: str) -> None:
    asked = [(row, expected) for of, row, expected in ANSWERS if of == condition]
    rows = [row for row, _ in asked]
    said = answer(backend, written, condition, rows)
    assert [(row, is_in) for row, is_in in zip(rows, said, strict=True)] == asked
    assert consent_and_dnc_conditions.list_columns(condition, HERE) <= set(rows[0])


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("read_text('/etc/passwd') = 'x'", "READ_TEXT"),
        ("consent = (select 'yes')", "SELECT"),
        ("consent in (select 'yes')", "SELECT"),
        ("exists (select 1)", "EXISTS"),
        ("cast(consent as int) = 1", "CAST"),
        ("consent::date = 'x'", "CAST"),
        ("select consent from t", "SELECT"),
        ("consent = 'yes'; drop table t", "more than one"),
        ("delete from t", "DELETE"),
        ("people.consent = 'yes'", "people.consent"),
        ("a + 1 = 2", "a + 1"),
        ("a || 'x' = 'y'", "||"),
        ("case when a = 'x' then true end", "CASE"),
        ("a between 'x' and 'y'", "BETWEEN"),
        ("a like b", "LIKE"),
        ("trim(both 'x' from a) = 'y'", "TRIM"),
        ("a ~ 'x'", "near `~`"),
        ("a = null", "NULL"),
        ("a = ?", "?"),
        ("a = :x", ":x"),
        ("a = current_date", "CURRENT_DATE"),
        ("'yes'", "yes"),
        ("1", "1"),
        ("count(*) = 1", "COUNT"),
        ("*", "*"),
        ("a in ()", "IN"),
        ("a is 'x'", "IS"),
        ("a.* = 'x'", "*"),
        ("lower(1) = 'x'", "1"),
        ("a = ", "cannot be read"),
        ("a = 'yes", "cannot be read"),
        ("", "it is empty"),
        ("-- a", "it is empty"),
        ("not " * 900 + "a", "nested too deeply"),
        ("(" * 1900 + "a", "cannot be read"),
        ("a = '" + "x" * 4000 + "'", "longer than"),
    ],
)
def test_what_is_no_such_condition_is_refused_with_its_place(condition: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        consent_and_dnc_conditions.list_columns(condition, HERE)
    (problem,) = refused.value.problems
    assert (problem.where, problem.code) == (HERE, "consent-expression")
    assert said in problem.message or problem.message.endswith("nested too deeply")
    assert len(problem.message) < 200


@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_is_refused(text: str) -> None:
    try:
        assert isinstance(consent_and_dnc_conditions.list_columns(text, HERE), set)
    except BadInput as refused:
        assert [problem.where for problem in refused.problems] == [HERE]
