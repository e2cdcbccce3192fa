# tested by: tests/cxone/test_bulk.py
"""Put contacts on lists and take them off, by a surface's method; every call may be repeated."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from reconciler.cxone.error_mapping import clean_text
from reconciler.cxone.errors import Invalid, NotFound, TooLarge
from reconciler.cxone.list_members import MembersAt, read_ids
from reconciler.cxone.transport import Transport
from reconciler.model.errors import ChunkRefused, ChunkTooLarge, RowsRejected
from reconciler.model.jobs import Job, Refusals, RowError, SomeRejected
from reconciler.model.paging import pick
from reconciler.model.reply_shape import ID, Shape, may
from reconciler.model.row_wire import Jobs, ListMethod, Row, Told, Trace, find_member_id
from reconciler.model.surface_wire import Call
from reconciler.surfaces import load_methods, load_surfaces

Wires = Mapping[str, Transport]
_LONGEST = 300


def is_offered(method: ListMethod, declared: Container[str]) -> bool:
    """Whether a tenant with these surfaces can do it."""
    return method.surface in declared and (not method.beside or _find_beside(method, declared) is not None)


def put(wires: Wires, method: ListMethod, list_id: str, rows: Sequence[Row], reference: str) -> str | None:
    """Put contacts on a list: at once, or by the job whose id is returned and that can be found by `reference`.

    Raises:
        SomeRejected: the tenant took the others.
        RowsRejected: it will not take them because of some of them.
        ChunkTooLarge: it will not take so many in one request.
        NotFound: the list itself is gone.
        Unknown: there may be a job.
    """
    with _map_blame(wires, method, list_id):
        items, ids = [method.item(row) for row in rows], [find_member_id(row) for row in rows]
        return send(wires[method.surface], method, list_id, items, reference, ids)


def send(
    transport: Transport,
    method: ListMethod,
    list_id: str,
    items: Sequence[Any],
    reference: str,
    ids: Sequence[str] = (),
) -> str | None:
    """The request of a put, with what stands for each row in it.

    What makes a job is sent again only where it certainly did not take effect: a second one would do all the work once
    more. `ids` are those of the rows: nobody reads them in what the tenant says.

    Raises:
        SomeRejected, WireError: it was not taken, or not whole.
    """
    call, jobs, told = method.put(list_id, items, reference), method.jobs, method.told
    if method.before is not None:
        call = method.before.apply(call, _look(transport, method.before.of(list_id), method.scope, method.before.shape))
    answer = transport.call(
        call.method,
        call.path,
        query=call.query,
        body=call.body,
        scope=method.scope,
        idempotent=jobs is None,
        expect_id=None if jobs is None else jobs.named,
        shape=None if told is None else told.shape,
    )
    if told is not None:
        _raise_rejected(transport, call.method, call.path, told.read(answer), ids)
    return None if jobs is None else str(pick(answer, jobs.named))


def ask(transport: Transport, jobs: Jobs, job_id: str) -> Job:
    """How a job gets on; raises NotFound."""
    call = jobs.ask(job_id)
    told = transport.call(call.method, call.path, query=call.query, scope=jobs.scope, shape=jobs.shape)
    job = jobs.read(job_id, told)
    return replace(job, errors=tuple(map(_clean_error, job.errors)))


def find(transport: Transport, jobs: Jobs, trace: Trace) -> str | None:
    """The job that a request has made whose reply was lost; None: there is none, or none can be found."""
    if jobs.find is None:
        return None
    call = jobs.find(trace)
    answer = transport.call(
        call.method, call.path, query=call.query, scope=jobs.scope, shape=jobs.listed, may_be_empty=True
    )
    return jobs.found(answer, trace)


def _look(transport: Transport, call: Call, scope: str, shape: Shape) -> Any:
    return transport.call(call.method, call.path, query=call.query, scope=scope, shape=shape)


def follow(wires: Wires, method: ListMethod, list_id: str, rows: Sequence[Row]) -> None:
    """Put on the list whom the tenant knows by now, where the job did not; raises as `put`."""
    other = _find_beside(method, wires)
    if method.onto and other is not None:
        put(wires, other, list_id, rows, "")


def remove(wires: Wires, method: ListMethod, list_id: str, ids: Sequence[str]) -> None:
    """Take contacts off a list, by their ids on it; those that are not on it are off.

    Raises:
        SomeRejected: the tenant keeps some of them on it.
    """
    if method.remove is None:
        other = _find_beside(method, wires)
        if other is None:
            raise TypeError(f"{method.way.name} takes nobody off a list, and nothing beside it does")
        return remove(wires, other, list_id, ids)
    call, told, transport = method.remove(list_id, ids), method.removed, wires[method.surface]
    shape = None if told is None else told.shape
    answer = transport.call(
        call.method, call.path, query=call.query, body=call.body, scope=method.scope, idempotent=True, shape=shape
    )
    if told is not None:
        said = _find_staying(told, answer)
        if told.looks and said.errors:
            said = _keep_present(transport, method, list_id, said)
        _raise_rejected(transport, call.method, call.path, said, ids)
    return None


def _keep_present(transport: Transport, method: ListMethod, list_id: str, said: Refusals) -> Refusals:
    """Of those that the tenant says it did not take off a list, who is on it: the others are off."""
    present = list_present(transport, method, list_id)
    errors = tuple(each for each in said.errors if not each.of or present is None or each.of in present)
    return Refusals(len(errors) + max(said.failed - len(said.errors), 0), errors)


def list_present(transport: Transport, method: ListMethod, list_id: str) -> set[str] | None:
    """The ids of all who are on a list; None where the method's surface does not tell it."""
    at = MembersAt.find(transport, load_surfaces()[method.surface].wires["ContactList"])
    if at is None:
        return None
    present: set[str] = set()
    read_ids(at, list_id, present.update)
    return present


