# tested by: tests/steps/load/test_cases.py
"""Check that the files that manifests name exist.

They are looked for and not opened. What is in an object store is left to the plan, as it needs a network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import get_args

from reconciler.model.kind import Kind
from reconciler.model.problem import Problem, Problems
from reconciler.model.resource import Resource
from reconciler.model.row_queries import ContactsIn
from reconciler.model.source_specs import AnyFiles, FileFeed


def check(resources: Iterable[Resource], kinds: Mapping[str, Kind], root: Path) -> Problems:
    """Every path that names nothing, or what is no file of the workspace, at its place in a manifest."""
    problems = Problems()
    for resource in resources:
        for feed in kinds[resource.address.kind].feeds(resource):
            read = feed.history if isinstance(feed, ContactsIn) else feed
            if isinstance(read, get_args(AnyFiles)):
                problems += _find_missing(read, root)
    return problems


def _find_missing(feed: AnyFiles, root: Path) -> Iterator[Problem]:
    from reconciler.audience.sources import folder_check
    from reconciler.audience.sources.source_files import find_files
    from reconciler.bucket.object_urls import SCHEMES, scheme_of

    here = replace(feed, paths=tuple(path for path in feed.paths if scheme_of(path) not in SCHEMES))
    if not here.paths:
        return
    refused = Problems()
    try:
        with refused.collect():
            if isinstance(here, FileFeed):
                folder_check.check_folders(here, root)
            find_files(here, root)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "the system knows no such path"
        yield Problem(here.where, "file-unreadable", "its files cannot be looked for", note=reason)
    yield from refused
