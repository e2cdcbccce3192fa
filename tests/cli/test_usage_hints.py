"""Is somebody who types what Terraform would take, or misspells a command, told what it is here?"""

from __future__ import annotations

import pytest

from reconciler.cli import run


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("apply --auto-approve", "Hint: `--yes` applies without asking."),
        ("apply -auto-approve", "Hint: `--yes` applies without asking."),
        ("plan -out=x.plan", "Hint: `--out FILE` saves a plan."),
        ("plan -var cxone=x", "Hint: `--var NAME=VALUE` gives a value for templates."),
        ("aply", "Hint: did you mean `apply`."),
        ("valdate -w x", "Hint: did you mean `validate`."),
        ("destroy", "Hint: `plan --prune` and `apply --prune` delete what is declared no longer."),
    ],
)
def test_a_word_of_terraforms_or_a_misspelt_command_says_what_it_is_here(
    words: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words.split()) == 64
    assert hint in capsys.readouterr().err


@pytest.mark.parametrize("words", ["plan --format yaml", "xyzzy", "plan --out"])
def test_where_nothing_is_meant_nothing_is_guessed(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words.split()) == 64
    assert "Hint:" not in capsys.readouterr().err
