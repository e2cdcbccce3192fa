"""Does a stand-in tell nobody who somebody is, and is everybody told again by it?"""

from __future__ import annotations

import json
from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import stand_ins
from reconciler.model.contact_tokens import Tokens
from reconciler.model.row_wire import find_member_id, keep_data
from reconciler.model.secret import Secret
from reconciler.model.stand_ins import COUNTRY_CODE, StandIns
from reconciler.model.text_folding import normalise_id

SCALARS = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text()
TEXTS = st.text(min_size=1)
ROWS = st.fixed_dictionaries(
    {
        "sent_as": TEXTS,
        "member": st.none() | TEXTS,
        "phone": st.none() | st.integers(10**9, 10**13).map(lambda number: f"+{number}"),
        "name": st.none() | TEXTS,
        "firstName": st.none() | TEXTS,
        "lastName": st.none() | TEXTS,
        "email": st.none() | TEXTS,
        "data": st.dictionaries(st.sampled_from(["tier", "mobile", "score", "contactId"]), SCALARS),
    }
)


def make(key: str = "a key") -> StandIns:
    return StandIns(Tokens(Secret(key)))


def told_again(by: StandIns, hidden: Any) -> Any:
    return json.loads(b"".join(by.reveal(json.dumps(hidden).encode())))


@given(ROWS)
def test_a_row_that_comes_back_is_the_row_that_went_out(row: dict[str, Any]) -> None:
    row["contactId"] = normalise_id(row["sent_as"])
    by = make()
    hidden = by.hide_row(row)
    assert told_again(by, {**hidden, "contactId": None}) == {**row, "contactId": None}


@given(ROWS)
def test_nothing_that_may_tell_who_it_is_is_left_of_a_row(row: dict[str, Any]) -> None:
    row["contactId"] = normalise_id(row["sent_as"])
    hidden = make().hide_row(row)
    for name, value in {**hidden.pop("data"), **hidden}.items():
        if isinstance(value, str) and value:
            assert value.startswith(("pv-", COUNTRY_CODE)), name
        else:
            assert value in (None, "") or isinstance(value, bool) or abs(value) <= 999_999


@given(ROWS)
def test_a_contact_that_is_on_a_list_by_its_own_id_is_so_by_its_stand_in(row: dict[str, Any]) -> None:
    row["contactId"] = normalise_id(row["sent_as"])
    hidden = make().hide_row(row)
    own = normalise_id(find_member_id(row)) == row["contactId"]
    assert (normalise_id(find_member_id(hidden)) == hidden["contactId"]) is own
    assert ("contactId" in keep_data(hidden)) is (not own or "contactId" in row["data"])


def test_the_same_key_makes_the_same_stand_ins_and_another_key_others() -> None:
    told = [(each.hide("CUST0001"), each.hide_phone("+12125550100")) for each in (make(), make(), make("another"))]
    assert told[0] == told[1]
    assert not set(told[0]) & set(told[2])


@pytest.mark.parametrize("count", [1, 2, 50])
def test_values_whose_digests_are_alike_have_stand_ins_of_their_own(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    def few(self: StandIns, kind: str, number: int, value: bytes) -> bytes:
        return number.to_bytes(32, "little")  # everybody has the same, until it is asked for another

    monkeypatch.setattr(stand_ins.StandIns, "_digest", few)
    by = make()
    assert len({by.hide_phone(f"+1212555{number:04d}") for number in range(count)}) == count


def test_a_stand_in_of_a_number_has_the_form_of_one_and_no_country() -> None:
    made = make().hide_phone("+12125550100")
    assert len(made) == len("+") + 15
    assert made[1:].isdigit()
    assert int(COUNTRY_CODE) not in phonenumbers.COUNTRY_CODE_TO_REGION_CODE


def test_what_only_looks_like_a_stand_in_stays() -> None:
    by = make()
    for text in ("pv-0123456789abcdef", "+999000000000000", "pv-", "x" + by.hide("x")):
        assert told_again(by, [text]) == [text]
