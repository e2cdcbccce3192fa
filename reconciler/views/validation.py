"""Show that manifests are valid."""

from __future__ import annotations

import orjson
from rich.text import Text

from reconciler.model.format_version import FORMAT_VERSION
from reconciler.model.notice_json import make_notices_document
from reconciler.model.validation import Validated
from reconciler.views.plain_text import plain, plain_json
from reconciler.views.reasons import describe_notice
from reconciler.views.view import View


def text(value: Validated) -> Text:
    """How many manifests there are, and what they are meant for."""
    chosen = value.meant.environment
    named = "" if chosen is None else f", environment {chosen}"
    valid = (
        "1 manifest is valid; it is" if value.manifests == 1 else f"{value.manifests:,} manifests are valid; they are"
    )
    lines = [f"{valid} meant for tenant {value.meant.tenant}{named}."]
    if value.ignored:
        files = "file is" if value.ignored == 1 else "files are"
        lines.append(f"{value.ignored:,} YAML {files} left out by {value.ignored_by}.")
    lines += [f"Notice: {describe_notice(each)}" for each in value.notices]
    return Text("\n".join(map(plain, lines)))


def machine(value: Validated) -> str:
    """The same as JSON."""
    document = {
        "format_version": FORMAT_VERSION,
        **value.meant.document,
        "valid": True,
        "manifests": value.manifests,
        "ignored": value.ignored,
        **make_notices_document(value.notices),
    }
    return plain_json(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


VIEWS = (View("text", "validation", text), View("json", "validation", machine))
