"""How does a text look that is wider than the terminal?"""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from reconciler.views.text_wrapping import wrap_text

LONG = "  ~ Segment/engaged[high]  60 → 45, which is a threshold that lets many more people in than the one before"


def on(width: int, text: str) -> list[str]:
    return wrap_text(Text(text), Console(file=io.StringIO(), width=width)).plain.split("\n")


@pytest.mark.parametrize("width", [30, 40, 79, 80, 109, 110, 200])
def test_every_line_fits_and_no_word_is_lost(width: int) -> None:
    lines = on(width, f"{LONG}\nshort\n\n{LONG}")
    assert all(cell_len(line) <= width for line in lines)
    assert " ".join("\n".join(lines).split()) == " ".join(f"{LONG} short {LONG}".split())


def test_the_rest_of_a_line_stands_deeper_than_its_beginning() -> None:
    first, *rest = on(40, LONG)
    assert first.startswith("  ~")
    assert rest
    assert all(line.startswith("    ") for line in rest)


def test_a_line_that_fits_is_as_it_was() -> None:
    assert on(200, LONG) == [LONG]


def test_where_there_is_no_room_for_words_nothing_is_done() -> None:
    assert on(15, LONG) == [LONG]


@given(st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), max_size=200), st.integers(1, 100))
def test_any_text_keeps_its_signs(text: str, width: int) -> None:
    assert "".join("".join(on(width, text)).split()) == "".join(text.split())
