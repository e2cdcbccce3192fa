"""What a tenant may answer that does not match its API's contract: a way of changing an answer, drawn by a number.

Names, numbers and secrets that must never be shown again are put where people's data and the tenant's own words stand.
"""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from tests.proxy import Answer

CANARIES = ("Featherstonehaugh", "4155550177", "featherstone@example.com", "hush-canary-secret")
TEXT = f"Ottoline {CANARIES[0]} +1{CANARIES[1]} {CANARIES[2]} {CANARIES[3]}"
SHOWN = frozenset({"name", "description", "wrapUpCode", "type"})
"""Fields of objects that a plan shows as they are: they are no people's."""

Draw = random.Random


def deep(levels: int) -> Any:
    found: Any = 0
    for _ in range(levels):
        found = [found]
    return found


ODD: tuple[Any, ...] = (
    *(None, "", " ", "abc", "12", "-1", "1e3", "NaN", "null", 0, -1, 1.5, 1e300, 10**15, 2**63, 2**64 - 1, True, False),
    *([], {}, [[]], [None], {"a": None}, [{}], ["x"], {"id": "x"}, "x" * 5000, "a\x00b", "\u202e\u200b", "a\nb", "\ud7ff"),
    *("2026-13-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "2026-07-01T09:00:00", "::error::x"),
    *(deep(100), deep(300), deep(900), {"x": deep(300)}, [1, "a", None, {}], "ACTIVE", "running", "COMPLETED", TEXT),
)  # fmt: skip


def places(body: Any, path: tuple[Any, ...] = (), levels: int = 4) -> Iterator[tuple[Any, ...]]:
    """Every place in a body, itself among them, a few levels down; of a long list only its first, second and last row."""
    yield path
    if not levels:
        return
    if isinstance(body, dict):
        for name in body:
            yield from places(body[name], (*path, name), levels - 1)
    elif isinstance(body, list):
        for index in sorted({0, 1, len(body) - 1} & set(range(len(body)))):
            yield from places(body[index], (*path, index), levels - 1)


def put(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A body with another value at a place; `...` takes it away."""
    if not path:
        return None if value is ... else value
    copy = dict(body) if isinstance(body, dict) else list(body)
    step = path[0]
    if len(path) == 1 and value is ...:
        del copy[step]
    else:
        copy[step] = put(copy[step], path[1:], value)
    return copy


def at(body: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        body = body[step]
    return body


def _parsed(answer: Answer) -> Any:
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return {}


def _dumped(body: Any) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError:  # it does not write what is nested deeper than 254 levels
        import json

        return json.dumps(body).encode()


def one_value(answer: Answer, draw: Draw) -> Answer:
    """One value is another, or is not there."""
    body = _parsed(answer)
    path = draw.choice(list(places(body)))
    named = [step for step in path if isinstance(step, str)]
    odd = draw.choice([*ODD, ..., ...])
    if odd is TEXT and named and named[-1] in SHOWN:
        odd = "Sales"
    return Answer(answer.status, answer.headers, _dumped(put(body, path, odd)))


def several_values(answer: Answer, draw: Draw) -> Answer:
    """Several are."""
    for _ in range(draw.randint(2, 5)):
        answer = one_value(answer, draw)
    return answer


def odd_rows(answer: Answer, draw: Draw) -> Answer:
    """A row among the others is none, or comes again, or in another order."""
    body = _parsed(answer)
    lists = [path for path in places(body, levels=2) if isinstance(at(body, path), list)]
    if not lists:
        return one_value(answer, draw)
    path = draw.choice(lists)
    rows = list(at(body, path))
    odd: Any = draw.choice(
        [None, "text", 7, True, [], {}, [{}], {"id": None}, {"contactId": {}}, "again", "shuffled", "none"]
    )
    if odd == "again":
        rows += rows
    elif odd == "shuffled":
        draw.shuffle(rows)
    elif odd == "none":
        rows = []
    else:
        rows.insert(draw.randint(0, len(rows)), odd)
    return Answer(answer.status, answer.headers, _dumped(put(body, path, rows)))


def paging(answer: Answer, draw: Draw) -> Answer:
    """The pages never end, go round, or count what there is not."""
    body = _parsed(answer)
    if not isinstance(body, dict):
        return one_value(answer, draw)
    total: Any = draw.choice([10**15, 10**9, 3, -1, "abc", "12", None, True, 2.5, [], 0])
    token: Any = draw.choice(
        ["same", f"{draw.random()}", 7, [], {}, True, "x" * 9000, None, f"/services/data/v58.0/query/{draw.random()}"]
    )
    body = dict(body)
    if draw.random() < 0.5:
        body["pagination"] = draw.choice(
            [[], "more", 7, None, {"nextPageToken": token}, {"nextPageToken": token, "total": total}]
        )
    else:
        body |= {"total": total, "totalSize": total, "done": draw.choice([False, None, "no", True])}
        body["nextRecordsUrl"] = draw.choice(
            [token, "https://elsewhere.invalid/x", "/services/data/v58.0/query/01g-2000", None]
        )
    return Answer(answer.status, answer.headers, _dumped(body))


def raw(answer: Answer, draw: Draw) -> Answer:
    """Something that is no JSON, or is JSON and no answer."""
    whole = answer.body
    cut = whole[: draw.randint(0, max(len(whole) - 1, 0))]
    return Answer(answer.status, {**answer.headers, **draw.choice([{}, {"Content-Type": "text/html"}])}, draw.choice([
        cut, b"", b" ", b"null", b"[]", b"{}", b'"text"', b"7", b"true", b"[null]", b"<html><body>" + TEXT.encode() + b"</body></html>",
        whole.replace(b'"', b"'"), whole + whole, whole.replace(b":", b":NaN,", 1), b"\xff\xfe" + whole, b"\xef\xbb\xbf" + whole,
        whole.replace(b"a", b"\xff", 1), b"[" * 5000, b'{"a":' * 1100 + b"1" + b"}" * 1100, b'{"data":1e999}', b"\0" * 100,
        whole.replace(b"{", b'{"id": "1", "id": "2", "data": [], "data": null, ', 1), whole.replace(b"{", b'{"id": "\\ud800", ', 1),
        TEXT.encode(),
    ]))  # fmt: skip


def packed(answer: Answer, draw: Draw) -> Answer:
    """Packed otherwise than is said, or so that there is no end of it."""
    kind = draw.choice(["bomb", "bomb in a bomb", "none", "unknown"])
    if kind == "none":
        return Answer(answer.status, {**answer.headers, "Content-Encoding": "gzip"}, answer.body or b"x")
    if kind == "unknown":
        return Answer(answer.status, {**answer.headers, "Content-Encoding": "br, x-own"}, answer.body)
    if kind == "bomb":
        return Answer(answer.status, {**answer.headers, "Content-Encoding": "gzip"}, BOMB)
    return Answer(answer.status, {**answer.headers, "Content-Encoding": "gzip, gzip"}, gzip.compress(BOMB, 1))


BOMB = gzip.compress(b" " * 60_000_000, 1)


def large(answer: Answer, draw: Draw) -> Answer:
    """Far more than any answer is."""
    return Answer(answer.status, answer.headers, b" " * 1_000_000, repeat=400)


def slow(answer: Answer, draw: Draw) -> Answer:
    """A byte now and then."""
    return Answer(answer.status, answer.headers, answer.body[: draw.randint(0, 20)], drip=True)


def status(answer: Answer, draw: Draw) -> Answer:
    """Another status, with words that quote somebody."""
    body = draw.choice([
        {"error": {"message": TEXT}}, {"message": TEXT}, [{"message": TEXT, "errorCode": "MALFORMED_QUERY"}], TEXT, None, [], 7,
        {"errors": [TEXT, {"message": TEXT, "detail": [TEXT]}]}, {"error": deep(500)}, {"error": TEXT, "error_description": TEXT},
    ])  # fmt: skip
    code = draw.choice(
        [
            200,
            201,
            202,
            204,
            206,
            300,
            301,
            302,
            304,
            307,
            400,
            401,
            403,
            404,
            405,
            409,
            410,
            413,
            418,
            422,
            429,
            451,
            500,
            503,
        ]
    )
    more = {"X-Request-Id": draw.choice([TEXT, "r-1", "", "a\tb"]), "Location": "http://127.0.0.1:1/elsewhere"}
    if draw.random() < 0.5:
        more["Retry-After"] = draw.choice(["0", "-5", "soon", "1e9", "0.01", "Wed, 21 Oct 2015 07:28:00 GMT"])
    return Answer(code, {**answer.headers, **more}, b"" if code in (204, 304) else _dumped(body))


WAYS: tuple[tuple[int, Callable[[Answer, Draw], Answer]], ...] = (
    (34, one_value),
    (12, several_values),
    (12, odd_rows),
    (12, paging),
    (12, raw),
    (12, status),
    (3, packed),
    (1, large),
    (2, slow),
)


def way(draw: Draw) -> Callable[[Answer, Draw], Answer]:
    """A way of changing an answer."""
    return draw.choices([each for _, each in WAYS], [weight for weight, _ in WAYS])[0]
