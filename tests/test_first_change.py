"""The page for newcomers is typed command by command, and prints what it says."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from reconciler.cli import reconciler

PAGE = Path(__file__).parents[1] / "docs" / "first-change.md"
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.M | re.S)
END = "---8<---"


def read_steps() -> Iterator[tuple[str, list[str]]]:
    """Each block of commands, with the lines that the page says it prints."""
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    for place, (kind, text) in enumerate(blocks):
        if kind == "sh":
            told = blocks[place + 1][1] if blocks[place + 1 :] and blocks[place + 1][0] == "text" else ""
            yield text, [line for line in told.splitlines() if line != "…"]


def test_every_command_of_the_page_is_one_that_there_is() -> None:
    """Each command line of the page is understood as far as its options go; what it prints, the test below holds."""
    tried = 0
    for commands, _ in read_steps():
        for line in commands.splitlines():
            if line.startswith("reconciler ") and "&" not in line:
                words = shlex.split(line.partition(" >")[0])[1:]
                command = reconciler.get_command(click.Context(reconciler), words[0])
                assert command is not None, line
                command.make_context(words[0], words[1:], parent=click.Context(reconciler))
                tried += 1
    assert tried >= 10


@pytest.mark.matrix(instead="test_every_command_of_the_page_is_one_that_there_is")
def test_every_command_of_the_page_prints_what_it_says(tmp_path: Path) -> None:
    steps = list(read_steps())
    assert len(steps) >= 12
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # on a port of its own, as others may run on this machine
    script = ["set -u", "trap 'kill $(jobs -p)' EXIT"]
    for commands, _ in steps:
        own = commands.replace("reconciler simulate", f"reconciler simulate --port {port}")
        own = own.replace("cd calls &&", f"cd calls && sed -i 's/8642/{port}/' manifests/tenant.yaml &&")
        script += [own, f"echo '{END}'"]
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        **{f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    ended = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    printed = ended.stdout.split(END)
    assert len(printed) == len(steps) + 1, ended.stdout
    for (commands, told), out in zip(steps, printed, strict=False):
        lines = iter(out.splitlines())
        missing = next((line for line in told if not any(_is_alike(line, each) for each in lines)), None)
        assert missing is None, f"{commands}printed\n{out}\nand not, in this order, {missing!r}"


def _is_alike(told: str, printed: str) -> bool:
    return told.strip() == printed.strip()
