"""Show who holds the workspace's lock."""

from __future__ import annotations

import orjson
from rich.text import Text

from reconciler.model.format_version import FORMAT_VERSION
from reconciler.model.lock_state import TIME_TO_LIVE, LockState
from reconciler.model.run_target import Meant
from reconciler.views.plain_text import plain, plain_json
from reconciler.views.view import View


def text(value: LockState, meant: Meant) -> Text:
    """Who holds it, for how long it has been silent, and whether it has lapsed."""
    return Text("\n".join(map(plain, [f"{meant}:", *_lines(value)])))


def _lines(value: LockState) -> list[str]:
    if value.owner is None:
        return ["The workspace is not locked."]
    held = f"Locked by {value.owner or 'another run'}, fence {value.fence}."
    if value.dead:
        return [held, "That process has ended: the next run takes the lock over."]
    silent = f"Silent for {value.unchanged:.0f} seconds"
    if value.lapsed:
        return [held, f"{silent}: the lock has lapsed, and the next run takes it over."]
    lines = [held, f"{silent}; it lapses after {TIME_TO_LIVE - value.unchanged:.0f} more."]
    if value.silent < 0:
        lines.append("Its time lies in the future, so it is observed by this machine's own clock.")
    return lines


def machine(value: LockState, meant: Meant) -> str:
    """The same as JSON; `silent` in seconds."""
    document = {
        "format_version": FORMAT_VERSION,
        **meant.document,
        "locked": value.owner is not None,
        "owner": value.owner or None,
        "fence": value.fence,
        "silent": round(value.unchanged),
        "dead": value.dead,
        "lapsed": value.lapsed,
    }
    return plain_json(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


VIEWS = (View("text", "lock", text), View("json", "lock", machine))
