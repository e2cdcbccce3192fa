"""Is the way that is chosen the one that the rules in docs/delivery.md say, and does it say why?"""

from __future__ import annotations

import pytest

from reconciler.model.delivery_method import MANY, choose_method
from reconciler.model.segment import Delivery
from reconciler.surfaces import load_methods

WAYS = {name: method.way for name, method in load_methods().items()}


@pytest.mark.parametrize(
    ("offered", "attributes", "rows", "phones", "known", "method"),
    [
        ("contactIds listContacts bulkInsert contactBatch", (), 10, True, True, "contactIds"),
        ("contactIds listContacts bulkInsert contactBatch", ("priority",), 10, True, True, "listContacts"),
        ("contactIds listContacts bulkInsert contactBatch", (), MANY, True, True, "bulkInsert"),
        ("contactIds listContacts bulkInsert contactBatch", (), MANY, False, True, "contactIds"),
        ("contactIds listContacts bulkInsert contactBatch", (), 10, True, False, "contactBatch"),
        ("contactIds listContacts bulkInsert", (), 10, True, False, "bulkInsert"),
        ("contactIds listContacts contactBatch", (), MANY, True, True, "contactIds"),
        ("contactIds", (), 10, True, False, "contactIds"),
        ("listContacts", (), 10, True, True, "listContacts"),
        ("contactBatch", ("priority",), 10, True, True, "contactBatch"),
        ("contactIds", ("priority",), 10, True, True, None),
        ("bulkInsert contactBatch", (), 10, False, True, None),
        ("", (), 10, True, True, None),
    ],
)
def test_auto_chooses_by_size_attributes_phones_and_surfaces(
    offered: str, attributes: tuple[str, ...], rows: int, phones: bool, known: bool, method: str | None
) -> None:
    ways = {name: WAYS[name] for name in offered.split()}
    found = choose_method(Delivery("auto", None, attributes), ways, rows, phones, known)
    assert (found and found.method) == method
    assert found is None or found.why is not None


def test_a_method_that_is_named_is_taken_and_needs_no_reason() -> None:
    found = choose_method(Delivery("bulkInsert", None, ()), WAYS, 1, True, True)
    assert found is not None
    assert (found.method, found.chunk_size, found.why) == ("bulkInsert", 10_000, None)


def test_each_method_takes_as_many_as_the_contract_says() -> None:
    most = {"contactIds": 1000, "listContacts": 1000, "bulkInsert": 10_000, "contactBatch": 500, "listUpload": 500_000}
    assert {name: way.most for name, way in WAYS.items()} == most


@pytest.mark.parametrize("method", sorted(WAYS))
def test_no_chunk_is_larger_than_its_method_takes(method: str) -> None:
    found = choose_method(Delivery(method, 1_000_000, ()), WAYS, 1, True, True)
    assert found is not None
    assert found.chunk_size == WAYS[method].most
