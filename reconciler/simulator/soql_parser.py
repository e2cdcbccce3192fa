# tested by: tests/simulator/test_date_literals.py
"""Parse a strict part of SOQL.

`SELECT fields FROM object [WHERE condition] [ORDER BY field [ASC|DESC] [NULLS FIRST|LAST], …] [LIMIT n] [OFFSET n]`;
in a condition `= != <> < <= > >= LIKE`, `[NOT] IN (…)`, `NOT`, `AND`, `OR` (brackets where they are mixed), and date
literals (`LAST_N_DAYS:30`). Texts are compared without regard to case, as Salesforce does.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reconciler.simulator.date_literals import Span, parse_span
from reconciler.simulator.error_replies import Refusal

Record = Mapping[str, Any]
Condition = Callable[[Record], bool]

_TOKENS = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<date>\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d))?)"
    r"|(?P<number>-?\d+(?:\.\d+)?)|(?P<literal>[A-Za-z]\w*:\d+)|(?P<word>[A-Za-z_]\w*(?:\.\w+)*)|(?P<sign><>|!=|<=|>=|[=<>(),]))",
    re.DOTALL,
)
_WORDS = {"select", "from", "where", "order", "by", "limit", "offset", "and", "or", "not", "in", "like", "null", "for"}
_CONSTANTS: Mapping[str, Any] = {"true": True, "false": False, "null": None}
_SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was understood. `spoken_of` are the fields of its condition and its order."""

    object: str
    fields: tuple[str, ...]
    spoken_of: tuple[str, ...]
    condition: Condition | None
    order: tuple[tuple[str, bool, bool], ...]
    limit: int | None
    offset: int

    def choose_records(self, records: Iterable[Record]) -> list[Record]:
        """The records that are meant, in their order."""
        found = [record for record in records if self.condition is None or self.condition(record)]
        for path, falling, nulls_last in reversed(self.order):
            some = [record for record in found if value_of(record, path) is not None]
            none = [record for record in found if value_of(record, path) is None]
            some.sort(key=lambda record, path=path: _comparable(value_of(record, path)), reverse=falling)  # type: ignore[misc]
            found = some + none if nulls_last else none + some
        end = None if self.limit is None else self.offset + self.limit
        return found[self.offset : end]


def value_of(record: Record, path: str) -> Any:
    """A field of a record, or of a parent; names in any case."""
    value: Any = record
    for step in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = next((held for name, held in value.items() if name.casefold() == step.casefold()), None)
    return value


