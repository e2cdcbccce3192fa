# tested by: tests/cli/test_saved_plans.py
"""Gather the terms of an apply: what the workspace says now, and what the apply may ask the world for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from reconciler.model.workspace_settings import Workspace

if TYPE_CHECKING:
    from reconciler.model.apply_options import ApplyOptions
    from reconciler.model.desired_state import Desired
    from reconciler.model.ports import Progress, Runtime


def make_options(
    workspace: Workspace,
    desired: Desired,
    runtime: Runtime,
    surfaces: Mapping[str, str],
    progress: Progress,
    stop: Event,
) -> ApplyOptions:
    """The terms of an apply that begins now."""
    from reconciler.kinds import collect_earlier_names, contact_list
    from reconciler.kinds.segment import make_segments
    from reconciler.kinds.suppression_list import list_stores
    from reconciler.model.apply_options import ApplyOptions
    from reconciler.model.instants import read_clock

    return ApplyOptions(
        stamp=_make_stamper(workspace),
        recent=runtime.find_recent(desired),
        manifests=desired.manifests,
        tenant=desired.tenant.address.name,
        environment=desired.environment,
        surfaces=surfaces,
        settings=desired.settings,
        now=read_clock(),
        clock=read_clock,
        scratch=workspace.scratch,
        progress=progress,
        stop=stop,
        root=desired.root,
        stores=list_stores(desired.catalogue),
        tokens=runtime.tokens(desired),
        segments=make_segments(desired.catalogue, desired.as_of),
        secret=partial(runtime.secret, desired),
        places=desired.times,
        earlier=collect_earlier_names(desired.catalogue).get(contact_list.KIND.name, {}),
    )


def _make_stamper(workspace: Workspace) -> Callable[[bytes], bytes | None] | None:
    """Who has times confirmed; None: no authority is named. One that fails is told of, and ends nothing."""
    import click

    from reconciler.cxone.timestamp_client import VARIABLE, NotStamped, TimestampClient

    url = workspace.environ.get(VARIABLE)
    if not url:
        return None
    client = TimestampClient(url)

    def stamp(content: bytes) -> bytes | None:
        try:
            return client.stamp(content)
        except NotStamped as error:
            click.echo(f"Notice: when this run ended is not confirmed: {error.message} ({error.where})", err=True)
            return None

    return stamp
