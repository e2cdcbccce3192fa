# tested by: tests/cli/test_init.py
"""`reconciler schema`: print the JSON Schema that an editor holds manifests to."""

from __future__ import annotations

import click

from reconciler.cli.output_encoding import print_document


@click.command()
def schema() -> int:
    """Print one JSON Schema for manifests of every kind, for editors; `init` writes it beside the manifests.

    After an upgrade: reconciler schema > manifests/manifest.schema.json
    """
    import orjson

    from reconciler.steps.load.editor_schema import make_editor_schema

    print_document(orjson.dumps(make_editor_schema(), option=orjson.OPT_INDENT_2).decode())
    return 0