def _find_staying(told: Told, answer: Any) -> Refusals:
    """Whom the tenant keeps: of those that it did not take off, who was not on the list is off."""
    said = told.read(answer)
    errors = tuple(each for each in said.errors if each.code not in told.gone)
    return Refusals(max(said.failed - (len(said.errors) - len(errors)), len(errors)), errors)


def _raise_rejected(transport: Transport, method: str, path: str, said: Refusals, ids: Sequence[str]) -> None:
    """Raise SomeRejected where an answer that says yes tells of rows that were not taken."""
    if said.failed or said.errors:
        places = {each: at for at, each in enumerate(ids)} if any(each.of for each in said.errors) else {}
        named = (replace(each, index=places.get(each.of, -1)) if each.of else each for each in said.errors)
        errors = tuple(_clean_error(each, ids[each.index : each.index + 1]) for each in named)
        words = errors[0].message or errors[0].code if errors else "it does not say why"
        where = f"{method} {transport.base_url}{path}"
        raise SomeRejected(Refusals(max(said.failed, len(errors)), errors), words, where=where)


def _clean_error(error: RowError, hide: Sequence[str] = ()) -> RowError:
    """A tenant may quote the row that it refuses."""
    code, message = (clean_text(text, hide)[:_LONGEST] for text in (error.code, error.message))
    return replace(error, code=code, message=message)


def _find_beside(method: ListMethod, declared: Container[str]) -> ListMethod | None:
    """The method by which another does what it cannot do itself."""
    known = load_methods()
    return next((known[name] for name in method.beside if is_offered(known[name], declared)), None)


@contextmanager
def _map_blame(wires: Wires, method: ListMethod, list_id: str) -> Iterator[None]:
    """Say of a refusal whether it is the rows, their number or the list that is at fault."""
    try:
        yield
    except NotFound as error:
        if not method.blames_rows:
            raise
        _check_list(wires[method.surface], method.surface, list_id)  # raises NotFound if it is the list that is missing
        raise RowsRejected("archived, deleted or unknown in the tenant", where=error.where) from error
    except TooLarge as error:
        raise ChunkTooLarge(error.note or error.message, where=error.where) from error
    except Invalid as error:
        raise ChunkRefused(error.note or error.message, where=error.where) from error


def _check_list(transport: Transport, surface: str, list_id: str) -> None:
    """Ask whether there is a list; raises NotFound."""
    wire = load_surfaces()[surface].wires["ContactList"]
    call, shape = wire.one(list_id), None if wire.body else Shape({wire.id_field: may(ID)})
    transport.call(call.method, call.path, query=call.query, scope=wire.read_scope, shape=shape)