def parse(text: str) -> Query:
    """Understand a query; 400 MALFORMED_QUERY for one that is not understood."""
    return _Parser(text).parse_query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        end = 0
        while end < len(text.rstrip()):
            match = _TOKENS.match(text, end)
            if match is None:
                raise _query_malformed(text[end : end + 10].strip())
            self._tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
            end = match.end()
        self._at = 0
        self._spoken_of: list[str] = []

    def parse_query(self) -> Query:
        self._need("select")
        fields = [self._parse_field()]
        while self._sees(","):
            fields.append(self._parse_field())
        self._need("from")
        of = self._parse_field()
        condition = self._parse_condition() if self._sees("where") else None
        order = self._parse_order()
        limit = self._parse_count() if self._sees("limit") else None
        offset = self._parse_count() if self._sees("offset") else 0
        if self._at < len(self._tokens):
            raise _query_malformed(self._tokens[self._at][1])
        twice = [name for name in fields if sum(name.casefold() == other.casefold() for other in fields) > 1]
        if twice:
            raise Refusal(400, "INVALID_FIELD", f"duplicate field selected: {twice[0]}")
        return Query(of, tuple(fields), tuple(self._spoken_of), condition, order, limit, offset)

    def _parse_order(self) -> tuple[tuple[str, bool, bool], ...]:
        found: list[tuple[str, bool, bool]] = []
        if not self._sees("order"):
            return ()
        self._need("by")
        while not found or self._sees(","):
            path = self._parse_field()
            self._spoken_of.append(path)
            falling = self._sees("desc")
            if not falling:
                self._sees("asc")
            nulls_last = self._sees("nulls") and (self._sees("last") or not self._need("first"))
            found.append((path, falling, nulls_last))
        return tuple(found)

    def _parse_condition(self) -> Condition:
        parts, joined = [self._parse_term()], ""
        while (word := self._peek().lower()) in ("and", "or"):
            if joined not in ("", word):
                raise _query_malformed(word)  # Salesforce takes no mixture without brackets
            joined = word
            self._at += 1
            parts.append(self._parse_term())
        if joined == "or":
            return lambda record: any(part(record) for part in parts)
        return lambda record: all(part(record) for part in parts)

    def _parse_term(self) -> Condition:
        if self._sees("not"):
            part = self._parse_term()
            return lambda record: not part(record)
        if self._sees("("):
            inner = self._parse_condition()
            self._need(")")
            return inner
        path = self._parse_field()
        self._spoken_of.append(path)
        if self._sees("not"):
            self._need("in")
            among = self._parse_values(path)
            return lambda record: value_of(record, path) is None or not among(record)
        return self._parse_values(path) if self._sees("in") else self._parse_comparison(path)

    def _parse_values(self, path: str) -> Condition:
        self._need("(")
        values = [self._parse_value()]
        while self._sees(","):
            values.append(self._parse_value())
        self._need(")")
        return lambda record: any(_equal(path, value_of(record, path), value) for value in values)

    def _parse_comparison(self, path: str) -> Condition:
        sign = self._take("sign", "word").lower()
        days = self._parse_days()
        if days is not None:
            meant = "!=" if sign == "<>" else sign
            if meant not in ("=", "!=", *_SIGNS):
                raise _query_malformed(sign)
            return lambda record: days.compares(meant, value_of(record, path))
        if sign == "=":
            value = self._parse_value()
            return lambda record: _equal(path, value_of(record, path), value)
        if sign in ("!=", "<>"):
            value = self._parse_value()
            return lambda record: not _equal(path, value_of(record, path), value)
        if sign == "like":
            pattern = _pattern(self._parse_value())
            return lambda record: pattern.fullmatch(value_of(record, path) or "") is not None
        if sign not in _SIGNS:
            raise _query_malformed(sign)
        compare, value = _SIGNS[sign], self._parse_value()

        def condition(record: Record) -> bool:
            held = value_of(record, path)
            _refuse_another_type(path, held, value)
            return held is not None and compare(_comparable(held), _comparable(value))

        return condition

    def _parse_days(self) -> Span | None:
        """The days of a date literal, if one comes next."""
        kind, token = self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")
        found = parse_span(token, datetime.now(UTC)) if kind in ("literal", "word") else None
        self._at += found is not None
        return found

    def _parse_value(self) -> Any:
        kind, token = self._tokens[self._at] if self._at < len(self._tokens) else ("end", "<EOF>")
        self._at += 1
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.DOTALL)
        if kind == "number":
            return float(token)
        if kind == "date":
            return token
        if token.lower() in _CONSTANTS:
            return _CONSTANTS[token.lower()]
        raise _query_malformed(token)

    def _parse_count(self) -> int:
        return int(float(self._take("number")))

    def _parse_field(self) -> str:
        name = self._take("word")
        if name.lower() in _WORDS:
            raise _query_malformed(name)
        return name

    def _take(self, *kinds: str) -> str:
        kind, token = self._tokens[self._at] if self._at < len(self._tokens) else ("end", "<EOF>")
        if kind not in kinds:
            raise _query_malformed(token)
        self._at += 1
        return token

    def _peek(self) -> str:
        kind, token = self._tokens[self._at] if self._at < len(self._tokens) else ("end", "<EOF>")
        return token if kind in ("word", "sign") else ""

    def _sees(self, word: str) -> bool:
        seen = self._peek().lower() == word
        self._at += seen
        return seen

    def _need(self, word: str) -> bool:
        if not self._sees(word):
            raise _query_malformed(self._tokens[self._at][1] if self._at < len(self._tokens) else "<EOF>")
        return True


def _query_malformed(token: str) -> Refusal:
    return Refusal(400, "MALFORMED_QUERY", f"unexpected token: '{token}'")


def _equal(path: str, held: Any, value: Any) -> bool:
    _refuse_another_type(path, held, value)
    return bool(_comparable(held) == _comparable(value))


def _refuse_another_type(path: str, held: Any, value: Any) -> None:
    if isinstance(held, str) and isinstance(value, bool | float):
        words = f"value of filter criterion for field '{path}' must be of type string and should be enclosed in quotes"
        raise Refusal(400, "INVALID_FIELD", words)
    if isinstance(held, bool | int | float) and isinstance(value, str):
        kind = "boolean" if isinstance(held, bool) else "double"
        words = (
            f"value of filter criterion for field '{path}' must be of type {kind} and should not be enclosed in quotes"
        )
        raise Refusal(400, "INVALID_FIELD", words)


def _comparable(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _pattern(value: Any) -> re.Pattern[str]:
    if not isinstance(value, str):
        raise _query_malformed("LIKE")
    parts = {"%": ".*", "_": "."}
    return re.compile("".join(parts.get(c, re.escape(c)) for c in value), re.IGNORECASE | re.DOTALL)
