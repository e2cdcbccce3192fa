"""Plant faults in the program, one at a time, and see how many seeds the simulation needs to find each.

A fault is a patch of one module, kept as data (`zoo.toml`). It is put into functions as they are in a process that was
forked for it, with every scene planned before: whoever has imported such a function has the changed one.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType

HERE = Path(__file__).parent
SEEDS = HERE / "zoo_seeds.json"
MOST = 2000
"""Seeds within which each fault is to be found."""


class PatchLost(Exception):
    """A patch does not fit the program any more."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A planted fault.

    Attributes:
        old, new: what stands once in the module, and what stands there instead.
        plans: whether plans are made by the changed program as well.
    """

    name: str
    module: str
    old: str
    new: str
    plans: bool = False

    @property
    def path(self) -> Path:
        """The file of its module."""
        found = importlib.util.find_spec(self.module)
        if found is None or found.origin is None:
            raise PatchLost(f"{self.name}: there is no module {self.module}")
        return Path(found.origin)

    def patch(self) -> str:
        """The text of the module with the fault in it.

        Raises:
            PatchLost: what it replaces is not there, or there more than once.
        """
        text = self.path.read_text(encoding="utf-8")
        many = text.count(self.old)
        if many != 1 or self.old == self.new:
            raise PatchLost(f"{self.name}: its old text stands {many} times in {self.path.name}")
        return text.replace(self.old, self.new)

    def plant(self) -> None:
        """Put it into this process, for good.

        Raises:
            PatchLost: no function that is in use has changed by it.
        """
        before = _list_functions(self.path.read_text(encoding="utf-8"), self.path)
        after = _list_functions(self.patch(), self.path)
        changed = {name for name, code in after.items() if name not in before or not _is_same(before[name], code)}
        planted = set()
        for each in gc.get_objects():
            if not isinstance(each, FunctionType) or each.__code__.co_filename != str(self.path):
                continue
            name = each.__code__.co_qualname
            if name in changed:
                each.__code__ = after[name]
                planted.add(name)
        if not changed or planted != changed:
            raise PatchLost(f"{self.name}: nobody has {sorted(changed - planted) or 'a changed function'}")


def _list_functions(text: str, path: Path) -> dict[str, CodeType]:
    """The outermost functions of a module's text, methods among them, by their names."""
    return {each.co_qualname: each for each in _iter_functions(compile(text, str(path), "exec", dont_inherit=True))}


def _iter_functions(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            if each.co_flags & 0x02:  # it has a place for its own names: a function, and no class
                yield each
            else:
                yield from _iter_functions(each)


def _is_same(one: CodeType, other: CodeType) -> bool:
    """Whether two functions do the same, wherever they stand."""
    if (one.co_code, one.co_names, one.co_varnames) != (other.co_code, other.co_names, other.co_varnames):
        return False
    pairs = list(zip(one.co_consts, other.co_consts, strict=False))
    return len(one.co_consts) == len(other.co_consts) and all(
        _is_same(mine, yours) if isinstance(mine, CodeType) and isinstance(yours, CodeType) else mine == yours
        for mine, yours in pairs
    )


@cache
def load_mutants() -> dict[str, Mutant]:
    """Every planted fault, by its name."""
    told = tomllib.loads((HERE / "zoo.toml").read_text(encoding="utf-8"))["mutant"]
    found = {each["name"]: Mutant(**each) for each in told}
    if len(found) != len(told):
        raise PatchLost("two faults have one name")
    return found


def read_seeds() -> dict[str, int]:
    """The seed that found each the last time."""
    known: dict[str, int] = json.loads(SEEDS.read_text(encoding="utf-8"))
    return known


def write_seeds(found: dict[str, int]) -> None:
    """Keep them."""
    SEEDS.write_text(json.dumps(dict(sorted(found.items())), indent=2) + "\n", encoding="utf-8")


def order_seeds(name: str, most: int) -> Iterator[int]:
    """Seeds to be played: first the one that is known to find it."""
    known = read_seeds().get(name) if SEEDS.exists() else None
    if known is not None:
        yield known
    yield from (seed for seed in range(most) if seed != known)


@dataclass(frozen=True, slots=True)
class Found:
    """What came of the search for one fault: the seed that finds it, how many were played, what was violated."""

    name: str
    seed: int | None
    played: int
    words: str


def run_apart(
    works: Sequence[Callable[[], str]], at_once: int, before: Callable[[], None] = lambda: None
) -> Iterator[str]:
    """Do several things, each in a process that is forked for it, so many at once; what each says, as it ends.

    Args:
        before: is done here before each is forked.

    Raises:
        RuntimeError: one of them ended without a word.
    """
    waiting, running = list(works), dict[int, int]()
    while waiting or running:
        while waiting and len(running) < at_once:
            before()
            reads, writes = os.pipe()
            child = os.fork()
            if not child:
                os.close(reads)
                _do_and_leave(waiting[0], writes)
            os.close(writes)
            running[child] = reads
            waiting.pop(0)
        ended, status = os.wait()
        if ended not in running:
            continue
        with os.fdopen(running.pop(ended), "r", encoding="utf-8") as said:
            words = said.read()
        if os.waitstatus_to_exitcode(status) or not words:
            raise RuntimeError(f"a process of the simulation ended with {status} and said {words!r}")
        yield words


def _do_and_leave(work: Callable[[], str], writes: int) -> None:
    code = 1
    try:
        with os.fdopen(writes, "w", encoding="utf-8") as told:
            told.write(work())
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)
