"""Check that a folder of source files exists and holds nothing else.

A do-not-call list that keeps numbers in a folder suppresses nobody by one that is misspelt, or whose files are of
another type. Names that begin with a dot are none of anybody's data: drafts of ours, and what systems leave behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from reconciler.audience.sources.object_store import MOST_LISTED
from reconciler.bucket.object_client import Bucket
from reconciler.bucket.object_urls import SCHEMES, NotAnAddress, parse_url, scheme_of
from reconciler.bucket.store_errors import BucketError, Missing
from reconciler.model.nearest_name import find_nearest
from reconciler.model.problem import Problem, Problems
from reconciler.model.source_specs import FileFeed
from reconciler.model.text_enumerations import shorten_list

_NAMED = 5
_BEGINS = "say `mayBeginEmpty: true` if nothing has been added to it yet"


def check_folders(feed: FileFeed, root: Path) -> None:
    """Refuse a folder that is not as it must be, for a feed whose folder holds nothing else (`only`).

    Raises:
        BadInput: it is absent or empty, unless the feed may be (`optional`); it is no folder, leads out of the
            workspace, or holds something else.
    """
    if not feed.only:
        return
    problems = Problems()
    for pattern in feed.paths:
        folder, _, kind = pattern.rpartition("/")
        remote = scheme_of(pattern) in SCHEMES
        problems += (
            _check_in_bucket(feed, folder, kind) if remote else _check_in_workspace(feed, root.resolve(), folder, kind)
        )
    problems.refuse()


def _check_in_workspace(feed: FileFeed, inside: Path, folder: str, kind: str) -> Iterator[Problem]:
    path = inside / folder
    if not path.resolve().is_relative_to(inside):
        yield Problem(feed.where, "outside-the-workspace", f"`{folder}` leads outside the workspace")
    elif path.is_symlink() and not path.exists():
        yield Problem(feed.where, "no-folder", f"`{folder}` is a link to nothing")
    elif path.exists() and not path.is_dir():
        yield Problem(feed.where, "not-a-folder", f"`{folder}` is a file, and must be a folder", hint=_HOLDS)
    elif not path.exists():
        blocked = next((each for each in path.parents if each.exists() and not each.is_dir()), None)
        if blocked is not None:
            name = blocked.relative_to(inside).as_posix()
            yield Problem(feed.where, "not-a-folder", f"`{name}` is a file, and must be a folder", hint=_HOLDS)
        elif not feed.optional:
            yield Problem(feed.where, "no-folder", f"there is no folder `{folder}`", hint=_suggest_near(inside, folder))
    else:
        there = sorted(each for each in path.iterdir() if not each.name.startswith("."))
        folders = [f"{each.name}/" for each in there if each.is_dir()]
        files = [each.name for each in there if not each.is_dir()]
        yield from _check_content(feed, folder, kind, files, folders)


_HOLDS = "name the folder that holds its files"


def _suggest_near(inside: Path, folder: str) -> str:
    """What may have been meant, and else that there may be nothing yet."""
    parent = (inside / folder).parent
    while not parent.is_dir():
        folder, parent = parent.relative_to(inside).as_posix(), parent.parent
    meant = find_nearest(Path(folder).name, [each.name for each in parent.iterdir() if each.is_dir()])
    if meant is None:
        return _BEGINS
    meant = (parent / meant).relative_to(inside).as_posix()
    return f"did you mean `{meant}`? Or {_BEGINS}"


def _check_in_bucket(feed: FileFeed, folder: str, kind: str) -> Iterator[Problem]:
    try:
        url = parse_url(f"{folder}/")
        bucket = Bucket(url.scheme, url.bucket)
        prefix = f"{url.key.rstrip('/')}/" if url.key.strip("/") else ""
        listed = [meta.key.removeprefix(prefix) for meta in islice(bucket.list_under(prefix), MOST_LISTED)]
        if prefix and not listed and _is_object(bucket, prefix.rstrip("/")):
            yield Problem(feed.where, "not-a-folder", f"`{folder}` is an object, and must be a folder", hint=_HOLDS)
            return
    except NotAnAddress as error:
        yield Problem(feed.where, "not-an-object", str(error))
        return
    except BucketError as error:
        yield Problem(feed.where, error.code, error.message, note=error.note, hint=error.hint)
        return
    # what some consoles put in the place of a folder has no name
    there = [name for name in listed if name and not name.startswith(".")]
    folders = sorted({name.partition("/")[0] + "/" for name in there if "/" in name})
    yield from _check_content(feed, folder, kind, [name for name in there if "/" not in name], folders)


def _is_object(bucket: Bucket, key: str) -> bool:
    try:
        bucket.read_head(key)
    except Missing:
        return False
    return True


def _check_content(
    feed: FileFeed, folder: str, kind: str, files: Sequence[str], folders: Sequence[str]
) -> Iterator[Problem]:
    ending = kind.removeprefix("*")
    others = [*(name for name in files if not name.endswith(ending)), *folders]
    if others:
        shown = shorten_list([f"`{name}`" for name in others], _NAMED)
        message = f"the folder `{folder}` holds something else than its {ending} files: {shown}"
        hint = f"name files of other types under `files`; in a store there are {ending} files alone"
        yield Problem(feed.where, "other-files", message, hint=hint)
    elif not files and not feed.optional:
        yield Problem(feed.where, "empty-folder", f"the folder `{folder}` holds no numbers", hint=_BEGINS)
