"""Define reasons: a code with arguments, counted; the words are in `views/reasons.py`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.reason_codes import CODES, FAULT, LIST, ROW_FAULTS, TEXT


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """A code of `CODES`, and the values of its arguments in their order; `""` for one that has none.

    Raises:
        ValueError: there is no such code, or it takes other arguments.
    """

    code: str
    args: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no view would have words for."""
        if self.code not in CODES:
            raise ValueError(f"no such reason: {self.code!r}")
        kinds = list(CODES[self.code].values())
        fixed = sum(kind not in (LIST, FAULT) for kind in kinds)
        if len(self.args) < fixed or (len(self.args) > fixed and not {LIST, FAULT} & set(kinds)):
            raise ValueError(f"{self.code} takes {fixed} arguments, not {len(self.args)}")
        if FAULT in kinds and self.fault.code not in ROW_FAULTS:
            raise ValueError(f"{self.code} does not take {self.fault.code!r}, which is no fault of a row")

    @property
    def fault(self) -> Reason:
        """The fault of a row that a reason is made of, which stands last.

        Raises:
            ValueError: there is none, or no such one.
        """
        kinds = list(CODES[self.code].values())
        code, *args = (self.args[len(kinds) - 1 :] if kinds[-1:] == [FAULT] else ()) or ("",)
        return Reason(code, tuple(args))

    def name_arguments(self) -> dict[str, Any]:
        """The arguments by their names, as JSON values."""
        found: dict[str, Any] = {}
        for number, (name, kind) in enumerate(CODES[self.code].items()):
            if kind == LIST:
                found[name] = list(self.args[number:])
            elif kind == FAULT:
                found[name] = {"code": self.fault.code, "args": self.fault.name_arguments()}
            else:
                found[name] = self.args[number] if kind == TEXT else _parse_number(self.args[number])
        return found


def _parse_number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def read_reason(code: str, named: Mapping[str, Any]) -> Reason:
    """The reason with these arguments, as `Reason.name_arguments` wrote them."""
    args: list[str] = []
    for name, kind in CODES.get(code, {}).items():
        if kind == FAULT:
            fault = read_reason(named[name]["code"], named[name]["args"])
            args += [fault.code, *fault.args]
        else:
            args += named[name] if kind == LIST else [str(named[name])]
    return Reason(code, tuple(args))


@dataclass(frozen=True, slots=True)
class Counted:
    """How many there are for a reason; of rows that change, what is done with them (add, update, remove)."""

    reason: Reason
    count: int
    action: str | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """How many have a value, such as the name of a band; `others`: how many other values are counted together."""

    value: str
    count: int
    others: int = 0


def count_codes(counted: Iterable[Counted]) -> Mapping[str, int]:
    """How many there are for the reasons of each code."""
    found: Counter[str] = Counter()
    for each in counted:
        found[each.reason.code] += each.count
    return dict(found)
